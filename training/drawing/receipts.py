"""Receipts of shops and invoices."""

import random

from training.drawing import lexicon
from training.drawing.pen import Drawn, Pen, colour, pale, signature, stamp

_ROADS = ("Road", "Street", "Jalan", "Rua", "Platz")


def _rows(rng: random.Random, trade: str, count: int) -> list[tuple[str, int, float]]:
    goods = lexicon.TRADES[trade]
    return [
        (rng.choice(goods), rng.choice((1, 1, 1, 2, 3, 5)), lexicon.money(rng, rng.choice((20, 90, 400))))
        for _ in range(count)
    ]


_SHOPS = (
    "bakery",
    "supermarket",
    "restaurant",
    "hardware store",
    "pharmacy",
    "book shop",
    "petrol station",
    "stationery shop",
    "hotel",
    "garage",
)


def receipt(rng: random.Random) -> Drawn:
    """A till receipt: a narrow strip, shop on top, items, total."""
    trade = rng.choice(_SHOPS)
    language = rng.choice(("en", "en", "en", "de", "fr", "es", "pt", "it"))
    word = lexicon.WORDS[language]
    count = rng.choice((1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12))
    size = rng.uniform(9, 13)
    step = size * rng.uniform(1.15, 1.5)
    width = int(rng.uniform(230, 330))
    extra = rng.randint(0, 9)
    double = rng.random() < 0.35
    height = int(step * (16 + count * (2 if double else 1) + extra) + 60)
    grey = rng.choice((255, 255, 250, 240))
    pen = Pen(
        rng,
        width,
        height,
        paper=(grey, grey, grey - rng.choice((0, 0, 6))),
        face=rng.choice(("mono", "mono", "mono", "sans", "sans")),
    )
    y = step
    shop = f"{rng.choice(lexicon.LAST)} {trade}" if rng.random() < 0.5 else lexicon.company(rng)
    y = _top(pen, shop, y, step, size, word)
    y = _items(pen, _rows(rng, trade, count), y, step, size, double, word) + step * 0.3
    _foot(pen, y, step, size, extra, word["thanks"], language)
    facts = {"vendor": shop, "trade": trade, "items": str(count), "language": lexicon.LANGUAGES[language]}
    facts |= _marks(pen, size)
    return pen.done("receipt", **facts)


def _top(pen: Pen, shop: str, y: float, step: float, size: float, word: dict[str, str]) -> float:
    """Mark, name and address of the shop, date and number; the y below."""
    rng, width, margin, right = pen.rng, pen.width, pen.width * 0.06, pen.width * 0.94
    if rng.random() < 0.2:
        pen.box(width * 0.35, y, width * 0.65, y + step * 2, outline=pen.ink, width=2)
        pen.text(width / 2, y + step, shop[:2].upper(), size * 1.6, bold=True, anchor="mm")
        y += step * 2.4
    pen.fitted(width / 2, y, shop.upper(), size * rng.uniform(1.1, 1.8), right - margin, bold=True, anchor="ma")
    y += step * 1.6
    for _ in range(rng.randint(1, 5)):
        pen.fitted(
            width / 2,
            y,
            f"{rng.randint(1, 99)} {rng.choice(lexicon.LAST)} {rng.choice(_ROADS)} {rng.randint(10000, 99999)}",
            size,
            right - margin,
            anchor="ma",
        )
        y += step
    y += step * 0.5
    pen.text(margin, y, f"{word['date']}: {lexicon.date(rng)}", size)
    pen.text(right, y, f"{rng.randint(7, 22)}:{rng.randint(10, 59)}", size, anchor="ra")
    y += step
    if rng.random() < 0.4:
        pen.text(margin, y, f"{word['receipt']} #{rng.randint(1000, 99999)}", size)
        y += step
    return y


