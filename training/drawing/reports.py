"""Pages of reports besides running text: contents, records of facts, plans, data sheets, notes, polls, lists of names."""

import random
from collections.abc import Callable

from training.drawing import lexicon
from training.drawing.charts import chart_inside
from training.drawing.pen import Colour, Drawn, Pen, colour, pale
from training.drawing.photos import scenery
from training.drawing.tables import grid, sheet

_LABELS = (
    "Location", "Date and time", "Registration", "Number of engines", "Manufacturer", "Model", "Serial number",
    "Certificate",
    "Age", "Sex", "Condition of light", "Lowest ceiling", "Visibility", "Wind speed", "Wind direction", "Temperature",
    "Total injuries", "Damage", "Operator", "Type of inspection", "Departure", "Destination", "Airport", "Runway used",
    "Latitude, longitude", "Investigator in charge", "Additional persons", "Published", "Last revised", "Weight", "Length",
)  # fmt: skip
_PARTS = (
    "Analysis", "Probable cause and findings", "Factual information", "Pilot information", "Owner and operator",
    "Meteorological information", "Wreckage and impact", "Administrative information", "Background", "Recommendations",
    "Summary of findings", "Scope of the audit", "Equipment", "Site", "Persons",
)  # fmt: skip
_ORDINARY: Colour = (20, 40, 100)


def _foot(pen: Pen, size: float) -> None:
    """The number of the page and a mark, where reports carry them."""
    rng = pen.rng
    text = rng.choice(
        (str(rng.randint(2, 180)), f"Page {rng.randint(1, 9)} of {rng.randint(9, 40)}", f"{rng.randint(1, 90)}")
    )
    x, anchor = rng.choice(((0.5, "ma"), (0.08, "la"), (0.92, "ra")))
    pen.text(pen.width * x, pen.height * 0.955, text, size, anchor=anchor)
    if rng.random() < 0.4:
        pen.text(
            pen.width * 0.92,
            pen.height * 0.955,
            f"{rng.choice('ABCDEF')}{rng.randint(10, 99)}LA{rng.randint(10, 99)}",
            size,
            anchor="ra",
        )


def _title(pen: Pen, y: float, text: str, size: float, tint: Colour, style: str, left: float) -> float:
    """A heading in one of the ways of a report; the y below."""
    right = pen.width - left
    if style == "bar":
        pen.box(left, y, right, y + size * 1.9, fill=tint)
        x, anchor = pen.rng.choice(((pen.width / 2, "ma"), (left + 6, "la")))
        pen.text(x, y + size * 0.3, text, size, bold=True, fill=(255, 255, 255), anchor=anchor)
        return y + size * 2.7
    if style == "ruled":
        pen.line(left, y, right, y, fill=tint, width=2)
        pen.text(left, y + size * 0.4, text, size, bold=True, fill=tint)
        pen.line(left, y + size * 1.9, right, y + size * 1.9, fill=tint, width=pen.rng.choice((1, 2)))
        return y + size * 2.5
    pen.text(left, y, text, size, bold=True, fill=tint)
    if style == "under":
        pen.line(left, y + size * 1.5, right, y + size * 1.5, fill=tint, width=pen.rng.choice((1, 2)))
    return y + size * 2.0


