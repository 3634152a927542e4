"""Tickets, business cards, diagrams, flowcharts, maps, handwritten notes, screenshots."""

import math
import random

import numpy as np

from training.drawing import lexicon
from training.drawing.pen import Drawn, Pen, colour, pale


def ticket(rng: random.Random) -> Drawn:
    """A ticket with a stub, a bar code and a seat."""
    name, tint = colour(rng)
    width = rng.randint(420, 560)
    pen = Pen(rng, width, int(width * rng.uniform(0.32, 0.5)), paper=rng.choice(((255, 255, 255), pale(tint, 0.8))))
    event = rng.choice(("concert", "train", "flight", "cinema", "museum", "football match", "bus"))
    pen.box(0, 0, width * rng.choice((1, 0.74)), pen.height * 0.22, fill=tint)
    pen.text(16, pen.height * 0.05, f"{event} ticket".upper(), pen.height * 0.12, bold=True, fill=(255, 255, 255))
    for row in range(3):
        for column in range(3):
            x, y = 16 + column * width * 0.23, pen.height * (0.3 + row * 0.22)
            pen.text(
                x, y, rng.choice(("FROM", "TO", "SEAT", "ROW", "GATE", "DATE", "PLATZ", "ASIENTO")), 8, fill=(120, 120, 120)
            )
            pen.text(
                x,
                y + 10,
                rng.choice((rng.choice(lexicon.PLACES), lexicon.date(rng), str(rng.randint(1, 99)))),
                14,
                bold=True,
            )
    stub = width * 0.74
    for y in range(0, pen.height, 10):
        pen.line(stub, y, stub, y + 5, fill=(120, 120, 120))
    x = stub + 14
    while x < width - 14:
        thick = rng.choice((1, 1, 2, 3))
        pen.box(x, pen.height * 0.3, x + thick, pen.height * 0.75, fill=(0, 0, 0))
        x += thick + rng.choice((1, 2, 3))
    return pen.done("ticket", event=event, colour=name)


def card(rng: random.Random) -> Drawn:
    """A business card."""
    name, tint = colour(rng)
    dark = rng.random() < 0.3
    pen = Pen(rng, 420, 250, paper=tint if dark else (255, 255, 255))
    pen.ink = (255, 255, 255) if dark else (40, 40, 40)
    owner, firm = lexicon.person(rng), lexicon.company(rng)
    x, anchor = rng.choice(((30, "la"), (210, "ma")))
    if not dark and rng.random() < 0.6:
        pen.box(*rng.choice(((0, 0, 420, 18), (0, 0, 18, 250), (0, 230, 420, 250))), fill=tint)
    if rng.random() < 0.5:
        pen.draw.ellipse((330, 30, 385, 85), fill=tint if not dark else (255, 255, 255))
    pen.text(x, 60, owner, 26, bold=True, anchor=anchor)
    pen.text(x, 96, rng.choice(("Sales Manager", "Engineer", "Architektin", "Directeur", "Abogada")), 14, anchor=anchor)
    for index, line in enumerate(
        (
            firm,
            f"+{rng.randint(1, 99)} {rng.randint(10**6, 10**7)}",
            f"{owner.split()[0].lower()}@{firm.split()[0].lower()}.example",
        )
    ):
        pen.text(x, 150 + index * 22, line, 14, anchor=anchor)
    return pen.done("business card", person=owner, vendor=firm, colour=name)


def flowchart(rng: random.Random) -> Drawn:
    """Boxes, diamonds and rounds joined by arrows."""
    pen = Pen(rng, *rng.choice(((480, 400), (400, 520), (560, 320))), face="sans")
    rows, columns = rng.randint(2, 5), rng.choice((1, 2, 2, 3))
    name, tint = colour(rng)
    filled = rng.random() < 0.6
    topic = rng.choice(lexicon.TOPICS)
    if rng.random() < 0.5:
        pen.text(pen.width / 2, 8, f"Process of {topic}".title(), 16, bold=True, anchor="ma")
    centres = [
        ((pen.width * (column + 0.5) / columns), 40 + (pen.height - 50) * (row + 0.5) / rows)
        for row in range(rows)
        for column in range(columns)
    ]
    w, h = pen.width / columns * 0.32, (pen.height - 50) / rows * 0.3
    boxes = 0
    for index, (x, y) in enumerate(centres):
        if index and rng.random() < 0.1:
            continue
        boxes += 1
        below = centres[index + columns] if index + columns < len(centres) else None
        if below:
            _arrow(pen, x, y + h, below[0], below[1] - h)
        if (index + 1) % columns and rng.random() < 0.6:
            _arrow(pen, x + w, y, centres[index + 1][0] - w, y)
        fill, edge = (pale(tint, rng.choice((0, 0.6, 0.8))) if filled else (255, 255, 255)), tint if filled else pen.ink
        shape = rng.choice(("box", "box", "round", "diamond", "oval"))
        if shape == "box":
            pen.box(x - w, y - h, x + w, y + h, fill=fill, outline=edge, width=2)
        elif shape == "round":
            pen.draw.rounded_rectangle((x - w, y - h, x + w, y + h), radius=10, fill=fill, outline=edge, width=2)
        elif shape == "oval":
            pen.draw.ellipse((x - w, y - h, x + w, y + h), fill=fill, outline=edge, width=2)
        else:
            pen.draw.polygon(((x - w, y), (x, y - h * 1.2), (x + w, y), (x, y + h * 1.2)), fill=fill, outline=edge)
        pen.text(x, y, lexicon.words(rng, 2)[:16], min(12, h * 0.7), anchor="mm")
    return pen.done("flowchart", boxes=str(boxes), topic=topic, **({"colour": name} if filled else {}))


