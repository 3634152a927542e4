"""Persons with their role beside them, 'Ada Brook, Keeper of the Mill' and 'Ada Brook (Chair)', and those by whom a thing
was done."""

from __future__ import annotations

import re

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.target import OCCASIONS
from mmrag.agent.reading.text import STOP, fold, stem, words

_WITH_ROLE = re.compile(
    r"(?P<name>[A-Z][\w.'’-]*(?:\s+(?:[A-Z][\w.'’-]*|de|da|van|von|der|bin|al)){1,4}),\s+(?P<role>[A-Z][^,]+(?:,[^,]+)?)"
)
_IN_BRACKETS = re.compile(
    r"(?P<name>[A-Z][\w.'’-]*(?:\s+(?:[A-Z][\w.'’-]*|de|da|van|von|der|bin|al)){1,4})\s*\((?P<role>[A-Z][^()]{2,40})\)"
)
_BY = re.compile(
    r"\b(?P<verb>[a-z]+(?:ed|en|wn|de|id))\s+(?:\w+\s+){0,2}?by\s+(?:the\s+|an?\s+)?"
    r"(?P<name>[A-Z][\w.'’&-]*(?:\s+(?:(?:of|the|de|von|van|and|&)\s+)?[A-Z][\w.'’&-]*)*)"
)
"""'This work was funded by the Brook Trust'."""
_SAID = 0.75
"""Of the role's words, those that the question has to say, and of the question's, those that the role has to."""
_SCORE = 0.85


def in_roles(target: str, layout: Layout) -> list[Candidate]:
    """The persons whose printed role is what ``target`` asks for, and whoever did what it says."""
    asked = {stem(w) for w in words(target) if w not in STOP and w not in OCCASIONS}
    found: list[Candidate] = []
    for run in layout.runs if asked else ():
        whole = _WITH_ROLE.fullmatch(run.text.strip())
        for match in (*((whole,) if whole else ()), *_IN_BRACKETS.finditer(run.text)):
            role = {stem(w) for w in words(match["role"]) if w not in STOP}
            both = len(asked & role)
            if role and both >= _SAID * len(role) and both >= _SAID * len(asked):
                found.append(_candidate(layout, run, match, _SCORE))
        if " by " in run.text:
            done = (m for m in _BY.finditer(run.text) if stem(m["verb"]) in asked)
            found += [_candidate(layout, run, m, _SCORE * _told(layout, run, asked)) for m in done]
    return found


def _told(layout: Layout, run: Run, asked: set[str]) -> float:
    """How much of what was done the page says: 'the bridge' that was built, not the house."""
    return sum(s in layout.runs_with for s in asked) / len(asked)


def _candidate(layout: Layout, run: Run, match: re.Match[str], score: float) -> Candidate:
    start = run.text.find(match["name"], max(0, match.start("name")))
    cited = run.words_between(start, start + len(match["name"]))
    confidence = sum(w.confidence for w in cited) / max(1, len(cited))
    return Candidate(
        text=match["name"],
        words=cited,
        normal=fold(match["name"]),
        score=score * (0.5 + 0.5 * confidence),
        why="role",
        page=layout.page,
    )
