"""Pages as offices file them: dense forms with typed or written entries, broadcast orders, pleadings, annual filings."""

import random

from PIL import Image

from training.drawing import lexicon
from training.drawing.pen import Colour, Drawn, Pen, colour, signature
from training.drawing.pictures import cut_out
from training.drawing.strips import scribble
from training.drawing.tables import sheet

_TITLES = (
    "Amendment to Registration Statement",
    "Supplemental Statement",
    "Short Form Statement",
    "Exhibit A",
    "Notice of Change",
)


def dense_form(rng: random.Random) -> Drawn:
    """Small print above, boxes of entries, numbered questions, entries in another face than the print."""
    pen = sheet(rng, rng.choice(("sans", "serif")))
    size, left = rng.uniform(5.5, 8), pen.width * rng.uniform(0.05, 0.12)
    wide = pen.width - 2 * left
    filled = rng.choice(("typed", "typed", "hand", "empty"))
    y = pen.height * rng.uniform(0.02, 0.1)
    pen.text(left, y, rng.choice(lexicon.AGENCIES), size)
    for line in (rng.choice(_TITLES), "Pursuant to the Act of 1938, as amended")[: rng.randint(1, 2)]:
        pen.fitted(
            pen.width * rng.choice((0.5, 0.6)), y, line, size * rng.uniform(1.2, 1.8), wide * 0.7, bold=True, anchor="ma"
        )
        y += size * 2
    y = pen.paragraph(left, y + size, wide, rng.randint(0, 14), size, leading=1.2) + size
    number = 0
    while y < pen.height * rng.uniform(0.7, 0.95):
        number += 1
        y = _question(pen, left, y, wide, size, number, filled)
    if rng.random() < 0.5:
        turned = Image.new("L", (int(pen.height * rng.uniform(0.12, 0.3)), 26), 0)
        words = Pen(rng, turned.width, 26)
        words.paragraph(1, 1, turned.width, 3, 7, leading=1.1)
        pen.image.paste(
            words.image.rotate(90, expand=True),
            (int(pen.width * rng.uniform(0.7, 0.94)), int(pen.height * rng.uniform(0.3, 0.7))),
        )
    facts = {"filled": filled, "fields": str(number)}
    if rng.random() < 0.4:
        signature(pen, pen.width * rng.uniform(0.1, 0.6), pen.height * 0.87, 120, 34)
        facts["signed"] = "yes"
    pen.text(pen.width * rng.choice((0.5, 0.85)), pen.height * 0.965, f"Form NR-{rng.randint(2, 9)}", size, anchor="ma")
    return pen.done("form", **facts)


def _entry(pen: Pen, x: float, y: float, size: float, room: float, filled: str, lines: int = 1) -> None:
    """What was filled in: by pen, or by a typewriter of another face."""
    rng = pen.rng
    if filled == "empty" or rng.random() < 0.1:
        return
    if filled == "hand":
        ink = rng.choice(((20, 20, 20), (30, 40, 130)))
        pen.paragraph(x, y - size * 0.3, room * rng.uniform(0.4, 0.9), lines, size * 2, hand=True, fill=ink, leading=1.0)
        return
    typed = Pen(rng, 1, 1, face=rng.choice(("mono", "mono", "sans", "serif")))
    face, pen.face, regular = pen.face, typed.face, pen.regular
    pen.regular = typed.regular
    pen.paragraph(x, y, room * rng.uniform(0.3, 0.95), lines, size * rng.uniform(1.0, 1.4))
    pen.face, pen.regular = face, regular


