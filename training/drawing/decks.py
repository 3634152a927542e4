"""Slides made of pictures: photographs behind a few words, illustrations on dark grounds, collages, marks, screen shots."""

import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageEnhance

from training.drawing import lexicon
from training.drawing.charts import chart_inside
from training.drawing.fonts import font_files, load
from training.drawing.pen import COLOURS, Colour, Drawn, Pen, colour, pale
from training.drawing.photos import scenery
from training.drawing.pictures import cut_out, line_art


def _title(rng: random.Random) -> str:
    topic = rng.choice(lexicon.TOPICS)
    text = rng.choice(
        (topic, f"{topic} tools", f"why {topic}?", f"the {topic} game", f"{topic} in {rng.choice(lexicon.PLACES)}")
    )
    return text.upper() if rng.random() < 0.4 else text.title()


def _veil(image: Image.Image, rng: random.Random) -> tuple[Image.Image, bool]:
    """The picture dimmed, tinted or paled, so that words can be read on it; (picture, is it dark)."""
    way = rng.random()
    if way < 0.4:
        return ImageEnhance.Brightness(image).enhance(rng.uniform(0.35, 0.8)), True
    tint = colour(rng)[1] if way < 0.75 else (255, 255, 255)
    dark = sum(tint) < 420
    return Image.blend(image, Image.new("RGB", image.size, tint), rng.uniform(0.35, 0.75)), dark


def _words(pen: Pen, count: int, ink: Colour) -> None:
    """A few words in large type, one below the other, wherever they fit."""
    rng = pen.rng
    x, anchor = rng.choice(((0.5, "ma"), (0.06, "la"), (0.94, "ra"), (0.06, "la")))
    size = rng.uniform(22, 52)
    y = pen.height * rng.uniform(0.06, 0.6)
    for _ in range(count):
        pen.fitted(pen.width * x, y, _title(rng), size, pen.width * 0.86, bold=rng.random() < 0.7, fill=ink, anchor=anchor)
        y += size * 1.3
        size *= rng.choice((1, 1, 0.6))


def _behind(pen: Pen, facts: dict[str, str]) -> None:
    """A photograph over the whole slide, a few words on it."""
    picture, dark = _veil(scenery(pen.rng).resize((pen.width, pen.height)), pen.rng)
    pen.image.paste(picture, (0, 0))
    if pen.rng.random() < 0.3:
        y = pen.height * pen.rng.uniform(0.05, 0.7)
        pen.box(0, y, pen.width * pen.rng.choice((0.6, 1)), y + pen.height * 0.2, fill=colour(pen.rng)[1])
    _words(pen, pen.rng.randint(1, 3), (255, 255, 255) if dark else (30, 30, 30))
    facts |= {"content": "picture", "background": "dark" if dark else "light"}


def _illustrated(pen: Pen, facts: dict[str, str]) -> None:
    """A dark ground with a drawing or a thing on it and a short line of type."""
    rng = pen.rng
    pen.box(
        0, 0, pen.width, pen.height, fill=rng.choice(((14, 20, 34), (20, 20, 20), (45, 55, 95), (90, 25, 45), (10, 60, 60)))
    )
    ink = rng.choice(((240, 235, 220), (255, 255, 255), (200, 210, 220)))
    if rng.random() < 0.6:
        pen.draw.rounded_rectangle((8, 8, pen.width - 9, pen.height - 9), radius=10, outline=(90, 95, 105), width=2)
    for _ in range(rng.randint(1, 3)):
        long = int(pen.height * rng.uniform(0.4, 0.85))
        thing = line_art(rng, long, ink) if rng.random() < 0.6 else cut_out(rng, long)
        if thing is not None:
            at = (int(pen.width * rng.uniform(0.05, 0.7)), int((pen.height - thing.height) * rng.uniform(0.2, 0.8)))
            pen.image.paste(thing, at, thing)
    _words(pen, rng.randint(1, 3), ink)
    facts |= {"content": "picture", "background": "dark"}