def _contents(pen: Pen, tint: Colour, facts: dict[str, str]) -> None:
    """A table of contents: entries with dots and numbers, set in by depth."""
    rng, left = pen.rng, pen.width * pen.rng.uniform(0.08, 0.2)
    size, right = rng.uniform(6.5, 10.5), pen.width - pen.width * rng.uniform(0.08, 0.16)
    y = _title(
        pen,
        pen.height * rng.uniform(0.05, 0.12),
        rng.choice(("Contents", "Table of Contents", "Inhalt", "Índice")),
        size * rng.uniform(1.4, 2.2),
        tint,
        rng.choice(("bar", "plain", "under")),
        left,
    )
    leader, page, bottom = rng.choice((".", ".", ". ", " ", "_")), 1, pen.height * rng.uniform(0.3, 0.93)
    step = size * rng.uniform(1.3, 2.2)
    while y < bottom:
        depth = rng.choice((0, 1, 1, 1, 2))
        x = left + depth * size * 2
        chapter = f"Chapter {rng.randint(1, 9)}. " if depth == 0 and rng.random() < 0.5 else ""
        text = f"{chapter}{lexicon.words(rng, rng.randint(1, 6)).title()}"
        wide = pen.text(x, y, text, size, bold=depth == 0)
        room = right - x - wide - size * 3
        dot = pen.font(size).getlength(leader) or 1.0
        pen.text(x + wide + 4, y, leader * max(0, int(room / dot)), size)
        page += rng.randint(0, 6)
        pen.text(right, y, str(page), size, anchor="ra")
        y += step * (1.4 if depth == 0 and rng.random() < 0.5 else 1.0)
    facts |= {"heading": "yes", "list": "yes"}


def _emblem(pen: Pen, left: float, y: float, tint: Colour) -> float:
    """Emblem and title of whoever reports; the y below."""
    rng, side = pen.rng, pen.rng.uniform(36, 64)
    pen.draw.ellipse((left, y, left + side, y + side), outline=tint, width=rng.choice((2, 4)))
    pen.draw.ellipse((left + side * 0.2, y + side * 0.2, left + side * 0.8, y + side * 0.8), fill=pale(tint, 0.3))
    for line in (rng.choice(lexicon.AGENCIES), f"{rng.choice(('Final', 'Preliminary', 'Annual'))} report"):
        pen.fitted(pen.width / 2 + side / 2, y + side * 0.12, line, 16, pen.width * 0.55, bold=True, fill=tint, anchor="ma")
        y += side * 0.42
    return y + side * 0.4


def _record(pen: Pen, tint: Colour, facts: dict[str, str]) -> None:
    """Facts with their labels in two columns under headings, in pale bands or between thin rules, and some text."""
    rng, left = pen.rng, pen.width * pen.rng.uniform(0.06, 0.13)
    size, wide = rng.uniform(5.5, 8), pen.width - 2 * left
    style, banding = rng.choice(("ruled", "ruled", "under", "plain", "bar")), rng.choice(("bands", "bands", "rules", ""))
    ground = rng.choice((pale(tint, 0.9), (242, 242, 242), (235, 240, 248)))
    y, bottom = pen.height * rng.uniform(0.04, 0.16), pen.height * rng.choice((0.93, 0.93, rng.uniform(0.25, 0.9)))
    if rng.random() < 0.45:
        y, facts["heading"] = _emblem(pen, left, y, tint), "yes"
    first, texts = rng.uniform(0.15, 0.25), rng.uniform(0.1, 0.6)
    while y < bottom - size * 7:
        y = _title(pen, y, rng.choice(_PARTS), size * rng.uniform(1.2, 1.7), tint, style, left)
        if rng.random() < texts:
            lines = max(1, min(rng.randint(2, 12), int((bottom - y) / (size * 1.4))))
            y = pen.paragraph(left, y, wide, lines, size, leading=rng.uniform(1.25, 1.6)) + size * 1.2
            continue
        for row in range(max(1, min(rng.randint(2, 13), int((bottom - y) / (size * 1.7))))):
            if banding == "bands" and row % 2 == 0:
                pen.box(left, y - 2, left + wide, y + size * 1.4, fill=ground)
            whole = rng.random() < 0.12
            for part in range(1 if whole else 2):
                x = left + part * wide / 2
                pen.text(x + 2, y, f"{rng.choice(_LABELS)}:"[: int(first * wide / size * 2.0)], size, bold=True)
                value = rng.choice(
                    (
                        lexicon.company(rng),
                        lexicon.date(rng),
                        rng.choice(lexicon.PLACES),
                        str(rng.randint(1, 9999)),
                        "None",
                        "",
                    )
                )
                pen.text(x + first * wide, y, value if not whole else lexicon.words(rng, 14), size)
            y += size * 1.7
            if banding == "rules":
                pen.line(left, y - 3, left + wide, y - 3, fill=(190, 190, 190))
        y += size * rng.uniform(0.6, 2)
    facts["colour"] = "blue" if tint == _ORDINARY else facts["colour"]


