"""Forms: dense government forms, tax forms in boxes, typewritten ones, broadcast orders and contracts, filled by pen or
machine.
"""

import itertools
import random

from training.drawing import lexicon
from training.drawing.pen import Drawn, Pen, colour, signature, stamp


def _filling(pen: Pen, x: float, y: float, size: float, style: str, room: float) -> None:
    """An entry in a field: typed, by hand, or nothing."""
    rng = pen.rng
    if style == "empty" or rng.random() < 0.15:
        return
    entry = rng.choice(
        (
            lexicon.person(rng),
            lexicon.company(rng),
            lexicon.date(rng),
            str(rng.randint(100, 99999)),
            f"{rng.choice(lexicon.PLACES)}",
        )
    )
    if style == "hand":
        pen.text(
            x, y - size * 0.4, entry, min(size * 1.8, room / 5), hand=True, fill=rng.choice(((20, 30, 120), (20, 20, 20)))
        )
    else:
        pen.text(x, y, entry, size)


def _ticks(pen: Pen, x: float, y: float, size: float, count: int, room: float) -> float:
    """A list of check boxes, some crossed; the y below."""
    rng = pen.rng
    for _ in range(count):
        pen.box(x, y, x + size, y + size, outline=pen.ink)
        if rng.random() < 0.35:
            pen.line(x, y, x + size, y + size, width=2)
            pen.line(x, y + size, x + size, y, width=2)
        pen.paragraph(x + size * 1.7, y, room * rng.uniform(0.4, 0.9), 1, size)
        y += size * 1.7
    return y


_FORM_TITLES = (
    "Registration Statement",
    "Supplemental Statement",
    "Application for Permit",
    "Declaration",
    "Formulario de solicitud",
    "Antrag",
    "Dissemination Report",
    "Formulaire",
)


def government_form(rng: random.Random) -> Drawn:
    """Numbered questions with lines to fill, small print, check boxes."""
    width, height = 500, int(500 * rng.choice((1.29, 1.41, 1.35)))
    pen = Pen(rng, width, height, face=rng.choice(("serif", "serif", "sans", "mono")))
    style = rng.choice(("typed", "typed", "hand", "empty"))
    size = rng.uniform(6.5, 9)
    agency = rng.choice(lexicon.AGENCIES)
    y = rng.uniform(14, 50)
    centred = rng.random() < 0.6
    pen.text(30, y, agency, size)
    pen.fitted(
        width / 2 if centred else 30,
        y + size * 2,
        rng.choice(_FORM_TITLES),
        size * 1.8,
        width * 0.7,
        bold=True,
        anchor="ma" if centred else "la",
    )
    y += size * 5
    if rng.random() < 0.6:
        y = pen.paragraph(30, y, width - 60, rng.randint(2, 11), size * 0.85) + 4
    pen.line(26, y, width - 26, y, width=rng.choice((1, 2)))
    number, ticks = 0, 0
    while y < height - 90:
        number += 1
        pen.text(30, y + 4, f"{number}.", size)
        what = rng.random()
        if what < 0.42:
            split = rng.random() < 0.5
            for part in range(2 if split else 1):
                x = 46 + part * (width - 60) / 2
                pen.text(x, y + 4, rng.choice(lexicon.FIELD_NAMES), size)
                _filling(pen, x + 8, y + 4 + size * 1.5, size * 1.1, style, (width - 60) / (2 if split else 1))
            y += size * 3.4
            pen.line(26, y, width - 26, y)
        elif what < 0.68:
            count = rng.randint(2, 5)
            ticks += count
            y = _ticks(pen, 50, pen.paragraph(46, y + 4, width - 90, 1, size), size, count, width - 120) + 3
        elif what < 0.9:
            y = pen.paragraph(46, y + 4, width - 84, rng.randint(1, 4), size) + 2
            if rng.random() < 0.6:
                _filling(pen, 60, y, size * 1.3, style, width * 0.6)
                y += size * 2.2
        else:
            room = rng.uniform(30, 110)
            if style == "hand" and room > 60:
                pen.paragraph(50, y + 8, width - 110, int(room / 24), 16, hand=True, fill=(20, 30, 110), leading=1.2)
            pen.box(44, y + 4, width - 30, y + room, outline=pen.ink)
            y += room + 4
    return _end_of_form(
        pen,
        "form",
        height,
        {"agency": agency, "filled": style, "fields": str(number)} | ({"checkboxes": "yes"} if ticks else {}),
    )