def _half(pen: Pen, facts: dict[str, str]) -> None:
    """A photograph over one side of a plain ground, a few words or points on the other."""
    rng = pen.rng
    dark = rng.random() < 0.6
    ground = rng.choice(((12, 18, 30), (15, 15, 15), (40, 50, 90), (70, 20, 40), (20, 80, 90))) if dark else (255, 255, 255)
    pen.box(0, 0, pen.width, pen.height, fill=ground)
    inset = rng.choice((0.0, 0.0, 0.05, 0.1))
    wide, tall = int(pen.width * (rng.uniform(0.3, 0.6) - inset)), int(pen.height * (1 - 2 * inset))
    right = rng.random() < 0.5
    picture = scenery(rng).resize((wide, tall))
    if rng.random() < 0.35:
        picture = picture.convert("L").convert("RGB")
    pen.image.paste(picture, (int(pen.width * (1 - inset) - wide if right else pen.width * inset), int(pen.height * inset)))
    if rng.random() < 0.3:
        pen.draw.rounded_rectangle((6, 6, pen.width - 7, pen.height - 7), radius=12, outline=(120, 125, 135), width=2)
    ink, size = (245, 245, 240) if dark else (40, 40, 45), rng.uniform(13, 30)
    x, room = pen.width * (0.07 if right else 0.68 if inset else 0.63), pen.width * 0.3
    y = pen.height * rng.uniform(0.1, 0.5)
    for line in range(rng.randint(1, 4)):
        text = _title(rng) if line == 0 else lexicon.words(rng, rng.randint(1, 3)).upper()
        y += pen.fitted(x, y, text, size, room, bold=rng.random() < 0.6, fill=ink) * 1.5
    facts |= {"content": "picture", "background": "dark" if dark else "light"}


def _page_shot(rng: random.Random, wide: int, tall: int) -> Image.Image:
    """A piece of a web page: bar, boxes, pictures, lines of text."""
    pen = Pen(rng, max(60, wide), max(50, tall), face="sans")
    tint = colour(rng)[1]
    pen.box(0, 0, pen.width, pen.height * 0.12, fill=tint)
    y = pen.height * 0.16
    while y < pen.height * 0.9:
        part = pen.height * rng.uniform(0.12, 0.4)
        if rng.random() < 0.4:
            pen.image.paste(
                scenery(rng).resize((max(1, int(pen.width * 0.5)), max(1, int(part)))), (int(pen.width * 0.05), int(y))
            )
        else:
            pen.paragraph(pen.width * 0.05, y, pen.width * 0.8, max(1, int(part / 9)), 7)
        y += part + 4
    ImageDraw.Draw(pen.image).rectangle((0, 0, pen.width - 1, pen.height - 1), outline=(150, 150, 150))
    return pen.image.resize((wide, tall))


def _piece(pen: Pen, x: int, y: int, wide: int, tall: int) -> None:
    """One part of a collage."""
    rng = pen.rng
    what = rng.choice(("photo", "photo", "page", "page", "thing", "chart", "mark"))
    if what == "photo":
        pen.image.paste(scenery(rng).resize((wide, tall)), (x, y))
    elif what == "page":
        pen.image.paste(_page_shot(rng, wide, tall), (x, y))
    elif what == "chart":
        pen.image.paste(chart_inside(rng, wide, tall), (x, y))
    elif what == "thing":
        thing = cut_out(rng, min(wide, tall))
        if thing is not None:
            pen.image.paste(thing, (x, y), thing)
    else:
        pen.fitted(
            x + wide / 2,
            y + tall / 2,
            lexicon.company(rng).split()[0].lower(),
            24,
            wide * 0.9,
            bold=True,
            fill=colour(rng)[1],
            anchor="mm",
        )


