"""Summaries made of what is printed: the titles and most central sentences of a page, and of a document from its pages.

Extracts, without a model: each sentence is kept with its words and its box, so a summary leads to evidence; it is none
itself. Centrality is the cosine between a sentence and the centroid of all (Radev et al. 2004), over words weighted by how
rare they are.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Final

from mmrag.domain.documents import WHOLE_DOCUMENT, Cell, Element, ElementKind, Page, Word, element_id
from mmrag.domain.geometry import BBox

AUTHOR: Final = "extract-1"
"""Raised when summaries are made differently."""
_SENTENCES: Final = 3
_OF_DOCUMENT: Final = 5
_TITLES: Final = 2
_SHORTEST, _LONGEST = 5, 60
"""Words of a sentence that may speak for its page."""
_LEAD: Final = 3
"""Lines that stand for a page without sentences: a receipt, a form."""
_ALIKE: Final = 0.6
"""Share of words in common from which two sentences say the same."""
_FIRST: Final = 1.25
"""What standing first counts: reports say at their beginning what they are about."""
_HELD: Final = 1000
"""Sentences of one document that its summary is chosen from, at most."""
_ENDS: Final = re.compile(r"[.!?][\"”’')\]]*$")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_PROSE: Final = frozenset({ElementKind.TEXT, ElementKind.LIST})


def with_summary(page: Page) -> Page:
    """``page`` with a summary of its own behind its elements, in place of older ones; without one when it has no words."""
    kept = tuple(e for e in page.elements if e.kind is not ElementKind.SUMMARY)
    cells = _cells(_chosen(page, kept), page.number)
    if not cells:
        return replace(page, elements=kept)
    ordinal = max((e.ordinal for e in kept), default=-1) + 1
    return replace(page, elements=(*kept, _element(page.document_id, page.number, ordinal, cells)))


def document_summary(document_id: str, ordinal: int, sentences: Sequence[Cell]) -> Element | None:
    """The summary of a document of several pages, to stand with its first page; None when there is nothing to choose from.

    ``sentences`` are those that its pages were summarised by, in order. What several pages say alike is a running title.
    """
    said = Counter(_bare(cell.text) for cell in sentences)
    sentences = [cell for cell in sentences if said[_bare(cell.text)] == 1]
    if not sentences:
        return None
    ranked = _ranked([cell.text for cell in sentences], _OF_DOCUMENT)
    chosen = [sentences[n] for n in sorted({0, *ranked})[: _OF_DOCUMENT + 1]]
    cells = tuple(replace(cell, row=n) for n, cell in enumerate(chosen))
    first = _element(document_id, 1, ordinal, cells)
    id_ = element_id(document_id, 1, ordinal, ElementKind.SUMMARY, f"{WHOLE_DOCUMENT} {first.text}")
    return replace(first, id=id_, bbox=BBox(0.0, 0.0, 1.0, 1.0), label=WHOLE_DOCUMENT)


def summary_on(page: Page, *, of_document: bool = False) -> Element | None:
    """The summary that stands on a page: its own, or that of the whole document."""
    own = (e for e in page.elements if e.kind is ElementKind.SUMMARY and e.is_of_document is of_document)
    return next(own, None)


def retold(summary: Element, text: str, author: str) -> Element:
    """``summary`` in other words, in its place: what it quotes stays, for that alone is shown to anybody."""
    said = f"{WHOLE_DOCUMENT} {text}" if summary.is_of_document else text
    id_ = element_id(summary.document_id, summary.page, summary.ordinal, ElementKind.SUMMARY, said)
    return replace(summary, id=id_, text=text, author=author)


def quoted(summary: Element, author: str = AUTHOR) -> Element:
    """``summary`` in the words that it quotes."""
    return retold(summary, "\n".join(cell.text for cell in summary.cells), author)


def sentences_of(page: Page) -> tuple[Cell, ...]:
    """The sentences that a page's own summary quotes."""
    return tuple(c for e in page.elements if e.kind is ElementKind.SUMMARY and not e.is_of_document for c in e.cells)