def _foot(pen: Pen, y: float, step: float, size: float, extra: int, thanks: str, language: str) -> None:
    """Small print and thanks."""
    rng, width, height, margin, right = pen.rng, pen.width, pen.height, pen.width * 0.06, pen.width * 0.94
    for index in range(extra):
        if y > height - step * 3:
            break
        pen.text(
            margin if index % 2 else width / 2,
            y,
            lexicon.words(rng, 4, language)[:30],
            size * 0.9,
            anchor="la" if index % 2 else "ma",
        )
        y += step
    pen.fitted(
        width / 2,
        min(y + step * 0.5, height - step * 1.4),
        thanks.upper() if rng.random() < 0.5 else thanks,
        size,
        right - margin,
        anchor="ma",
    )


def _marks(pen: Pen, size: float) -> dict[str, str]:
    """A number by hand and a stamp, on some; what of it there is."""
    rng, width, height = pen.rng, pen.width, pen.height
    facts: dict[str, str] = {}
    if rng.random() < 0.15:
        pen.text(
            width * 0.3,
            height * rng.uniform(0.02, 0.1),
            str(rng.randint(10, 99999)),
            size * 2.2,
            hand=True,
            fill=(30, 40, 140),
        )
        facts["handwriting"] = "yes"
    if rng.random() < 0.07:
        stamp(pen, width * rng.uniform(0.1, 0.5), height * rng.uniform(0.3, 0.7), width * 0.4)
        facts["stamped"] = "yes"
    return facts


def _items(
    pen: Pen, rows: list[tuple[str, int, float]], y: float, step: float, size: float, double: bool, word: dict[str, str]
) -> float:
    """The lines of the goods and the sums under them; the y below."""
    rng, margin, right = pen.rng, pen.width * 0.06, pen.width * 0.94
    rule = "-" * 60 if rng.random() < 0.6 else ""
    for place in range(2):
        if rule:
            cut = rule[: int((right - margin) / (pen.font(size).getlength("-") or 1))]
            pen.text(margin, y, cut, size)
        else:
            pen.line(margin, y + step / 2, right, y + step / 2)
        y += step * 0.9
        for name, quantity, price in rows if place == 0 else []:
            pen.text(margin, y, f"{quantity} {name}".upper() if size > 11 else f"{quantity} x {name}", size)
            if double:
                y += step
            pen.text(right, y, f"{quantity * price:.2f}", size, anchor="ra")
            y += step
    total = sum(quantity * price for _, quantity, price in rows)
    sums = [(word["subtotal"], total / 1.1), (word["tax"], total - total / 1.1)] if rng.random() < 0.6 else []
    for name, value in sums:
        pen.text(margin, y, name, size)
        pen.text(right, y, f"{value:.2f}", size, anchor="ra")
        y += step
    pen.text(margin, y, word["total"].upper(), size * 1.25, bold=True)
    pen.text(right, y, f"{rng.choice(lexicon.CURRENCIES)} {total:.2f}", size * 1.25, bold=True, anchor="ra")
    y += step * 1.4
    if rng.random() < 0.6:
        pen.text(margin, y, word["cash"], size)
        pen.text(right, y, f"{total + 5:.2f}", size, anchor="ra")
        y += step
        pen.text(margin, y, word["change"], size)
        pen.text(right, y, "5.00", size, anchor="ra")
        y += step
    return y


