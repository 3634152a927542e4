"""Till receipts full of print: close lines from edge to edge, tax tables, wide letters, worn thermal paper."""

import random

import cv2
import numpy as np
from PIL import Image, ImageDraw

from training.drawing import lexicon
from training.drawing.pen import Drawn, Pen
from training.drawing.strips import scribble

_HEADS = (
    "TAX INVOICE",
    "CASH SALES",
    "CASH BILL",
    "SIMPLIFIED TAX INVOICE",
    "RECEIPT",
    "Invoice",
    "Kassenbon",
    "Ticket",
    "Facture",
)
_SUMS = (
    "Total Qty", "Sub total", "Total sales (excl. GST)", "Discount", "Total GST", "Rounding adj.", "Total sales (incl. GST)",
    "Cash received", "Change", "Card", "VISA ************1881", "Points awarded", "Service charge 10%", "Net amount",
    "Balance",
)  # fmt: skip


def till(rng: random.Random) -> Drawn:
    """One receipt, cut close to its edges."""
    trade = rng.choice(tuple(lexicon.TRADES))
    width = rng.randint(240, 340)
    letters = rng.randint(24, 46)
    face = rng.choice(("mono", "mono", "mono", "sans"))
    size = width * 0.92 / letters / (0.6 if face == "mono" else 0.52)
    step = size * rng.uniform(1.02, 1.45)
    tone = rng.choice((255, 255, 250, 240, 225, 200))
    pen = Pen(rng, width, int(width * 4.2), paper=(tone, tone, tone - rng.choice((0, 0, 4))), face=face)
    worn = rng.choice((5, 20, 50, 90, 130, 160))
    pen.ink = (worn, worn, min(255, worn + rng.choice((0, 0, 10, 30))))
    count = rng.choice((1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 14))
    y = _head(pen, step * rng.uniform(0.5, 4), step, size, letters)
    y = _goods(pen, y, step, size, trade, count)
    y = _sums(pen, y, step, size)
    y = _tax(pen, y, step, size)
    for _ in range(rng.randint(1, 7)):
        text = lexicon.words(rng, 8)[: rng.randint(10, letters)]
        pen.text(width / 2, y, text.upper() if rng.random() < 0.4 else text.capitalize(), size, anchor="ma")
        y += step
    tall = int(min(pen.height, max(width * 1.15, y + step * rng.uniform(0.3, 3))))
    pen.image, pen.height = pen.image.crop((0, 0, width, tall)), tall
    facts = {"trade": trade, "items": str(count)}
    pen.draw = ImageDraw.Draw(pen.image)
    if rng.random() < 0.4:
        ink = rng.choice(((20, 20, 20), (50, 50, 140), (200, 40, 60), (90, 90, 90)))
        for _ in range(rng.randint(1, 3)):
            scribble(pen, width * rng.uniform(0.05, 0.6), tall * rng.uniform(0.0, 0.95), width * rng.uniform(0.2, 0.5), ink)
        facts["handwriting"] = "yes"
    if tall > 2.1 * width:
        facts["layout"] = "strip"
    _worn(pen)
    return pen.done("receipt", **facts)


