"""Candidates for the field asked for, over all pages: each field by the readers that know it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from mmrag.agent.reading.amounts import weigh_totals
from mmrag.agent.reading.boxed import in_boxes
from mmrag.agent.reading.boxes import number_asked
from mmrag.agent.reading.candidates import Candidate, by_labels
from mmrag.agent.reading.charts import changes, charts_of, in_charts, ranks
from mmrag.agent.reading.columns import in_columns
from mmrag.agent.reading.counted import in_sentences
from mmrag.agent.reading.dates import document_dates, document_times, pairs, period_ends
from mmrag.agent.reading.fit import value_cut
from mmrag.agent.reading.gridded import Gridded, in_grids
from mmrag.agent.reading.labels import Label, LabelIndex
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.ledger import dated_otherwise, rated_otherwise
from mmrag.agent.reading.letterhead import addresses, issuers, under_name
from mmrag.agent.reading.lexicon import Concept, Lexicon
from mmrag.agent.reading.lookup import UNITS, asked_words, by_alignment, word_weights
from mmrag.agent.reading.operations import asking_of
from mmrag.agent.reading.options import in_options
from mmrag.agent.reading.payments import HOW_PAID, in_payments
from mmrag.agent.reading.prose import lines
from mmrag.agent.reading.put_on import put_on
from mmrag.agent.reading.roles import in_roles
from mmrag.agent.reading.shapes import shaped
from mmrag.agent.reading.tabled import given as given_names
from mmrag.agent.reading.tabled import in_tables
from mmrag.agent.reading.tables import wanted_of
from mmrag.agent.reading.target import Asked
from mmrag.agent.reading.text import fold, holds, stem, words
from mmrag.agent.reading.yesno import marks
from mmrag.domain.plans import AnswerType, ConstraintKind, Plan
from mmrag.domain.values import ValueKind
from mmrag.values import find_values

_ANYWHERE = {AnswerType.PHONE: (ValueKind.PHONE, 0.34), AnswerType.EMAIL: (ValueKind.EMAIL, 0.6)}
_NUMERIC = (AnswerType.AMOUNT, AnswerType.NUMBER, AnswerType.PERCENT)
_VALUED = (*_NUMERIC, AnswerType.FREE, AnswerType.IDENTIFIER)
_DATED = (AnswerType.DATE, AnswerType.TIME)
_HOW_MANY = re.compile(r"\bhow many\s+(?:[\w-]+\s+){0,2}?(?P<what>[\w-]{3,}s)\b", re.IGNORECASE)
_CALLED = re.compile(r"\b(?:number|no\.|e-?mail)", re.IGNORECASE)
"""'phone number' stands on no chart, the share of cell phone owners does."""
_TITLE_ROWS = 12
_ELSEWHERE = 0.5
"""What is left of an address at the head of a page where another stands right under the name that was asked for."""
_IN_ROW = 0.5
"""What is left of a value beside the name of a table's row where the table itself answers with the column asked for."""
_WHEN = re.compile(r"^\W*when\b", re.IGNORECASE)
_WORD = 5
"""Letters of a word that says something by itself when others stand before it."""


_Pages = Sequence[tuple[float, LabelIndex]]


def by_fields(asked: Asked, plan: Plan, pages: _Pages, lexicon: Lexicon) -> tuple[list[Candidate], _Pages]:
    """All candidates on ``pages``, each page with its weight; and the pages on which others may be found: on the rest
    a table answers, or nothing does."""
    given = asked_words([c.text for c in plan.constraints if c.kind is ConstraintKind.NAME])
    telling = asked_words((*asked.qualifiers, plan.target))
    weights = cache(lambda: word_weights([index.layout for _, index in pages], telling, given))
    found: list[Candidate] = []
    left: list[tuple[float, LabelIndex]] = []
    counted = _HOW_MANY.search(plan.asked)
    no_chart = asked.type in _ANYWHERE and _CALLED.search(plan.asked) is not None
    box = number_asked(plan.asked)
    dates = frozenset(n for c in plan.constraints if c.kind is ConstraintKind.DATE for n in c.normals)
    rates = _rates(asked, plan)
    if HOW_PAID.search(plan.asked) is not None:
        return [c.scaled(weight) for weight, index in pages for c in in_payments(index.layout)], ()
    for weight, index in pages:
        if box is not None and index.boxes:
            found += [c.scaled(weight) for c in in_boxes(box, index.layout, index.boxes)]
            continue
        here = [] if no_chart else in_charts(asked, plan, index.layout)
        if ranks(plan.asked) and charts_of(index.layout):
            left.append((weight, index))
            found += [c.scaled(weight) for c in here]  # the chart tells which is the largest, or nothing here does
            continue
        gridded = _in_grids(asked, plan, index)
        if gridded.owns:
            found += [c.scaled(weight) for c in gridded.candidates]
            continue
        left.append((weight, index))
        tabled = None if here else in_tables(asked, plan, index.table)
        here += gridded.candidates
        here += [tabled] if tabled is not None else []
        if asked.type is AnswerType.NUMBER:
            here += in_sentences(plan.asked, wanted_of(plan.asked, plan.target, given_names(plan)), index.table)
        here += in_options(asked, plan, index.layout)
        here += put_on(asked, plan, index.layout)
        if asked.type is AnswerType.NAME and not asked.concepts:
            here += in_roles(plan.target, index.layout)
        named = _named(asked, plan, index, lexicon)
        if gridded.candidates:
            cells = {w for grid in index.grids for row in grid.body for cell in row.cells.values() for w in cell.words}
            named = [c.scaled(_IN_ROW) if cells.issuperset(w.index for w in c.words) else c for c in named]
        here += named
        if max((c.score for c in here), default=0.0) < 0.5:
            here += _unnamed(asked, index.layout, weights)
        if index.box_numbers and asked.type in _VALUED:
            here = [c for c in here if not c.words or not index.box_numbers.issuperset(w.index for w in c.words)]
        if counted is not None:
            here = [c for c in here if not _is_ordinal(c, index.layout, stem(fold(counted["what"])))]
        if rates:
            here = [c.scaled(rated_otherwise(index.layout, c, rates)) for c in here]
        if dates and asked.type in _NUMERIC:
            here = [c.scaled(dated_otherwise(index.layout, c, dates)) for c in here]
        found += [c.scaled(weight) for c in in_columns(index.layout, here, asked.qualifiers)]
    return found, left