def _end_of_form(pen: Pen, kind: str, height: int, facts: dict[str, str]) -> Drawn:
    """Signature line, stamps and the mark of receipt that forms carry at the foot."""
    rng = pen.rng
    pen.line(40, height - 40, 200, height - 40)
    pen.text(40, height - 36, rng.choice(("Signature", "Unterschrift", "Firma", "Signed by")), 7)
    if rng.random() < 0.45:
        signature(pen, 50, height - 74, 120, 34)
        facts["signed"] = "yes"
    if rng.random() < 0.18:
        stamp(pen, pen.width * rng.uniform(0.1, 0.7), height * rng.uniform(0.1, 0.8), rng.uniform(70, 120))
        facts["stamped"] = "yes"
    if rng.random() < 0.3:
        time = f"{rng.randint(1, 12)}:{rng.randint(10, 59)} PM"
        mark = f"Received by {rng.choice(('NSD', 'REG', 'OFR'))}/Registration Unit {lexicon.date(rng)} {time}"
        for place in (6, height - 14):
            pen.text(pen.width * rng.uniform(0.3, 0.5), place, mark, 8.5)
    if rng.random() < 0.1:
        pen.text(pen.width * 0.35, height * 0.02, str(rng.randint(1000, 99999)), 26, hand=True, fill=(20, 20, 20))
    return pen.done(kind, **facts)


def tax_form(rng: random.Random) -> Drawn:
    """A form of ruled boxes with small labels, as tax offices use."""
    landscape = rng.random() < 0.35
    width, height = (640, rng.randint(360, 480)) if landscape else (500, int(500 * rng.choice((1.29, 1.41))))
    pen = Pen(rng, width, height, face=rng.choice(("sans", "sans", "serif")))
    style = rng.choice(("typed", "typed", "hand", "empty"))
    name, tint = colour(rng)
    coloured = rng.random() < 0.3
    ink = tint if coloured else pen.ink
    title = rng.choice(
        (
            "Wage and Tax Statement",
            "Request for Taxpayer Number",
            "Tax Return",
            "Steuererklärung",
            "Declaração de IRS",
            "Modelo 100",
            "Déclaration de revenus",
            "Certification",
        )
    )
    pen.text(24, 18, f"Form {rng.choice('WABCDE')}-{rng.randint(1, 99)}", 19, bold=True, fill=ink)
    pen.fitted(width * 0.55, 22, title, 15, width * 0.55, bold=True, anchor="ma")
    pen.text(width - 24, 20, str(rng.randint(1990, 2026)), 20, bold=True, fill=ink, anchor="ra")
    y, boxes = 56.0, 0
    bottom = height * rng.uniform(0.55, 0.95)
    while y < bottom:
        tall = rng.uniform(24, 42)
        parts = rng.choice((1, 2, 2, 3, 4, 5))
        stops = sorted([24.0, width - 24.0, *(rng.uniform(60, width - 60) for _ in range(parts - 1))])
        for left, right in itertools.pairwise(stops):
            boxes += 1
            shade = (225, 225, 225) if rng.random() < 0.06 else None
            pen.box(left, y, right, y + tall, outline=ink, fill=shade)
            letters = max(2, int((right - left) / 3.4))
            pen.text(left + 3, y + 2, f"{boxes} {rng.choice(lexicon.FIELD_NAMES)}"[:letters], 6.5, fill=ink)
            if right - left > 40:
                _filling(pen, left + 6, y + tall * 0.48, 9.5, style, right - left)
        y += tall
    if y < height - 130:
        half = (width - 60) / 2
        lines = int((height - y - 80) / 8.5)
        pen.paragraph(24, y + 12, half, lines, 6.5)
        pen.paragraph(36 + half, y + 12, half, lines, 6.5)
    facts = {"filled": style, "title": title} | ({"colour": name} if coloured else {})
    return _end_of_form(pen, "tax form", height, facts)