def _head(pen: Pen, y: float, step: float, size: float, letters: int) -> float:
    """Shop, addresses, numbers, and the labels above the goods; the y below."""
    rng, middle, left = pen.rng, pen.width / 2, pen.width * 0.04
    large = rng.uniform(1.0, 2.2)
    centred = rng.random() < 0.85
    shop = rng.choice(
        (lexicon.company(rng), f"{rng.choice(lexicon.LAST)} {rng.choice(tuple(lexicon.TRADES))} sdn bhd")
    ).upper()
    pen.fitted(middle, y, shop, size * large, pen.width * 0.95, bold=rng.random() < 0.6, anchor="ma")
    y += step * max(1.2, large)
    for _ in range(rng.randint(3, 8)):
        text = rng.choice(
            (
                f"no. {rng.randint(1, 99)}, {rng.choice(lexicon.LAST)} road {rng.randint(1, 30)}/{rng.randint(1, 30)}",
                f"{rng.randint(10000, 99999)} {rng.choice(lexicon.PLACES)}, {rng.choice(lexicon.PLACES)}",
                f"tel: {rng.randint(10**8, 10**9)}  fax: {rng.randint(10**8, 10**9)}",
                f"(co. reg. {rng.randint(10**5, 10**6)}-{rng.choice('AHKX')})",
                f"GST ID: {rng.randint(10**11, 10**12)}",
            )
        )[:letters]
        pen.text(
            middle if centred else left,
            y,
            text.upper() if rng.random() < 0.6 else text.title(),
            size,
            anchor="ma" if centred else "la",
        )
        y += step
    y += step * rng.uniform(0.2, 1)
    pen.text(middle, y, rng.choice(_HEADS), size * rng.choice((1, 1.3, 1.7)), bold=rng.random() < 0.5, anchor="ma")
    y += step * 1.6
    two = rng.random() < 0.5
    for _ in range(rng.randint(2, 6)):
        for part in range(2 if two else 1):
            label = rng.choice(
                ("Bill", "Date", "Cashier", "Table", "Counter", "Doc no.", "Time", "Ref", "Member", "Salesperson")
            )
            value = rng.choice((lexicon.date(rng), str(rng.randint(10**4, 10**8)), lexicon.person(rng)))
            pen.text(left + part * pen.width * 0.5, y, f"{label:<8}: {value}"[: 20 if two else 38], size)
        y += step
    return y + step * 0.3


def _rule(pen: Pen, y: float, step: float, size: float, style: str) -> float:
    left, right = pen.width * 0.03, pen.width * 0.97
    if style == "line":
        pen.line(left, y + step * 0.4, right, y + step * 0.4)
    elif style == "bar":
        pen.box(left, y, right, y + step, fill=pen.ink)
    elif style:
        pen.text(left, y, style * int((right - left) / (pen.font(size).getlength(style) or 1)), size)
    return y + step * (0.9 if style else 0.4)


def _goods(pen: Pen, y: float, step: float, size: float, trade: str, count: int) -> float:
    """Heads of columns and the goods, each over one to three lines; the y below."""
    rng, left, right = pen.rng, pen.width * 0.04, pen.width * 0.96
    style = rng.choice(("-", "-", "=", "line", "line", "bar", "_", "."))
    y = _rule(pen, y, step, size, style if style != "bar" else "line")
    if rng.random() < 0.75:
        ink = pen.ink
        if style == "bar":
            _rule(pen, y, step, size, "bar")
            ink = (255, 255, 255)
        for stop, name in (
            (left, rng.choice(("Item", "Description", "Qty Description"))),
            (pen.width * 0.5, "Qty"),
            (pen.width * 0.74, "U.Price"),
        ):
            pen.text(stop, y, name, size, fill=ink, anchor="la" if stop == left else "ra")
        pen.text(right, y, rng.choice(("Amount", "Total", "RM", "EUR")), size, fill=ink, anchor="ra")
        y = _rule(pen, y + step, step, size, style if style != "bar" else "")
    lines = rng.choice((1, 2, 2, 3))
    for _ in range(count):
        price = lexicon.money(rng, rng.choice((9, 50, 400)))
        weight = f"{rng.randint(1, 900)}{rng.choice(('g', 'ml', 'pcs', ''))}"
        name = f"{rng.choice(lexicon.TRADES[trade])} {lexicon.words(rng, rng.randint(0, 4))} {weight}"
        pen.text(left, y, name[: 30 if lines > 1 else 16].upper(), size)
        if lines > 1:
            y += step
        if lines == 3:
            pen.text(left, y, str(rng.randint(10**11, 10**12)), size)
            y += step
        pen.text(pen.width * 0.5, y, str(rng.randint(1, 9)), size, anchor="ra")
        pen.text(pen.width * 0.74, y, f"{price:.2f}", size, anchor="ra")
        pen.text(right, y, f"{price:.2f}{rng.choice(('', '', ' SR', ' Z'))}", size, anchor="ra")
        y += step
    return _rule(pen, y, step, size, style if style != "bar" else "line")