def _plan(pen: Pen, tint: Colour, facts: dict[str, str]) -> None:
    """Headings in bars, points below them, and tables whose cells hold sentences."""
    rng, left = pen.rng, pen.width * pen.rng.uniform(0.06, 0.12)
    size, wide = rng.uniform(6, 8.5), pen.width - 2 * left
    y = _title(
        pen, pen.height * 0.05, lexicon.words(rng, 2).title(), size * 1.9, tint, rng.choice(("bar", "bar", "under")), left
    )
    bottom = pen.height * rng.choice((0.92, 0.92, 0.7))
    while y < bottom - size * 6:
        what = rng.choice(("points", "points", "text", "table"))
        if rng.random() < 0.6:
            what_for = rng.choice(("Priority", "Goal", "Strategy", "Objective", "Step"))
            pen.text(left, y, f"{what_for} {rng.randint(1, 6)}: {lexicon.words(rng, 3).title()}", size * 1.1, bold=True)
            y += size * 1.9
        if what == "table":
            y = _cells(pen, left, y, wide, size, bottom, tint)
            facts["inset"] = "table"
            continue
        for _ in range(rng.randint(1, 5) if what == "points" else 1):
            if y > bottom - size * 3:
                break
            x = left + (size * 2 if what == "points" else 0)
            if what == "points":
                pen.text(left + size, y, rng.choice(("•", "–", "▪", "1.")), size)
            y = pen.paragraph(x, y, wide - (x - left), rng.randint(1, 4), size) + size * 0.5
        y += size * 0.5
    facts["heading"] = "yes"


def _cells(pen: Pen, left: float, y: float, wide: float, size: float, bottom: float, tint: Colour) -> float:
    """A ruled table of sentences; the y below."""
    rng = pen.rng
    first, ink = rng.uniform(0.25, 0.5), rng.choice(((60, 60, 60), tint))
    for row in range(rng.randint(2, 6)):
        lines = 1 if row == 0 else rng.randint(1, 5)
        tall = lines * size * 1.3 + size * 0.8
        if y + tall > bottom:
            break
        pen.box(left, y, left + wide, y + tall, outline=ink, fill=pale(tint, 0.8) if row == 0 else None)
        pen.line(left + first * wide, y, left + first * wide, y + tall, fill=ink)
        pen.paragraph(left + 4, y + size * 0.4, first * wide - 8, min(lines, rng.randint(1, 3)), size * 0.95)
        pen.paragraph(left + first * wide + 4, y + size * 0.4, (1 - first) * wide - 8, lines, size * 0.95)
        y += tall
    return y + size


def _wave(pen: Pen, left: float, y: float, wide: float, tall: float) -> None:
    """Signals over time, as timing diagrams show them, or a box with pins."""
    rng = pen.rng
    if rng.random() < 0.3:
        pen.box(left + wide * 0.3, y, left + wide * 0.7, y + tall, outline=pen.ink, width=2)
        for pin in range(rng.randint(4, 10)):
            at = y + tall * (pin + 1) / 11
            pen.line(left + wide * 0.22, at, left + wide * 0.3, at)
            pen.line(left + wide * 0.7, at, left + wide * 0.78, at)
            pen.text(left + wide * 0.2, at, f"P{pin}.{rng.randint(0, 7)}", 6, anchor="rm")
        return
    for row in range(max(2, int(tall / 18))):
        high, low, x = y + row * 18 + 2.0, y + row * 18 + 12.0, left + wide * 0.16
        pen.text(left, high, "".join(rng.choices("ABCDEPRSTWX", k=rng.randint(2, 5))), 6.5)
        level, points = rng.random() < 0.5, [(x, low)]
        while x < left + wide:
            points += [(x, high if level else low), (x + 3, low if level else high)]
            level, x = not level, x + rng.uniform(12, 80)
        pen.draw.line(points, fill=pen.ink, width=1)


