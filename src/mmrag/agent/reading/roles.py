"""Persons with their role behind them in one line: 'Ada Brook, Keeper of the Mill'."""

from __future__ import annotations

import re

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.text import STOP, fold, stem, words

_WITH_ROLE = re.compile(
    r"(?P<name>[A-Z][\w.'’-]*(?:\s+(?:[A-Z][\w.'’-]*|de|da|van|von|der|bin|al)){1,4}),\s+(?P<role>[A-Z][^,]+(?:,[^,]+)?)"
)
_SAID = 0.75
"""Of the role's words, those that the question has to say, and of the question's, those that the role has to."""
_SCORE = 0.85


def in_roles(target: str, layout: Layout) -> list[Candidate]:
    """The persons whose printed role is what ``target`` asks for."""
    asked = {stem(w) for w in words(target) if w not in STOP}
    found: list[Candidate] = []
    for run in layout.runs:
        match = _WITH_ROLE.fullmatch(run.text.strip()) if asked else None
        role = {stem(w) for w in words(match["role"]) if w not in STOP} if match else set[str]()
        both = len(asked & role)
        if match is None or not role or both < _SAID * len(role) or both < _SAID * len(asked):
            continue
        cited = run.words_between(0, match.end("name"))
        confidence = sum(w.confidence for w in cited) / max(1, len(cited))
        found.append(
            Candidate(
                text=match["name"],
                words=cited,
                normal=fold(match["name"]),
                score=_SCORE * (0.5 + 0.5 * confidence),
                why="role",
                page=layout.page,
            )
        )
    return found
