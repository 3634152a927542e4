"""Pages of running text: letters, reports, papers, financial statements, cover pages, tables; blank and unreadable ones."""

import random

import numpy as np
from PIL import Image, ImageFilter

from training.drawing import lexicon
from training.drawing.charts import chart_inside
from training.drawing.pen import Drawn, Pen, colour, pale, signature, stamp
from training.drawing.photos import scenery

_PARTICULARS = ("Location", "Date", "Number", "Aircraft", "Injuries", "Registration", "Operator", "Event", "Weather")
_SECTIONS = ("Introduction", "Method", "Results", "Discussion", "References", "Data")


def _sheet(rng: random.Random, face: str | None = None) -> Pen:
    width = rng.choice((460, 500, 500))
    return Pen(rng, width, int(width * rng.choice((1.29, 1.29, 1.41, 1.41, 1.5))), face=face)


def letter(rng: random.Random) -> Drawn:
    """Sender, address, date, greeting, a few paragraphs, a signature."""
    pen = _sheet(rng, rng.choice(("serif", "sans", "mono")))
    language = rng.choice(tuple(lexicon.LANGUAGES))
    word = lexicon.WORDS[language]
    size = rng.uniform(8.5, 11)
    left, wide = pen.width * 0.12, pen.width * 0.76
    sender = lexicon.company(rng)
    facts = {"vendor": sender, "language": lexicon.LANGUAGES[language]}
    y = 40.0
    if rng.random() < 0.6:
        name, tint = colour(rng)
        pen.text(rng.choice((left, pen.width / 2)), y, sender, rng.uniform(13, 20), bold=True, fill=tint)
        pen.line(left, y + 26, left + wide, y + 26, fill=tint)
        facts["colour"] = name
    y += 46
    for _ in range(rng.randint(3, 5)):
        pen.text(
            left,
            y,
            rng.choice(
                (lexicon.person(rng), lexicon.company(rng), f"{rng.randint(1, 99)} {rng.choice(lexicon.LAST)} Street")
            ),
            size,
        )
        y += size * 1.4
    pen.text(left + wide, y + size, lexicon.date(rng), size, anchor="ra")
    y += size * 4
    if rng.random() < 0.6:
        y = pen.paragraph(left, y, wide * 0.6, 1, size * 1.05, language=language) + size
    pen.text(left, y, f"{word['dear']} {rng.choice(lexicon.LAST)},", size)
    y += size * 2.2
    for _ in range(rng.randint(1, 4)):
        if y > pen.height * 0.72:
            break
        y = pen.paragraph(left, y, wide, rng.randint(2, 7), size, language=language) + size
    y = min(y + size, pen.height - 100)
    pen.text(left, y, word["regards"], size)
    if rng.random() < 0.75:
        signature(pen, left, y + 16, 110, 34)
        facts["signed"] = "yes"
    pen.text(left, y + 56, lexicon.person(rng), size)
    if rng.random() < 0.1:
        stamp(pen, pen.width * 0.55, y - 20, 100)
        facts["stamped"] = "yes"
    return pen.done("letter", **facts)


