"""Charts as institutes and companies publish them: a heading of several lines over bars, notes below; bars with their
values, an arrow of growth, a line over them.
"""

import random

from training.drawing import lexicon
from training.drawing.bars import lying_bars
from training.drawing.frames import random_course, series_tints, tick_labels
from training.drawing.pen import Colour, Drawn, Pen, colour

_OPENINGS = (
    "Most adults",
    "Younger people",
    "More workers",
    "Few voters",
    "Women",
    "The share of households",
    "Parents",
    "Half",
)
_SOURCES = (
    "Source: Spring survey",
    "Note: Don't know responses not shown.",
    "Based on all adults",
    "Figures may not add to 100%.",
)


def _said(pen: Pen, left: float, y: float, size: float, lines: int, *, centred: bool, fill: Colour) -> float:
    """A bold heading of several lines; the y below."""
    rng = pen.rng
    for line in range(lines):
        words = lexicon.words(rng, rng.randint(3, 6))
        text = f"{rng.choice(_OPENINGS)} {words}" if line == 0 else words
        pen.fitted(
            pen.width / 2 if centred else left,
            y,
            text[: int((pen.width - 2 * left) / size * 1.9)],
            size,
            pen.width - 2 * left,
            bold=True,
            fill=fill,
            anchor="ma" if centred else "la",
        )
        y += size * 1.25
    return y


def poll(rng: random.Random) -> Drawn:
    """What people answered: lying bars, stacked, or to both sides, in groups, with a heading and notes."""
    count, series = rng.randint(2, 13), rng.choice((1, 1, 2, 2, 2, 3))
    width = rng.randint(260, 460)
    step = rng.uniform(15, 40)
    size = max(8.0, width / rng.uniform(26, 40))
    title = rng.randint(1, 3)
    notes = rng.randint(0, 4)
    height = int((title * 1.6 + 5) * size * 1.25 + count * step * 1.15 + notes * size * 1.1 + 20)
    pen = Pen(rng, width, height, face=rng.choice(("sans", "sans", "sans", "serif")))
    left = width * rng.uniform(0.02, 0.05)
    facts = {"bars": str(count), "orientation": "horizontal", "topic": rng.choice(lexicon.TOPICS), "source": "yes"}
    if rng.random() < 0.4:
        pen.line(left, 4, width - left, 4)
    head = rng.choice((pen.ink, pen.ink, colour(rng)[1]))
    y = _said(pen, left, 10, size * rng.uniform(1.0, 1.5), title, centred=rng.random() < 0.25, fill=head)
    if rng.random() < 0.7:
        pen.text(
            left,
            y + 2,
            f"% who say {lexicon.words(rng, 4)} ..."[: int(width / size * 1.9)],
            size * 0.9,
            fill=(120, 120, 120),
        )
        y += size * 1.6
    tints, names = series_tints(rng, series)
    start, sides = left + width * rng.uniform(0.2, 0.42), series == 2 and rng.random() < 0.6
    wide = width - left - start - size * 2.5
    middle = start + wide * rng.uniform(0.25, 0.5)
    if series > 1:
        for part in range(series):
            x = start + wide * (part + 0.5) / series
            if rng.random() < 0.5:
                pen.box(x - size, y + 3, x - size * 0.3, y + 3 + size * 0.7, fill=tints[part])
            pen.text(
                x,
                y,
                rng.choice(("Yes", "No", "Favor", "Oppose", "Good", "Bad", "DK", "Use")),
                size,
                bold=True,
                fill=tints[part],
            )
        y += size * 1.6
        facts |= {"legend": "yes", "series": str(series)}
    y = _answers(pen, y + 2, (left, start, wide, middle if sides else 0.0), count, step, size, tints)
    for _ in range(notes):
        pen.text(
            left,
            y + 3,
            f"{rng.choice(_SOURCES)} {lexicon.words(rng, 6)}"[: int(width / size * 2.4)],
            size * 0.8,
            fill=(110, 110, 110),
        )
        y += size * 1.1
    if rng.random() < 0.7:
        pen.text(left, y + 4, f"{rng.choice(lexicon.LAST)} research institute".upper(), size * 0.85, bold=True)
    pen.image = pen.image.crop((0, 0, width, min(height, int(y + size * 2.2))))
    if len(names) == 1:
        facts["colour"] = names[0]
    return pen.done("stacked bar chart" if series > 1 else "bar chart", **facts)


