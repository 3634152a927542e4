"""Pages of running text: letters, reports, papers, reports on cases."""

import random

from training.drawing import lexicon
from training.drawing.charts import chart_inside
from training.drawing.pen import Drawn, Pen, colour, pale, signature, stamp
from training.drawing.photos import scenery
from training.drawing.tables import grid, sheet

_PARTICULARS = ("Location", "Date", "Number", "Aircraft", "Injuries", "Registration", "Operator", "Event", "Weather")
_SECTIONS = ("Introduction", "Method", "Results", "Discussion", "References", "Data")


def letter(rng: random.Random) -> Drawn:
    """Sender, address, date, greeting, a few paragraphs, a signature."""
    pen = sheet(rng, rng.choice(("serif", "sans", "mono")))
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
    pen = sheet(rng)
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
        number = rng.choice((str(rng.randint(1, 200)), f"Page {rng.randint(1, 9)} of {rng.randint(9, 99)}"))
        pen.text(pen.width / 2, pen.height * 0.955, number, 8, anchor="ma")
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
    pen = sheet(rng, rng.choice(("sans", "sans", "serif")))
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
        grid(pen, x, y, wide, max(2, int(tall / 16)), pen.rng.randint(2, 4), 16, pen.ink)
        return y + 16 * max(2, int(tall / 16))
    else:
        pen.box(x, y, x + wide, y + tall, fill=pale(colour(pen.rng)[1], 0.85))
        pen.paragraph(x + 8, y + 8, wide - 16, int((tall - 14) / 10), 7.5)
    return y + tall


def paper(rng: random.Random) -> Drawn:
    """The first or a later page of a scientific paper: two columns, abstract, formulas, references."""
    pen = sheet(rng, "serif")
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
                pen.text(x, y, f"{rng.randint(1, 6)} {rng.choice(_SECTIONS)}", size * 1.3, bold=True)
                y += size * 2
            elif pick < 0.45:
                formula = f"y = a{rng.randint(1, 9)} x + b / (n - {rng.randint(1, 9)})"
                pen.text(x + wide / 2, y + 4, formula, size * 1.2, anchor="ma")
                pen.text(x + wide, y + 4, f"({rng.randint(1, 20)})", size, anchor="ra")
                y += size * 3
            lines = max(1, min(rng.randint(4, 14), int((pen.height * 0.94 - y) / (size * 1.25))))
            y = pen.paragraph(x, y, wide, lines, size, leading=1.25) + size * 0.5
    return pen.done("scientific paper", **facts)
