"""Charts drawn directly, in many styles: bars upright and lying, grouped and stacked, lines, areas, pies, scatter plots."""

import math
import random
from dataclasses import dataclass

from PIL import Image

from training.drawing import lexicon
from training.drawing.pen import COLOURS, Colour, Drawn, Pen, colour, pale


@dataclass(slots=True, kw_only=True)
class Frame:
    """Where the data goes, and how the chart is dressed."""

    left: float
    top: float
    right: float
    bottom: float
    size: float
    values: bool
    grid: bool
    axis: bool
    legend: str
    ink: Colour
    tints: list[Colour]
    names: list[str]


def _tints(rng: random.Random, count: int) -> tuple[list[Colour], list[str]]:
    """Colours of the series: shades of one colour, or colours apart."""
    if rng.random() < 0.4:
        name, tint = colour(rng)
        tint = rng.choice(COLOURS[name])
        steps = [pale(tint, 0.75 * index / max(1, count)) for index in range(count)]
        return (steps, [name]) if rng.random() < 0.7 else (steps[::-1], [name])
    names = rng.sample([name for name in COLOURS if name != "black"], min(count, 10))
    while len(names) < count:
        names.append("grey")
    return [rng.choice(COLOURS[name]) for name in names], names


def _dress(pen: Pen, topic: str, series: int, *, round_chart: bool = False) -> tuple[Frame, dict[str, str]]:
    """Ground, title, subtitle, source line, legend: what is left is the room for the data."""
    rng = pen.rng
    facts = {"topic": topic}
    dark = rng.random() < 0.08
    if dark or rng.random() < 0.15:
        ground = (25, 30, 45) if dark else rng.choice(((240, 240, 240), (250, 245, 235), (232, 240, 248)))
        pen.box(0, 0, pen.width, pen.height, fill=ground)
    if dark:
        pen.ink = (235, 235, 235)
        facts["background"] = "dark"
    top, bottom, left = 8.0, pen.height - 8.0, 10.0
    scale = min(pen.width, pen.height) / 360
    if rng.random() < 0.85:
        tint = colour(rng)[1] if rng.random() < 0.35 else pen.ink
        title = rng.choice(
            (
                f"{topic}",
                f"{topic} in {rng.choice(lexicon.PLACES)}",
                f"{topic} by {rng.choice(('region', 'year', 'age', 'quarter'))}",
                f"{topic}, {rng.randint(1990, 2026)}",
            )
        ).capitalize()
        centred = rng.random() < 0.5
        used = pen.fitted(
            pen.width / 2 if centred else left,
            top,
            title,
            rng.uniform(13, 25) * scale,
            pen.width - 24,
            bold=rng.random() < 0.75,
            fill=tint,
            anchor="ma" if centred else "la",
        )
        top += used * 1.35
        if rng.random() < 0.4:
            pen.text(
                pen.width / 2 if centred else left,
                top,
                rng.choice(
                    (
                        "% of adults saying they ...",
                        "in millions of euros",
                        "Percentage of respondents",
                        "index, 2015 = 100",
                        "(in thousands)",
                    )
                ),
                10 * scale,
                fill=(120, 120, 120),
                anchor="ma" if centred else "la",
            )
            top += 16 * scale
        facts["title"] = title
    if rng.random() < 0.5:
        lines = rng.choice((1, 1, 2, 3))
        bottom -= 11 * scale * lines + 4
        pen.paragraph(left, bottom + 4, (pen.width - 20) * 0.9, lines, 8 * scale, fill=(130, 130, 130))
        facts["source"] = "yes"
    tints, names = _tints(rng, series)
    legend = rng.choice(("top", "bottom", "bottom", "right", "none")) if series > 1 or round_chart else "none"
    frame = Frame(
        left=left,
        top=top + 4,
        right=pen.width - 12,
        bottom=bottom - 4,
        size=10 * scale,
        values=rng.random() < 0.5,
        grid=rng.random() < 0.5,
        axis=rng.random() < 0.65,
        legend=legend,
        ink=pen.ink,
        tints=tints,
        names=names,
    )
    if legend != "none" and not round_chart:
        _legend(pen, frame, [rng.choice(lexicon.PLACES) for _ in range(series)])
        facts["legend"] = "yes"
    return frame, facts


def _legend(pen: Pen, frame: Frame, labels: list[str]) -> None:
    """Coloured marks with names on one side; takes its room from the frame."""
    size = frame.size
    if frame.legend == "right":
        frame.right -= size * 7
        for index, label in enumerate(labels):
            y = frame.top + size * 2 + index * size * 1.6
            pen.box(frame.right + 8, y, frame.right + 8 + size * 0.8, y + size * 0.8, fill=frame.tints[index])
            pen.text(frame.right + 12 + size, y - 1, label, size * 0.9, fill=frame.ink)
        return
    y = frame.top if frame.legend == "top" else frame.bottom - size * 1.3
    step = min((frame.right - frame.left) / len(labels), size * 9)
    x = (frame.left + frame.right) / 2 - step * len(labels) / 2 if pen.rng.random() < 0.7 else frame.left
    for index, label in enumerate(labels):
        pen.box(x + index * step, y, x + index * step + size * 0.8, y + size * 0.8, fill=frame.tints[index])
        pen.text(x + index * step + size * 1.1, y - 1, label[: max(3, int(step / size * 1.5))], size * 0.9, fill=frame.ink)
    if frame.legend == "top":
        frame.top += size * 1.8
    else:
        frame.bottom -= size * 1.8


