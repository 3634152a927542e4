"""Labels told by their shape: all words of the question in another order, and 'Received in good condition by:'."""

from __future__ import annotations

import re

from mmrag.agent.reading.labels import Label
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.target import asks_who
from mmrag.agent.reading.text import STOP, content_words, fold, stem, words

_LONGEST = 8
_SAME, _DONE_BY = 0.95, 0.9
_IRREGULAR = frozenset(("paid", "sold", "made", "sent", "drawn", "drew", "written", "wrote", "taken", "took", "bought"))
_BY = re.compile(r"\b(?:by|von|par|por|da)\s*:?\s*$", re.IGNORECASE)


def shaped(question: str, target: str, layout: Layout) -> list[Label]:
    """The runs that are a label as a whole for what ``question`` asks: they say its ``target`` and nothing else, or end in
    'by' behind what somebody is asked to have done."""
    asked = frozenset(stem(w) for w in content_words(target))
    found: list[Label] = []
    if len(asked) > 1:
        near = [run for run in layout.runs if asked <= layout.stems[run.index] and len(run.words) <= _LONGEST]
        found += [_label(run, _SAME) for run in near if {stem(w) for w in words(run.text) if w not in STOP} == asked]
    done = [w for w in words(target) if w.endswith("ed") or w in _IRREGULAR] if asks_who(question) else []
    for verb in done[:1]:
        near = [run for run in layout.runs if stem(verb) in layout.stems[run.index] and len(run.words) <= _LONGEST]
        found += [_label(run, _DONE_BY) for run in near if _BY.search(run.text)]
    return found


def _label(run: Run, quality: float) -> Label:
    return Label(run=run, start=0, end=len(run.text.rstrip()), quality=quality, key=fold(run.text))