def report(rng: random.Random) -> Drawn:
    """A page of a report in one or two columns with headings, perhaps a chart, a table or a picture."""
    pen = _sheet(rng)
    topic = rng.choice(lexicon.TOPICS)
    language = rng.choice(("en", "en", "en", "de", "fr", "es", "pt", "it"))
    size = rng.uniform(6.5, 11)
    columns = rng.choice((1, 1, 1, 2, 2, 3))
    name, tint = colour(rng)
    coloured = rng.random() < 0.4
    margin, gap = pen.width * rng.uniform(0.06, 0.14), 14.0
    wide = (pen.width - 2 * margin - gap * (columns - 1)) / columns
    top = pen.height * rng.uniform(0.05, 0.1)
    facts = {"columns": str(columns), "topic": topic, "language": lexicon.LANGUAGES[language]}
    if rng.random() < 0.5:
        pen.fitted(
            margin,
            top,
            f"{topic} in {rng.choice(lexicon.PLACES)}".title(),
            rng.uniform(14, 22),
            pen.width - 2 * margin,
            bold=True,
            fill=tint if coloured else None,
        )
        top += 34
        facts["heading"] = "yes"
    if coloured:
        facts["colour"] = name
        if rng.random() < 0.4:
            pen.line(margin, top - 4, pen.width - margin, top - 4, fill=tint, width=3)
    if columns == 1 and rng.random() < 0.2:
        top = _particulars(pen, margin, top, wide, size)
    extra = rng.choice(("", "", "", "chart", "table", "picture", "box"))
    for column in range(columns):
        x, y = margin + column * (wide + gap), top
        bottom = pen.height * (rng.uniform(0.3, 0.93) if column == columns - 1 and rng.random() < 0.3 else 0.92)
        placed = column != rng.randrange(columns) or not extra
        while y < bottom - size * 4:
            if not placed and rng.random() < 0.6:
                placed = True
                y = _inset(pen, extra, x, y, wide, bottom - y) + size
                facts["inset"] = extra
                continue
            if rng.random() < 0.4:
                pen.text(
                    x,
                    y,
                    lexicon.words(rng, 3, language).title()[: int(wide / size * 1.6)],
                    size * rng.uniform(1.1, 1.5),
                    bold=True,
                    fill=tint if coloured else None,
                )
                y += size * 2
            lines = min(rng.randint(2, 10), int((bottom - y) / (size * 1.3)))
            y = pen.paragraph(x, y, wide, max(1, lines), size, language=language) + size * rng.uniform(0.3, 1)
    if rng.random() < 0.7:
        pen.text(
            pen.width / 2,
            pen.height * 0.955,
            rng.choice((str(rng.randint(1, 200)), f"Page {rng.randint(1, 9)} of {rng.randint(9, 99)}")),
            8,
            anchor="ma",
        )
    return pen.done("report page", **facts)


def _particulars(pen: Pen, x: float, y: float, wide: float, size: float) -> float:
    """Labels with values in two columns, as reports of cases begin; the y below."""
    rng = pen.rng
    rows, ruled = rng.randint(3, 8), rng.random() < 0.6
    for _ in range(rows):
        for part in range(2):
            left = x + part * wide / 2
            pen.text(
                left,
                y,
                f"{rng.choice(_PARTICULARS)}:",
                size,
                bold=True,
            )
            pen.text(
                left + wide * 0.2,
                y,
                rng.choice((rng.choice(lexicon.PLACES), lexicon.date(rng), str(rng.randint(1, 9999)))),
                size,
            )
        y += size * 1.6
        if ruled:
            pen.line(x, y - 2, x + wide, y - 2, fill=(140, 140, 140))
    return y + size


def case(rng: random.Random) -> Drawn:
    """A page of a report on a case: sections of labels with values in shaded rows, and some text."""
    pen = _sheet(rng, rng.choice(("sans", "sans", "serif")))
    name, tint = colour(rng)
    size, margin = rng.uniform(6.5, 8.5), pen.width * rng.uniform(0.06, 0.1)
    wide, y = pen.width - 2 * margin, pen.height * 0.05
    facts = {
        "topic": rng.choice(("an accident", "an inspection", "an audit", "a test", "an incident")),
        "colour": name,
        "columns": "1",
    }
    if rng.random() < 0.5:
        pen.draw.ellipse((margin, y, margin + 44, y + 44), outline=tint, width=4)
        pen.fitted(pen.width / 2 + 20, y + 2, rng.choice(lexicon.AGENCIES), 17, wide - 80, bold=True, fill=tint, anchor="ma")
        pen.fitted(
            pen.width / 2 + 20,
            y + 24,
            f"Final report on {facts['topic']}".title(),
            15,
            wide - 80,
            bold=True,
            fill=tint,
            anchor="ma",
        )
        y += 64
        facts["heading"] = "yes"
    bottom = pen.height * (0.93 if rng.random() < 0.7 else rng.uniform(0.3, 0.8))
    while y < bottom - size * 6:
        pen.text(margin, y, lexicon.words(rng, 2).title(), size * 1.4, bold=True, fill=tint)
        y += size * 2.2
        if rng.random() < 0.35:
            y = pen.paragraph(margin, y, wide, min(rng.randint(3, 9), int((bottom - y) / (size * 1.3)) + 1), size) + size
            continue
        shaded = rng.random() < 0.7
        for row in range(min(rng.randint(3, 11), int((bottom - y) / (size * 1.8)) + 1)):
            if shaded and row % 2:
                pen.box(margin, y - 1, margin + wide, y + size * 1.5, fill=pale(tint, 0.88))
            for part in range(2):
                label = rng.choice(lexicon.FIELD_NAMES)[:20]
                pen.text(margin + part * wide / 2, y, f"{label}:", size, bold=True)
                pen.text(
                    margin + (part + 0.5) * wide / 2,
                    y,
                    rng.choice((lexicon.date(rng), lexicon.company(rng), str(rng.randint(1, 9999)))),
                    size,
                )
            y += size * 1.75
        y += size
    pen.text(margin, pen.height * 0.96, f"Page {rng.randint(1, 5)} of 5", 7)
    return pen.done("report page", **facts)


