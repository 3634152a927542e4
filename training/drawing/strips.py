"""Till receipts as they are scanned: long strips of small type, on a larger page, thin ink, marked by hand."""

import random

from PIL import Image

from training.drawing import lexicon
from training.drawing.pen import Colour, Drawn, Pen, stamp

_NOTES = (
    "Table",
    "Cashier",
    "Counter",
    "Invoice No",
    "Bill No",
    "Trans",
    "Server",
    "Tel",
    "GST ID",
    "Reg No",
    "Member",
    "POS",
)
_SUMS = ("Rounding", "Discount", "Service 10%", "GST 6%", "Net total", "VISA", "Cash", "Change", "Points", "Total excl. tax")


def strip(rng: random.Random) -> Drawn:
    """A receipt whose type is small against its length."""
    trade = rng.choice(tuple(lexicon.TRADES))
    width = int(rng.uniform(190, 330))
    size = width / rng.uniform(22, 40)
    step = size * rng.uniform(1.1, 1.6)
    count = rng.choice((1, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16))
    head, notes, sums, foot = rng.randint(3, 8), rng.randint(2, 7), rng.randint(1, 7), rng.randint(1, 8)
    lines = head + notes + count * 2 + sums + foot + 12
    tone = rng.choice((255, 255, 252, 240, 225, 205))
    pen = Pen(
        rng,
        width,
        int(lines * step + 40),
        paper=(tone,) * 3,
        face=rng.choice(("mono", "mono", "mono", "sans", "sans", "serif")),
    )
    thin = rng.choice((10, 40, 70, 110, 150))
    pen.ink = (thin, thin, min(255, thin + rng.choice((0, 0, 0, 12, 40))))
    y = _head(pen, step, size, head, trade)
    y = _notes(pen, y + step * 0.5, step, size, notes)
    y = _goods(pen, y + step * 0.4, step, size, count, trade)
    y = _totals(pen, y + step * 0.3, step, size, sums)
    for _ in range(foot):
        pen.text(width / 2, y, lexicon.words(rng, rng.randint(2, 4)).capitalize(), size * 0.95, anchor="ma")
        y += step
    pen.image = pen.image.crop((0, 0, width, min(pen.height, int(y + step * rng.uniform(1, 3)))))
    pen.height = pen.image.height
    facts = {"trade": trade, "items": str(count)} | _marks(pen, size)
    if pen.height > 2.1 * width:
        facts["layout"] = "strip"
    if rng.random() < 0.5:
        _on_page(pen, facts)
    return pen.done("receipt", **facts)


def _head(pen: Pen, step: float, size: float, count: int, trade: str) -> float:
    rng, y = pen.rng, step * _gap(pen.rng)
    shop = rng.choice((lexicon.company(rng), f"{rng.choice(lexicon.LAST)} {trade}"))
    pen.fitted(
        pen.width / 2, y, shop.upper(), size * rng.uniform(1.0, 2.0), pen.width * 0.9, bold=rng.random() < 0.6, anchor="ma"
    )
    y += step * 1.7
    for _ in range(count):
        line = f"{rng.randint(1, 99)}, {rng.choice(lexicon.LAST)} {rng.choice(('Road', 'Street', 'Jalan', 'Rua'))}"
        text = rng.choice(
            (line, f"Tel {rng.randint(10**6, 10**8)}", f"({rng.randint(10**5, 10**6)}-X)", lexicon.person(rng))
        )
        pen.text(pen.width / 2, y, text.upper() if rng.random() < 0.5 else text, size, anchor="ma")
        y += step
    if rng.random() < 0.6:
        pen.text(
            pen.width / 2,
            y + step * 0.4,
            rng.choice(("TAX INVOICE", "RECEIPT", "Cash Sale", "INVOICE")),
            size * 1.2,
            anchor="ma",
        )
        y += step * 1.9
    return y


def _gap(rng: random.Random) -> float:
    """Lines left empty above the first."""
    return rng.choice((0.6, 1.0, 2.5, 5.0))


def _notes(pen: Pen, y: float, step: float, size: float, count: int) -> float:
    """Labels with values, in one or two columns."""
    rng, margin = pen.rng, pen.width * 0.06
    two = rng.random() < 0.4
    for _ in range(count):
        for part in range(2 if two else 1):
            value = rng.choice((lexicon.date(rng), str(rng.randint(10, 10**6)), lexicon.person(rng)))
            pen.text(margin + part * pen.width * 0.5, y, f"{rng.choice(_NOTES)}: {value}"[: 18 if two else 36], size)
        y += step
    return y


def _rule(pen: Pen, y: float, step: float, size: float, style: str) -> float:
    margin = pen.width * 0.05
    if style == "line":
        pen.line(margin, y + step / 2, pen.width - margin, y + step / 2)
    elif style:
        pen.text(margin, y, style * int((pen.width - 2 * margin) / (pen.font(size).getlength(style) or 1)), size)
    return y + step * (0.9 if style else 0.3)


