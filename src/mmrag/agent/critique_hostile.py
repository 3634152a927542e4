"""Text on a page that tells its reader what to do: it stays in the store, but nothing is answered from it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from mmrag.agent.checking import comparable, label_key, same
from mmrag.agent.critique_words import critique_words, instruction_spans, plainly
from mmrag.domain.answers import Draft
from mmrag.domain.documents import Element, Page, Word
from mmrag.domain.plans import Plan, Reading
from mmrag.domain.values import Value
from mmrag.ports import Drafter
from mmrag.values import find_values

_FOLLOWING = 2
"""Printed lines behind an instruction, in the same element, that count as part of it: what is to be said stands there."""
_NEXT = 3
"""Printed lines behind one, in whatever element, that count when they say otherwise than the page does elsewhere."""
_SHORTEST_LABEL = 4


class CautiousDrafter:
    """A drafter in front of another that is not shown what addresses a model. What it cites is on the page as before."""

    def __init__(self, inner: Drafter) -> None:
        self._inner = inner

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        """The inner drafter's answer from the rest of the pages."""
        return await self._inner.draft(plan, [without_hostile(reading) for reading in readings])


def without_hostile(reading: Reading) -> Reading:
    """``reading`` without hostile words, and without elements that have no others; the same object when there are none."""
    hostile = hostile_words(reading.page)
    if not hostile:
        return reading
    page = reading.page
    elements = tuple(_cut(e, hostile, page) for e in page.elements if not e.words or not hostile.issuperset(e.words))
    words = tuple(w for w in page.words if w.index not in hostile)
    return replace(reading, page=replace(page, words=words, elements=elements))


def hostile_words(page: Page) -> frozenset[int]:
    """Indexes of the words that tell their reader what to do, or would load something, with the lines that follow them."""
    return _hostile(_Printed(page=page, text=page.text))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Printed:
    """A page, told from others by what it is and what stands on it: comparing whole pages takes longer than reading them."""

    page: Page
    text: str

    def _key(self) -> tuple[str, int, str]:
        return self.page.document_id, self.page.number, self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Printed) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


@lru_cache(maxsize=512)
def _hostile(printed: _Printed) -> frozenset[int]:
    page = printed.page
    lines = sorted(set(_lines_told(page.words)))
    if not lines:
        return frozenset()
    element_of = {index: e.ordinal for e in page.elements if e.kind.stands_alone for index in e.words}
    by_line: dict[int, list[Word]] = {}
    for word in page.words:
        by_line.setdefault(word.line, []).append(word)
    order = sorted(by_line, key=lambda line: by_line[line][0].index)
    place = {line: n for n, line in enumerate(order)}
    hostile: set[int] = set()
    for line in lines:
        owner = element_of.get(by_line[line][-1].index)
        hostile |= {w.index for w in by_line[line]}
        for following in order[place[line] + 1 : place[line] + 1 + _FOLLOWING]:
            if owner is None or element_of.get(by_line[following][0].index) != owner:
                break
            hostile |= {w.index for w in by_line[following]}
        for following in order[place[line] + 1 : place[line] + 1 + _NEXT]:
            if _says_otherwise(by_line[following], [w for n, w in by_line.items() if n != following], hostile):
                hostile |= {w.index for w in by_line[following]}
    return frozenset(hostile)


def _says_otherwise(words: Sequence[Word], others: Sequence[Sequence[Word]], hostile: Set[int]) -> bool:
    """Whether a line gives a value that another line, which is not hostile, gives otherwise by the same label, or by a
    part of it: below an instruction it is what the instruction is for."""
    label, value = _labelled(words)
    if value is None or len(label) < _SHORTEST_LABEL:
        return False
    for other in others:
        if hostile.isdisjoint(w.index for w in other):
            other_label, other_value = _labelled(other)
            alike = len(other_label) >= _SHORTEST_LABEL and (other_label in label or label in other_label)
            if other_value is not None and alike and comparable(value, other_value) and not same(value, other_value):
                return True
    return False


def _labelled(words: Sequence[Word]) -> tuple[str, Value | None]:
    """The label and the value of a printed line, which may print it more than once."""
    text = " ".join(w.text for w in words)
    values = find_values(text)
    if not values or not all(same(values[-1], value) for value in values):
        return "", None
    return label_key(text[: values[-1].start]), values[-1]


def _lines_told(words: Sequence[Word]) -> Iterator[int]:
    """The printed lines that instructions or markup touch, found over line ends. Look-alike letters are seen through."""
    texts = [plainly(word.text) for word in words]
    starts: list[int] = []
    at = 0
    for text in texts:
        starts.append(at)
        at += len(text) + 1
    whole = " ".join(texts)
    markup = [match.span() for match in critique_words().escapes.finditer(whole)]
    for start, end in (*instruction_spans(whole), *markup):
        first = bisect_right(starts, start) - 1
        last = bisect_right(starts, max(start, end - 1)) - 1
        for n in range(max(0, first), last + 1):
            yield words[n].line


def _cut(element: Element, hostile: frozenset[int], page: Page) -> Element:
    """The element without its hostile words; its cells, label and value go with them where they hold any."""
    if hostile.isdisjoint(element.words):
        return element
    kept = tuple(index for index in element.words if index not in hostile)
    printed = {w.index: w.text for w in page.words}
    return replace(
        element,
        words=kept,
        text=" ".join(printed[index] for index in kept if index in printed),
        label=None,
        value=None,
        cells=tuple(cell for cell in element.cells if hostile.isdisjoint(cell.words)),
    )
