"""Charts drawn directly, in many styles: bars, lines, areas, pies, scatter plots."""

import math
import random

from PIL import Image

from training.drawing import lexicon
from training.drawing.bars import bars, lying_bars
from training.drawing.frames import any_shape, axes, draw_legend, dress, random_course, tick_labels
from training.drawing.pen import Drawn, Pen


def lines(rng: random.Random, shape: tuple[int, int] | None = None) -> Drawn:
    """One to five lines, or the areas under them."""
    pen = Pen(rng, *(shape or any_shape(rng)), face=rng.choice(("sans", "sans", "serif")))
    kind = rng.choice(("line chart", "line chart", "area chart"))
    series = rng.choice((1, 1, 2, 3, 4, 5)) if kind == "line chart" else rng.choice((1, 1, 2, 3))
    count = rng.choice((4, 5, 6, 8, 10, 12, 30, 60))
    topic = rng.choice(lexicon.TOPICS)
    frame, facts = dress(pen, topic, series)
    frame.axis = frame.axis or rng.random() < 0.6
    axes(pen, frame, 100)
    trend = "mixed"
    dots = count <= 12 and rng.random() < 0.5
    base = [0.0] * count
    for part in range(series):
        course, own = random_course(rng, count)
        trend = own if part == 0 else trend if trend == own else "mixed"
        if kind == "area chart":
            course = [below + value / series for below, value in zip(base, course, strict=True)]
        points = [
            (
                frame.left + (frame.right - frame.left) * index / (count - 1),
                frame.bottom - (frame.bottom - frame.top) * value / 100,
            )
            for index, value in enumerate(course)
        ]
        if kind == "area chart":
            lower = [
                (x, frame.bottom - (frame.bottom - frame.top) * below / 100)
                for (x, _), below in zip(points, base, strict=True)
            ]
            pen.draw.polygon(points + lower[::-1], fill=frame.tints[part])
            base = course
        else:
            pen.draw.line(points, fill=frame.tints[part], width=rng.choice((2, 3, 4)), joint="curve")
        for x, y in points if dots else []:
            pen.draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=frame.tints[part])
            if frame.values and series < 3:
                pen.text(x, y - 6, f"{rng.randint(5, 95)}", frame.size * 0.9, anchor="md")
    labels = tick_labels(rng, min(count, 7))
    for index, label in enumerate(labels):
        pen.text(
            frame.left + (frame.right - frame.left) * index / max(1, len(labels) - 1),
            frame.bottom + 3,
            label,
            frame.size * 0.85,
            anchor="ma",
        )
    facts["lines" if kind == "line chart" else "areas"] = str(series)
    if trend != "mixed":
        facts["trend"] = trend
    if series == 1:
        facts["colour"] = frame.names[0]
    return pen.done(kind, **facts)


def pie(rng: random.Random, shape: tuple[int, int] | None = None) -> Drawn:
    """A pie or a ring of two to eight slices."""
    pen = Pen(rng, *(shape or rng.choice(((420, 360), (400, 400), (480, 320), (360, 440)))), face="sans")
    count = rng.randint(2, 8)
    topic = rng.choice(lexicon.TOPICS)
    frame, facts = dress(pen, topic, count, round_chart=True)
    ring = rng.random() < 0.35
    labels = [rng.choice(lexicon.PLACES) for _ in range(count)]
    if frame.legend != "none":
        draw_legend(pen, frame, labels)
        facts["legend"] = "yes"
    radius = min(frame.right - frame.left, frame.bottom - frame.top) / 2 * rng.uniform(0.62, 0.92)
    cx, cy = (frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2
    shares = [rng.uniform(0.3, 2) for _ in range(count)]
    angle = rng.uniform(0, 360)
    edge = (255, 255, 255) if rng.random() < 0.7 else None
    for index, share in enumerate(shares):
        sweep = 360 * share / sum(shares)
        pen.draw.pieslice(
            (cx - radius, cy - radius, cx + radius, cy + radius),
            angle,
            angle + sweep,
            fill=frame.tints[index],
            outline=edge,
            width=2,
        )
        middle = math.radians(angle + sweep / 2)
        inside = rng.random() < 0.5
        far = radius * (0.65 if inside else 1.12)
        if frame.values or frame.legend == "none":
            label = f"{100 * share / sum(shares):.0f}%" if inside else labels[index]
            pen.text(
                cx + far * math.cos(middle),
                cy + far * math.sin(middle),
                label,
                frame.size,
                anchor="mm",
                fill=(255, 255, 255) if inside and not ring else frame.ink,
            )
        angle += sweep
    if ring:
        hole = radius * rng.uniform(0.45, 0.7)
        pen.draw.ellipse((cx - hole, cy - hole, cx + hole, cy + hole), fill=pen.image.getpixel((2, pen.height - 2)))
    return pen.done("donut chart" if ring else "pie chart", slices=str(count), **facts)


def scatter(rng: random.Random, shape: tuple[int, int] | None = None) -> Drawn:
    """Points in the plane, of one to three sorts, with or without a fitted line."""
    pen = Pen(rng, *(shape or any_shape(rng)), face="sans")
    series = rng.choice((1, 1, 2, 3))
    topic = rng.choice(lexicon.TOPICS)
    frame, facts = dress(pen, topic, series)
    frame.axis = True
    axes(pen, frame, 100)
    slope = rng.choice((-0.8, 0.0, 0.8))
    radius = rng.uniform(2, 5.5)
    wide, tall = frame.right - frame.left, frame.bottom - frame.top
    for part in range(series):
        shift = rng.uniform(-0.2, 0.2)
        for _ in range(rng.randint(12, 90)):
            u = rng.random()
            v = min(0.97, max(0.03, 0.5 + slope * (u - 0.5) + shift + rng.gauss(0, 0.1 if slope else 0.22)))
            x, y = frame.left + u * wide, frame.bottom - v * tall
            r = radius * (rng.uniform(0.6, 3) if facts.get("bubbles") else 1)
            pen.draw.ellipse((x - r, y - r, x + r, y + r), fill=frame.tints[part])
    if slope and rng.random() < 0.5:
        pen.line(
            frame.left,
            frame.bottom - tall * (0.5 - slope / 2),
            frame.right,
            frame.bottom - tall * (0.5 + slope / 2),
            fill=(200, 40, 40),
            width=2,
        )
    for tick in range(5):
        pen.text(frame.left + wide * tick / 4, frame.bottom + 3, str(tick * 25), frame.size * 0.85, anchor="ma")
    if slope:
        facts["trend"] = "rises" if slope > 0 else "falls"
    return pen.done("scatter chart", sorts=str(series), **facts)


def chart(rng: random.Random, shape: tuple[int, int] | None = None) -> Drawn:
    """A chart of any type."""
    return rng.choice((bars, bars, lying_bars, lines, lines, pie, scatter))(rng, shape)


def chart_inside(rng: random.Random, width: int, height: int) -> Image.Image:
    """A chart to be set into a page or a slide."""
    return chart(rng, (max(width, 120), max(height, 90))).image.resize((width, height))