def _datasheet(pen: Pen, _tint: Colour, facts: dict[str, str]) -> None:
    """A page of a technical data sheet: a mark, tables of limits, drawings of signals, notes."""
    rng, left = pen.rng, pen.width * pen.rng.uniform(0.05, 0.1)
    size, wide = rng.uniform(6, 8), pen.width - 2 * left
    pen.text(left, pen.height * 0.03, lexicon.company(rng).split()[0].lower(), 17, bold=True)
    pen.text(
        pen.width - left,
        pen.height * 0.035,
        f"{rng.randint(10, 99)}{rng.choice('ABCX')}{rng.randint(10, 99)} controller".upper(),
        size * 1.2,
        bold=True,
        anchor="ra",
    )
    y, bottom = pen.height * 0.08, pen.height * rng.uniform(0.5, 0.93)
    if rng.random() < 0.6:
        pen.line(left, y - 4, pen.width - left, y - 4, width=2)
    while y < bottom - 70:
        pen.text(left, y, lexicon.words(rng, 3).upper(), size * 1.15, bold=True)
        y += size * 2
        what, tall = rng.choice(("table", "wave", "wave", "text")), min(bottom - y, rng.uniform(60, 190))
        if what == "table":
            rows = max(2, int(tall / 13))
            grid(pen, left, y, wide, rows, rng.randint(3, 7), 13, (70, 70, 70))
            facts["inset"] = "table"
            y += rows * 13 + 12
        elif what == "wave":
            _wave(pen, left, y, wide, tall)
            y += tall + 12
        else:
            y = pen.paragraph(left, y, wide, max(1, int(tall / size / 1.4)), size) + 8


def _noted(pen: Pen, tint: Colour, facts: dict[str, str]) -> None:
    """Running text over a short rule and notes in small type; or a list of references."""
    rng, left = pen.rng, pen.width * pen.rng.uniform(0.09, 0.16)
    size, wide = rng.uniform(7, 9.5), pen.width - 2 * left
    notes = rng.randint(2, 8)
    cut, y = pen.height * 0.93 - notes * size * 1.7, pen.height * rng.uniform(0.06, 0.11)
    if rng.random() < 0.6:
        pen.text(
            rng.choice((left, pen.width * 0.3)), pen.height * 0.035, lexicon.words(rng, 5).title(), 7, fill=(90, 90, 90)
        )
    if rng.random() < 0.5:
        y, facts["heading"] = _title(pen, y, lexicon.words(rng, 4).title(), size * 1.5, tint, "plain", left), "yes"
    indent = rng.random() < 0.5
    while y < cut - size * 2:
        lines = max(1, min(rng.randint(3, 12), int((cut - y) / (size * 1.35))))
        if indent:
            pen.paragraph(left + size * 2, y, wide - size * 2, 1, size)
            y += size * 1.35
        y = pen.paragraph(left, y, wide, lines, size, leading=1.35) + (0 if indent else size * 0.8)
    pen.line(left, cut + 4, left + wide * rng.choice((0.3, 1.0)), cut + 4)
    y = cut + 9
    for note in range(notes):
        if y > pen.height * 0.94:
            break
        pen.text(left, y - 1, str(note + 1), size * 0.6)
        y = pen.paragraph(left + size, y, wide - size, rng.choice((1, 1, 2)), size * 0.75) + 1


