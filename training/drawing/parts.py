"""Forms in numbered parts, as tax offices print them: black labels, lines with amounts at the right, cells for numbers,
instructions in columns.
"""

import random

from training.drawing import lexicon
from training.drawing.offices import PARTS, TITLES, Filler, cells
from training.drawing.pen import Drawn, Pen
from training.drawing.tables import sheet


def parted(rng: random.Random) -> Drawn:
    """Numbered parts under black labels, lines with amounts at the right, cells for numbers, instructions in columns."""
    pen = sheet(rng, "sans")
    filler = Filler(pen, rng.choice(("typed", "hand", "empty", "empty")))
    size, left = rng.uniform(5.5, 7.2), pen.width * rng.uniform(0.05, 0.09)
    right, wide, facts = pen.width - left, pen.width - 2 * left, {"filled": filler.style}
    top, y = pen.height * rng.uniform(0.03, 0.06), pen.height * rng.uniform(0.1, 0.13)
    cuts = (left + wide * rng.uniform(0.15, 0.22), right - wide * rng.uniform(0.15, 0.22))
    number = f"{rng.choice(('', 'W-', 'SS-', 'N'))}{rng.randint(1, 1099)}"
    pen.text(left, top + 4, "Form", size)
    pen.fitted(left + size * 2.6, top, number, size * 3, cuts[0] - left - size * 3, bold=True)
    facts["title"] = rng.choice(TITLES)
    pen.fitted((cuts[0] + cuts[1]) / 2, top + 2, facts["title"], size * 2, cuts[1] - cuts[0] - 8, bold=True, anchor="ma")
    pen.fitted((cuts[0] + cuts[1]) / 2, top + size * 3, lexicon.words(rng, 6), size, cuts[1] - cuts[0] - 8, anchor="ma")
    pen.paragraph(cuts[1] + 4, top + 2, right - cuts[1] - 4, 3, size)
    for cut in cuts:
        pen.line(cut, top - 2, cut, y, width=2)
    pen.line(left, y, right, y, width=2)
    margin = rng.choice((0.0, 0.0, size * 2.2))
    if margin:
        aside = Pen(rng, int(pen.height * 0.24), int(margin))
        aside.text(2, 1, "Print or type. See instructions.", size, bold=True)
        pen.image.paste(aside.image.rotate(90, expand=True), (int(left), int(y + 12)))
    for _ in range(rng.randint(3, 7)):
        y = _line_of_form(pen, filler, left + margin, y, right, size)
    low = pen.height * rng.choice((0.93, 0.93, rng.uniform(0.55, 0.8)))
    part = 0
    while y < low - size * 8:
        part += 1
        label = f"Part {'I' * min(part, 3)}"
        pen.box(left, y + 2, left + size * 5, y + size * 1.8, fill=(0, 0, 0))
        pen.text(left + size * 0.5, y + 2 + size * 0.2, label, size * 1.15, bold=True, fill=(255, 255, 255))
        pen.text(left + size * 6, y + 2, rng.choice(PARTS), size * 1.25, bold=True)
        pen.line(left, y + size * 2, right, y + size * 2)
        y += size * 2.4
        what = rng.choice(("amounts", "amounts", "cells", "text"))
        if what == "amounts":
            y = _amounts(pen, filler, left, y, right, size, min(rng.randint(3, 16), int((low - y) / size / 1.8)))
        elif what == "cells":
            y = pen.paragraph(left, y, wide * 0.6, rng.randint(2, 5), size, leading=1.15)
            cells(pen, filler, right - wide * 0.33, y - size * 3, size * 1.5, rng.randint(7, 11))
        else:
            y = pen.paragraph(left, y, wide, rng.randint(2, 7), size, leading=1.15)
        pen.line(left, y + 2, right, y + 2, width=rng.choice((1, 2)))
        y += 4
    columns = rng.choice((1, 2, 2, 3))
    for column in range(columns if pen.height * 0.93 - y > size * 4 else 0):
        below = y + size
        while below < pen.height * 0.92 - size * 3:
            if rng.random() < 0.5:
                pen.text(left + column * wide / columns, below, lexicon.words(rng, 3).capitalize(), size * 1.2, bold=True)
                below += size * 1.6
            room = int((pen.height * 0.93 - below) / size / 1.2)
            x, lines = left + column * wide / columns, min(room, rng.randint(2, 8))
            below = pen.paragraph(x, below, wide / columns - 8, lines, size, leading=1.15)
    pen.text(right, pen.height * 0.945, f"Form {number} ({rng.randint(1980, 2026)})", size, bold=True, anchor="ra")
    return pen.done("tax form", **facts)


def _line_of_form(pen: Pen, filler: Filler, left: float, y: float, right: float, size: float) -> float:
    """A ruled line with its label above it and an entry, or choices in a row; the y below."""
    rng = pen.rng
    pen.text(left + 2, y + 1, f"{rng.randint(1, 9)} {rng.choice(lexicon.FIELD_NAMES)}", size)
    tall = size * rng.uniform(2.4, 4)
    if rng.random() < 0.25:
        for part in range(rng.randint(2, 5)):
            x = left + (right - left) * part / 5 + 6
            pen.box(x, y + tall - size * 1.5, x + size, y + tall - size * 0.5, outline=pen.ink)
            pen.text(x + size * 1.5, y + tall - size * 1.5, lexicon.words(rng, 1), size)
    else:
        filler.field(left + 8, y + tall - size * 1.5, size * 1.2, (right - left) * 0.7)
    if rng.random() < 0.3:
        cut = left + (right - left) * rng.uniform(0.5, 0.75)
        pen.line(cut, y, cut, y + tall)
        pen.text(cut + 2, y + 1, rng.choice(lexicon.FIELD_NAMES)[:16], size)
    pen.line(left, y + tall, right, y + tall)
    return y + tall


def _amounts(pen: Pen, filler: Filler, left: float, y: float, right: float, size: float, rows: int) -> float:
    """Numbered lines, each with dots towards a box for an amount; the y below."""
    rng = pen.rng
    column = right - (right - left) * rng.uniform(0.15, 0.22)
    top = y
    for row in range(rows):
        pen.text(left, y + 1, str(row + 1), size, bold=True)
        wide = pen.text(left + size * 2, y + 1, lexicon.words(rng, rng.randint(3, 9)).capitalize(), size)
        dots = int((column - left - wide - size * 4) / size / 1.2)
        pen.text(left + wide + size * 2.5, y + 1, " . " * max(0, dots), size * 0.9)
        pen.line(column - size * 2, y, column - size * 2, y + size * 1.8)
        pen.text(column - size * 1.6, y + 1, str(row + 1), size)
        if filler.style != "empty" and rng.random() < 0.7:
            filler.pen.text(right - 4, y + 1, f"{rng.randint(10, 99999):,}", size, anchor="ra")
        y += size * 1.8
        pen.line(column, y, right, y)
    pen.line(column, top, column, y)
    return y + size * 0.5