def _sums(pen: Pen, y: float, step: float, size: float) -> float:
    """The sums, one of them large; the y below."""
    rng, right = pen.rng, pen.width * 0.96
    left = pen.width * rng.choice((0.04, 0.04, 0.25, 0.45))
    rows = rng.randint(3, 9)
    large = rng.randrange(rows)
    for row in range(rows):
        scale = rng.choice((1.0, 1.3, 1.8)) if row == large else 1.0
        name = rng.choice(("TOTAL", "NET TOTAL", "Total RM", "SUMME", "TOTAL EUR")) if row == large else rng.choice(_SUMS)
        pen.fitted(
            left,
            y,
            f"{name} :" if rng.random() < 0.4 else name,
            size * scale,
            (right - left) * 0.68,
            bold=row == large and rng.random() < 0.7,
        )
        pen.text(right, y, f"{lexicon.money(rng):.2f}", size * scale, bold=row == large and rng.random() < 0.7, anchor="ra")
        y += step * scale
    return y + step * 0.4


def _tax(pen: Pen, y: float, step: float, size: float) -> float:
    """The table of taxes at the foot, on most; the y below."""
    rng, left = pen.rng, pen.width * 0.04
    if rng.random() < 0.35:
        return y + step
    y = _rule(pen, y, step, size, rng.choice(("-", "line", "")))
    for row in range(rng.randint(2, 4)):
        for place, stop in enumerate((0.0, 0.45, 0.72)):
            value = (
                ("GST summary", "Amount(RM)", "Tax(RM)")[place]
                if row == 0
                else rng.choice(("SR @ 6%", "ZRL @ 0%"))
                if place == 0
                else f"{lexicon.money(rng):.2f}"
            )
            pen.text(left + pen.width * stop, y, value, size)
        y += step
    return _rule(pen, y, step, size, rng.choice(("-", "line", "")))


def _worn(pen: Pen) -> None:
    """Creases and bellies of thin paper as soft light and shade; print that faded in bands; a cut corner, a hole."""
    rng = pen.rng
    pixels = np.asarray(pen.image).astype(np.float32)
    tall, wide = pixels.shape[:2]
    generator = np.random.default_rng(rng.getrandbits(63))
    if rng.random() < 0.5:
        coarse = generator.normal(0, rng.uniform(0.01, 0.06), (rng.randint(3, 12), rng.randint(2, 5))).astype(np.float32)
        pixels = pixels * (1 - np.abs(cv2.resize(coarse, (wide, tall), interpolation=cv2.INTER_CUBIC)))[..., None]
    if rng.random() < 0.35:
        coarse = generator.uniform(0, rng.uniform(0.2, 0.75), (rng.randint(2, 9), rng.randint(1, 3))).astype(np.float32)
        fade = cv2.resize(coarse, (wide, tall), interpolation=cv2.INTER_LINEAR)[..., None]
        pixels = pixels + (pixels.max() - pixels) * fade
    work = pixels.clip(0, 255).astype(np.uint8)
    dark = rng.choice((0, 30, 60))
    if rng.random() < 0.15:
        cut, x = int(wide * rng.uniform(0.05, 0.2)), rng.choice((0, wide))
        cv2.fillPoly(work, [np.array([(x, 0), (abs(x - cut), 0), (x, cut)], np.int32)], (dark,) * 3)
    if rng.random() < 0.12:
        for share in (0.3, 0.6)[: rng.randint(1, 2)]:
            cv2.circle(work, (int(wide * 0.08), int(tall * share)), max(4, wide // 45), (dark,) * 3, -1)
    pen.image = Image.fromarray(work)