def _rates(asked: Asked, plan: Plan) -> frozenset[str]:
    """The rates of the tax that is asked for: 'the VAT at 7 %'."""
    if asked.type is not AnswerType.AMOUNT or not any(concept.id == "tax" for concept, _ in asked.concepts):
        return frozenset()
    return frozenset(n for v in find_values(plan.asked) if v.kind is ValueKind.PERCENT for n in v.normals)


def _in_grids(asked: Asked, plan: Plan, index: LabelIndex) -> Gridded:
    """What the recognised tables answer; nothing to a question for what has to be worked out, or for a yes or no."""
    if asking_of(plan.asked) is not None or changes(plan.asked):
        return Gridded()
    wanted = wanted_of(plan.asked, plan.target, given_names(plan))
    return in_grids(plan.asked, asked.type, wanted, index.grids, index.table)


def by_meaning(asked: Asked, pages: _Pages, near: Mapping[int, Sequence[Label]], lexicon: Lexicon) -> list[Candidate]:
    """Candidates beside labels that were found by meaning; ``near`` holds them by the position of their page."""
    found: list[Candidate] = []
    for number, (weight, index) in enumerate(pages):
        labels = [label for label in near.get(number, ()) if not _is_another(label, asked, lexicon)]
        if asked.type is AnswerType.YES_NO:
            found += [c.scaled(weight) for c in marks(index.layout, labels, lexicon)]
        else:
            found += [c.scaled(weight) for c in by_labels(index.layout, labels, asked.type, lexicon)]
    return found


def _is_another(label: Label, asked: Asked, lexicon: Lexicon) -> bool:
    """True for a label that the lexicon knows as another field's: 'Date' is near 'due date' in meaning, and wrong."""
    said = frozenset(words(label.run.text[label.start : label.end]))
    if any(said & concept.avoid for concept, _ in asked.concepts) or _are_compounds(said, asked.qualifiers):
        return True
    return label.key in lexicon.label_keys and not any(label.key in concept.labels for concept, _ in asked.concepts)


def _is_begun(label: Label, asked: Asked) -> bool:
    """True for a name of what is asked that is the beginning of another: 'Room' of 'Room charge'."""
    after = label.run.text[label.end : label.end + 2]
    return label.key in asked.head and after[:1] == " " and after[1:].islower()


def _are_compounds(printed: frozenset[str], asked: Sequence[str]) -> bool:
    """True where one says a word that the other only ends in: a reinsurer is no insurer, a subtenant no tenant."""
    return any(min(len(a), len(b)) >= _WORD and a != b and (a.endswith(b) or b.endswith(a)) for a in printed for b in asked)


