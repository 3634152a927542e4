"""The arithmetic of a bill: what was paid less the change is the total; so is the sum of its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from mmrag.agent.reading.candidates import Candidate, by_labels
from mmrag.agent.reading.fit import value_cut
from mmrag.agent.reading.labels import LabelIndex
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.lexicon import Lexicon
from mmrag.agent.reading.near import Place, Relation, own_label
from mmrag.domain.plans import AnswerType
from mmrag.domain.values import ValueKind

_PARTS = ("cash", "change", "subtotal", "tax", "rounding", "service_charge", "discount")
_RIVALS = ("cash", "change", "subtotal", "tax", "discount", "rounding", "quantity")
_SURE = 0.4
_LABELLED = 0.6
_AGREED = 0.7
_NEARLY = 0.7
_ADDED_UP = 0.4
"""What doubt is left of an amount that the items over it add up to."""
_BEFORE_TAX = 0.6
"""What a labelled amount keeps that another labelled one exceeds by just the tax: a net amount is no total."""
_MOST_ITEMS = 40
_COIN = Decimal("0.05")


def weigh_totals(layout: Layout, index: LabelIndex, lexicon: Lexicon, found: Sequence[Candidate]) -> list[Candidate]:
    """Raise the candidates for a total that the page's other amounts agree with; lower those that are another field."""
    parts = {name: _read(layout, index, lexicon, name) for name in _PARTS}
    labelled = [d for c in found if c.score >= _LABELLED and (d := _decimal(c.normal)) is not None]
    taken = _taken(layout, index, lexicon)
    rounding = any(label.quality >= 0.5 for label in index.of_concept(lexicon.concepts["rounding"]))
    counts = Counter(v.normal for run in layout.runs for v in layout.values(run) if v.kind is ValueKind.AMOUNT)
    pool = [(c, d) for c in (*found, *_unlabelled(layout, lexicon)) if (d := _decimal(c.normal)) is not None]
    printed = _by_row(layout)
    supports = {amount: _support(amount, parts, labelled, printed) for _, amount in pool}
    before_tax = {amount for amount in labelled for tax in parts["tax"] if tax and amount + tax in labelled}
    agreed = max(supports.values(), default=0.0)
    largest = max((amount for _, amount in pool), default=Decimal(0))
    weighed: list[Candidate] = []
    for candidate, amount in pool:
        score, support = candidate.score, supports[amount]
        if max((strength for words, strength in taken if words == _indexes(candidate)), default=0.0) > score:
            score *= 0.5
        if agreed >= _AGREED and support < 0.1:
            score *= 0.7
        if amount in before_tax:
            score *= _BEFORE_TAX
        if amount:
            support = 1.0 - (1.0 - support) * (0.92 if counts[candidate.normal] > 1 else 1.0) * (
                0.94 if amount == largest else 1.0
            )
        else:
            score *= 0.3
        if rounding and any(_rounds(candidate, amount, other, d) for other, d in pool):
            score, support = 0.8 * score, 0.5 * support
        weighed.append(replace(candidate, score=score + (1.0 - score) * support * (0.55 + 0.45 * score)))
    return _last_of_equals(weighed)


def _last_of_equals(weighed: Sequence[Candidate]) -> list[Candidate]:
    """Of several labelled totals that print the same amount, the lowest stands after rounding: it is the one to point at."""
    best = {c.normal: c for c in sorted(weighed, key=lambda c: c.score)}
    lowest: dict[str, Candidate] = {}
    for candidate in weighed:
        top = best[candidate.normal]
        named = candidate.label.startswith("total") or candidate.label.endswith("total") or candidate.label == top.label
        if named and candidate.why.startswith(("right", "inline")) and candidate.score >= _NEARLY * top.score:
            known = lowest.get(candidate.normal)
            if known is None or _top(candidate) > _top(known):
                lowest[candidate.normal] = candidate
    return [replace(c, score=best[c.normal].score + 1e-6) if lowest.get(c.normal) is c else c for c in weighed]


def _top(candidate: Candidate) -> float:
    return min(w.bbox.y0 for w in candidate.words)


def _rounds(candidate: Candidate, amount: Decimal, other: Candidate, rounded: Decimal) -> bool:
    """True when ``other`` is a labelled total further down that is ``amount`` rounded to what can be paid in coins."""
    if other.score < _LABELLED or not Decimal(0) < abs(amount - rounded) <= _COIN:
        return False
    return _top(other) > max(w.bbox.y1 for w in candidate.words)