def contract(rng: random.Random) -> Drawn:
    """A broadcast order or contract: blocks of labelled values, then lines of bookings."""
    width, height = 500, int(500 * rng.choice((1.29, 1.29, 1.41)))
    landscape = rng.random() < 0.2
    if landscape:
        width, height = 640, 494
    pen = Pen(rng, width, height, face=rng.choice(("sans", "sans", "mono", "serif")))
    size = rng.uniform(6.5, 8.5)
    station = "".join(rng.choices("KWABCDEFGHLMNPRST", k=4))
    title = rng.choice(("ORDER", "CONTRACT", "Contract Agreement", "Purchase Order", "CONFIRMATION", "Insertion Order"))
    pen.text(width * rng.choice((0.5, 0.2)), 20, title, rng.uniform(13, 20), bold=True, anchor="ma")
    if rng.random() < 0.6:
        pen.text(width - 40, 24, station, 20, bold=True, anchor="ra")
    y = 56.0
    for _ in range(rng.randint(2, 4)):
        rows = rng.randint(3, 7)
        columns = rng.choice((2, 2, 3))
        framed = rng.random() < 0.5
        for column in range(columns):
            x = 26 + column * (width - 52) / columns
            for row in range(rows):
                label = rng.choice(
                    (
                        "Advertiser",
                        "Product",
                        "Agency",
                        "Order #",
                        "Flight Dates",
                        "Estimate #",
                        "Account Exec",
                        "Station",
                        "Billing Cycle",
                        "Demo",
                        "Salesperson",
                        "Revision",
                    )
                )
                pen.text(x, y + row * size * 1.35, f"{label}:", size, bold=True)
                pen.text(
                    x + (width - 52) / columns * 0.45,
                    y + row * size * 1.35,
                    rng.choice(
                        (lexicon.company(rng), lexicon.date(rng), str(rng.randint(1000, 999999)), lexicon.person(rng))
                    ),
                    size,
                )
        y += rows * size * 1.35 + 5
        if framed:
            pen.box(22, y - rows * size * 1.35 - 8, width - 22, y, outline=(90, 90, 90))
        y += 8
    facts = {"station": station, "title": title.lower()}
    rows = _bookings(pen, y + 6, size, height - rng.uniform(60, 220))
    facts["rows"] = str(rows)
    return _end_of_form(pen, "contract", height, facts)


def _bookings(pen: Pen, y: float, size: float, bottom: float) -> int:
    """Rows of booked spots; how many."""
    rng = pen.rng
    stops = [26 + (pen.width - 60) * share for share in (0, 0.06, 0.16, 0.34, 0.55, 0.66, 0.76, 0.88)]
    filled = rng.random() < 0.4
    pen.box(22, y - 2, pen.width - 22, y + size * 1.5, fill=(215, 215, 215) if filled else None, outline=pen.ink)
    for stop, name in zip(stops, ("Ln", "Ch", "Start Date", "Program", "Length", "Spots", "Rate", "Amount"), strict=True):
        pen.text(stop, y, name, size, bold=True)
    y += size * 2
    rows, most = 0, rng.choice((1, 2, 4, 8, 16, 40))
    while y < bottom and rows < most:
        rows += 1
        values = (
            str(rows),
            station_word(rng),
            lexicon.date(rng),
            rng.choice(("Early news", "Morning show", "Late movie", "M-F 6a-9a", "Sa-Su 5p-7p")),
            ":30",
            str(rng.randint(1, 20)),
            f"${rng.randint(20, 2000)}",
            f"${rng.randint(100, 9000)}.00",
        )
        for stop, value in zip(stops, values, strict=True):
            pen.text(stop, y, value, size)
        y += size * 1.4
        if rng.random() < 0.3:
            pen.text(stops[2], y, f"Weeks: {lexicon.date(rng)} - {lexicon.date(rng)}  MTWTF--", size * 0.9)
            y += size * 1.4
    pen.text(stops[6], y + 6, f"Total ${rng.randint(500, 90000)}.00", size * 1.1, bold=True)
    return rows


def station_word(rng: random.Random) -> str:
    """A short code of letters."""
    return "".join(rng.choices("KWTVAM", k=2))
