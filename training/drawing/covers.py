"""Cover pages, blank pages and pages that nobody can read."""

import random

import numpy as np
from PIL import Image, ImageFilter

from training.drawing import lexicon
from training.drawing.pages import letter, report
from training.drawing.pen import Drawn, Pen, colour
from training.drawing.photos import scenery
from training.drawing.tables import sheet, statement


def cover(rng: random.Random) -> Drawn:
    """A title page: large title, subtitle, author, perhaps a colour or a picture."""
    pen = sheet(rng)
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


def title_page(rng: random.Random) -> Drawn:
    """A title on white with a mark and a few small lines, among photographs, or among squares of colour."""
    pen = sheet(rng, rng.choice(("serif", "serif", "sans")))
    topic, (name, tint) = rng.choice(lexicon.TOPICS), colour(rng)
    facts = {"topic": topic, "title": f"{topic} report"}
    way = rng.choice(("white", "white", "photographs", "squares"))
    left, y = pen.width * rng.uniform(0.08, 0.3), pen.height * rng.uniform(0.25, 0.5)
    if way == "photographs":
        columns, rows = rng.randint(2, 4), rng.randint(3, 5)
        wide, tall = pen.width * 0.9 / columns, pen.height * 0.9 / rows
        pen.box(
            pen.width * 0.03,
            pen.height * 0.03,
            pen.width * 0.97,
            pen.height * 0.97,
            fill=rng.choice(((40, 40, 40), tint, None)),
        )
        grey = rng.random() < 0.5
        for cell in range(columns * rows):
            picture = scenery(rng).resize((int(wide * 0.92), int(tall * 0.92)))
            picture = picture.convert("L").convert("RGB") if grey else picture
            pen.image.paste(
                picture, (int(pen.width * 0.06 + wide * (cell % columns)), int(pen.height * 0.06 + tall * (cell // columns)))
            )
        left, facts["inset"] = pen.width * 0.2, "picture"
        pen.box(left - 8, y - 8, pen.width * 0.8, y + 110, fill=(255, 255, 255))
    elif way == "squares":
        side, facts["colour"] = pen.width * rng.uniform(0.1, 0.2), name
        for _ in range(rng.randint(5, 14)):
            x, down = pen.width * rng.uniform(0, 0.9), pen.height * rng.uniform(0, 0.9)
            if rng.random() < 0.3:
                pen.image.paste(scenery(rng).resize((int(side), int(side))), (int(x), int(down)))
            else:
                pen.box(x, down, x + side * rng.uniform(0.5, 1.4), down + side, fill=colour(rng)[1])
        pen.box(left - 8, y - 8, pen.width * 0.9, y + 90, fill=tint)
    ink = (255, 255, 255) if way == "squares" else None
    size = rng.uniform(16, 28)
    for _ in range(rng.randint(2, 4)):
        pen.fitted(
            left, y, lexicon.words(rng, rng.randint(2, 4)).title(), size, pen.width * 0.78 - left, bold=True, fill=ink
        )
        y += size * 1.2
    pen.paragraph(left, y + 6, pen.width * 0.75 - left, rng.randint(1, 2), 8, fill=ink)
    if way == "white":
        pen.fitted(pen.width * rng.choice((0.7, 0.1)), pen.height * 0.09, rng.choice(lexicon.AGENCIES), 11, pen.width * 0.25)
        low = pen.height * rng.uniform(0.72, 0.85)
        for _ in range(rng.randint(0, 6)):
            pen.text(left, low, lexicon.words(rng, rng.randint(2, 5)), 6.5, fill=rng.choice((tint, (90, 90, 90))))
            low += 10
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
