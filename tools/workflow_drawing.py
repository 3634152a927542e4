"""Steps and the events between them as an SVG: steps in a column, arrows to the next straight, all others as arcs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

Arrow = tuple[str, str, str]
"""From a step, an event, to a step."""

_X, _TOP, _GAP, _WIDE, _HIGH = 400, 96, 76, 140, 40
_STYLE: Final = """\
.box{fill:#fff;stroke:#37474f;stroke-width:1.5}.end{fill:#ffebee;stroke:#c62828;stroke-width:1.5}
.line{fill:none;stroke:#607d8b;stroke-width:1.5;marker-end:url(#tip)}.back{stroke-dasharray:5 4}
text{fill:#263238;text-anchor:middle;font-size:15px}
.small{font-size:12px;fill:#546e7a;paint-order:stroke;stroke:#fafafa;stroke-width:5px}"""
_TIP: Final = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0L8 4L0 8z" fill="#607d8b"/></marker></defs>'
)


def drawing(steps: Sequence[str], arrows: Sequence[Arrow], *, first: str, last: str) -> str:
    """The picture. ``first`` is what comes in above the first step, ``last`` what leaves below the last one."""
    y = {step: _TOP + _GAP * number for number, step in enumerate(steps)}
    bottom = _TOP + _GAP * len(steps)
    height = bottom + 40
    drawn = [_arrow(steps, y, arrow) for arrow in arrows]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {height}" role="img" font-family="sans-serif">',
        f"<title>From {escape(first)} to {escape(last)}: {escape(', '.join(steps))}</title>",
        f"<style>{_STYLE}</style>",
        _TIP,
        f'<rect width="800" height="{height}" rx="8" fill="#fafafa"/>',
        *_box(first, _TOP - _GAP, "end"),
        *(line for step in steps for line in _box(step, y[step], "box")),
        *_box(last, bottom, "end"),
        _straight(_TOP - _GAP, _TOP),
        _straight(y[steps[-1]], bottom),
        *(line for line, _ in drawn),
        *(label for _, label in drawn),  # over the lines
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(name: str, y: int, kind: str) -> Iterator[str]:
    yield f'<rect class="{kind}" x="{_X - _WIDE // 2}" y="{y - _HIGH // 2}" width="{_WIDE}" height="{_HIGH}" rx="6"/>'
    yield f'<text x="{_X}" y="{y + 5}">{escape(name)}</text>'


def _arrow(steps: Sequence[str], y: dict[str, int], arrow: Arrow) -> tuple[str, str]:
    """The line and its label."""
    start, event, end = arrow
    distance = steps.index(end) - steps.index(start)
    if distance == 1:
        return _straight(y[start], y[end]), _label(_X + 36, (y[start] + y[end]) / 2, event)
    side = 1 if distance > 0 else -1  # forward on the right, back on the left
    edge = _X + side * _WIDE // 2
    from_y, to_y = y[start] + 6 * side, y[end] - 6 * side
    far = edge + side * 48 * abs(distance)
    line = "line" if distance > 0 else "line back"
    path = f'<path class="{line}" d="M{edge} {from_y}C{far} {from_y} {far} {to_y} {edge} {to_y}"/>'
    # The middle of a cubic curve is three quarters of the way from its ends to its control points.
    return path, _label(edge + 0.75 * (far - edge), (from_y + to_y) / 2, event)


def _straight(from_y: int, to_y: int) -> str:
    return f'<path class="line" d="M{_X} {from_y + _HIGH // 2}V{to_y - _HIGH // 2 - 2}"/>'


def _label(x: float, y: float, text: str) -> str:
    return f'<text class="small" x="{x:.0f}" y="{y + 4:.0f}">{escape(text)}</text>'
