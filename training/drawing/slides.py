"""Slides: coloured bars, bullets, charts, pictures, shapes, section pages."""

import random

from training.drawing import lexicon
from training.drawing.charts import chart_inside
from training.drawing.pen import Colour, Drawn, Pen, colour, pale
from training.drawing.photos import scenery


def _ground(pen: Pen, tint: Colour) -> tuple[bool, Colour]:
    """The ground of the slide: plain, tinted, dark, graded, a picture. (is it dark, ink)."""
    rng = pen.rng
    pick = rng.random()
    if pick < 0.5:
        return False, (40, 40, 45)
    if pick < 0.6:
        pen.box(0, 0, pen.width, pen.height, fill=pale(tint, 0.88))
        return False, (40, 40, 45)
    if pick < 0.78:
        pen.box(0, 0, pen.width, pen.height, fill=rng.choice((tint, (25, 35, 60), (30, 30, 30), (45, 55, 95))))
        return True, (245, 245, 245)
    if pick < 0.9:
        for row in range(pen.height):
            share = row / pen.height
            pen.line(
                0,
                row,
                pen.width,
                row,
                fill=(int(tint[0] * (1 - share * 0.6)), int(tint[1] * (1 - share * 0.6)), int(tint[2] * (1 - share * 0.6))),
            )
        return True, (250, 250, 250)
    pen.image.paste(scenery(rng).resize((pen.width, pen.height)).point(lambda value: int(value * 0.5)), (0, 0))
    return True, (255, 255, 255)


def slide(rng: random.Random) -> Drawn:
    """A landscape page with a heading and one kind of content."""
    width = 560
    pen = Pen(
        rng,
        width,
        int(width * rng.choice((0.75, 0.75, 0.5625, 0.5625, 0.7))),
        face=rng.choice(("sans", "sans", "sans", "serif")),
    )
    name, tint = colour(rng)
    topic = rng.choice(lexicon.TOPICS)
    dark, pen.ink = _ground(pen, tint)
    facts = {"topic": topic, "colour": name, "background": "dark" if dark else "light"}
    content = rng.choice(
        ("bullets", "bullets", "bullets", "chart", "chart", "picture", "shapes", "section", "text", "numbers", "columns")
    )
    title = rng.choice(
        (
            f"{topic}",
            f"Why {topic} matters",
            f"{topic}: key findings",
            f"Our plan for {topic}",
            f"{topic} in {rng.choice(lexicon.PLACES)}",
        )
    ).title()
    facts |= {"title": title, "content": content}
    if content == "section":
        if rng.random() < 0.5:
            pen.box(0, pen.height * 0.35, width, pen.height * 0.65, fill=tint)
            pen.ink = (255, 255, 255)
        pen.fitted(width / 2, pen.height * 0.45, title, rng.uniform(28, 46), width * 0.85, bold=True, anchor="mm")
        pen.text(width / 2, pen.height * 0.58, lexicon.person(rng), 14, anchor="mm")
        return pen.done("slide", **facts)
    top = _heading(pen, title, tint, dark)
    _fill(pen, content, top, tint, facts)
    if rng.random() < 0.6:
        pen.text(width - 14, pen.height - 18, str(rng.randint(2, 60)), 10, anchor="ra")
        pen.text(14, pen.height - 18, rng.choice((lexicon.company(rng), lexicon.date(rng))), 9)
    if rng.random() < 0.25:
        pen.box(width - 80, 8, width - 16, 30, fill=colour(rng)[1])
    return pen.done("slide", **facts)


def _heading(pen: Pen, title: str, tint: Colour, dark: bool) -> float:
    """The heading in a coloured bar, over a rule, or bare; the y below."""
    rng = pen.rng
    size = rng.uniform(20, 34)
    x, anchor = (pen.width / 2, "ma") if rng.random() < 0.35 else (28.0, "la")
    barred = rng.random() < 0.4
    if barred:
        pen.box(0, 0, pen.width, size * 2, fill=tint)
    pen.fitted(
        x,
        size * 0.45,
        title,
        size,
        pen.width - 60,
        bold=rng.random() < 0.7,
        fill=(255, 255, 255) if barred else tint if not dark and rng.random() < 0.5 else None,
        anchor=anchor,
    )
    if not barred and rng.random() < 0.4:
        pen.line(28, size * 1.8, pen.width - 28, size * 1.8, fill=tint, width=2)
    return size * 2.3