def _goods(pen: Pen, y: float, step: float, size: float, count: int, trade: str) -> float:
    """Heads of columns, and one or two lines for each thing sold."""
    rng, margin, right = pen.rng, pen.width * 0.06, pen.width * 0.94
    style = rng.choice(("-", "-", "=", "line", "*", ""))
    y = _rule(pen, y, step, size, style)
    if rng.random() < 0.6:
        stops = (margin, pen.width * 0.5, pen.width * 0.7, right)
        for stop, name in zip(stops, ("Description", "Qty", "Price", "Amount"), strict=True):
            pen.text(stop, y, name, size, anchor="ra" if stop == right else "la", bold=rng.random() < 0.3)
        y = _rule(pen, y + step, step, size, style)
    double = rng.random() < 0.5
    for _ in range(count):
        name = f"{rng.choice(lexicon.TRADES[trade])} {lexicon.words(rng, rng.choice((0, 1, 2)))}"[:26]
        price = lexicon.money(rng, rng.choice((9, 50, 400)))
        pen.text(margin, y, name.upper() if rng.random() < 0.7 else name, size)
        if double:
            y += step
            pen.text(margin + size * 2, y, f"{rng.randint(1, 9)} x {price:.2f}", size)
        pen.text(right, y, f"{price:.2f}{rng.choice(('', '', ' SR', ' T'))}", size, anchor="ra")
        y += step
    return _rule(pen, y, step, size, style)


def _totals(pen: Pen, y: float, step: float, size: float, count: int) -> float:
    rng, margin, right = pen.rng, pen.width * _indent(pen.rng), pen.width * 0.94
    large = rng.randrange(count)
    for index in range(count):
        scale = rng.choice((1.2, 1.6, 2.0)) if index == large else 1.0
        name = f"TOTAL {rng.choice(lexicon.CURRENCIES)}" if index == large else rng.choice(_SUMS)
        pen.text(margin, y, name, size * scale, bold=scale > 1)
        pen.text(right, y, f"{lexicon.money(rng):.2f}", size * scale, bold=scale > 1, anchor="ra")
        y += step * scale
    if rng.random() < 0.5:
        y = _rule(pen, y, step, size, rng.choice(("-", "line", "=")))
        for _ in range(rng.randint(1, 2)):
            for stop in (0.06, 0.4, 0.7):
                pen.text(pen.width * stop, y, rng.choice(("SR @6%", "ZRL", f"{lexicon.money(rng):.2f}")), size)
            y += step
    return y + step * rng.uniform(0.3, 2)


def _indent(rng: random.Random) -> float:
    """Where the names of sums begin, as a share of the width."""
    return rng.choice((0.06, 0.06, 0.2, 0.4))


def scribble(pen: Pen, x: float, y: float, wide: float, ink: Colour) -> None:
    """A ring, a tick or a word written by hand."""
    rng = pen.rng
    what = rng.choice(("ring", "tick", "word", "number"))
    if what == "ring":
        pen.draw.ellipse((x, y, x + wide, y + wide * 0.35), outline=ink, width=rng.choice((1, 2)))
    elif what == "tick":
        points = [(x, y + wide * 0.1), (x + wide * 0.1, y + wide * 0.2), (x + wide * 0.35, y - wide * 0.1)]
        pen.draw.line(points, fill=ink, width=2)
    else:
        text = (
            str(rng.randint(10, 999999))
            if what == "number"
            else f"{lexicon.words(rng, rng.choice((1, 2)))} {rng.choice('ABC')}"
        )
        pen.text(x, y, text, wide * 0.22, hand=True, fill=ink)


def _marks(pen: Pen, size: float) -> dict[str, str]:
    """What people do to receipts: numbers, rings, ticks, stamps, a highlighter."""
    rng, width, height = pen.rng, pen.width, pen.height
    facts: dict[str, str] = {}
    if rng.random() < 0.35:
        ink = rng.choice(((20, 20, 20), (40, 50, 150), (200, 40, 60), (70, 70, 70)))
        for _ in range(rng.randint(1, 3)):
            at = rng.choice((rng.uniform(0, 0.06), rng.uniform(0.3, 0.95)))
            scribble(pen, width * rng.uniform(0.05, 0.6), height * at, width * rng.uniform(0.2, 0.5), ink)
        facts["handwriting"] = "yes"
    if rng.random() < 0.08:
        at = int(height * rng.uniform(0.3, 0.8))
        area = (int(width * rng.uniform(0.05, 0.5)), at, int(width * 0.95), at + int(size * 1.8))
        part = pen.image.crop(area)
        yellow = Image.new("RGB", part.size, rng.choice(((255, 250, 60), (140, 250, 140), (255, 170, 210))))
        pen.image.paste(
            Image.composite(yellow, part, part.convert("L").point(lambda value: 255 if value > 150 else 0)), area
        )
    if rng.random() < 0.07:
        stamp(pen, width * rng.uniform(0.1, 0.5), height * rng.uniform(0.2, 0.8), width * 0.45)
        facts["stamped"] = "yes"
    return facts


def _on_page(pen: Pen, facts: dict[str, str]) -> None:
    """Lay the strip on the larger page of the scanner, often near its top or left."""
    rng = pen.rng
    tone = rng.choice((255, 255, 255, 250, 235, 15))
    wide, tall = int(pen.width * rng.uniform(1.05, 3.2)), int(pen.height * rng.uniform(1.02, 2.4))
    left = rng.choice((0, (wide - pen.width) // 2, rng.randint(0, wide - pen.width)))
    top = rng.choice((0, 0, (tall - pen.height) // 2, rng.randint(0, tall - pen.height)))
    page = Image.new("RGB", (wide, tall), (tone,) * 3)
    page.paste(pen.image, (left, top))
    if pen.width * pen.height < 0.45 * wide * tall and tone > 200:
        facts["layout"] = "small"
    elif "layout" in facts:
        del facts["layout"]
    pen.image, pen.width, pen.height = page, wide, tall
