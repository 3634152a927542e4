"""Forms as public offices print them: instructions in small print over a few fields and much white, affidavits from a
typewriter, check lists, applications in cells for letters.
"""

import random
from collections.abc import Callable

from training.drawing import lexicon
from training.drawing.pen import Colour, Drawn, Pen, colour, pale, signature, stamp
from training.drawing.tables import sheet

TITLES = (
    "Application for Licence", "Statement of Change", "Annual Notice", "Request for Records", "Registration of Vessel",
    "Certificate of Origin", "Claim for Refund", "Declaration of Goods", "Notice of Appeal", "Permit to Work",
    "Antrag auf Zulassung", "Solicitud de permiso", "Demande de certificat", "Requerimento", "Domanda di iscrizione",
    "Report of Transfer", "Amended Statement", "Supplement to Statement", "Employment Application", "Medical Questionnaire",
)  # fmt: skip
PARTS = (
    "Applicant", "Income", "Certification", "Details of the goods", "Persons", "Payment", "Declaration",
    "General information",
)  # fmt: skip
_HAND: tuple[Colour, ...] = ((20, 20, 20), (25, 35, 125), (40, 40, 60))


class Filler:
    """Who filled the form in: one hand, one machine of another face than the print, or nobody."""

    def __init__(self, pen: Pen, style: str) -> None:
        self.style = style
        self.pen = Pen(pen.rng, 1, 1, face=pen.rng.choice(("mono", "mono", "sans", "serif")))
        self.pen.image, self.pen.draw = pen.image, pen.draw
        self.ink = pen.rng.choice(_HAND)

    def field(self, x: float, y: float, size: float, room: float) -> None:
        """A short entry, or none."""
        rng = self.pen.rng
        if self.style == "empty" or rng.random() < 0.12:
            return
        entry = rng.choice(
            (
                lexicon.person(rng),
                lexicon.company(rng),
                lexicon.date(rng),
                str(rng.randint(1, 99999)),
                rng.choice(lexicon.PLACES),
            )
        )
        if self.style == "hand":
            self.pen.text(x, y - size * 0.7, entry, min(size * 2, room / 4), hand=True, fill=self.ink)
        else:
            self.pen.text(x, y, entry[: max(2, int(room / size * 1.8))], size)

    def lines(self, x: float, y: float, room: float, count: int, size: float) -> float:
        """A longer answer; the y below the room it has."""
        below = y + count * size * 1.35
        if self.style == "hand":
            self.pen.paragraph(x, y, room, max(1, count // 2), size * 1.9, hand=True, fill=self.ink, leading=1.2)
        elif self.style == "typed":
            self.pen.paragraph(x, y, room * self.pen.rng.uniform(0.5, 1.0), count, size)
        return below


def _head(pen: Pen, left: float, y: float, size: float) -> float:
    """Office at the left, number of approval, title in the middle or at the right, a rule; the y below."""
    rng, right = pen.rng, pen.width - left
    pen.text(left, y + size, rng.choice(lexicon.AGENCIES), size * rng.uniform(0.9, 1.1), bold=rng.random() < 0.6)
    if rng.random() < 0.5:
        pen.text(left, y + size * 2.4, rng.choice(lexicon.PLACES), size * 0.9)
    mark = f"OMB No. {rng.randint(1000, 2000)}-{rng.randint(1000, 9999)}"
    pen.text(*rng.choice(((pen.width * 0.5, y), (pen.width * 0.75, y))), mark, size * 0.75)
    title, large = rng.choice(TITLES), size * rng.uniform(1.25, 2.0)
    x, anchor = rng.choice(((pen.width * 0.5, "ma"), (pen.width * 0.46, "la"), (right, "ra")))
    y += size * 1.6
    for line in (title, f"Pursuant to the Act of {rng.randint(1920, 1990)},", "as amended")[: rng.choice((1, 1, 2, 3))]:
        pen.fitted(x, y, line, large, pen.width * 0.5, bold=rng.random() < 0.85, anchor=anchor)
        y += large * 1.25
    y += size * 0.8
    for thick in rng.choice(((), (1,), (3,), (5,), (2, 4))):
        pen.line(left, y, right, y, width=thick)
        y += thick + 2
    return y + size * 0.6


def _small_print(pen: Pen, left: float, y: float, wide: float, size: float, paragraphs: int) -> float:
    """Instructions and notices as they stand above the first question; the y below."""
    rng = pen.rng
    for _ in range(paragraphs):
        said = rng.choice(("INSTRUCTIONS.", "Privacy Act Statement.", "Public Reporting.", "NOTE:", "Hinweis:", ""))
        pen.text(left, y, said, size, bold=True)
        inset = pen.font(size, bold=True).getlength(said) + 3 if said else 0
        pen.paragraph(left + inset, y, wide - inset, 1, size)
        y = pen.paragraph(left, y + size * 1.15, wide, rng.randint(1, 8), size, leading=1.15) + size * rng.uniform(0.2, 0.9)
    return y


def _fields(pen: Pen, filler: Filler, left: float, y: float, wide: float, size: float, number: int) -> float:
    """A row of numbered fields between rules, or in boxes; the y below."""
    rng = pen.rng
    parts, tall = rng.choice((1, 2, 2, 2, 3)), size * rng.uniform(2.6, 5)
    boxed, thick = rng.random() < 0.45, rng.choice((1, 1, 2))
    stops = [0.0, *sorted(rng.uniform(0.3, 0.75) for _ in range(parts - 1)), 1.0]
    pen.line(left, y, left + wide, y, width=thick)
    for part in range(parts):
        x, room = left + wide * stops[part], wide * (stops[part + 1] - stops[part])
        label = f"{number + part}. {rng.choice(lexicon.FIELD_NAMES)}"
        pen.text(x + 3, y + 2, label[: max(3, int(room / size * 1.9))], size)
        filler.field(x + size * 1.5, y + tall - size * 1.7, size * 1.1, room - size * 2)
        if part or boxed:
            pen.line(x, y, x, y + tall)
    if boxed:
        pen.line(left + wide, y, left + wide, y + tall)
    pen.line(left, y + tall, left + wide, y + tall, width=thick)
    return y + tall + size * rng.uniform(0.3, 1.5)


def _choices(pen: Pen, filler: Filler, left: float, y: float, wide: float, size: float) -> float:
    """Boxes to cross, one below the other and set in, or in two columns, some with a line to write on; the y below."""
    rng = pen.rng
    columns, step = rng.choice((1, 1, 2)), size * rng.uniform(1.5, 2.4)
    for _ in range(rng.randint(2, 6)):
        for column in range(columns):
            x = left + size * rng.choice((2, 2, 4)) + column * wide / 2
            pen.box(x, y, x + size, y + size, outline=pen.ink)
            if filler.style != "empty" and rng.random() < 0.35:
                pen.text(x + size * 0.2, y - size * 0.1, "X", size, bold=True)
            pen.paragraph(x + size * 1.7, y, wide / columns * rng.uniform(0.2, 0.6), 1, size)
            if rng.random() < 0.2:
                pen.line(x + wide / columns * 0.5, y + size * 1.1, x + wide / columns * 0.85, y + size * 1.1)
                filler.field(x + wide / columns * 0.55, y - size * 0.2, size, wide * 0.3)
        y += step
    return y + size * 0.5


def _foot(pen: Pen, left: float, size: float, facts: dict[str, str]) -> None:
    """Number of the form, mark of receipt, a stamp upright at the side."""
    rng = pen.rng
    y = pen.height * rng.uniform(0.94, 0.975)
    if rng.random() < 0.5:
        pen.line(left, y - 4, pen.width - left, y - 4)
    pen.text(pen.width - left, y, f"Form {rng.choice('ABCNR')}-{rng.randint(2, 990)}", size * 0.8, anchor="ra")
    pen.text(*rng.choice(((left, y), (pen.width * 0.4, y))), f"Rev. {rng.randint(1, 12)}/{rng.randint(60, 99)}", size * 0.8)
    if rng.random() < 0.3:
        mark = (
            f"Received by {rng.choice(lexicon.AGENCIES)}   {lexicon.date(rng)} {rng.randint(1, 12)}:{rng.randint(10, 59)} PM"
        )
        for place in (3, pen.height - 12):
            pen.text(pen.width * rng.uniform(0.15, 0.4), place, mark, rng.uniform(7, 10))
    if rng.random() < 0.3:
        upright = Pen(rng, int(pen.height * rng.uniform(0.1, 0.2)), 34, face="sans")
        upright.paragraph(1, 1, upright.width, 3, 9, leading=1.1)
        turned = upright.image.rotate(rng.choice((90, 84, 95, 180)), expand=True, fillcolor=(255, 255, 255))
        pen.image.paste(turned, (int(pen.width * rng.uniform(0.5, 0.85)), int(pen.height * rng.uniform(0.5, 0.8))))
        facts["stamped"] = "yes"
    elif rng.random() < 0.12:
        stamp(pen, pen.width * rng.uniform(0.1, 0.7), pen.height * rng.uniform(0.05, 0.8), rng.uniform(70, 120))
        facts["stamped"] = "yes"


def _page(rng: random.Random) -> tuple[Pen, Filler, float, float]:
    """A sheet, who fills it in, size of type, left margin."""
    pen = sheet(rng, rng.choice(("serif", "serif", "sans", "mono")))
    filler = Filler(pen, rng.choice(("typed", "typed", "typed", "hand", "empty")))
    return pen, filler, rng.uniform(6, 8.8), pen.width * rng.uniform(0.05, 0.13)


def instructed(rng: random.Random) -> Drawn:
    """A block of small print, a few fields and choices, long answers or the white that was left for them."""
    pen, filler, size, left = _page(rng)
    wide, facts = pen.width - 2 * left, {"filled": filler.style}
    y = _head(pen, left, pen.height * rng.uniform(0.02, 0.09), size)
    y = _small_print(pen, left, y, wide, size * rng.uniform(0.75, 1.0), rng.choice((0, 0, 1, 2, 3, 4)))
    number, bottom = 1, pen.height * rng.uniform(0.5, 0.93)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        if y < bottom:
            y = _fields(pen, filler, left, y, wide, size, number)
            number += 2
    while y < bottom - size * 5:
        pen.text(left, y, f"{number}.", size)
        y = pen.paragraph(left + size * 2, y, wide - size * 2, rng.choice((1, 1, 2)), size, leading=1.2) + size * 0.5
        if rng.random() < 0.45:
            y = _choices(pen, filler, left, y, wide, size)
            facts["checkboxes"] = "yes"
        else:
            written = rng.choice((0, 1, 2, 4, 9))
            y = filler.lines(left + size * 2, y, wide - size * 3, min(written, int((bottom - y) / size / 1.4)), size * 1.15)
            y += size * rng.choice((1, 1, 3, 8))
        if rng.random() < 0.6:
            pen.line(left, y, left + wide, y, width=rng.choice((1, 1, 2)))
        y += size * rng.uniform(0.4, 1.2)
        number += 1
    facts["fields"] = str(number)
    if rng.random() < 0.25:
        signature(pen, pen.width * rng.uniform(0.1, 0.6), pen.height * 0.87, 110, 32)
        facts["signed"] = "yes"
    _foot(pen, left, size, facts)
    return pen.done("form", **facts)


def affidavit(rng: random.Random) -> Drawn:
    """A short typed form: centred head, small boxes, answers, an oath, names by hand and a notary's mark."""
    pen, filler, size, left = _page(rng)
    wide, facts = pen.width - 2 * left, {"filled": filler.style, "signed": "yes"}
    y = pen.height * rng.uniform(0.04, 0.1)
    for line in (rng.choice(lexicon.AGENCIES).upper(), rng.choice(TITLES).upper(), "under the Act, as amended")[
        : rng.randint(2, 3)
    ]:
        pen.text(pen.width / 2, y, line, size, bold=rng.random() < 0.7, anchor="ma")
        y += size * rng.uniform(1.5, 3)
    y = _fields(pen, filler, left, y + size, wide, size, 1)
    y = _choices(pen, filler, left, pen.paragraph(left, y, wide * 0.8, 1, size) + size, wide, size)
    low = pen.height * rng.uniform(0.66, 0.78)
    while y < low - size * 5:
        y = pen.paragraph(left, y, wide, rng.randint(1, 2), size, leading=1.2) + size
        y = filler.lines(left + size, y, wide * 0.9, min(rng.randint(1, 9), int((low - y) / size / 1.3)), size) + size * 2
    y = (
        pen.paragraph(left + size * 2, low, wide * rng.uniform(0.6, 0.95), rng.randint(3, 5), size * 0.9, leading=1.15)
        + size
    )
    for row in range(rng.randint(2, 3)):
        x = left + wide * rng.choice((0.0, 0.5, 0.55))
        pen.text(
            x, y, rng.choice(("Subscribed and sworn to before me at", "this        day of", "My commission expires")), size
        )
        pen.line(x + wide * 0.2, y + size * 1.2, x + wide * 0.45, y + size * 1.2)
        if row == 0 or rng.random() < 0.6:
            signature(pen, x + wide * 0.2, y - size * 2, rng.uniform(60, 120), rng.uniform(18, 34))
        y += size * rng.uniform(2.2, 4)
    if rng.random() < 0.5:
        for _ in range(3):
            pen.text(left + wide * 0.55, y - size * 3, lexicon.words(rng, 4).upper(), size * 0.8, bold=True)
            y += size
    facts["checkboxes"] = "yes"
    _foot(pen, left, size, facts)
    return pen.done("form", **facts)


def cells(pen: Pen, filler: Filler, x: float, y: float, side: float, count: int) -> None:
    """A row of cells, one for each letter or digit."""
    rng = pen.rng
    gap = rng.choice((0.0, 0.0, 2.0))
    for index in range(count):
        left = x + index * (side + gap)
        pen.box(left, y, left + side, y + side * 1.25, outline=pen.ink)
        if filler.style != "empty":
            filler.pen.text(
                left + side / 2,
                y + side * 0.6,
                rng.choice("ABCDE0123456789"),
                side * 0.9,
                hand=filler.style == "hand",
                anchor="mm",
            )


def checklist(rng: random.Random) -> Drawn:
    """A ruled list of questions with columns to tick, under a few fields."""
    pen, filler, size, left = _page(rng)
    wide, facts = pen.width - 2 * left, {"filled": filler.style, "checkboxes": "yes"}
    y = _head(pen, left, pen.height * rng.uniform(0.02, 0.06), size)
    for _ in range(rng.randint(1, 3)):
        y = _fields(pen, filler, left, y, wide, size, 1)
    columns, step = rng.randint(2, 5), size * rng.uniform(1.7, 2.8)
    stops = [left + wide * (0.55 + 0.4 * part / columns) for part in range(columns + 1)]
    _, tint = colour(rng)
    shade = rng.choice((None, None, (225, 225, 225), pale(tint, 0.8)))
    bottom, rows, top = pen.height * rng.uniform(0.6, 0.92), 0, y
    while y < bottom:
        title = rows == 0 or rng.random() < 0.08
        pen.box(left, y, left + wide, y + step, outline=pen.ink, fill=shade if title else None)
        text = rng.choice(PARTS) if title else f"{rows}. {lexicon.words(rng, rng.randint(3, 9))}"
        pen.text(left + 3, y + step * 0.2, text[: int(wide * 0.55 / size * 2)], size, bold=title)
        for part, stop in enumerate(stops[:-1]):
            room = stops[part + 1] - stop
            if rows == 0:
                pen.text(stop + 2, y + step * 0.2, ("Yes", "No", "N/A", "OK", "Date")[part], size, bold=True)
            elif not title and filler.style != "empty" and rng.random() < 0.35:
                filler.pen.text(stop + room * 0.3, y + step * 0.1, rng.choice(("X", "x", "V")), step * 0.7, fill=filler.ink)
        rows += 1
        y += step
    for stop in stops:
        pen.line(stop, top, stop, y)
    filler.lines(left, y + size, wide, max(0, min(3, int((pen.height * 0.9 - y) / size / 1.4))), size)
    _foot(pen, left, size, facts)
    facts["rows"] = str(rows)
    return pen.done("form", **facts)


def application(rng: random.Random) -> Drawn:
    """Sections under tinted bars: cells for letters, boxes to cross, fields in boxes, room for a photograph."""
    pen, filler, size, left = _page(rng)
    wide, facts = pen.width - 2 * left, {"filled": filler.style}
    name, tint = colour(rng)
    if rng.random() < 0.5:
        tint = (60, 60, 60)
    else:
        facts["colour"] = name
    y = _head(pen, left, pen.height * rng.uniform(0.02, 0.05), size)
    photo = rng.random() < 0.3
    if photo:
        pen.box(left + wide * 0.8, y, left + wide, y + wide * 0.26, outline=pen.ink)
        pen.text(left + wide * 0.9, y + wide * 0.12, rng.choice(("Photo", "Lichtbild", "Foto")), size, anchor="ma")
    bottom, number, dark = pen.height * rng.uniform(0.7, 0.93), 1, rng.random() < 0.5
    room, fence = wide * (0.77 if photo else 1.0), y + wide * 0.27
    while y < bottom - size * 6:
        room = wide if y > fence else room
        pen.box(left, y, left + room, y + size * 1.8, fill=tint if dark else pale(tint, 0.75))
        pen.text(left + 4, y + size * 0.3, rng.choice(PARTS), size * 1.1, bold=True, fill=(255, 255, 255) if dark else None)
        y += size * 2.2
        for _ in range(rng.randint(1, 4)):
            if y > bottom:
                break
            what = rng.choice(("cells", "fields", "fields", "choices"))
            if what == "cells":
                pen.text(left, y, rng.choice(lexicon.FIELD_NAMES), size)
                side = size * rng.uniform(1.4, 1.9)
                cells(pen, filler, left + room * 0.3, y, side, int(room * rng.uniform(0.3, 0.62) / (side + 2)))
                y += side * 1.6
            elif what == "fields":
                y = _fields(pen, filler, left, y, room, size, number)
                number += 2
            else:
                y = _choices(pen, filler, left, y, room, size)
                facts["checkboxes"] = "yes"
    if rng.random() < 0.4:
        signature(pen, pen.width * rng.uniform(0.1, 0.6), pen.height * 0.88, 110, 30)
        facts["signed"] = "yes"
    _foot(pen, left, size, facts)
    facts["fields"] = str(number)
    return pen.done("form", **facts)


_WAYS: tuple[tuple[Callable[[random.Random], Drawn], float], ...] = (
    (instructed, 5), (affidavit, 2), (checklist, 1.5), (application, 2),
)  # fmt: skip


def office_form(rng: random.Random) -> Drawn:
    """A form of a public office, of any of these sorts."""
    return rng.choices([way for way, _ in _WAYS], [weight for _, weight in _WAYS])[0](rng)