def _inset(pen: Pen, what: str, x: float, y: float, wide: float, room: float) -> float:
    """A chart, a table, a picture or a tinted box inside a page; the y below."""
    tall = min(room - 10, wide * pen.rng.uniform(0.5, 0.8))
    if tall < 40:
        return y
    if what == "chart":
        pen.image.paste(chart_inside(pen.rng, int(wide), int(tall)), (int(x), int(y)))
    elif what == "picture":
        pen.image.paste(scenery(pen.rng).resize((int(wide), int(tall))), (int(x), int(y)))
    elif what == "table":
        _grid(pen, x, y, wide, max(2, int(tall / 16)), pen.rng.randint(2, 4), 16, pen.ink)
        return y + 16 * max(2, int(tall / 16))
    else:
        pen.box(x, y, x + wide, y + tall, fill=pale(colour(pen.rng)[1], 0.85))
        pen.paragraph(x + 8, y + 8, wide - 16, int((tall - 14) / 10), 7.5)
    return y + tall


def _grid(
    pen: Pen, x: float, y: float, wide: float, rows: int, columns: int, step: float, ink: tuple[int, int, int]
) -> None:
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
    _grid(pen, 24, 44, width - 48, rows, columns, step, tint if coloured else (60, 60, 60))
    if rng.random() < 0.5:
        pen.text(24, 52 + rows * step, f"Source: {rng.choice(lexicon.AGENCIES)}", 8, fill=(100, 100, 100))
    facts = {"rows": str(rows), "columns": str(columns), "topic": topic}
    return pen.done("table", **(facts | ({"colour": name} if coloured else {})))


def paper(rng: random.Random) -> Drawn:
    """The first or a later page of a scientific paper: two columns, abstract, formulas, references."""
    pen = _sheet(rng, "serif")
    topic = rng.choice(lexicon.TOPICS)
    size = rng.uniform(6, 7.5)
    columns = rng.choice((1, 2, 2, 2))
    margin, gap = pen.width * 0.08, 14.0
    wide = (pen.width - 2 * margin - gap * (columns - 1)) / columns
    top = 34.0
    facts = {"topic": topic, "columns": str(columns)}
    if rng.random() < 0.6:
        pen.fitted(
            pen.width / 2,
            top,
            f"On {topic}: {lexicon.words(rng, 4)}".title(),
            17,
            pen.width - 2 * margin,
            bold=True,
            anchor="ma",
        )
        pen.text(pen.width / 2, top + 26, ", ".join(lexicon.person(rng) for _ in range(rng.randint(1, 4))), 9, anchor="ma")
        pen.text(pen.width / 2, top + 48, "Abstract", 9.5, bold=True, anchor="ma")
        top = pen.paragraph(margin * 1.8, top + 62, pen.width - margin * 3.6, rng.randint(4, 9), size) + 12
        facts["abstract"] = "yes"
    inset = rng.choice(("", "", "chart", "table"))
    for column in range(columns):
        x, y = margin + column * (wide + gap), top
        placed = not inset or column != columns - 1
        while y < pen.height * 0.9:
            if not placed:
                placed, y = True, _inset(pen, inset, x, y, wide, pen.height * 0.4) + 8
                y = pen.paragraph(x, y, wide, 2, size * 0.9) + 6
                facts["inset"] = inset
            pick = rng.random()
            if pick < 0.3:
                pen.text(
                    x,
                    y,
                    f"{rng.randint(1, 6)} {rng.choice(_SECTIONS)}",
                    size * 1.3,
                    bold=True,
                )
                y += size * 2
            elif pick < 0.45:
                pen.text(
                    x + wide / 2,
                    y + 4,
                    f"y = a{rng.randint(1, 9)} x + b / (n - {rng.randint(1, 9)})",
                    size * 1.2,
                    anchor="ma",
                )
                pen.text(x + wide, y + 4, f"({rng.randint(1, 20)})", size, anchor="ra")
                y += size * 3
            y = (
                pen.paragraph(
                    x,
                    y,
                    wide,
                    max(1, min(rng.randint(4, 14), int((pen.height * 0.94 - y) / (size * 1.25)))),
                    size,
                    leading=1.25,
                )
                + size * 0.5
            )
    return pen.done("scientific paper", **facts)