def _fill(pen: Pen, content: str, top: float, tint: Colour, facts: dict[str, str]) -> None:
    """The body of the slide."""
    rng = pen.rng
    wide, tall = pen.width, pen.height - top - 30
    if content == "bullets":
        _bullets(pen, top, tall, tint, facts)
    elif content == "chart":
        whole = rng.random() < 0.5
        pen.image.paste(
            chart_inside(rng, int(wide * (0.85 if whole else 0.48)), int(tall)),
            (int(wide * (0.07 if whole else 0.48)), int(top)),
        )
        if not whole:
            pen.paragraph(26, top + 6, wide * 0.42, rng.randint(3, 7), 13)
    elif content == "picture":
        whole = rng.random() < 0.4
        pen.image.paste(
            scenery(rng).resize((int(wide * (0.8 if whole else 0.44)), int(tall))),
            (int(wide * (0.1 if whole else 0.52)), int(top)),
        )
        if not whole:
            pen.paragraph(26, top + 6, wide * 0.44, rng.randint(3, 8), 13)
    elif content == "text":
        pen.paragraph(28, top + 4, wide - 56, rng.randint(4, 12), rng.uniform(9, 14))
    elif content == "numbers":
        count = rng.randint(1, 4)
        for part in range(count):
            x = wide * (part + 0.5) / count
            pen.text(
                x,
                top + tall * 0.35,
                f"{rng.randint(2, 99)}%",
                110 / (count + 1),
                bold=True,
                fill=tint if facts["background"] == "light" else None,
                anchor="mm",
            )
            pen.text(x, top + tall * 0.6, lexicon.words(rng, 2), 13, anchor="mm")
    elif content == "columns":
        count = rng.choice((2, 2, 3))
        for part in range(count):
            x = 26 + part * (wide - 52) / count
            pen.box(x, top, x + (wide - 52) / count - 10, top + 26, fill=tint)
            pen.text(x + 6, top + 5, lexicon.words(rng, 2).title(), 13, bold=True, fill=(255, 255, 255))
            pen.paragraph(x + 4, top + 36, (wide - 52) / count - 20, int(tall / 22), 12)
        facts["columns"] = str(count)
    else:
        _shapes(pen, top, tall, tint, facts)


def _bullets(pen: Pen, top: float, tall: float, tint: Colour, facts: dict[str, str]) -> None:
    """Points one below the other, beside a picture on some."""
    rng, wide = pen.rng, pen.width
    count, size = rng.randint(2, 7), rng.uniform(11, 19)
    beside = rng.random() < 0.25
    room = wide * (0.5 if beside else 0.85)
    y = top + 4
    drawn = 0
    for _ in range(count):
        if y > pen.height - size * 2.5:
            break
        drawn += 1
        mark = rng.choice(("dot", "dot", "dash"))
        if mark == "dot":
            pen.draw.ellipse((30, y + size * 0.35, 30 + size * 0.45, y + size * 0.8), fill=tint)
        else:
            pen.text(30, y, "-", size)
        y = pen.paragraph(30 + size, y, room - size, rng.choice((1, 1, 2)), size) + size * rng.uniform(0.3, 0.9)
    facts["bullets"] = str(drawn)
    if beside:
        pen.image.paste(scenery(rng).resize((int(wide * 0.34), int(tall * 0.8))), (int(wide * 0.62), int(top)))


def _shapes(pen: Pen, top: float, tall: float, tint: Colour, facts: dict[str, str]) -> None:
    """Named circles, boxes or pentagons in rows."""
    rng = pen.rng
    columns, rows = rng.choice((2, 3, 3, 4)), rng.choice((1, 1, 2))
    many = rng.random() < 0.5
    sides = rng.choice((0, 3, 4, 5, 6))
    for index in range(columns * rows):
        cx = pen.width * (index % columns + 0.5) / columns
        cy = top + tall * (index // columns + 0.5) / rows
        radius = min(pen.width / columns, tall / rows) * 0.42
        fill = colour(rng)[1] if many else tint
        if sides:
            pen.draw.regular_polygon((cx, cy, radius), sides, rotation=45 if sides == 4 else 0, fill=fill)
        else:
            pen.draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), fill=fill)
        pen.text(cx, cy, lexicon.words(rng, 1).title(), radius * 0.32, bold=True, anchor="mm", fill=(255, 255, 255))
    facts["shapes"] = str(columns * rows)
