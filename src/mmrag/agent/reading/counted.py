"""Counts in running text: 'How many square miles ...' is answered by a number in front of 'square miles'."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.cells import NUMERIC
from mmrag.agent.reading.fit import value_cut
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.tables import Table, Wanted
from mmrag.agent.reading.text import stem, words
from mmrag.domain.values import Value

COUNTED = "counted"
"""``Candidate.why`` of a number that stands in front of what is counted: its sentence was held against the question."""
_HOW_MANY = re.compile(
    r"\bhow\s+many\s+(?P<what>(?:[a-z][\w-]*\s+){1,3}?)(?=(?:did|do|does|are|is|was|were|has|have|had|in|of|on|at|there|will|can"
    r"|could|took|take|takes|went|go|goes)\b)",
    re.IGNORECASE,
)
_OUT_OF = re.compile(r"\s*(?:out\s+)?of(?:\s+(?:the|all))?\s*|\s*/\s*", re.IGNORECASE)
_BASE, _SAID = 0.25, 0.7
"""What a score is made of: that the number counts what is asked for, and how much of the question its lines say."""
_AROUND = 1
"""Lines of text before and after that one that may belong to its sentence."""


def in_sentences(question: str, wanted: Wanted, table: Table) -> list[Candidate]:
    """The numbers that stand in front of the words that the question counts, by how much of it their lines say.

    A line that lacks a name of the question is about something else.
    """
    found = _HOW_MANY.search(question)
    what = tuple(stem(w) for w in words(found["what"])) if found else ()
    if not what:
        return []
    telling = wanted.telling - frozenset(what)
    layout = table.layout
    candidates: list[Candidate] = []
    for number, row in enumerate(layout.rows):
        for run in row:
            for value in layout.values(run):
                if value.kind not in NUMERIC or not _counts(run, value.end, what):
                    continue
                said = _stems(layout, layout.rows[max(0, number - _AROUND) : number + _AROUND + 1])
                if wanted.names - frozenset(what) - said:
                    continue
                share = len(telling & said) / len(telling) if telling else 1.0
                part = _part_of(layout, run, value) if telling else None
                cut = value_cut(run, part or value, 1.0)
                candidates.append(
                    Candidate(
                        text=cut.text,
                        words=cut.words,
                        normal=cut.normal,
                        normals=cut.normals,
                        score=(_BASE + _SAID * share) * (0.5 + 0.5 * cut.confidence),
                        why=COUNTED,
                        page=layout.page,
                    )
                )
    return candidates


def _part_of(layout: Layout, run: Run, whole: Value) -> Value | None:
    """The 7 of '7 of 11 stops finished', where the question says more than what is counted."""
    return next(
        (v for v in layout.values(run) if v.end <= whole.start and _OUT_OF.fullmatch(run.text[v.end : whole.start])), None
    )


def _counts(run: Run, end: int, what: Sequence[str]) -> bool:
    """True where the words behind the number are those that are counted, and nothing else stands between."""
    after = run.text[end:]
    behind = tuple(stem(w) for w in words(after)[: len(what)])
    return behind == tuple(what) and not after[:1].isalnum() and after.lstrip()[:1].isalpha()


def _stems(layout: Layout, rows: Sequence[Sequence[Run]]) -> frozenset[str]:
    return frozenset[str]().union(*[layout.stems[run.index] for row in rows for run in row])