def statement(rng: random.Random) -> Drawn:
    """A financial statement: captions on the left, columns of numbers on the right, rules over the totals."""
    pen = _sheet(rng, rng.choice(("serif", "serif", "sans")))
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


def cover(rng: random.Random) -> Drawn:
    """A title page: large title, subtitle, author, perhaps a colour or a picture."""
    pen = _sheet(rng)
    topic = rng.choice(lexicon.TOPICS)
    name, tint = colour(rng)
    plain = rng.random() < 0.35
    facts = {"topic": topic, "title": f"{topic} report"}
    light = False
    if not plain:
        facts["colour"] = name
        style = rng.randrange(4)
        if style == 0:
            pen.box(0, 0, pen.width, pen.height, fill=tint)
            light = True
        elif style == 1:
            pen.box(0, 0, pen.width, pen.height * rng.uniform(0.2, 0.5), fill=tint)
            light = True
        elif style == 2:
            pen.box(0, 0, pen.width * 0.14, pen.height, fill=tint)
        else:
            tall = int(pen.height * rng.uniform(0.4, 0.6))
            pen.image.paste(scenery(rng).resize((pen.width, tall)), (0, pen.height - tall))
            facts["inset"] = "picture"
    y = pen.height * rng.uniform(0.1, 0.3)
    ink = (255, 255, 255) if light else tint if not plain else pen.ink
    x = rng.choice((pen.width / 2, pen.width * 0.2))
    anchor = "ma" if x == pen.width / 2 else "la"
    for line in (topic.title(), f"in {rng.choice(lexicon.PLACES)}", f"Annual Report {rng.randint(1990, 2026)}"):
        y += pen.fitted(x, y, line, rng.uniform(20, 40), pen.width * 0.7, bold=True, fill=ink, anchor=anchor) * 1.3
    pen.text(x, pen.height * 0.86, lexicon.person(rng), 13, anchor=anchor, fill=ink if light and style == 0 else None)
    pen.text(x, pen.height * 0.9, lexicon.date(rng), 11, anchor=anchor, fill=ink if light and style == 0 else None)
    return pen.done("cover page", **facts)


def blank(rng: random.Random) -> Drawn:
    """An empty page, of paper or ruled."""
    tone = rng.randint(225, 255)
    pen = Pen(rng, 460, int(460 * rng.choice((0.77, 1.29, 1.41))), paper=(tone, tone, tone - rng.choice((0, 0, 8, 16))))
    if rng.random() < 0.2:
        for y in range(60, pen.height - 30, 22):
            pen.line(30, y, pen.width - 30, y, fill=(200, 210, 225))
    if rng.random() < 0.25:
        pen.text(
            pen.width / 2,
            pen.height * rng.choice((0.5, 0.95)),
            rng.choice(("This page intentionally left blank", str(rng.randint(1, 99)))),
            9,
            anchor="ma",
            fill=(120, 120, 120),
        )
    return pen.done("blank page")


def unreadable(rng: random.Random) -> Drawn:
    """A page of text too blurred, too dark or too noisy to read."""
    base = rng.choice((letter, report, statement))(rng)
    image = base.image.filter(ImageFilter.GaussianBlur(rng.uniform(4, 9)))
    pixels = np.asarray(image).astype(np.float32)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(10, 60), pixels.shape[:2])[..., None]
    spoiled = pixels * rng.uniform(0.3, 1) + noise
    return Drawn(kind="unreadable page", image=Image.fromarray(spoiled.clip(0, 255).astype(np.uint8)), facts={})
