"""What charts share: ground, title, source line, legend, scales, and courses of values."""

import random
from dataclasses import dataclass

from training.drawing import lexicon
from training.drawing.pen import COLOURS, Colour, Pen, colour, pale


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


def series_tints(rng: random.Random, count: int) -> tuple[list[Colour], list[str]]:
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


def _heading(pen: Pen, topic: str, top: float, left: float, scale: float) -> tuple[float, str]:
    """Title, and perhaps a line under it; (the y below, the title)."""
    rng = pen.rng
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
    return top, title


def dress(pen: Pen, topic: str, series: int, *, round_chart: bool = False) -> tuple[Frame, dict[str, str]]:
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
        top, facts["title"] = _heading(pen, topic, top, left, scale)
    if rng.random() < 0.5:
        lines = rng.choice((1, 1, 2, 3))
        bottom -= 11 * scale * lines + 4
        pen.paragraph(left, bottom + 4, (pen.width - 20) * 0.9, lines, 8 * scale, fill=(130, 130, 130))
        facts["source"] = "yes"
    tints, names = series_tints(rng, series)
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
        draw_legend(pen, frame, [rng.choice(lexicon.PLACES) for _ in range(series)])
        facts["legend"] = "yes"
    return frame, facts


def draw_legend(pen: Pen, frame: Frame, labels: list[str]) -> None:
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


def axes(pen: Pen, frame: Frame, top_value: float, *, lying: bool = False) -> None:
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


def random_course(rng: random.Random, count: int) -> tuple[list[float], str]:
    """Values between 5 and 95, and what they do from first to last."""
    trend = rng.choice(("rises", "rises", "falls", "mixed", "mixed"))
    if trend == "mixed" or count < 3:
        return [rng.uniform(12, 95) for _ in range(count)], "mixed"
    low, high = rng.uniform(8, 35), rng.uniform(60, 92)
    rising = [
        low + (high - low) * (index / (count - 1)) ** rng.uniform(0.7, 1.4) + rng.uniform(-3, 3) for index in range(count)
    ]
    return (rising if trend == "rises" else rising[::-1]), trend


def tick_labels(rng: random.Random, count: int) -> list[str]:
    start = rng.randint(1985, 2015)
    pick = rng.random()
    if pick < 0.4:
        return [str(start + index) for index in range(count)]
    if pick < 0.55:
        return [f"FY{(start + index) % 100:02d}" for index in range(count)]
    if pick < 0.7:
        return [f"Q{index % 4 + 1}" for index in range(count)]
    return [rng.choice(lexicon.PLACES)[:9] for _ in range(count)]


def any_shape(rng: random.Random) -> tuple[int, int]:
    return rng.choice(((480, 360), (480, 300), (420, 420), (560, 320), (400, 480), (520, 390)))