def _answers(
    pen: Pen, y: float, places: tuple[float, float, float, float], count: int, step: float, size: float, tints: list[Colour]
) -> float:
    """The bars; `places` are the left edge, where bars begin, how wide they may be, and the middle of two sides or 0."""
    rng = pen.rng
    left, start, wide, middle = places
    thick, groups, inside = step * rng.uniform(0.5, 0.95), rng.random() < 0.5, rng.random() < 0.65
    for index in range(count):
        if groups and index and rng.random() < 0.3:
            y += step * 0.5
        label = rng.choice(
            (lexicon.words(rng, rng.randint(1, 3)).capitalize(), rng.choice(lexicon.PLACES), f"{rng.randint(18, 60)}+")
        )
        pen.fitted(start - 5, y + thick / 2, label, size, start - left - 6, anchor="rm", bold=index == 0 and groups)
        shares = [rng.uniform(0.15, 1) for _ in tints]
        total = sum(shares) if len(tints) > 1 else 1.0
        x = start if not middle else middle - shares[0] / total * wide * 0.5
        for tint, share in zip(tints, shares, strict=True):
            long = share / total * wide * (0.5 if middle else 0.95)
            pen.box(x, y, x + long, y + thick, fill=tint)
            dark = sum(tint) < 420
            if inside and long > size * 1.2:
                pen.text(
                    x + long / 2,
                    y + thick / 2,
                    str(int(share / total * 100)),
                    size,
                    anchor="mm",
                    fill=(255, 255, 255) if dark else (0, 0, 0),
                )
            elif not inside and len(tints) == 1:
                pen.text(x + long + 4, y + thick / 2, str(int(share * 100)), size, anchor="lm")
            x += long
        y += step
    if middle:
        pen.line(middle, y - step * count, middle, y)
    return y


def growth(rng: random.Random) -> Drawn:
    """Bars of a company over the years: values in bold, stacks, an arrow of growth or a line over them, a heading."""
    kind = rng.choice(("bar chart", "bar chart", "stacked bar chart", "grouped bar chart"))
    series = 1 if kind == "bar chart" else rng.randint(2, 4)
    count = rng.randint(2, 12) if kind != "grouped bar chart" else rng.randint(2, 6)
    width = rng.choice((300, 360, 420, 480, 520))
    pen = Pen(rng, width, int(width * rng.uniform(0.55, 1.15)), face=rng.choice(("sans", "sans", "sans", "serif")))
    size, facts = (
        width / rng.uniform(26, 38),
        {"bars": str(count), "orientation": "vertical", "topic": rng.choice(lexicon.TOPICS)},
    )
    tints, names = series_tints(rng, series)
    title = f"{facts['topic']} {rng.choice(('growth', 'by year', '(in millions)', 'per share', 'and cash'))}".title()
    y = _banner(pen, title, size * rng.uniform(1.2, 1.8), tints[0])
    if series > 1:
        for part in range(series):
            x = width * (0.08 + 0.84 * part / series)
            low = pen.height - size * 1.5
            pen.box(x, low, x + size * 0.7, low + size * 0.7, fill=tints[part])
            pen.text(x + size, low - 2, rng.choice(lexicon.PLACES), size * 0.9)
        facts |= {"legend": "yes", "series": str(series)}
    bottom = pen.height - size * (3.6 if series > 1 else 2.2)
    values, trend = random_course(rng, count)
    if trend != "mixed":
        facts["trend"] = trend
    tops = _columns(pen, kind, values, (y, bottom), size, tints)
    pen.line(width * 0.03, bottom, width * 0.97, bottom, fill=(120, 120, 120))
    _over(pen, tops, y, size)
    if len(names) == 1:
        facts["colour"] = names[0]
    return pen.done(kind, **facts)


