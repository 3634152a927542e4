"""The first tier: an extractive reader that needs no download. ``mmrag.agent.reading`` says how it scores."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import anyio

from mmrag.agent.cascade import NEARLY_ALL
from mmrag.agent.covers import Maker, maker_asked
from mmrag.agent.reading.backwards import by_value
from mmrag.agent.reading.boxed import BOXED
from mmrag.agent.reading.bullets import Item
from mmrag.agent.reading.candidates import CHART, Candidate, Measured
from mmrag.agent.reading.charted import is_over_all, is_unaveraged, over_charts
from mmrag.agent.reading.compared import COMPARES, lists_papers, ranks_papers
from mmrag.agent.reading.counted import COUNTED
from mmrag.agent.reading.covers import makers
from mmrag.agent.reading.fields import by_fields, by_meaning
from mmrag.agent.reading.gaps import Gap, gap_for
from mmrag.agent.reading.genres import genre_shares
from mmrag.agent.reading.gridded import CODED
from mmrag.agent.reading.labels import LabelIndex
from mmrag.agent.reading.laid_out import LaidOutPages
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.lexicon import lexicon
from mmrag.agent.reading.listed import ListAsked, in_contents, in_lists, list_asked
from mmrag.agent.reading.meaning import MeaningIndex
from mmrag.agent.reading.options import OPTION
from mmrag.agent.reading.over import over_of, over_tables
from mmrag.agent.reading.overview import tell_overview
from mmrag.agent.reading.put_on import PUT_ON
from mmrag.agent.reading.scoring import choose, reading_weight
from mmrag.agent.reading.tabled import TABLE, given, worked_out
from mmrag.agent.reading.tables import Table, wanted_of
from mmrag.agent.reading.target import Asked, understand
from mmrag.agent.reading.unknown import all_unknown
from mmrag.agent.reading.working import work_out
from mmrag.domain.answers import Claim, Draft, Span
from mmrag.domain.documents import Page, Word
from mmrag.domain.plans import Plan, Reading
from mmrag.ports import TextEmbedder
from mmrag.retrieval.broad import is_overview
from mmrag.values import find_values

TIER = "reader"
_FLOOR = 0.18
"""A best score under this is no answer: nothing on the pages is labelled or shaped like what is asked."""
_LEXICAL_IS_GOOD = 0.5
_FIELD_IS_THERE = 0.3
"""Labels are looked for by meaning when the best candidate by text scores less; less is needed of a known field."""
_WORDS_KEPT = 60_000
"""Words of pages kept laid out, about 25 MB beside the pages themselves, which the catalog keeps as long."""
_UNMATCHED = 0.4
"""The share of its confidence that an answer keeps when its document fits nothing that the question says of it."""

_MEANT = 0.5
"""Weight of a page from which an empty place on it is the one asked about."""

_UNKNOWN = 0.5
"""The share of its confidence that an answer keeps when its document prints no word of what narrows the question down."""

_UNPRINTED = 0.6
"""The share of its confidence that an open answer loses when its page prints nothing of what is asked."""

_SURE_OF_COVER = 0.5
"""A name that is less surely its author's is looked for as others are."""

_TWO = re.compile(
    r"\b(?:are|were)\s+the\s+[a-z-]+\s+and\s+(?:the\s+)?[a-z-]+\s+(?:dates|times|numbers|amounts|totals)\b", re.I
)
_ELSEWHERE = 0.3
"""The share that an answer by the code of a row keeps where its document does not fit what else the question says of it:
what another firm asks for an article of that number is not what is asked. A speck keeps as much."""

_COMPARED = frozenset((CHART, TABLE))
_NAME_WORDS, _SENTENCE = 6, 0.6
"""What an answer of more words keeps where "which port" asks for one of several things: it is a line about them."""

_Pages = Sequence[tuple[float, LabelIndex]]


