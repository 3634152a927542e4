"""The date of a document, and the two ends of a period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.fit import value_cut
from mmrag.agent.reading.labels import Label
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.lexicon import Concept, Lexicon
from mmrag.agent.reading.near import Place, places
from mmrag.agent.reading.text import fold
from mmrag.domain.values import Value, ValueKind

_OTHER = ("due_date", "expiry_date", "birth_date", "print_date", "delivery_date")


def document_dates(layout: Layout, lexicon: Lexicon) -> list[Candidate]:
    """Every date of the page as a weak candidate: better with a time beside it, worse when it is due or expires."""
    found: list[Candidate] = []
    total = max(1, len(layout.runs))
    for run in layout.runs:
        for value in layout.values(run):
            if value.kind is not ValueKind.DATE:
                continue
            score = 0.42
            if any(v.kind is ValueKind.TIME for o in (run, *layout.right_of(run)[:1]) for v in layout.values(o)):
                score += 0.12
            score += 0.05 * (1.0 - run.index / total)
            if _is_other(layout, run, value, lexicon):
                score *= 0.3
            if len(run.text) > 60:
                score *= 0.6
            found.append(_candidate(layout, run, value, score, "date"))
    return found


def document_times(layout: Layout) -> list[Candidate]:
    """The times that stand beside a date, as weak candidates: when the document was made out."""
    found: list[Candidate] = []
    for run in layout.runs:
        beside = (run, *layout.left_of(run)[:1], *layout.right_of(run)[:1])
        if any(v.kind is ValueKind.DATE for o in beside for v in layout.values(o)):
            found += [_candidate(layout, run, v, 0.55, "time") for v in layout.values(run) if v.kind is ValueKind.TIME]
    return found


def period_ends(layout: Layout, labels: Iterable[Label], concept: Concept, lexicon: Lexicon) -> list[Candidate]:
    """The first or second date of a pair beside a period's label, or the date beside a label of one end ('Start date')."""
    found: list[Candidate] = []
    for label in labels:
        own_end = label.key.startswith(concept.role or "") or (concept.role or "") in label.key
        for place in places(layout, label, lexicon):
            pair = _dates_from(layout, place)
            if len(pair) >= 2:
                run, value = pair[0] if concept.role == "start" else pair[1]
                found.append(_candidate(layout, run, value, label.quality * place.weight, f"pair after '{label.key}'"))
            elif pair and own_end:
                run, value = pair[0]
                found.append(_candidate(layout, run, value, 0.9 * label.quality * place.weight, f"after '{label.key}'"))
    return found


def pairs(layout: Layout, role: str) -> list[Candidate]:
    """Dates that stand two and two on a line without a label, weakly."""
    found: list[Candidate] = []
    for run in layout.runs:
        dates = [v for v in layout.values(run) if v.kind is ValueKind.DATE]
        if len(dates) == 2 and len(run.text) <= 60:
            between = run.text[dates[0].end : dates[1].start].strip().casefold()
            if between in {"-", "–", "—", "to", "until", "bis", "au", "al", "a", "/", "thru", "through", "hingga"}:
                found.append(_candidate(layout, run, dates[0 if role == "start" else 1], 0.34, "pair"))
    return found


def _dates_from(layout: Layout, place: Place) -> Sequence[tuple[Run, Value]]:
    """The dates of a place and, when it holds only one, of what follows on its level."""
    here = [(place.run, v) for v in layout.values(place.run) if v.kind is ValueKind.DATE and v.start >= place.start]
    if len(here) != 1:
        return here
    for run in layout.right_of(place.run)[:2]:
        gap = run.x0 - place.run.x1
        dates = [(run, v) for v in layout.values(run) if v.kind is ValueKind.DATE]
        joins = run.text.strip().startswith(("-", "–", "to ")) or place.run.text.rstrip().endswith(("-", "–", " to"))
        if dates and (joins or gap < 2 * layout.unit):
            return [*here, *dates]
    return here


def _is_other(layout: Layout, run: Run, value: Value, lexicon: Lexicon) -> bool:
    before = run.text[: value.start]
    left = layout.left_of(run)
    if not before.strip() and left:
        before = left[0].text
    key = fold(before)
    return any(key.endswith(label) for name in _OTHER for label in lexicon.concepts[name].labels if len(label) >= 3)


def _candidate(layout: Layout, run: Run, value: Value, score: float, why: str) -> Candidate:
    cut = value_cut(run, value, 1.0)
    return Candidate(
        text=cut.text,
        words=cut.words,
        normal=cut.normal,
        normals=cut.normals,
        score=score * (0.5 + 0.5 * cut.confidence),
        why=why,
        page=layout.page,
    )
