"""Bar charts: upright, lying, grouped, stacked, to both sides."""

import random

from training.drawing import lexicon
from training.drawing.frames import any_shape, axes, dress, random_course, tick_labels
from training.drawing.pen import COLOURS, Drawn, Pen


def bars(rng: random.Random, shape: tuple[int, int] | None = None) -> Drawn:
    """Upright bars: single, grouped or stacked."""
    pen = Pen(rng, *(shape or any_shape(rng)), face=rng.choice(("sans", "sans", "sans", "serif")))
    kind = rng.choice(("bar chart", "bar chart", "stacked bar chart", "grouped bar chart"))
    series = 1 if kind == "bar chart" else rng.choice((2, 2, 3, 3, 4, 5))
    count = rng.randint(2, 12) if kind != "grouped bar chart" else rng.randint(2, 6)
    topic = rng.choice(lexicon.TOPICS)
    frame, facts = dress(pen, topic, series)
    axes(pen, frame, 100)
    values, trend = random_course(rng, count)
    whole = kind == "stacked bar chart" and rng.random() < 0.3
    step = (frame.right - frame.left) / count
    share = rng.uniform(0.45, 0.9)
    height = frame.bottom - frame.top
    marked = rng.randrange(count) if series == 1 and rng.random() < 0.12 else -1
    for index, (value, label) in enumerate(zip(values, tick_labels(rng, count), strict=True)):
        x = frame.left + step * (index + 0.5 - share / 2)
        wide = step * share
        pen.text(x + wide / 2, frame.bottom + 3, label[: max(2, int(step / frame.size * 2))], frame.size * 0.9, anchor="ma")
        if kind == "grouped bar chart":
            for part in range(series):
                own = min(96.0, max(4.0, value * rng.uniform(0.5, 1.2)))
                pen.box(
                    x + wide * part / series,
                    frame.bottom - height * own / 100,
                    x + wide * (part + 1) / series - 1,
                    frame.bottom,
                    fill=frame.tints[part],
                )
            continue
        shares = [rng.uniform(0.4, 1) for _ in range(series)]
        level = frame.bottom
        for part in range(series):
            tall = height * (96 if whole else value) / 100 * shares[part] / sum(shares)
            fill = frame.tints[part] if index != marked else COLOURS["orange"][0]
            pen.box(x, level - tall, x + wide, level, fill=fill)
            if frame.values and series > 1 and tall > frame.size:
                pen.text(
                    x + wide / 2,
                    level - tall / 2,
                    f"{shares[part] * 40:.0f}",
                    frame.size * 0.85,
                    anchor="mm",
                    fill=(255, 255, 255),
                )
            level -= tall
        if frame.values and series == 1:
            pen.text(x + wide / 2, level - 2, f"{value:.0f}", frame.size * 0.95, anchor="md", bold=True)
    facts |= {"bars": str(count), "orientation": "vertical"}
    if series > 1:
        facts["series"] = str(series)
    if not whole and trend != "mixed":
        facts["trend"] = trend
        if rng.random() < 0.2:
            pen.line(frame.left + step, frame.top + height * 0.3, frame.right - step, frame.top + 4, fill=frame.ink, width=2)
    if len(frame.names) == 1:
        facts["colour"] = frame.names[0]
    return pen.done(kind, **facts)


def lying_bars(rng: random.Random, shape: tuple[int, int] | None = None) -> Drawn:
    """Bars that lie, with their names on the left, often without axes, as polls are shown."""
    count = rng.randint(2, 14)
    series = rng.choice((1, 1, 1, 2, 3, 4))
    stacked = series > 1
    if shape is None:
        shape = (rng.choice((300, 340, 420, 480)), 0)
        shape = (shape[0], int(min(560, 120 + count * rng.uniform(18, 44))))
    pen = Pen(rng, *shape, face=rng.choice(("sans", "sans", "sans", "serif")))
    topic = rng.choice(lexicon.TOPICS)
    frame, facts = dress(pen, topic, series)
    frame.left += pen.width * rng.uniform(0.18, 0.42)
    frame.axis, frame.grid = rng.random() < 0.3, rng.random() < 0.25
    axes(pen, frame, 100, lying=True)
    values = (
        sorted((rng.uniform(6, 95) for _ in range(count)), reverse=True)
        if rng.random() < 0.6
        else [rng.uniform(6, 95) for _ in range(count)]
    )
    step = (frame.bottom - frame.top) / count
    thick = step * rng.uniform(0.4, 0.8)
    wide = frame.right - frame.left - frame.size * 2
    opposed = series == 2 and rng.random() < 0.5
    for index, value in enumerate(values):
        y = frame.top + step * index + (step - thick) / 2
        label = (
            lexicon.words(rng, rng.choice((1, 2, 3, 4))).capitalize() if rng.random() < 0.5 else rng.choice(lexicon.PLACES)
        )
        pen.fitted(frame.left - 5, y + thick / 2, label[:24], frame.size, frame.left - 14, anchor="rm")
        shares = [rng.uniform(0.3, 1) for _ in range(series)]
        x = frame.left if not opposed else frame.left + wide * (0.5 - 0.95 * shares[0] / sum(shares) / 2)
        for part in range(series):
            long = wide * (47 if opposed else 95 if stacked else value) / 100 * shares[part] / sum(shares)
            pen.box(x, y, x + long, y + thick, fill=frame.tints[part])
            if stacked and long > frame.size * 1.5 and frame.values:
                pen.text(
                    x + long / 2,
                    y + thick / 2,
                    f"{95 * shares[part] / sum(shares):.0f}",
                    frame.size,
                    anchor="mm",
                    fill=(255, 255, 255),
                )
            x += long
        if not stacked and frame.values:
            pen.text(x + 4, y + thick / 2, f"{value:.0f}", frame.size, anchor="lm", bold=True)
    facts |= {"bars": str(count), "orientation": "horizontal"}
    if stacked:
        facts["series"] = str(series)
    if len(frame.names) == 1:
        facts["colour"] = frame.names[0]
    return pen.done("stacked bar chart" if stacked else "bar chart", **facts)