def _read(layout: Layout, index: LabelIndex, lexicon: Lexicon, name: str) -> tuple[Decimal, ...]:
    concept = lexicon.concepts[name]
    labels = [label for label in index.of_concept(concept) if label.quality >= 0.5]
    read = sorted(by_labels(layout, labels, AnswerType.AMOUNT, lexicon, concept=concept), key=lambda c: -c.score)
    amounts = [_decimal(c.normal) for c in read if c.score >= _SURE and c.why.startswith(("inline", "right"))]
    return tuple(dict.fromkeys(a for a in amounts if a is not None))[:4]


def _taken(layout: Layout, index: LabelIndex, lexicon: Lexicon) -> list[tuple[frozenset[int], float]]:
    """Words that are the value of another field (cash, change, tax...), with how surely."""
    taken: list[tuple[frozenset[int], float]] = []
    for name in _RIVALS:
        concept = lexicon.concepts[name]
        for candidate in by_labels(layout, index.of_concept(concept), AnswerType.AMOUNT, lexicon, concept=concept):
            if candidate.why.startswith(("inline", "right")):
                taken += [(_indexes(candidate), candidate.score)]
    return taken


def _indexes(candidate: Candidate) -> frozenset[int]:
    return frozenset(w.index for w in candidate.words)


def _by_row(layout: Layout) -> list[Decimal]:
    """The last amount of each row that has one, from top to bottom."""
    last: list[Decimal] = []
    for row in layout.rows:
        amounts = [v for run in row for v in layout.values(run) if v.kind is ValueKind.AMOUNT]
        number = _decimal(amounts[-1].normal) if amounts else None
        if number is not None:
            last.append(number)
    return last


def _adds_up(amount: Decimal, printed: Sequence[Decimal], labelled: Sequence[Decimal]) -> bool:
    """True where amounts of rows one over the other add up to ``amount``, which is printed under them.

    A larger amount between them is none of its parts: whoever adds another total to the page cannot make it the sum. Nor is
    what a label calls a total, nor one amount alone: an item and its subtotal add up to the note that was paid with.
    """
    for at, total in enumerate(printed):
        if total != amount:
            continue
        left, items = amount, list[Decimal]()
        for part in reversed(printed[:at]):
            if part > amount or part in labelled:
                continue
            left, items = left - part, [*items, part]
            if left <= 0 or len(items) >= _MOST_ITEMS:
                break
        if left == 0 and len(set(items)) > 1:
            return True
    return False


def _support(
    amount: Decimal, parts: dict[str, tuple[Decimal, ...]], labelled: Sequence[Decimal], printed: Sequence[Decimal]
) -> float:
    """How far the other amounts of the page speak for ``amount`` as the total, in [0, 1]. ``labelled`` are the amounts that
    a label already names as a total, ``printed`` the amounts of the rows.
    """
    if not amount:
        return 0.0
    doubts = 1.0
    cash, change = parts["cash"], parts["change"]
    if any(c - g == amount and c >= amount for c in cash for g in change):
        doubts *= 0.25
    elif amount in cash and not change:
        doubts *= 0.7
    if amount in _sums(parts):
        doubts *= 0.55
    if _adds_up(amount, printed, labelled):
        doubts *= _ADDED_UP
    if any(amount == t + r or amount == t - r for t in labelled for r in parts["rounding"] if r):
        doubts *= 0.5
    return 1.0 - doubts


def _sums(parts: dict[str, tuple[Decimal, ...]]) -> set[Decimal]:
    """What the parts of the bill can add up to: subtotal, tax, service charge, less discount, rounded."""
    zero = (Decimal(0),)
    return {
        sub + tax + extra + off
        for sub in parts["subtotal"]
        for tax in (*parts["tax"], *zero)
        for extra in (*parts["service_charge"], *zero)
        for off in (*parts["rounding"], *(-r for r in parts["rounding"]), *(-d for d in parts["discount"]), *zero)
        if tax or extra or off
    }


def _unlabelled(layout: Layout, lexicon: Lexicon) -> list[Candidate]:
    """Every amount of the page, weakly: a total whose label was not read can still be found by the arithmetic."""
    found: list[Candidate] = []
    for run in layout.runs:
        for value in layout.values(run):
            if value.kind is not ValueKind.AMOUNT:
                continue
            cut = value_cut(run, value, 1.0)
            own = own_label(layout, Place(run=run, start=0, relation=Relation.RIGHT, weight=1.0), lexicon)
            score = 0.1 if own in lexicon.label_keys else 0.14
            found.append(
                Candidate(
                    text=cut.text,
                    words=cut.words,
                    normal=cut.normal,
                    normals=cut.normals,
                    score=score,
                    why="amount",
                    page=layout.page,
                )
            )
    return found


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
