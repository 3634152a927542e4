"""Tables with several values in a row: the asked words that head a column, or a row, tell which of them is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.text import stem

_OTHER = 0.5
"""What a value keeps that stands in the row asked for, but under another header than the one asked for."""
_LABELLED = 0.2
"""Below this the label itself is doubtful: its neighbours prove nothing."""
_GAIN = 0.4
"""What the header adds, as a share of what is missing to certainty."""


def in_columns(layout: Layout, found: Sequence[Candidate], qualifiers: Sequence[str]) -> list[Candidate]:
    """Candidates right of a label, weighed by whether the question names the header of their column; likewise for the rows
    of candidates below a label. Only where some candidate has such a header: else the words mean something else.
    """
    asked = {stem(w) for w in qualifiers}
    if not asked or not found:
        return list(found)
    run_of = {w.index: run for run in layout.runs for w in run.words}
    heads = [run for run, stems in zip(layout.runs, layout.stems, strict=True) if stems and stems <= asked]
    return _weighed(found, {i: _heading(c, run_of, heads) for i, c in enumerate(found)}, layout, run_of, asked)


def _weighed(
    found: Sequence[Candidate], heading: dict[int, bool], layout: Layout, run_of: dict[int, Run], asked: set[str]
) -> list[Candidate]:
    columns = any(heading.values())
    shares = {i: _row_share(c, layout, run_of, asked) for i, c in enumerate(found) if c.why.startswith("below")}
    best = max(shares.values(), default=0.0)
    weighed: list[Candidate] = []
    for i, candidate in enumerate(found):
        score = candidate.score
        if columns and candidate.why.startswith("right") and candidate.score >= _LABELLED:
            score = score + (1.0 - score) * _GAIN if heading[i] else _OTHER * score
        elif best > 0.0 and i in shares:
            share = shares[i] / best if candidate.score >= _LABELLED else 0.0
            score = score + (1.0 - score) * _GAIN if share == 1.0 else _OTHER * score
        weighed.append(replace(candidate, score=score))
    return weighed


def _heading(candidate: Candidate, run_of: dict[int, Run], heads: Sequence[Run]) -> bool:
    """True when one of ``heads`` stands over the candidate, and the candidate right of its label."""
    run = run_of.get(candidate.words[0].index) if candidate.words else None
    if run is None or not candidate.why.startswith("right"):
        return False
    return any(h.y1 <= run.y0 and min(h.x1, run.x1) > max(h.x0, run.x0) for h in heads)


def _row_share(candidate: Candidate, layout: Layout, run_of: dict[int, Run], asked: set[str]) -> float:
    """The share of the asked words that the runs left of the candidate hold."""
    run = run_of.get(candidate.words[0].index) if candidate.words else None
    if run is None:
        return 0.0
    there = frozenset[str]().union(*[layout.stems[o.index] for o in layout.left_of(run)])
    return len(there & asked) / len(asked)