def _question(pen: Pen, left: float, y: float, wide: float, size: float, number: int, filled: str) -> float:
    """One numbered part; the y below."""
    rng = pen.rng
    what = rng.choice(("boxes", "boxes", "checks", "text", "answer", "columns"))
    if what == "boxes":
        parts, tall = rng.choice((1, 2, 2, 3)), size * rng.uniform(3, 6)
        for part in range(parts):
            x = left + wide * part / parts
            pen.box(x, y, x + wide / parts, y + tall, outline=pen.ink)
            pen.text(x + 3, y + 2, f"{number}. {rng.choice(lexicon.FIELD_NAMES)}"[: int(wide / parts / size * 1.8)], size)
            _entry(pen, x + size * 2, y + size * 1.5, size, wide / parts - size * 3, filled)
        return y + tall + size * rng.uniform(0, 1)
    y = pen.paragraph(left, y, wide, rng.randint(1, 3), size, leading=1.2) + size * 0.4
    if what == "checks":
        for _ in range(rng.randint(2, 4)):
            x = left + size * 3
            pen.box(x, y, x + size * 0.9, y + size * 0.9, outline=pen.ink)
            if rng.random() < 0.4:
                pen.text(x + size * 0.15, y - size * 0.1, "X", size, bold=True)
            pen.paragraph(x + size * 1.8, y, wide * rng.uniform(0.2, 0.6), 1, size)
            y += size * 1.8
    elif what == "answer":
        lines = rng.randint(1, 7)
        _entry(pen, left + size * 4, y + size, size, wide * 0.85, filled, lines)
        y += size * 2.2 * lines + size * rng.uniform(1, 6)
    elif what == "columns":
        for row in range(rng.randint(2, 5)):
            for stop in (0.05, 0.4, 0.7):
                pen.text(left + wide * stop, y, rng.choice((lexicon.person(rng), lexicon.date(rng))), size, bold=row == 0)
            y += size * 1.4
    return y + size * rng.uniform(0.5, 1.5)


def _logo(pen: Pen, x: float, y: float, side: int) -> None:
    """A mark of a station or a firm: a figure with letters, or a thing."""
    rng = pen.rng
    thing = cut_out(rng, side) if rng.random() < 0.3 else None
    if thing is not None:
        pen.image.paste(thing, (int(x), int(y)), thing)
        return
    tint = colour(rng)[1] if rng.random() < 0.5 else (15, 15, 15)
    wide = side * rng.uniform(0.8, 1.8)
    if rng.random() < 0.5:
        pen.draw.rounded_rectangle((x, y, x + wide, y + side * 0.6), radius=side * rng.choice((0, 0.1, 0.3)), fill=tint)
        letters, ink = str(rng.randint(2, 52)) + rng.choice(("", "NEWS", "TV")), (255, 255, 255)
    else:
        letters, ink = "".join(rng.choices("KWABCDEFGHLMNPRST", k=4)), tint
    pen.fitted(x + wide / 2, y + side * 0.3, letters, side * 0.5, wide * 0.9, bold=True, fill=ink, anchor="mm")


def _field(rng: random.Random) -> str:
    return rng.choice(
        (lexicon.company(rng), lexicon.date(rng), str(rng.randint(1000, 999999)), lexicon.person(rng), "Page 1 of 2")
    )


def order(rng: random.Random) -> Drawn:
    """A broadcast order, contract or invoice: a mark, addresses, small framed fields, bold rows of bookings."""
    pen = sheet(rng, rng.choice(("sans", "sans", "serif")))
    if rng.random() < 0.15:
        pen = Pen(rng, 640, 494, face="sans")
    invoice = rng.random() < 0.4
    size, left = rng.uniform(5.5, 7.5), pen.width * 0.06
    title = "INVOICE" if invoice else rng.choice(("ORDER", "CONTRACT", "CONFIRMATION", "AGREEMENT"))
    pen.text(pen.width * rng.choice((0.3, 0.5, 0.6)), 18, title, rng.uniform(12, 18), bold=True, anchor="ma")
    _logo(pen, rng.choice((left, pen.width * 0.4, pen.width * 0.78)), rng.uniform(20, 50), rng.randint(34, 70))
    rows, columns = rng.randint(3, 8), rng.choice((2, 2, 3))
    x0, y0, wide = pen.width * rng.choice((0.06, 0.5)), rng.uniform(40, 100), pen.width * rng.uniform(0.44, 0.88)
    wide = min(wide, pen.width * 0.94 - x0)
    for row in range(rows):
        for column in range(columns):
            x, y = x0 + wide * column / columns, y0 + row * size * 2.2
            pen.box(x, y, x + wide / columns, y + size * 2.2, outline=(90, 90, 90))
            pen.text(x + 2, y + 1, rng.choice(lexicon.FIELD_NAMES)[:14], size * 0.7)
            pen.text(x + 2, y + size, _field(rng)[: int(wide / columns / size * 1.9)], size, bold=rng.random() < 0.4)
    y = y0 + rows * size * 2.2 + 10
    for part in range(rng.randint(0, 2)):
        for line in range(4):
            pen.text(left + part * pen.width * 0.45, y + line * size * 1.3, _field(rng), size, bold=True)
    y += size * rng.uniform(2, 9)
    booked = _booked(pen, left, y, size, pen.height * rng.uniform(0.4, 0.95))
    facts = {"title": title.lower(), "rows": str(booked)}
    if rng.random() < 0.15:
        scribble(pen, pen.width * rng.uniform(0.3, 0.7), pen.height * rng.uniform(0.05, 0.5), 120, (20, 20, 20))
        facts["handwriting"] = "yes"
    return pen.done("invoice" if invoice else "contract", **facts)