def _arrow(pen: Pen, x0: float, y0: float, x1: float, y1: float) -> None:
    pen.line(x0, y0, x1, y1, width=2)
    angle = math.atan2(y1 - y0, x1 - x0)
    tips = [(x1 - 9 * math.cos(angle + turn), y1 - 9 * math.sin(angle + turn)) for turn in (-0.45, 0.45)]
    pen.draw.polygon(((x1, y1), *tips), fill=pen.ink)


def diagram(rng: random.Random) -> Drawn:
    """A technical drawing: parts, leaders with numbers, a circuit, a network or layers."""
    pen = Pen(rng, *rng.choice(((480, 400), (420, 480), (520, 340))), face="sans")
    way = rng.choice(("network", "layers", "parts"))
    name, tint = colour(rng)
    if way == "network":
        places = [(rng.uniform(40, pen.width - 40), rng.uniform(40, pen.height - 40)) for _ in range(rng.randint(5, 14))]
        for start in places:
            for end in rng.sample(places, 2):
                pen.line(*start, *end, fill=(120, 120, 120), width=2)
        for x, y in places:
            r = rng.uniform(12, 24)
            pen.draw.ellipse((x - r, y - r, x + r, y + r), fill=pale(tint, 0.5), outline=tint)
            pen.text(x, y, rng.choice("ABCDEFGH"), 12, anchor="mm")
        return pen.done("diagram", style="network", nodes=str(len(places)), colour=name)
    if way == "layers":
        count = rng.randint(3, 7)
        step = (pen.height - 40) / count
        for index in range(count):
            pen.box(
                50,
                20 + index * step,
                pen.width - 50,
                20 + (index + 1) * step - 8,
                fill=pale(tint, 0.8 * index / count),
                outline=(60, 60, 60),
            )
            pen.text(pen.width / 2, 20 + (index + 0.45) * step, lexicon.words(rng, 2).title(), 15, bold=True, anchor="mm")
        return pen.done("diagram", style="layers", layers=str(count), colour=name)
    for index in range(rng.randint(4, 11)):
        x, y, r = rng.uniform(90, pen.width - 90), rng.uniform(70, pen.height - 70), rng.uniform(14, 70)
        if rng.random() < 0.5:
            pen.draw.ellipse((x - r, y - r, x + r, y + r), outline=pen.ink, width=2)
        else:
            pen.box(x - r, y - r * 0.6, x + r, y + r * 0.6, outline=pen.ink, width=2)
        end = (rng.choice((24, pen.width - 24)), 24 + index * (pen.height - 48) / 11)
        pen.line(x, y, *end)
        pen.text(*end, str(index + 1), 13, anchor="mm", bold=True)
    return pen.done("diagram", style="parts")


def world(rng: random.Random) -> Drawn:
    """A map: land and sea or streets, with names."""
    width, height = rng.choice(((480, 400), (420, 480), (520, 340)))
    pen = Pen(rng, width, height, face="sans", paper=rng.choice(((200, 220, 240), (240, 240, 235), (255, 255, 255))))
    if rng.random() < 0.5:
        for _ in range(rng.randint(3, 9)):
            cx, cy, base = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(40, 130)
            wobble = [rng.uniform(0.5, 1.2) for _ in range(18)]
            land = [
                (
                    cx + base * wobble[part] * math.cos(part * math.pi / 9),
                    cy + base * wobble[part] * math.sin(part * math.pi / 9),
                )
                for part in range(18)
            ]
            pen.draw.polygon(
                land,
                fill=rng.choice(((220, 225, 190), (235, 215, 170), (190, 215, 170), pale(colour(rng)[1], 0.5))),
                outline=(120, 120, 120),
            )
            pen.text(cx, cy, rng.choice(lexicon.PLACES), rng.uniform(9, 16), anchor="mm")
        return pen.done("map", style="regions")
    for _ in range(rng.randint(6, 18)):
        points = [(rng.uniform(0, width), rng.uniform(0, height)) for _ in range(2)]
        thick = rng.choice((3, 5, 9))
        pen.draw.line(points, fill=(170, 170, 170), width=thick + 2)
        pen.draw.line(points, fill=rng.choice(((255, 255, 255), (250, 220, 120), (255, 255, 255))), width=thick)
        pen.text(points[0][0], points[0][1], f"{rng.choice(lexicon.LAST)} Street", 9)
    pen.box(width * 0.1, height * 0.2, width * 0.3, height * 0.4, fill=(200, 225, 180))
    return pen.done("map", style="streets")