def _columns(
    pen: Pen, kind: str, values: list[float], span: tuple[float, float], size: float, tints: list[Colour]
) -> list[tuple[float, float]]:
    """Bars between the heights of `span`, with their values and names; a point above each."""
    rng, count, series, width = pen.rng, len(values), len(tints), pen.width
    y, bottom = span
    step, share, tall = width * 0.92 / count, rng.uniform(0.4, 0.8), bottom - y - size * 3
    tops: list[tuple[float, float]] = []
    for index, (value, label) in enumerate(zip(values, tick_labels(rng, count), strict=True)):
        x, level = width * 0.04 + step * (index + 0.5 - share / 2), bottom
        parts = [rng.uniform(0.3, 1) for _ in range(series)]
        for part in range(series):
            high = tall * value / 100 * (rng.uniform(0.4, 1) if kind == "grouped bar chart" else parts[part] / sum(parts))
            if kind == "grouped bar chart":
                x0 = x + step * share * part / series
                pen.box(x0, bottom - high, x0 + step * share / series, bottom, fill=tints[part])
                pen.text(x0 + step * share / series / 2, bottom - high - 1, f"{value:.0f}", size * 0.8, anchor="md")
                level = min(level, bottom - high)
                continue
            pen.box(x, level - high, x + step * share, level, fill=tints[part])
            if series > 1 and high > size:
                pen.text(
                    x + step * share / 2, level - high / 2, f"{high:.0f}", size * 0.85, anchor="mm", fill=(255, 255, 255)
                )
            level -= high
        if kind != "grouped bar chart":
            pen.text(
                x + step * share / 2,
                level - 2,
                f"{rng.choice(('$', '', ''))}{value:.1f}",
                size * 0.9,
                bold=True,
                anchor="md",
            )
        pen.fitted(x + step * share / 2, bottom + 3, label, size * 0.95, step * 0.98, anchor="ma")
        tops.append((x + step * share / 2, level - size * 1.6))
    return tops


def _over(pen: Pen, tops: list[tuple[float, float]], y: float, size: float) -> None:
    """A line over the bars, or an arrow of growth, on some."""
    rng = pen.rng
    over = rng.random()
    if over < 0.2:
        pen.draw.line(
            [(x, y + size * 1.2 + rng.uniform(0, size * 2)) for x, _ in tops],
            fill=rng.choice(((235, 180, 30), (20, 20, 20))),
            width=2,
        )
    elif over < 0.4 and len(tops) > 2:
        pen.line(
            tops[0][0],
            tops[0][1] - size,
            tops[-1][0],
            tops[-1][1] - size * 0.5,
            fill=(30, 50, 110),
            width=rng.choice((2, 5)),
        )
        pen.text(pen.width / 2, y + size, f"{rng.randint(2, 40)}% CAGR", size, anchor="ma", bold=True)


def _banner(pen: Pen, title: str, size: float, tint: Colour) -> float:
    """The heading: in a bar, in the middle, or on the left; the y below."""
    rng = pen.rng
    barred, (x, anchor) = rng.random() < 0.35, rng.choice(((pen.width / 2, "ma"), (10.0, "la")))
    if barred:
        pen.box(0, 0, pen.width, size * 1.8, fill=tint)
    pen.fitted(
        x, size * 0.35, title, size, pen.width - 20, bold=True, anchor=anchor, fill=(255, 255, 255) if barred else None
    )
    return size * 2.1


def published(rng: random.Random) -> Drawn:
    """Either of the two, or plain lying bars."""
    return rng.choice((poll, poll, growth, growth, lying_bars))(rng)