class ReaderDrafter:
    """Drafts an answer from the printed words of the pages given. Never guesses: no fitting place, no answer.

    ``embedder`` finds labels by meaning where their text does not match; None does without.
    """

    def __init__(self, embedder: TextEmbedder | None) -> None:
        self._meaning = MeaningIndex(embedder) if embedder is not None else None
        self._pages = LaidOutPages(words=_WORDS_KEPT)

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        """The best answer to ``plan`` on the pages of ``readings``, with the words it stands on."""
        if is_overview(plan.asked):
            told = tell_overview(readings, plan.subjects)
            if told is not None:
                return told
        made = maker_asked(plan.asked) if plan.about_cover else None
        signed = None if made is None else await anyio.to_thread.run_sync(self._made, made, plan, readings)
        if signed is not None:
            return signed
        wanted = list_asked(plan.asked, given(plan))
        listed = None if wanted is None else await anyio.to_thread.run_sync(self._listed, wanted, plan, readings)
        if listed is not None:
            return listed
        if ranks_papers(plan.asked) or lists_papers(plan):
            return Draft(answer=None, spans=(), confidence=0.0, tier=TIER, why="the documents were not compared")
        asked = understand(plan, lexicon())
        pages, found, left = await anyio.to_thread.run_sync(self._read, asked, plan, readings)
        enough = _FIELD_IS_THERE if asked.concepts else _LEXICAL_IS_GOOD
        if self._meaning is not None and left and max((c.score for c in found), default=0.0) < enough:
            near = await self._meaning.labels(plan.target or plan.asked, [index.layout for _, index in left])
            found += by_meaning(asked, left, near, lexicon())
        worked = _over_columns(plan, [r for r in readings if r.page.words], pages) or _worked_out(asked, plan, pages)
        if worked is not None:
            return worked
        choice = choose(found, asked)
        first = choice.candidate if choice is not None else None
        gap = gap_for(asked, [index for weight, index in pages if weight >= _MEANT], first, lexicon())
        if gap is not None:
            return _unread(gap, readings)
        single = choice is not None and choice.candidate.why not in _COMPARED and COMPARES.search(plan.asked) is not None
        single = single or (choice is not None and choice.candidate.why == CHART and is_over_all(plan.asked))
        single = single or (choice is not None and is_unaveraged(plan.asked, choice.candidate.label))
        if choice is None or single or choice.candidate.score < _FLOOR:
            rivals = () if choice is None else ((choice.candidate.text, choice.candidate.score), *choice.rivals)
            return Draft(answer=None, spans=(), confidence=0.0, tier=TIER, rivals=rivals)
        index_of = {id(index.layout.page): index for _, index in pages}
        best = choice.candidate
        layout = index_of[id(best.page)].layout
        spans = tuple(dict.fromkeys(s for part in best.parts for s in _spans(layout, part))) or _spans(layout, best)
        if not spans:
            return Draft(answer=None, spans=(), confidence=0.0, tier=TIER, rivals=((best.text, best.score), *choice.rivals))
        match = max(r.match for r in readings if r.page is best.page or r.page == best.page)
        known = (
            1.0
            if best.why in (BOXED, CHART, CODED, OPTION, PUT_ON)
            or not all_unknown(asked, _of_document(readings, best.page), lexicon())
            else _UNKNOWN
        )
        same = [i.table for _, i in pages if i.layout.page.document_id == best.page.document_id]
        same.sort(key=lambda table: table.layout.page is not best.page)
        known *= _printed_share(asked, plan, same, best) * _whole_share(plan, best)
        known *= _ELSEWHERE if (best.why == CODED and match < NEARLY_ALL) or _is_a_speck(best) else 1.0
        confidence = round(known * choice.confidence * (_UNMATCHED + (1.0 - _UNMATCHED) * match), 4)
        items = tuple(Claim(text=part.text, spans=_spans(layout, part)) for part in best.parts)
        return Draft(answer=best.text, spans=spans, confidence=confidence, tier=TIER, rivals=choice.rivals, items=items)

    def _weighted(self, plan: Plan, readings: Sequence[Reading]) -> _Pages:
        """The pages that have words, each with what it counts."""
        best_match = max((r.match for r in readings), default=1.0)
        seen = [r for r in readings if r.page.words]
        genres = genre_shares(plan, [r.page for r in seen])
        return [(reading_weight(r, best_match) * g, self._pages.of(r.page)) for r, g in zip(seen, genres, strict=True)]

    def _read(self, asked: Asked, plan: Plan, readings: Sequence[Reading]) -> tuple[_Pages, list[Candidate], _Pages]:
        pages = self._weighted(plan, readings)
        return pages, *by_fields(asked, plan, pages, lexicon())

    def _made(self, made: Maker, plan: Plan, readings: Sequence[Reading]) -> Draft | None:
        """Who made the document that is read first, a name a claim; None where its covers do not tell."""
        pages = self._weighted(plan, readings)
        if not pages:
            return None
        first = pages[0][1].layout.page.document_id
        layouts = [index.layout for _, index in pages if index.layout.page.document_id == first]
        found = makers(made, layouts, plan.asked, given(plan))
        if found is None or found.score < _SURE_OF_COVER:
            return None
        return _parted(found.names, found.layout, found.score * max(r.match for r in readings))

    def _listed(self, wanted: ListAsked, plan: Plan, readings: Sequence[Reading]) -> Draft | None:
        """The list that the question asks for, an item a claim, or how many items it has; None where no page has it."""
        lists = [
            (weight * found.score, found.items, layout)
            for weight, layout in ((w, i.layout) for w, i in self._weighted(plan, readings))
            for found in (in_contents(wanted, layout) or in_lists(wanted, layout),)
            if found is not None
        ]
        if not lists:
            return None
        score, items, layout = max(lists, key=lambda found: found[0])
        drafted = _parted(items, layout, score)
        if drafted is None or not wanted.counting:
            return drafted
        count = str(len(items))
        return replace(drafted, answer=count, operands=drafted.items, items=(), expression=count)