def _collage(pen: Pen, facts: dict[str, str]) -> None:
    """A heading over pictures, pieces of web pages and marks, in rows or strewn about, with some text."""
    rng = pen.rng
    dark = rng.random() < 0.35
    if dark:
        pen.box(0, 0, pen.width, pen.height, fill=rng.choice(((45, 55, 95), (30, 60, 150), (25, 30, 40), colour(rng)[1])))
    ink = (255, 255, 255) if dark else (40, 40, 45)
    size = rng.uniform(13, 34)
    x, anchor = (pen.width / 2, "ma") if rng.random() < 0.45 else (pen.width * 0.05, "la")
    pen.fitted(x, 12, _title(rng), size, pen.width * 0.9, bold=rng.random() < 0.5, fill=ink, anchor=anchor)
    top = 22 + size * 1.2
    left = 0.05
    if rng.random() < 0.4:
        y = top
        for _ in range(rng.randint(1, 5)):
            pen.draw.ellipse((pen.width * 0.05, y + 5, pen.width * 0.05 + 6, y + 11), fill=ink)
            y = pen.paragraph(pen.width * 0.08, y, pen.width * 0.35, rng.randint(1, 3), rng.uniform(10, 15), fill=ink) + 6
        left = 0.48
    columns, rows = rng.choice(((1, 1), (2, 1), (2, 1), (2, 2), (3, 1), (3, 2), (4, 3)))
    wide, tall = pen.width * (0.95 - left) / columns, (pen.height - top - 14) / rows
    loose = rng.random() < 0.4
    for index in range(columns * rows):
        across, down = (rng.uniform(0.5, 1.2), rng.uniform(0.5, 1.1)) if loose else (0.92, 0.9)
        px, py = pen.width * left + wide * (index % columns), top + tall * (index // columns)
        _piece(pen, int(px), int(py), max(20, int(wide * across)), max(20, int(tall * down)))
    if rng.random() < 0.4:
        pen.box(
            0, pen.height - rng.uniform(3, 12), pen.width, pen.height, fill=rng.choice(COLOURS[rng.choice(tuple(COLOURS))])
        )
    facts |= {"content": "picture", "background": "dark" if dark else "light"}


def _figures(pen: Pen, facts: dict[str, str]) -> None:
    """A heading over charts, boxes of words and points, side by side, as plans and results are shown."""
    rng = pen.rng
    size, tint = rng.uniform(15, 26), colour(rng)[1]
    pen.fitted(pen.width * 0.04, 10, _title(rng), size, pen.width * 0.9, bold=rng.random() < 0.4)
    top, low = 20 + size * 1.2, pen.height * rng.uniform(0.6, 0.94)
    count = rng.randint(2, 4)
    wide = pen.width * 0.94 / count
    charts = 0
    for part in range(count):
        x, what = pen.width * 0.03 + wide * part, rng.choice(("chart", "chart", "boxes", "points", "thing"))
        if what == "chart":
            charts += 1
            tall = int((low - top) * rng.uniform(0.5, 1))
            pen.image.paste(chart_inside(rng, int(wide * 0.95), tall), (int(x), int(low - tall)))
        elif what == "boxes":
            rows = rng.randint(2, 5)
            for row in range(rows):
                y, high = top + (low - top) * row / rows, (low - top) / rows * rng.uniform(0.45, 0.85)
                filled = rng.random() < 0.6
                pen.box(x + 4, y, x + wide * 0.9, y + high, fill=tint if filled else None, outline=tint)
                ink = (255, 255, 255) if filled else None
                pen.fitted(
                    x + wide * 0.47, y + high / 2, lexicon.words(rng, 2).title(), 11, wide * 0.8, fill=ink, anchor="mm"
                )
        elif what == "points":
            y = top
            while y < low - 20:
                y = pen.paragraph(x + 6, y, wide * 0.85, rng.randint(1, 3), rng.uniform(8, 12)) + 5
        else:
            thing = cut_out(rng, int(min(wide, low - top) * 0.9))
            if thing is not None:
                pen.image.paste(thing, (int(x), int(top)), thing)
    if low < pen.height * 0.85:
        for row in range(int((pen.height * 0.92 - low) / 13)):
            pen.paragraph(pen.width * 0.05, low + 8 + row * 13, pen.width * 0.85, 1, 9)
    if rng.random() < 0.5:
        pen.box(0, pen.height - rng.uniform(3, 9), pen.width, pen.height, fill=colour(rng)[1])
    facts |= {"content": "chart" if charts else "shapes", "background": "light"}


def _sparse(pen: Pen, facts: dict[str, str]) -> None:
    """A plain or graded ground and a few lines in large type."""
    rng = pen.rng
    tint = colour(rng)[1]
    dark = rng.random() < 0.75
    pen.box(0, 0, pen.width, pen.height, fill=tint if dark else pale(tint, 0.9))
    ink = (255, 255, 255) if dark else (40, 40, 45)
    size = rng.uniform(22, 44)
    lines = rng.randint(1, 5)
    y = pen.height * rng.uniform(0.06, 0.4)
    centred = rng.random() < 0.6
    for index in range(lines):
        text = (
            _title(rng) if index == 0 else f"{rng.choice(('• ', '', '- '))}{lexicon.words(rng, rng.randint(1, 3)).title()}"
        )
        x, anchor = (pen.width / 2, "ma") if centred else (pen.width * 0.07, "la")
        pen.fitted(x, y, text, size, pen.width * 0.88, bold=index == 0, fill=ink, anchor=anchor)
        y += size * (1.7 if index == 0 else 1.3)
    if rng.random() < 0.3:
        pen.text(pen.width - 12, pen.height - 16, f"@{rng.choice(lexicon.LAST)}", 9, fill=ink, anchor="ra")
    facts |= {"content": "section" if lines < 3 else "bullets", "background": "dark" if dark else "light"}


def _sketched(pen: Pen, facts: dict[str, str]) -> None:
    """Boxes and rounds joined by lines around things and words."""
    rng = pen.rng
    pen.text(pen.width * rng.choice((0.05, 0.4)), 10, _title(rng), rng.uniform(14, 24))
    places = [(pen.width * rng.uniform(0.1, 0.9), pen.height * rng.uniform(0.22, 0.9)) for _ in range(rng.randint(4, 11))]
    tint = colour(rng)[1]
    for x, y in places:
        to = rng.choice(places)
        pen.line(x, y, *to, fill=tint, width=rng.choice((1, 2, 3)))
    for x, y in places:
        thing = cut_out(rng, rng.randint(30, 80)) if rng.random() < 0.4 else None
        if thing is not None:
            pen.image.paste(thing, (int(x - thing.width / 2), int(y - thing.height / 2)), thing)
            continue
        wide, tall = rng.uniform(26, 60), rng.uniform(12, 24)
        shape = pen.draw.ellipse if rng.random() < 0.4 else pen.draw.rectangle
        shape(
            (x - wide, y - tall, x + wide, y + tall),
            fill=rng.choice(((255, 255, 255), pale(tint, 0.7))),
            outline=tint,
            width=2,
        )
        pen.fitted(x, y, lexicon.words(rng, 2).title(), 10, wide * 1.8, anchor="mm")
    facts |= {"content": "shapes", "background": "light"}


def _lettered(pen: Pen, facts: dict[str, str]) -> None:
    """Lettering that fills the slide, row by row to the same width, in a frame with ornaments or beside a thing."""
    rng = pen.rng
    dark = rng.random() < 0.75
    ground = (
        rng.choice(((10, 22, 38), (24, 24, 24), (60, 20, 30), (20, 50, 45), colour(rng)[1])) if dark else (246, 240, 226)
    )
    pen.box(0, 0, pen.width, pen.height, fill=ground)
    ink = rng.choice(((238, 230, 210), (255, 255, 255), (230, 200, 90))) if dark else colour(rng)[1]
    frame = rng.uniform(6, 16)
    if rng.random() < 0.7:
        for inset in (frame, frame + rng.choice((4, 6)))[: rng.choice((1, 2))]:
            corners = (inset, inset, pen.width - inset, pen.height - inset)
            pen.draw.rounded_rectangle(corners, radius=rng.choice((0, 8, 16)), outline=ink, width=rng.choice((1, 2)))
        for x in (frame + 12, pen.width - frame - 12):
            for y in (pen.height * 0.2, pen.height * 0.5, pen.height * 0.8):
                pen.draw.ellipse((x - 4, y - 4, x + 4, y + 4), outline=ink)
    rows = rng.randint(2, 4)
    left, wide = (pen.width * 0.1, pen.width * 0.8) if rng.random() < 0.7 else (pen.width * 0.4, pen.width * 0.52)
    tall = pen.height * rng.uniform(0.55, 0.8) / rows
    y = (pen.height - tall * rows) / 2
    for _ in range(rows):
        files = font_files()[rng.choice(("sans", "serif", "hand")), True]
        text = lexicon.words(rng, rng.randint(1, 3)).upper()
        word = load(rng.choice(files), 60)
        box = word.getbbox(text)
        line = Image.new("L", (max(1, int(box[2])), max(1, int(box[3]))), 0)
        ImageDraw.Draw(line).text((0, 0), text, font=word, fill=255)
        mask = line.crop(line.getbbox()).resize((int(wide), max(4, int(tall * rng.uniform(0.6, 0.9)))))
        pen.image.paste(Image.new("RGB", mask.size, ink), (int(left), int(y)), mask)
        y += tall
    if left > pen.width * 0.2:
        thing = line_art(rng, int(pen.height * 0.6), ink) if rng.random() < 0.6 else cut_out(rng, int(pen.height * 0.6))
        if thing is not None:
            pen.image.paste(thing, (int(pen.width * 0.06), int(pen.height * 0.2)), thing)
    facts |= {"content": "section", "background": "dark" if dark else "light"}


def _blocks(pen: Pen, facts: dict[str, str]) -> None:
    """A heading over named rows of boxes of different widths, as parts of a business are shown."""
    rng, tint, second = pen.rng, colour(pen.rng)[1], colour(pen.rng)[1]
    size = rng.uniform(15, 28)
    pen.fitted(pen.width * 0.03, 10, _title(rng), size, pen.width * 0.9)
    top, rows = 20 + size * 1.3, rng.randint(2, 6)
    tall, boxes = (pen.height * 0.93 - top) / rows, 0
    named = rng.random() < 0.75
    for row in range(rows):
        y, x = top + row * tall, pen.width * (0.33 if named else 0.05)
        if named:
            pen.box(pen.width * 0.05, y, pen.width * 0.28, y + tall * 0.7, outline=second, width=rng.choice((1, 2)))
            pen.fitted(pen.width * 0.165, y + tall * 0.35, lexicon.words(rng, 1).title(), 13, pen.width * 0.2, anchor="mm")
        for _ in range(rng.randint(1, 3)):
            wide = pen.width * rng.uniform(0.12, 0.3)
            if x + wide > pen.width * 0.97:
                break
            boxes += 1
            ground = tint if rng.random() < 0.9 else second
            pen.draw.rounded_rectangle((x, y, x + wide, y + tall * 0.75), radius=rng.choice((0, 0, 6)), fill=ground)
            for line in range(rng.randint(1, 2)):
                text, at = lexicon.words(rng, 2).title(), y + tall * (0.25 + 0.3 * line)
                pen.fitted(x + wide / 2, at, text, 11, wide * 0.9, fill=(255, 255, 255), anchor="mm")
            x += wide + pen.width * rng.uniform(0.01, 0.06)
    if rng.random() < 0.6:
        pen.box(0, pen.height - rng.uniform(3, 10), pen.width, pen.height, fill=second)
    facts |= {"content": "shapes", "background": "light", "shapes": str(boxes)}


def picture_slide(rng: random.Random) -> Drawn:
    """A slide that shows rather than tells."""
    width = 560
    pen = Pen(
        rng, width, int(width * rng.choice((0.75, 0.75, 0.5625, 0.5625))), face=rng.choice(("sans", "sans", "sans", "serif"))
    )
    pen.ink = (40, 40, 45)
    ways: tuple[Callable[[Pen, dict[str, str]], None], ...] = (
        _behind,
        _behind,
        _half,
        _half,
        _illustrated,
        _illustrated,
        _figures,
        _figures,
        _collage,
        _collage,
        _sparse,
        _sketched,
        _lettered,
        _blocks,
    )
    facts: dict[str, str] = {}
    rng.choice(ways)(pen, facts)
    return pen.done("slide", **facts)
