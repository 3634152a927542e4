"""Free questions: the line that shares most with the question, cut to the shortest part that answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.lookup import sentences
from mmrag.agent.reading.text import content_words, fold, stem, words
from mmrag.domain.documents import Word

_KEPT = 3
_LONG = 60
_NAME = re.compile(r"(?:[A-Z][\w&.'’-]*)(?:\s+(?:(?:of|the|and|de|&)\s+)?[A-Z][\w&.'’-]*)*")


def lines(layout: Layout, weights: Mapping[str, float], *, names: bool) -> list[Candidate]:
    """The lines that hold most of the asked words. What the question already says is cut off where the line allows it.

    With ``names`` only capitalised runs of words that the question does not hold are given back.
    """
    found: list[Candidate] = []
    for share, _, row in sentences(layout, weights)[:_KEPT]:
        for text, chosen, factor in _name_parts(row, weights) if names else _parts(row, weights):
            if len(fold(text)) < 2 or not chosen:
                continue
            confidence = sum(w.confidence for w in chosen) / len(chosen)
            found.append(
                Candidate(
                    text=text,
                    words=chosen,
                    normal=fold(text),
                    score=0.6 * share * factor * (0.5 + 0.5 * confidence),
                    why="line",
                    page=layout.page,
                )
            )
    return found


def _parts(row: Sequence[Run], weights: Mapping[str, float]) -> list[tuple[str, tuple[Word, ...], float]]:
    """What follows a colon or stands in runs without asked words; else the whole line."""
    parts: list[tuple[str, tuple[Word, ...], float]] = []
    for run in row:
        head, colon, tail = run.text.partition(":")
        if colon and tail.strip() and _holds(head, weights):
            parts.append((tail.strip(), run.words_between(len(head) + 1, len(run.text)), 1.0))
    others = [run for run in row if not _holds(run.text, weights)]
    if others and len(others) < len(row):
        parts.append((others[0].text, others[0].words, 0.9))
    if not parts:
        text = " ".join(run.text for run in row)
        parts.append((text, tuple(w for run in row for w in run.words), 0.8 if len(text) <= _LONG else 0.5))
    return parts


def _name_parts(row: Sequence[Run], weights: Mapping[str, float]) -> list[tuple[str, tuple[Word, ...], float]]:
    parts: list[tuple[str, tuple[Word, ...], float]] = []
    # On a page that lies on its side all print is one row: a name stands on the printed line of what is asked.
    asked = {run.words[0].line for run in row if _holds(run.text, weights)}
    for run in (run for run in row if run.words[0].line in asked):
        for match in _NAME.finditer(run.text):
            label = run.text[match.end() :].lstrip().startswith(":")  # "Name:" names nobody
            if not label and not _holds(match.group(), weights) and content_words(match.group()) and len(match.group()) >= 3:
                rank = 0.8 ** len(parts)
                parts.append((match.group(), run.words_between(match.start(), match.end()), 0.8 * rank))
    return parts


def _holds(text: str, weights: Mapping[str, float]) -> bool:
    return any(stem(w) in weights for w in words(text))