def _poll(pen: Pen, tint: Colour, facts: dict[str, str]) -> None:
    """Text beside or between charts, tables or pictures, as institutes report."""
    rng, left = pen.rng, pen.width * pen.rng.uniform(0.08, 0.16)
    size, wide = rng.uniform(6.5, 9.5), pen.width - 2 * left
    y, bottom = pen.height * rng.uniform(0.06, 0.1), pen.height * 0.92
    if rng.random() < 0.6:
        pen.text(
            pen.width / 2,
            pen.height * 0.03,
            f"{rng.choice(lexicon.AGENCIES)}".upper(),
            6.5,
            fill=(100, 100, 100),
            anchor="ma",
        )
        pen.line(left, pen.height * 0.045, pen.width - left, pen.height * 0.045, fill=(150, 150, 150))
    while y < bottom - size * 5:
        if rng.random() < 0.35:
            y = _title(pen, y, lexicon.words(rng, rng.randint(3, 6)).capitalize(), size * 1.4, tint, "plain", left)
            facts["heading"] = "yes"
        tall = rng.uniform(90, 220)
        if rng.random() < 0.45 and y + tall < bottom:
            part = rng.choice((0.4, 0.45, 0.6, 1.0))
            right = rng.random() < 0.7
            x = left + (wide * (1 - part) if right else 0)
            facts["inset"] = rng.choice(("chart", "chart", "picture"))
            inside = (
                chart_inside(rng, int(wide * part), int(tall))
                if facts["inset"] == "chart"
                else scenery(rng).resize((int(wide * part), int(tall)))
            )
            pen.image.paste(inside, (int(x), int(y)))
            if part < 0.65:
                pen.paragraph(
                    left + (0 if right else wide * part + 12), y, wide * (1 - part) - 12, int(tall / size / 1.3), size
                )
            y += tall + size
            continue
        y = pen.paragraph(left, y, wide, max(1, min(rng.randint(2, 9), int((bottom - y) / size / 1.3))), size) + size * 0.8


def _people(pen: Pen, tint: Colour, facts: dict[str, str]) -> None:
    """Names, addresses or terms in two or three columns, under bold headings."""
    rng, left = pen.rng, pen.width * pen.rng.uniform(0.07, 0.13)
    size, columns = rng.uniform(6, 8.5), rng.choice((2, 2, 3))
    wide = (pen.width - 2 * left) / columns
    top = pen.height * 0.06
    if rng.random() < 0.5:
        top, facts["heading"] = (
            _title(pen, top, lexicon.words(rng, 2).title(), size * 1.8, tint, rng.choice(("bar", "plain")), left),
            "yes",
        )
    for column in range(columns):
        y = top
        while y < pen.height * (0.92 if column < columns - 1 else rng.uniform(0.4, 0.92)):
            pen.text(left + column * wide, y, lexicon.words(rng, rng.randint(1, 3)).title(), size, bold=True)
            y += size * 1.4
            for _ in range(rng.randint(1, 5)):
                pen.text(
                    left + column * wide,
                    y,
                    rng.choice((lexicon.person(rng), lexicon.company(rng), lexicon.words(rng, 3))),
                    size,
                )
                y += size * 1.35
            y += size * 0.8
    facts |= {"columns": str(columns), "list": "yes"}


_WAYS: tuple[tuple[Callable[[Pen, Colour, dict[str, str]], None], float], ...] = (
    (_record, 6), (_plan, 3), (_poll, 3), (_noted, 2), (_contents, 2), (_datasheet, 3), (_people, 1),
)  # fmt: skip


def page(rng: random.Random) -> Drawn:
    """One page of a report, of any of these sorts."""
    pen = sheet(rng, rng.choice(("sans", "sans", "serif")))
    name, tint = colour(rng)
    if rng.random() < 0.35:
        tint, name = rng.choice(((_ORDINARY, "blue"), ((20, 20, 20), "black")))
    facts = {"columns": "1", "topic": rng.choice(lexicon.TOPICS), "colour": name}
    way = rng.choices([way for way, _ in _WAYS], [weight for _, weight in _WAYS])[0]
    way(pen, tint, facts)
    if name == "black":
        del facts["colour"]
    _foot(pen, 7)
    return pen.done("report page", **facts)