def _parted(items: Sequence[Item], layout: Layout, score: float) -> Draft | None:
    """An answer of ``items``, each a claim with its words; None where one of them stands in no element."""
    claims = tuple(Claim(text=item.text, spans=_spans_of(layout, item.words, item.text)) for item in items)
    if not all(claim.spans for claim in claims):
        return None
    answer = "\n".join(claim.text for claim in claims)
    spans = tuple(span for claim in claims for span in claim.spans)
    parts = claims if len(claims) > 1 else ()
    return Draft(answer=answer, spans=spans, confidence=round(min(1.0, score), 4), tier=TIER, items=parts)


def _unread(gap: Gap, readings: Sequence[Reading]) -> Draft:
    """No answer, for its place cannot be read; with that place."""
    name = next(reading.document.name for reading in readings if reading.document.id == gap.page.document_id)
    place = Span(element_id=gap.element.id, words=gap.element.words, quote=gap.element.text)
    return Draft(answer=None, spans=(place,), confidence=0.0, tier=TIER, why=gap.why(name))


def _worked_out(asked: Asked, plan: Plan, pages: _Pages) -> Draft | None:
    """The answer to a question for what has to be worked out of values of one chart or table, with each of them as claim."""
    borne = [
        (w * b.score, b, index) for w, index in pages if (b := by_value(plan.asked, index.layout, lexicon())) is not None
    ]
    if len({row.text for _, row, _ in borne}) > 1:
        return None  # several bear the value: which is meant is not said
    found = borne or [
        (weight * worked.score, worked, index)
        for weight, index in pages
        for worked in (
            work_out(asked, plan, index.layout),
            worked_out(asked, plan, index.table),
            over_charts(asked, plan, index.layout),
        )
        if worked is not None
    ]
    if not found:
        return None
    score, worked, index = max(found, key=lambda f: f[0])
    operands = tuple(Claim(text=o.text, spans=_spans_of(index.layout, o.words, o.text, o.measured)) for o in worked.operands)
    if score < _FLOOR or not all(claim.spans for claim in operands):
        return None
    if worked.named is not None:
        # Said in words of the page, so that it is checked as words; what was compared is shown beside it.
        spans = _spans_of(index.layout, worked.named.words, worked.named.text)
        shown = (*spans, *(span for claim in operands for span in claim.spans))
        return Draft(answer=worked.text, spans=shown, confidence=round(min(1.0, score), 4), tier=TIER) if spans else None
    return Draft(
        answer=worked.text,
        spans=tuple(span for claim in operands for span in claim.spans),
        confidence=round(min(1.0, score), 4),
        tier=TIER,
        operands=operands,
        formula=worked.formula,
        expression=worked.expression,
    )


