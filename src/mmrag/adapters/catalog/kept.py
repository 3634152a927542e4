"""A catalog that remembers what it has read: pages, elements and documents are decoded once, not at every question.

What is remembered holds for one state of the files. Their sizes and times tell states apart, except where two commits fall
into one tick of the file system's clock; so, as git does with its index, nothing is remembered of files that were changed a
moment ago.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from mmrag.adapters.catalog.latest import Latest
from mmrag.adapters.catalog.snapshots import is_settled
from mmrag.domain.documents import Document, Element, ElementPlace, Page
from mmrag.domain.pictures import PageKind, Picture
from mmrag.ports import Catalog, PageRef, StoreCounts

Stood = TypeVar("Stood", Element, ElementPlace)

_WORDS: Final = 60_000
"""Words of pages kept, about 40 MB."""
_ELEMENTS: Final = 12_000
"""Elements kept, and again as many by their pages: about 15 MB."""


_PLACES: Final = 30_000
"""Places of elements kept, and again as many by their pages: about 12 MB."""


class KeptCatalog:
    """``Catalog`` over another one. ``stamps`` gives times (ns) and sizes of its files, in turn.

    Use it on one event loop.
    """

    def __init__(
        self, inner: Catalog, stamps: Callable[[], tuple[int, ...]], *, now: Callable[[], float] = time.time
    ) -> None:
        self._inner = inner
        self._stamps = stamps
        self._now = now
        self._state: tuple[int, ...] | None = None
        self._pages = Latest[PageRef, Page](_WORDS, lambda page: len(page.words) + 1)
        self._elements = Latest[str, Element](_ELEMENTS, lambda _: 1)
        self._of_pages = Latest[PageRef, tuple[Element, ...]](_ELEMENTS, lambda elements: len(elements) + 1)
        self._places = Latest[str, ElementPlace](_PLACES, lambda _: 1)
        self._places_of = Latest[PageRef, tuple[ElementPlace, ...]](_PLACES, lambda places: len(places) + 1)
        self._documents = Latest[str, Document](_ELEMENTS, lambda _: 1)

    async def page(self, ref: PageRef) -> Page | None:
        before = self._current()
        kept = self._pages.get(ref)
        if kept is not None:
            return kept
        page = await self._inner.page(ref)
        if page is not None and self._holds(before):
            self._pages.put(ref, page)
            self._of_pages.put(ref, page.elements)
        return page

    async def document(self, document_id: str) -> Document | None:
        before = self._current()
        kept = self._documents.get(document_id)
        if kept is not None:
            return kept
        document = await self._inner.document(document_id)
        if document is not None and self._holds(before):
            self._documents.put(document_id, document)
        return document

    async def elements(self, ids: Sequence[str]) -> tuple[Element, ...]:
        return await self._by_id(ids, self._elements, lambda missing: self._inner.elements(missing))

    async def elements_of(self, pages: Sequence[PageRef]) -> tuple[Element, ...]:
        return await self._by_page(pages, self._of_pages, lambda missing: self._inner.elements_of(missing))

    async def places(self, ids: Sequence[str]) -> tuple[ElementPlace, ...]:
        return await self._by_id(ids, self._places, lambda missing: self._inner.places(missing))

    async def places_of(self, pages: Sequence[PageRef]) -> tuple[ElementPlace, ...]:
        return await self._by_page(pages, self._places_of, lambda missing: self._inner.places_of(missing))

    async def _by_id(
        self, ids: Sequence[str], kept: Latest[str, Stood], read: Callable[[Sequence[str]], Awaitable[tuple[Stood, ...]]]
    ) -> tuple[Stood, ...]:
        before = self._current()
        found = {i: there for i in ids if (there := kept.get(i)) is not None}
        missing = [i for i in dict.fromkeys(ids) if i not in found]
        if missing:
            fresh = await read(missing)
            holds = self._holds(before)
            if found and not holds:  # what was kept may be of another state: all of one, or none
                return await read(ids)
            found |= {item.id: item for item in fresh}
            for item in fresh if holds else ():
                kept.put(item.id, item)
        return tuple([found[i] for i in ids if i in found])

    async def _by_page(
        self,
        pages: Sequence[PageRef],
        kept: Latest[PageRef, tuple[Stood, ...]],
        read: Callable[[Sequence[PageRef]], Awaitable[tuple[Stood, ...]]],
    ) -> tuple[Stood, ...]:
        before = self._current()
        found = {ref: there for ref in pages if (there := kept.get(ref)) is not None}
        missing = [ref for ref in dict.fromkeys(pages) if ref not in found]
        if missing:
            fresh = await read(missing)
            holds = self._holds(before)
            if found and not holds:
                return await read(pages)
            standing: dict[PageRef, list[Stood]] = {}
            for item in fresh:
                standing.setdefault(PageRef(document_id=item.document_id, page=item.page), []).append(item)
            found |= {ref: tuple(items) for ref, items in standing.items()}
            for ref in standing if holds else ():
                kept.put(ref, found[ref])
        return tuple([item for ref in pages for item in found.get(ref, ())])

    async def counts(self) -> StoreCounts:
        return await self._inner.counts()

    async def documents(self) -> tuple[Document, ...]:
        return await self._inner.documents()

    async def pictures(self, ids: Sequence[str]) -> tuple[Picture, ...]:
        return await self._inner.pictures(ids)

    async def pages_of_kind(self, kinds: Sequence[PageKind]) -> tuple[PageRef, ...]:
        return await self._inner.pages_of_kind(kinds)

    async def pages_in_language(self, languages: Sequence[str]) -> tuple[PageRef, ...]:
        return await self._inner.pages_in_language(languages)

    def _current(self) -> tuple[int, ...]:
        """The state of the files; what was kept of another one is forgotten."""
        state = self._stamps()
        if state != self._state:
            self._state = state
            for kept in (self._pages, self._elements, self._of_pages, self._places, self._places_of, self._documents):
                kept.clear()
        return state

    def _holds(self, before: tuple[int, ...]) -> bool:
        """Whether what was read since ``before`` is of that state for certain, and is the one that is kept."""
        return before == self._state == self._stamps() and is_settled(before, self._now())
