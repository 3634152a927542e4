"""Whom a contract calls what: 'Acme Ltd ("the Landlord")' names the landlord."""

from __future__ import annotations

import re

from mmrag.agent.reading.fit import Cut
from mmrag.agent.reading.labels import Label
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.text import fold

_CLOSES = re.compile(r"\s*[\"”“’'»]*\s*\)")
_NAMED = re.compile(
    r"(?P<name>[A-ZÀ-Þ][\w.'’&-]*(?:,?\s+(?:(?:of|the|de|du|von|und|&)\s+)?[A-ZÀ-Þ0-9&][\w.'’&-]*)*)"
    r"\s*,?\s*\(\s*(?:(?:hereinafter|hereafter|hereinafter called|referred to as|nachfolgend|ci-après)[\w ,]*)?"
    r"(?:[\"“”‘'«]+\s*(?:(?:the|der|die|das|le|la|el)\s*)?|(?:the|der|die|das|le|la|el)\s*[\"“”‘'«]*\s*)$",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"[A-ZÀ-Þ]")
_LINE = 2.2
"""Line heights between a name and a bracket that begins on the next line."""


def defined(layout: Layout, label: Label) -> Cut | None:
    """The name that ``label`` stands in brackets for; None where it stands in no such brackets."""
    run = label.run
    if not _CLOSES.match(run.text, label.end):
        return None
    found, holder = _name_in(run.text[: label.start]), run
    if found is None and not run.text[: label.start].strip(" \"“”‘'«"):
        over = next(
            iter(layout.above(run, min(o.x0 for o in layout.runs), max(o.x1 for o in layout.runs), _LINE * layout.unit)),
            None,
        )
        found, holder = (_name_in(over.text), over) if over is not None else (None, run)
    if found is None:
        return None
    start, end = found
    text = holder.text[start:end].rstrip(" ,")
    return Cut(text=text, words=holder.words_between(start, start + len(text)), fit=1.0, normal=fold(text), runs=(holder,))


def _name_in(text: str) -> tuple[int, int] | None:
    """Where the last name before a bracket at the end of ``text`` begins and ends."""
    for at in (m.start() for m in _CAPITAL.finditer(text)):
        if at and text[at - 1].isalnum():
            continue
        match = _NAMED.match(text, at)
        if match is not None and not re.search(r"(?:^|\s)(?!(?:of|the|de|du|von|und)\b)[a-z]\w*", match["name"]):
            return match.span("name")
    return None