def note(rng: random.Random) -> Drawn:
    """A note by hand, on plain, ruled or squared paper, letters or a list."""
    tone = rng.choice(((255, 255, 255), (250, 248, 235), (255, 248, 170), (245, 245, 245)))
    pen = Pen(rng, rng.choice((420, 460)), rng.choice((380, 520, 600)), paper=tone, face="hand")
    ruling = rng.choice(("plain", "plain", "ruled", "squared"))
    step = rng.uniform(22, 36)
    for y in np.arange(40, pen.height, step) if ruling != "plain" else []:
        pen.line(0, y, pen.width, y, fill=(175, 195, 225))
    for x in np.arange(10, pen.width, step) if ruling == "squared" else []:
        pen.line(x, 0, x, pen.height, fill=(175, 195, 225))
    ink_name, ink = rng.choice(
        (("blue", (25, 35, 130)), ("black", (25, 25, 25)), ("red", (160, 30, 40)), ("pencil grey", (105, 105, 105)))
    )
    lines, y = rng.randint(3, 14), 40 - step * 0.75
    listed = rng.random() < 0.35
    size = step * rng.uniform(0.65, 0.95)
    drawn = 0
    for _ in range(lines):
        if y > pen.height - step * 1.5:
            break
        drawn += 1
        x = 30 + rng.uniform(-3, 3)
        text = lexicon.words(rng, 2 if listed else 12)
        per_line = int((pen.width - 60) / (size * 0.42))
        pen.text(x, y + rng.uniform(-2, 2), ("- " if listed else "") + text[:per_line], size, hand=True, fill=ink)
        y += step
    if rng.random() < 0.2:
        pen.draw.ellipse((60, y - step, 200, y + 4), outline=ink, width=2)
    return pen.done("handwritten note", ink=ink_name, paper=ruling, lines=str(drawn), **({"list": "yes"} if listed else {}))


def screenshot(rng: random.Random) -> Drawn:
    """A window of a program or a web page."""
    dark = rng.random() < 0.3
    pen = Pen(rng, 560, rng.choice((350, 400)), face="sans", paper=(30, 32, 38) if dark else (255, 255, 255))
    pen.ink = (220, 220, 220) if dark else (40, 40, 40)
    name, tint = colour(rng)
    pen.box(0, 0, 560, 26, fill=(60, 60, 66) if dark else (225, 225, 228))
    for index, dot in enumerate(((235, 90, 80), (240, 190, 70), (90, 190, 90))):
        pen.draw.ellipse((8 + index * 16, 8, 18 + index * 16, 18), fill=dot)
    pen.draw.rounded_rectangle((90, 5, 470, 21), radius=7, fill=(255, 255, 255) if not dark else (80, 80, 86))
    pen.text(100, 6, f"https://www.{rng.choice(lexicon.LAST).lower()}.example/", 10, fill=(110, 110, 110))
    pen.box(0, 26, 560, 56, fill=tint)
    for index in range(rng.randint(3, 6)):
        pen.text(20 + index * 80, 34, lexicon.words(rng, 1).title(), 12, bold=True, fill=(255, 255, 255))
    side = rng.random() < 0.6
    if side:
        pen.box(0, 56, 120, pen.height, fill=(45, 47, 54) if dark else (243, 243, 246))
        for index in range(8):
            pen.text(12, 70 + index * 24, lexicon.words(rng, 2)[:14].title(), 11)
    x = 136 if side else 20
    pen.text(x, 66, lexicon.words(rng, 3).title(), 18, bold=True)
    for row in range(rng.randint(2, 6)):
        y = 98 + row * 46
        pen.box(x, y, 548, y + 38, outline=(150, 150, 150), fill=None)
        pen.paragraph(x + 8, y + 6, 548 - x - 110, 2, 10)
        pen.draw.rounded_rectangle((478, y + 9, 540, y + 29), radius=5, fill=tint)
    return pen.done("screenshot", colour=name, background="dark" if dark else "light")