def _booked(pen: Pen, left: float, y: float, size: float, bottom: float) -> int:
    """Rows of bookings between rules, some with a second line of weeks; how many."""
    rng, right = pen.rng, pen.width - left
    stops = [left + (right - left) * share for share in (0, 0.07, 0.2, 0.38, 0.58, 0.7, 0.8)]
    heavy, shaded, rows, most = rng.random() < 0.5, rng.random() < 0.3, 0, rng.choice((1, 2, 4, 8, 16, 40))
    pen.line(left, y - 2, right, y - 2, width=2 if heavy else 1)
    while y < bottom and rows < most:
        rows += 1
        if shaded and rows % 2:
            pen.box(left, y, right, y + size * 1.3, fill=(222, 222, 222))
        for stop in stops:
            pen.text(stop, y, _field(rng)[: rng.randint(4, 14)], size, bold=heavy or rows == 1)
        pen.text(right, y, f"${rng.randint(10, 9000)}.00", size, anchor="ra")
        y += size * 1.5
        for _ in range(rng.choice((0, 0, 1, 2))):
            pen.text(stops[1], y, f"Weeks:  {lexicon.date(rng)}  {lexicon.date(rng)}   MTWTF--   {rng.randint(1, 9)}", size)
            y += size * 1.4
        if heavy:
            pen.line(left, y, right, y)
    pen.text(right, min(y + 8, pen.height - 20), f"Total  ${rng.randint(500, 90000)}.00", size * 1.2, bold=True, anchor="ra")
    return rows


def pleading(rng: random.Random) -> Drawn:
    """A page of a court's file or of a plain typed report: large type, wide lines, centred headings."""
    pen = sheet(rng, rng.choice(("serif", "serif", "mono", "sans")))
    size, left = rng.uniform(8.5, 12), pen.width * rng.uniform(0.1, 0.16)
    wide, leading = pen.width - 2 * left, rng.choice((1.3, 1.6, 2.2, 2.4))
    y = pen.height * rng.uniform(0.06, 0.1)
    if rng.random() < 0.5:
        mark = f"Case {rng.randint(1, 9)}:{rng.randint(10, 23)}-cv-{rng.randint(1000, 9999)}  Page {rng.randint(2, 60)}"
        pen.text(pen.width / 2, 8, mark, 7, fill=rng.choice(((30, 60, 200), pen.ink)), anchor="ma")
    facts = {"columns": "1"}
    if rng.random() < 0.25:
        for line in ("IN THE DISTRICT COURT", f"DISTRICT OF {rng.choice(lexicon.PLACES)}".upper()):
            pen.text(pen.width / 2, y, line, size, bold=True, anchor="ma")
            y += size * 1.5
        for _ in range(rng.randint(2, 4)):
            pen.text(left, y, f"{lexicon.company(rng)},", size)
            pen.text(left + wide * 0.55, y, rng.choice((")", "v.", "Case No.", "")), size)
            y += size * 1.8
        facts["heading"] = "yes"
    bottom = pen.height * (0.92 if rng.random() < 0.75 else rng.uniform(0.2, 0.9))
    while y < bottom - size * 3:
        if rng.random() < 0.3:
            pen.text(pen.width / 2, y, lexicon.words(rng, 3).upper(), size, bold=True, anchor="ma")
            y += size * leading * 1.2
        lines = min(rng.randint(2, 8), max(1, int((bottom - y) / (size * leading))))
        if rng.random() < 0.3:
            pen.text(left + size * 3, y, f"{rng.randint(1, 99)}.", size)
            y += size * leading
        y = pen.paragraph(left, y, wide, lines, size, leading=leading) + size * rng.uniform(0, 1)
    pen.text(pen.width / 2, pen.height * 0.955, str(rng.randint(1, 80)), size, anchor="ma")
    return pen.done("report page", **facts)