def _named(asked: Asked, plan: Plan, index: LabelIndex, lexicon: Lexicon) -> list[Candidate]:
    """Candidates by the fields of the lexicon, and by the question's own words used as a label."""
    found: list[Candidate] = []
    for concept, weight in asked.concepts:
        if asked.type is AnswerType.TIME and concept.type is AnswerType.DATE:
            continue
        likely = _likely(concept, asked, index.layout)
        found += [c.scaled(weight * likely) for c in _by_concept(concept, asked, plan, index, lexicon)]
    if asked.unit in UNITS or (asked.concept is not None and asked.concept.role is not None and found):
        return found  # what stands beside 'period' is its start as well as its end: the field tells them apart
    if (asked.phrases and (not asked.concepts or asked.qualifiers)) or asked.called:
        names = {**asked.phrases, **asked.called}
        if asked.head and all(index.table.prints(s) for s in asked.beside):
            names |= {name: max(weight, names.get(name, 0.0)) for name, weight in asked.head.items()}
        labels = [label for label in index.find(names) if label.quality >= 0.4 and not _is_begun(label, asked)][:12]
        labels += shaped(plan.asked, plan.target, index.layout)
        found += (
            marks(index.layout, labels, lexicon)
            if asked.type is AnswerType.YES_NO
            else by_labels(index.layout, labels, asked.type, lexicon)
        )
        if asked.type is AnswerType.DATE and _WHEN.match(plan.asked):
            found += by_labels(index.layout, labels, AnswerType.TIME, lexicon)  # 'When is boarding?': at 14:15
    return found


def _by_concept(concept: Concept, asked: Asked, plan: Plan, index: LabelIndex, lexicon: Lexicon) -> list[Candidate]:
    layout = index.layout
    labels = index.of_concept(concept)
    kind = concept.type if asked.type is not AnswerType.YES_NO else asked.type
    if kind is AnswerType.YES_NO:
        return marks(layout, labels, lexicon)
    if concept.role is not None:
        return [*period_ends(layout, labels, concept, lexicon), *pairs(layout, concept.role)]
    found = by_labels(layout, labels, kind, lexicon, concept=concept)
    if concept.id == "total":
        return weigh_totals(layout, index, lexicon, found)
    if concept.id == "date":
        return [*found, *document_dates(layout, lexicon)]
    if concept.id == "time":
        return [*found, *document_times(layout)]
    if concept.id == "issuer":
        return [*found, *issuers(layout, lexicon)]
    if concept.id == "address":
        name = next((fold(c.text) for c in plan.constraints if c.kind is ConstraintKind.NAME), None)
        under = under_name(layout, lexicon, name) if name else []
        heads = addresses(layout, lexicon, after=name)
        under = [u for u in under if not any(head.normal.startswith(u.normal) for head in heads)]
        return [*(c.scaled(0.8) for c in found), *under, *(c.scaled(_ELSEWHERE if under else 1.0) for c in heads)]
    return found


def _likely(concept: Concept, asked: Asked, layout: Layout) -> float:
    """When several fields are asked for in one breath ('contract or invoice number'), the page's own title decides."""
    if len(asked.concepts) < 2 or not concept.title:
        return 1.0
    titles = {fold(run.text) for row in layout.rows[:_TITLE_ROWS] for run in row}
    return 1.1 if titles.intersection(concept.title) else 0.9


def _unnamed(asked: Asked, layout: Layout, weights: Callable[[], Mapping[str, float]]) -> list[Candidate]:
    """Candidates without a label: by alignment with the asked words, by type alone, or the line that says most.

    ``weights`` counts words on all pages, and is called only where they matter.
    """
    if (
        asked.unit is not None
        and not (asked.concepts and asked.unit not in UNITS)
        and (named := by_alignment(layout, weights(), asked.type, unit=asked.unit))
    ):
        return named
    if asked.type in _NUMERIC or asked.type in _DATED:
        if asked.concept is not None and not asked.qualifiers:
            return []
        return by_alignment(layout, weights(), asked.type)
    if asked.type in _ANYWHERE and (asked.concept is None or asked.concept.id == asked.type.value):
        return _anywhere(layout, *_ANYWHERE[asked.type])
    if asked.type in (AnswerType.FREE, AnswerType.NAME, AnswerType.LIST) and not asked.concepts:
        return lines(layout, weights(), names=asked.type is AnswerType.NAME)
    return []


def _is_ordinal(candidate: Candidate, layout: Layout, counted: str) -> bool:
    """True for the number of one of several: the 1 of 'Chapter 1' counts no chapters, the 24 of 'Tweets 24' does."""
    if not candidate.words or not candidate.text.isdigit():
        return False
    first = candidate.words[0]
    before = next((w.text for w in layout.page.words if w.line == first.line and w.index == first.index - 1), "")
    return before.isalpha() and not before.endswith("s") and stem(fold(before)) == counted


def _anywhere(layout: Layout, kind: ValueKind, score: float) -> list[Candidate]:
    found: list[Candidate] = []
    for run in layout.runs:
        for value in layout.values(run):
            if value.kind is kind and not (kind is ValueKind.PHONE and holds(run.text, "fax")):
                cut = value_cut(run, value, 1.0)
                found.append(
                    Candidate(
                        text=cut.text,
                        words=cut.words,
                        normal=cut.normal,
                        normals=cut.normals,
                        score=score * cut.confidence,
                        why="type",
                        page=layout.page,
                    )
                )
    return found
