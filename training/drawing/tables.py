"""Tables and financial statements."""

import random

from training.drawing import lexicon
from training.drawing.pen import Drawn, Pen, colour, pale


def sheet(rng: random.Random, face: str | None = None) -> Pen:
    width = rng.choice((460, 500, 500))
    return Pen(rng, width, int(width * rng.choice((1.29, 1.29, 1.41, 1.41, 1.5))), face=face)


def grid(pen: Pen, x: float, y: float, wide: float, rows: int, columns: int, step: float, ink: tuple[int, int, int]) -> None:
    """A table of numbers with a head, in one of several rulings."""
    rng = pen.rng
    size = min(step * 0.62, 11)
    ruling = rng.choice(("grid", "rows", "head", "stripes"))
    first = wide * rng.uniform(0.25, 0.45) if columns > 1 else wide
    stops = [x] + [x + first + (wide - first) * part / max(1, columns - 1) for part in range(columns)]
    for row in range(rows):
        top = y + row * step
        if row == 0 and ruling in ("head", "stripes"):
            pen.box(x, top, x + wide, top + step, fill=ink)
        elif ruling == "stripes" and row % 2 == 0:
            pen.box(x, top, x + wide, top + step, fill=pale(ink, 0.85))
        for column in range(columns):
            light = row == 0 and ruling in ("head", "stripes")
            value = (
                lexicon.words(rng, 2)[:14].capitalize()
                if column == 0
                else rng.choice(lexicon.PLACES)[:8]
                if row == 0
                else f"{rng.uniform(0, 9999):,.1f}"
            )
            room = stops[column + 1] - stops[column]
            shown = value[: max(2, int(room / (size * 0.55)))]
            where = stops[column] + 4 if column == 0 else stops[column + 1] - 4
            pen.text(
                where,
                top + step * 0.18,
                shown,
                size,
                bold=row == 0,
                anchor="la" if column == 0 else "ra",
                fill=(255, 255, 255) if light else None,
            )
        if ruling in ("grid", "rows") or (ruling == "head" and row == rows - 1):
            pen.line(x, top + step, x + wide, top + step, fill=(90, 90, 90))
    if ruling == "grid":
        for stop in stops:
            pen.line(stop, y, stop, y + rows * step, fill=(90, 90, 90))
        pen.line(x, y, x + wide, y, fill=(90, 90, 90))


def table(rng: random.Random) -> Drawn:
    """One table on a page or on its own."""
    rows, columns = rng.choice((3, 4, 5, 6, 8, 10, 12, 16)), rng.randint(2, 7)
    step = rng.uniform(15, 24)
    width = rng.randint(380, 640)
    height = int(rows * step + rng.uniform(70, 180)) if rng.random() < 0.6 else int(width * 1.3)
    height = max(height, int(rows * step + 80))
    pen = Pen(rng, width, height)
    topic = rng.choice(lexicon.TOPICS)
    name, tint = colour(rng)
    coloured = rng.random() < 0.5
    pen.fitted(24, 16, f"Table {rng.randint(1, 20)}: {topic} by region".capitalize(), 14, width - 48, bold=True)
    grid(pen, 24, 44, width - 48, rows, columns, step, tint if coloured else (60, 60, 60))
    if rng.random() < 0.5:
        pen.text(24, 52 + rows * step, f"Source: {rng.choice(lexicon.AGENCIES)}", 8, fill=(100, 100, 100))
    facts = {"rows": str(rows), "columns": str(columns), "topic": topic}
    return pen.done("table", **(facts | ({"colour": name} if coloured else {})))


def statement(rng: random.Random) -> Drawn:
    """A financial statement: captions on the left, columns of numbers on the right, rules over the totals."""
    pen = sheet(rng, rng.choice(("serif", "serif", "sans")))
    vendor = lexicon.company(rng)
    years = rng.choice((2, 2, 3))
    size = rng.uniform(7, 9.5)
    title = rng.choice(
        (
            "Consolidated Balance Sheets",
            "Statements of Income",
            "Cash Flow Statement",
            "Bilanz",
            "Balance general",
            "Compte de résultat",
        )
    )
    pen.text(pen.width / 2, 30, vendor.upper(), 12, bold=True, anchor="ma")
    pen.text(pen.width / 2, 48, title, 11, bold=True, anchor="ma")
    pen.text(pen.width / 2, 64, "(in millions, except per share amounts)", 8, anchor="ma")
    y, left, rows = 92.0, 34, 0
    shade = rng.random() < 0.4
    for part in range(years):
        pen.text(pen.width - 34 - part * 70, y, str(2024 - part), size, bold=True, anchor="ra")
    y += size * 1.6
    while y < pen.height * rng.uniform(0.6, 0.97):
        rows += 1
        if shade and rows % 2:
            pen.box(left - 4, y - 1, pen.width - 30, y + size * 1.35, fill=(220, 235, 245))
        heading = rng.random() < 0.12
        total = rng.random() < 0.15
        pen.text(
            left + (0 if heading or total else 10),
            y,
            lexicon.words(rng, rng.randint(2, 5)).capitalize()[:42],
            size,
            bold=heading or total,
        )
        for part in range(0 if heading else years):
            right = pen.width - 34 - part * 70
            value = f"{rng.randint(10, 99999):,}"
            pen.text(right, y, f"({value})" if rng.random() < 0.2 else value, size, anchor="ra", bold=total)
            if total:
                pen.line(right - 48, y - 1, right, y - 1)
        y += size * 1.5
    return pen.done("financial statement", vendor=vendor, title=title, columns=str(years))