def invoice(rng: random.Random) -> Drawn:
    """An invoice on a page: letterhead, address, a table of items, the total."""
    trade = rng.choice(tuple(lexicon.TRADES))
    language = rng.choice(("en", "en", "en", "de", "fr", "es", "pt", "it"))
    word = lexicon.WORDS[language]
    count = rng.randint(1, 10)
    width, height = 500, int(500 * rng.choice((1.29, 1.41, 1.41)))
    pen = Pen(rng, width, height)
    name, tint = colour(rng)
    coloured = rng.random() < 0.55
    dark = tint if coloured else pen.ink
    size = rng.uniform(8, 10.5)
    vendor = lexicon.company(rng)
    if coloured and rng.random() < 0.5:
        pen.box(0, 0, width, 56, fill=tint)
        pen.text(30, 14, vendor, 22, bold=True, fill=(255, 255, 255))
    else:
        pen.text(30, 24, vendor, rng.uniform(15, 24), bold=True, fill=dark)
    pen.text(
        width - 30, rng.choice((24, 70)), word["invoice"].upper(), rng.uniform(16, 28), bold=True, fill=dark, anchor="ra"
    )
    y = _address(pen, size, word)
    y = _invoice_table(
        pen, _rows(rng, trade, count), y + rng.uniform(15, 50), size, dark if coloured else (60, 60, 60), word
    )
    facts = {"vendor": vendor, "trade": trade, "items": str(count), "language": lexicon.LANGUAGES[language]}
    if coloured:
        facts["colour"] = name
    if rng.random() < 0.7:
        pen.paragraph(30, min(y + 20, height - 90), width * 0.7, rng.randint(1, 4), size, language=language)
    pen.line(30, height - 34, width - 30, height - 34, fill=(150, 150, 150))
    pen.text(
        width / 2,
        height - 28,
        f"{vendor} | {rng.choice(lexicon.PLACES)} | IBAN {rng.randint(10**9, 10**10)}",
        size * 0.85,
        fill=(90, 90, 90),
        anchor="ma",
    )
    if rng.random() < 0.2:
        stamp(pen, width * rng.uniform(0.3, 0.6), height * rng.uniform(0.5, 0.75), rng.uniform(90, 140))
        facts["stamped"] = "yes"
    if rng.random() < 0.15:
        signature(pen, width * 0.6, height - 90, 110, 34)
        facts["signed"] = "yes"
    return pen.done("invoice", **facts)


def _address(pen: Pen, size: float, word: dict[str, str]) -> float:
    """Number and date on the right, who is to pay on the left; the y below."""
    rng, width = pen.rng, pen.width
    y = 78.0
    for left, right in (
        ("No.", str(rng.randint(1000, 99999))),
        (word["date"], lexicon.date(rng)),
        ("ID", str(rng.randint(100, 999))),
    ):
        pen.text(width * 0.62, y + 30, f"{left}: {right}", size)
        y += size * 1.5
    y = 100.0
    for line in (
        lexicon.person(rng),
        lexicon.company(rng),
        f"{rng.choice(lexicon.LAST)} {rng.randint(1, 99)}",
        f"{rng.randint(10000, 99999)} {rng.choice(lexicon.PLACES)}",
    ):
        pen.text(30, y, line, size)
        y += size * 1.5
    return y


def _invoice_table(
    pen: Pen, rows: list[tuple[str, int, float]], y: float, size: float, head: tuple[int, int, int], word: dict[str, str]
) -> float:
    rng, left, right = pen.rng, 30, pen.width - 30
    stops = (left + 6, left + (right - left) * 0.55, left + (right - left) * 0.75, right - 6)
    step = size * rng.uniform(1.6, 2.4)
    filled = rng.random() < 0.6
    grid = rng.random() < 0.5
    pen.box(left, y, right, y + step, fill=head if filled else None, outline=head)
    for index, name in enumerate((word["item"], word["qty"], word["price"], word["amount"])):
        pen.text(
            stops[index],
            y + step * 0.2,
            name,
            size,
            bold=True,
            fill=(255, 255, 255) if filled else None,
            anchor="ra" if index == 3 else "la",
        )
    total = 0.0
    for row, (name, quantity, price) in enumerate(rows):
        y += step
        if row % 2 and filled:
            pen.box(left, y, right, y + step, fill=pale(head, 0.88))
        for index, value in enumerate((name, str(quantity), f"{price:.2f}", f"{quantity * price:.2f}")):
            pen.text(stops[index], y + step * 0.2, value, size, anchor="ra" if index == 3 else "la")
        if grid:
            pen.box(left, y, right, y + step, outline=(120, 120, 120))
        total += quantity * price
    y += step * 1.2
    for name, amount in ((word["subtotal"], total), (word["tax"], total * 0.2), (word["total"], total * 1.2)):
        pen.text(stops[1], y, name, size, bold=name == word["total"])
        pen.text(
            stops[3], y, f"{rng.choice(lexicon.CURRENCIES)} {amount:.2f}", size, bold=name == word["total"], anchor="ra"
        )
        y += step * 0.9
    return y