def held(sentences: Sequence[Cell], more: Iterable[Cell]) -> list[Cell]:
    """As many sentences of a document as are kept until it is summarised: its first pages say the most of it."""
    return [*sentences, *more][:_HELD]


def _element(document_id: str, number: int, ordinal: int, cells: tuple[Cell, ...]) -> Element:
    text = "\n".join(cell.text for cell in cells)
    return Element(
        id=element_id(document_id, number, ordinal, ElementKind.SUMMARY, text),
        document_id=document_id,
        page=number,
        ordinal=ordinal,
        kind=ElementKind.SUMMARY,
        bbox=BBox.around(cell.bbox for cell in cells),
        text=text,
        cells=cells,
        author=AUTHOR,
    )


def _cells(runs: Sequence[Sequence[Word]], number: int) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            row=n,
            column=number,
            text=" ".join(w.text for w in run),
            bbox=BBox.around(w.bbox for w in run),
            words=tuple(w.index for w in run),
        )
        for n, run in enumerate(runs)
    )


def _chosen(page: Page, elements: Sequence[Element]) -> list[list[Word]]:
    """Titles first, by size, then sentences in reading order; the first lines where there are none of either."""
    words = {w.index: w for w in page.words}
    titles = [[words[i] for i in e.words if i in words] for e in elements if e.kind is ElementKind.TITLE]
    titles = sorted((t for t in titles if _speaks(t)), key=lambda t: -fmean(w.bbox.height for w in t))[:_TITLES]
    sentences = [s for e in elements if e.kind in _PROSE for s in _sentences([words[i] for i in e.words if i in words])]
    ranked = _ranked([" ".join(w.text for w in s) for s in sentences], _SENTENCES)
    chosen = titles + [sentences[n] for n in sorted(ranked)]
    if chosen:
        return chosen
    lines: dict[int, list[Word]] = {}
    for word in page.words:
        lines.setdefault(word.line, []).append(word)
    return [line for line in lines.values() if not _is_label(line)][:_LEAD]


def _speaks(title: Sequence[Word]) -> bool:
    """False for a label ("FOR INQUIRIES:") and for what has no word in it."""
    return bool(title) and not _is_label(title) and any(_WORD.search(w.text) for w in title)


def _is_label(line: Sequence[Word]) -> bool:
    return line[-1].text.endswith(":")


def _bare(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    """Whole ones: what begins in the middle, or has no end, was broken off by a column or a page."""
    found: list[list[Word]] = []
    run: list[Word] = []
    for word in words:
        run.append(word)
        if _ENDS.search(word.text) and len(word.text) > 2:
            found.append(run)
            run = []
    return [s for s in found if _SHORTEST <= len(s) <= _LONGEST and not s[0].text[:1].islower()]


def _ranked(texts: Sequence[str], count: int) -> list[int]:
    """Indexes of the ``count`` most central texts that do not repeat one another, best first."""
    bags = [Counter(w.casefold() for w in _WORD.findall(text)) for text in texts]
    seen = Counter(word for bag in bags for word in bag)
    rare = {word: math.log(1 + len(bags) / n) for word, n in seen.items()}
    vectors = [{word: n * rare[word] for word, n in bag.items()} for bag in bags]
    centroid: defaultdict[str, float] = defaultdict(float)
    for vector in vectors:
        length = math.hypot(*vector.values()) or 1.0
        for word, weight in vector.items():
            centroid[word] += weight / length
    scores = [
        (_FIRST if n == 0 else 1.0)
        * sum(weight * centroid[word] for word, weight in vector.items())
        / (math.hypot(*vector.values()) or 1.0)
        for n, vector in enumerate(vectors)
    ]
    chosen: list[int] = []
    for n in sorted(range(len(texts)), key=lambda n: (-scores[n], n)):
        fresh = all(len(bags[n].keys() & bags[m].keys()) < _ALIKE * max(1, min(len(bags[n]), len(bags[m]))) for m in chosen)
        if fresh and bags[n]:
            chosen.append(n)
        if len(chosen) == count:
            break
    return chosen