def filing(rng: random.Random) -> Drawn:
    """A page of an annual filing: small type from edge to edge, tables of figures in pale bands, or its title page."""
    pen = sheet(rng, rng.choice(("serif", "serif", "sans")))
    size, left = rng.uniform(4.8, 7), pen.width * rng.uniform(0.03, 0.09)
    wide, y = pen.width - 2 * left, pen.height * rng.uniform(0.02, 0.06)
    if rng.random() < 0.5:
        pen.text(left, y, "Table of Contents", size, fill=(40, 60, 200))
    y += size * 3
    tint = rng.choice(((204, 236, 255), (205, 230, 245), (235, 235, 235), (225, 240, 225)))
    facts = {"columns": "1"}
    if rng.random() < 0.18:
        y = _title_page(pen, y, size, wide)
        facts["heading"] = "yes"
    ink: Colour | None = rng.choice((None, None, None, None, (190, 60, 90), (40, 60, 160)))
    bottom = pen.height * (0.94 if rng.random() < 0.8 else rng.uniform(0.15, 0.9))
    while y < bottom - size * 5:
        if rng.random() < 0.28:
            y = _figures(pen, left, y, wide, size, bottom, tint)
            facts["inset"] = "table"
            continue
        if rng.random() < 0.4:
            pen.text(left, y, lexicon.words(rng, rng.randint(2, 6)).title(), size * 1.05, bold=True, fill=ink)
            y += size * 2
        lines = max(1, min(rng.randint(2, 9), int((bottom - y) / (size * 1.2))))
        y = pen.paragraph(left, y, wide, lines, size, leading=1.18, fill=ink) + size * rng.uniform(0.5, 1.2)
    pen.text(pen.width / 2, pen.height * 0.96, str(rng.randint(1, 120)), size, anchor="ma")
    return pen.done("report page", **facts)


def _title_page(pen: Pen, y: float, size: float, wide: float) -> float:
    """Centred lines in bold and small between rules; the y below."""
    rng = pen.rng
    pen.line(pen.width * 0.05, y, pen.width * 0.95, y, width=2)
    y += size * 2
    name = lexicon.company(rng).upper()
    for line in ("UNITED STATES", "EXCHANGE COMMISSION", "FORM 10-K", lexicon.date(rng), name, "(Exact name of registrant)"):
        scale = rng.choice((1.2, 1.8, 2.6)) if line == name else rng.choice((1.0, 1.4, 2.0))
        pen.fitted(pen.width / 2, y, line, size * scale, wide * 0.8, bold=rng.random() < 0.6, anchor="ma")
        y += size * (scale + rng.uniform(0.6, 2))
    for _ in range(rng.randint(0, 9)):
        pen.text(pen.width / 2, y, lexicon.words(rng, rng.randint(5, 16)), size * 0.85, anchor="ma")
        y += size * rng.uniform(1.2, 2.4)
    return y


def _figures(pen: Pen, left: float, y: float, wide: float, size: float, bottom: float, tint: Colour) -> float:
    """A table of figures in pale bands; the y below."""
    rng, columns = pen.rng, pen.rng.randint(2, 6)
    rows = max(2, min(rng.randint(3, 14), int((bottom - y) / (size * 1.6))))
    for row in range(rows):
        if row % 2:
            pen.box(left, y, left + wide, y + size * 1.4, fill=tint)
        pen.text(left + 4, y, lexicon.words(rng, 3).capitalize(), size, bold=row == 0)
        for column in range(columns):
            stop = left + wide - column * wide * 0.58 / columns
            pen.text(stop, y, f"{rng.randint(1, 99999):,}" if row else str(2012 + column), size, anchor="ra", bold=row == 0)
        y += size * 1.5
    pen.line(left, y, left + wide, y)
    return y + size * 1.2