def _over_columns(plan: Plan, readings: Sequence[Reading], pages: _Pages) -> Draft | None:
    """The answer to a question over a whole column, with every cell that counted as a claim; a draft without an answer where
    a table is about the question and cannot answer it; None where none is."""
    asked = over_of(plan.asked)
    if asked is None:
        return None
    tables = [(reading, index.grids) for reading, (_, index) in zip(readings, pages, strict=True)]
    result = over_tables(asked, wanted_of(plan.asked, plan.target, given(plan)), tables)
    if result is None:
        return None
    if result.text is None or not result.operands:
        return Draft(answer=None, spans=(), confidence=0.0, tier=TIER, why=result.why)
    picked = (*((result.named,) if result.named else ()), *result.operands)
    operands = tuple(
        Claim(text=p.cell.text.strip(), spans=(Span(element_id=p.grid.element.id, words=p.cell.words, quote=p.cell.text),))
        for p in picked
    )
    match = max(r.match for r in readings if r.document.id == result.document)
    return Draft(
        answer=result.text,
        spans=tuple(dict.fromkeys(span for claim in operands for span in claim.spans)),
        confidence=round(result.score * (_UNMATCHED + (1.0 - _UNMATCHED) * match), 4),
        tier=TIER,
        operands=operands,
        expression=result.expression,
    )


def _is_a_speck(best: Candidate) -> bool:
    """True for a single letter where any text would do: OCR reads the marks of charts and boxes as such."""
    return (
        len(best.text.strip()) == 1
        and best.text.strip().isalpha()
        and best.why not in (BOXED, CHART, TABLE, CODED, OPTION, PUT_ON)
    )


def _printed_share(asked: Asked, plan: Plan, pages: Sequence[Table], best: Candidate) -> float:
    """What an answer keeps by how many of the question's telling words stand on its page, the first of ``pages``: a count of
    something else, a share of others, a line about another thing look just like the one asked for. Charts and tables have
    seen to it. A name that a question about one document says, and none of ``pages`` prints, speaks against any answer.
    """
    if best.why in (BOXED, CHART, TABLE, CODED, OPTION, COUNTED, PUT_ON):
        return 1.0
    wanted = wanted_of(plan.asked, plan.target, given(plan))
    if plan.lead and any(all(not page.prints(name) for page in pages) for name in wanted.names):
        return _UNKNOWN
    if not plan.answer_type.is_open or asked.concepts:
        return 1.0
    sentence = asked.unit is not None and len(best.text.split()) > _NAME_WORDS
    return (_SENTENCE if sentence else 1.0) * (1.0 - _UNPRINTED * pages[0].unprinted(wanted, asked.taken))


def _whole_share(plan: Plan, best: Candidate) -> float:
    """What one value keeps where two are asked for: 'What are the order and delivery dates?'"""
    return _UNKNOWN if _TWO.search(plan.asked) and len(find_values(best.text)) == 1 else 1.0


def _of_document(readings: Sequence[Reading], page: Page) -> list[Page]:
    return [reading.page for reading in readings if reading.page.document_id == page.document_id]


def _spans(layout: Layout, best: Candidate) -> tuple[Span, ...]:
    if best.whole:
        return tuple(Span(element_id=e.id, words=e.words, quote=e.text) for e in best.whole)
    return _spans_of(layout, best.words, best.text, best.measured)


def _spans_of(layout: Layout, words: Sequence[Word], text: str, measured: Measured | None = None) -> tuple[Span, ...]:
    """The words by the element they stand in, in reading order. Words that no element holds cannot be cited.

    What was measured is cited as the value of its chart, by the words that name it.
    """
    if measured is not None:
        own = tuple(w.index for w in words)
        return (Span(element_id=measured.element, words=own, quote=text, cell=measured.cell),) if own else ()
    groups: OrderedDict[str, list[Word]] = OrderedDict()
    for word in words:
        element = layout.element_of.get(word.index)
        if element is not None:
            groups.setdefault(element.id, []).append(word)
    single = len(groups) == 1
    return tuple(
        Span(
            element_id=element,
            words=tuple(w.index for w in own),
            quote=text if single else " ".join(w.text for w in own),
        )
        for element, own in groups.items()
    )
