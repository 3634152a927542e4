"""Typed values of a page, each with the words it is printed in."""

from __future__ import annotations

from bisect import bisect_right

from mmrag.domain.documents import Element, ElementKind, Page, Word
from mmrag.domain.values import FoundValue
from mmrag.values import find_values


def values_of(page: Page) -> tuple[FoundValue, ...]:
    """Find values line by line; each is put down to the smallest element that holds all its words."""
    lines: dict[int, list[Word]] = {}
    for word in page.words:
        lines.setdefault(word.line, []).append(word)
    homes = _homes(page)
    found: list[FoundValue] = []
    for words in lines.values():
        starts: list[int] = []
        length = 0
        for word in words:
            starts.append(length)
            length += len(word.text) + 1
        for value in find_values(" ".join(w.text for w in words)):
            first = bisect_right(starts, value.start) - 1
            last = bisect_right(starts, max(value.start, value.end - 1)) - 1
            indexes = tuple(w.index for w in words[first : last + 1])
            home = _smallest(homes, indexes)
            if home is not None:
                found.append(
                    FoundValue(
                        document_id=page.document_id,
                        page=page.number,
                        element_id=home.id,
                        kind=value.kind,
                        normals=value.normals,
                        text=value.text,
                        words=indexes,
                    )
                )
    return tuple(found)


def _homes(page: Page) -> dict[int, list[Element]]:
    homes: dict[int, list[Element]] = {}
    for element in page.elements:
        if element.kind is not ElementKind.UNREADABLE and not element.kind.is_part:
            for index in element.words:
                homes.setdefault(index, []).append(element)
    return homes


def _smallest(homes: dict[int, list[Element]], words: tuple[int, ...]) -> Element | None:
    """The element of fewest words, then least area, that holds ``words``; failing that, one that holds the first."""
    around = homes.get(words[0], [])
    whole = [e for e in around if set(words) <= set(e.words)]
    return min(whole or around, key=lambda e: (len(e.words), e.bbox.area, e.ordinal), default=None)