def _axes(pen: Pen, frame: Frame, top_value: float, *, lying: bool = False) -> None:
    """Scale, grid lines and axes; takes room on the left and below."""
    if not lying:
        frame.bottom -= frame.size * 1.7
        frame.left += frame.size * (2.6 if frame.axis or frame.grid else 0.8)
    if lying:
        frame.bottom -= frame.size * 1.5 if frame.axis else 2
    ticks = pen.rng.choice((4, 5, 6))
    faint = tuple((part + 3 * 190) // 4 for part in frame.ink)
    for tick in range(ticks + 1):
        share = tick / ticks
        label = f"{top_value * share:.0f}" + ("%" if top_value == 100 else "")
        if lying:
            x = frame.left + (frame.right - frame.left) * share
            if frame.grid:
                pen.line(x, frame.top, x, frame.bottom, fill=(faint[0], faint[1], faint[2]))
            if frame.axis:
                pen.text(x, frame.bottom + 3, label, frame.size * 0.85, anchor="ma")
            continue
        y = frame.bottom - (frame.bottom - frame.top) * share
        if frame.grid:
            pen.line(frame.left, y, frame.right, y, fill=(faint[0], faint[1], faint[2]))
        if frame.axis or frame.grid:
            pen.text(frame.left - 4, y, label, frame.size * 0.85, anchor="rm")
    if frame.axis or pen.rng.random() < 0.5:
        pen.line(frame.left, frame.top, frame.left, frame.bottom, fill=frame.ink)
        if not lying:
            pen.line(frame.left, frame.bottom, frame.right, frame.bottom, fill=frame.ink)


def _course(rng: random.Random, count: int) -> tuple[list[float], str]:
    """Values between 5 and 95, and what they do from first to last."""
    trend = rng.choice(("rises", "rises", "falls", "mixed", "mixed"))
    if trend == "mixed" or count < 3:
        return [rng.uniform(12, 95) for _ in range(count)], "mixed"
    low, high = rng.uniform(8, 35), rng.uniform(60, 92)
    rising = [
        low + (high - low) * (index / (count - 1)) ** rng.uniform(0.7, 1.4) + rng.uniform(-3, 3) for index in range(count)
    ]
    return (rising if trend == "rises" else rising[::-1]), trend


def _labels(rng: random.Random, count: int) -> list[str]:
    start = rng.randint(1985, 2015)
    pick = rng.random()
    if pick < 0.4:
        return [str(start + index) for index in range(count)]
    if pick < 0.55:
        return [f"FY{(start + index) % 100:02d}" for index in range(count)]
    if pick < 0.7:
        return [f"Q{index % 4 + 1}" for index in range(count)]
    return [rng.choice(lexicon.PLACES)[:9] for _ in range(count)]


def _shape(rng: random.Random) -> tuple[int, int]:
    return rng.choice(((480, 360), (480, 300), (420, 420), (560, 320), (400, 480), (520, 390)))


def bars(rng: random.Random, shape: tuple[int, int] | None = None) -> Drawn:
    """Upright bars: single, grouped or stacked."""
    pen = Pen(rng, *(shape or _shape(rng)), face=rng.choice(("sans", "sans", "sans", "serif")))
    kind = rng.choice(("bar chart", "bar chart", "stacked bar chart", "grouped bar chart"))
    series = 1 if kind == "bar chart" else rng.choice((2, 2, 3, 3, 4, 5))
    count = rng.randint(2, 12) if kind != "grouped bar chart" else rng.randint(2, 6)
    topic = rng.choice(lexicon.TOPICS)
    frame, facts = _dress(pen, topic, series)
    _axes(pen, frame, 100)
    values, trend = _course(rng, count)
    whole = kind == "stacked bar chart" and rng.random() < 0.3
    step = (frame.right - frame.left) / count
    share = rng.uniform(0.45, 0.9)
    height = frame.bottom - frame.top
    marked = rng.randrange(count) if series == 1 and rng.random() < 0.12 else -1
    for index, (value, label) in enumerate(zip(values, _labels(rng, count), strict=True)):
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
    frame, facts = _dress(pen, topic, series)
    frame.left += pen.width * rng.uniform(0.18, 0.42)
    frame.axis, frame.grid = rng.random() < 0.3, rng.random() < 0.25
    _axes(pen, frame, 100, lying=True)
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


def lines(rng: random.Random, shape: tuple[int, int] | None = None) -> Drawn:
    """One to five lines, or the areas under them."""
    pen = Pen(rng, *(shape or _shape(rng)), face=rng.choice(("sans", "sans", "serif")))
    kind = rng.choice(("line chart", "line chart", "area chart"))
    series = rng.choice((1, 1, 2, 3, 4, 5)) if kind == "line chart" else rng.choice((1, 1, 2, 3))
    count = rng.choice((4, 5, 6, 8, 10, 12, 30, 60))
    topic = rng.choice(lexicon.TOPICS)
    frame, facts = _dress(pen, topic, series)
    frame.axis = frame.axis or rng.random() < 0.6
    _axes(pen, frame, 100)
    trend = "mixed"
    dots = count <= 12 and rng.random() < 0.5
    base = [0.0] * count
    for part in range(series):
        course, own = _course(rng, count)
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
    labels = _labels(rng, min(count, 7))
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
    frame, facts = _dress(pen, topic, count, round_chart=True)
    ring = rng.random() < 0.35
    labels = [rng.choice(lexicon.PLACES) for _ in range(count)]
    if frame.legend != "none":
        _legend(pen, frame, labels)
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
    pen = Pen(rng, *(shape or _shape(rng)), face="sans")
    series = rng.choice((1, 1, 2, 3))
    topic = rng.choice(lexicon.TOPICS)
    frame, facts = _dress(pen, topic, series)
    frame.axis = True
    _axes(pen, frame, 100)
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
