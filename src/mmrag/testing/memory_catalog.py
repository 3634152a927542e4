"""The catalog in dictionaries: the plain statement of what the real one does, and what the real one is tested against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mmrag.domain.documents import Document, DocumentStatus, Element, ElementKind, ElementPlace, Page
from mmrag.domain.evidence import Scored
from mmrag.domain.pictures import PageKind, Picture
from mmrag.domain.values import FoundValue
from mmrag.errors import StoreError
from mmrag.ports import IndexChange, PageRef, PictureRecord, StoreCounts, VectorRecord


@dataclass(slots=True)
class _Edition:
    pages: dict[int, Page] = field(default_factory=dict)
    vectors: dict[int, tuple[VectorRecord, ...]] = field(default_factory=dict)
    values: dict[int, tuple[FoundValue, ...]] = field(default_factory=dict)
    pictures: dict[int, tuple[PictureRecord, ...]] = field(default_factory=dict)


class MemoryCatalog:
    """``Catalog``, ``SummaryIndex``, ``CatalogWriter`` and ``IndexFeed`` in one.

    ``sweep`` keeps what is staged: every run is the same one.
    """

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._locations: dict[str, str] = {}
        self._published: dict[str, _Edition] = {}
        self._staged: dict[tuple[str, str], _Edition] = {}
        self._outbox: dict[str, int] = {}
        self._sequence = 0
        self._images: set[str] = set()

    # Catalog

    async def counts(self) -> StoreCounts:
        pages = [page for edition in self._published.values() for page in edition.pages.values()]
        ready = sum(d.status is DocumentStatus.READY for d in self._documents.values())
        return StoreCounts(
            documents=ready,
            quarantined=len(self._documents) - ready,
            pages=len(pages),
            elements=sum(len(page.printed) for page in pages),
            vectors=len(self._vectors()),
            pictures=len(self._pictures()),
        )

    async def documents(self) -> tuple[Document, ...]:
        return tuple(sorted(map(self._placed, self._documents.values()), key=lambda d: (d.name, d.id)))

    async def document(self, document_id: str) -> Document | None:
        found = self._documents.get(document_id)
        return None if found is None else self._placed(found)

    async def page(self, ref: PageRef) -> Page | None:
        edition = self._published.get(ref.document_id)
        return None if edition is None else edition.pages.get(ref.page)

    async def elements(self, ids: Sequence[str]) -> tuple[Element, ...]:
        every = {e.id: e for edition in self._published.values() for page in edition.pages.values() for e in page.elements}
        return tuple(every[i] for i in ids if i in every)

    async def elements_of(self, pages: Sequence[PageRef]) -> tuple[Element, ...]:
        found = [await self.page(ref) for ref in pages]
        return tuple(e for page in found if page is not None for e in page.elements)

    async def places(self, ids: Sequence[str]) -> tuple[ElementPlace, ...]:
        return tuple(map(_place, await self.elements(ids)))

    async def places_of(self, pages: Sequence[PageRef]) -> tuple[ElementPlace, ...]:
        return tuple(map(_place, await self.elements_of(pages)))

    async def pictures(self, ids: Sequence[str]) -> tuple[Picture, ...]:
        every = {record.picture.id: record.picture for record in self._pictures()}
        return tuple(every[i] for i in ids if i in every)

    async def pages_of_kind(self, kinds: Sequence[PageKind]) -> tuple[PageRef, ...]:
        found = [
            PageRef(document_id=id_, page=n)
            for id_, e in self._published.items()
            for n, p in e.pages.items()
            if p.kind in kinds
        ]
        return tuple(sorted(found))

    async def pages_in_language(self, languages: Sequence[str]) -> tuple[PageRef, ...]:
        every = [(id_, n, p) for id_, e in self._published.items() for n, p in e.pages.items()]
        return tuple(sorted(PageRef(document_id=id_, page=n) for id_, n, p in every if p.language in languages))

    # SummaryIndex

    async def matching(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        asked = set(query.casefold().split())
        every = [e for edition in self._published.values() for page in edition.pages.values() for e in page.elements]
        found = [
            Scored(id=e.id, score=float(shared))
            for e in every
            if e.kind is ElementKind.SUMMARY and (documents is None or e.document_id in documents)
            if (shared := len(asked & set(e.text.casefold().split())))
        ]
        return tuple(sorted(found, key=lambda s: (-s.score, s.id))[:k])

    async def near(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        found = [
            Scored(id=v.element_id, score=sum(a * b for a, b in zip(vector, v.vector, strict=True)))
            for v in self._embedded()
            if v.kind == ElementKind.SUMMARY and (documents is None or v.document_id in documents)
        ]
        return tuple(sorted(found, key=lambda s: (-s.score, s.id))[:k])

    # CatalogWriter

    async def known(self) -> Mapping[str, Document]:
        return {path: replace(self._documents[id_], location=path) for path, id_ in self._locations.items()}

    async def staged_pages(self, document_id: str, recipe: str) -> int:
        edition = self._staged.get((document_id, recipe))
        return 0 if edition is None else _leading(edition)

    async def staged_page(self, ref: PageRef, recipe: str) -> Page | None:
        edition = self._staged.get((ref.document_id, recipe))
        return None if edition is None else edition.pages.get(ref.page)

    async def stage_page(
        self,
        page: Page,
        *,
        recipe: str,
        vectors: Sequence[VectorRecord],
        values: Sequence[FoundValue],
        pictures: Sequence[PictureRecord] = (),
    ) -> None:
        edition = self._staged.setdefault((page.document_id, recipe), _Edition())
        edition.pages[page.number] = page
        edition.vectors[page.number] = tuple(vectors)
        edition.values[page.number] = tuple(values)
        edition.pictures[page.number] = tuple(pictures)
        if page.image is not None:
            self._images.add(page.image)

    async def stage_summary(self, summary: Element, *, recipe: str, vector: VectorRecord) -> None:
        edition = self._staged.get((summary.document_id, recipe))
        page = None if edition is None else edition.pages.get(summary.page)
        if edition is None or page is None:
            raise StoreError(f"page {summary.page} is not staged: its document cannot be summarised.")
        kept = tuple(e for e in page.elements if e.ordinal != summary.ordinal and not e.is_of_document)
        gone = {e.id for e in page.elements} - {e.id for e in kept}
        edition.pages[summary.page] = replace(page, elements=(*kept, summary))
        older = (v for v in edition.vectors[summary.page] if v.element_id not in gone)
        edition.vectors[summary.page] = (*older, vector)

    async def summarised_otherwise(self, authors: Sequence[str]) -> tuple[str, ...]:
        def other(edition: _Edition) -> bool:
            every = (e for page in edition.pages.values() for e in page.elements)
            return any(e.kind is ElementKind.SUMMARY and e.author not in authors for e in every)

        return tuple(sorted(id_ for id_, edition in self._published.items() if other(edition)))

    async def replace_summaries(
        self, document: Document, summaries: Sequence[Element], vectors: Sequence[VectorRecord]
    ) -> None:
        edition = self._published.get(document.id)
        for summary, vector in zip(summaries, vectors, strict=True):
            page = None if edition is None else edition.pages.get(summary.page)
            elements = () if page is None else page.elements
            older = [e for e in elements if e.kind is ElementKind.SUMMARY and e.label == summary.label]
            if edition is None or page is None or not older:
                raise StoreError(f"page {summary.page} has no summary to put another one in the place of.")
            kept = tuple(summary if e is older[0] else e for e in page.elements)
            edition.pages[summary.page] = replace(page, elements=kept)
            others = (v for v in edition.vectors[summary.page] if v.element_id != older[0].id)
            edition.vectors[summary.page] = (*others, vector)
        self._put(document)

    async def publish(self, document: Document) -> None:
        edition = self._staged.get((document.id, document.recipe))
        if edition is None and document.id in self._documents and self._documents[document.id].recipe == document.recipe:
            edition = self._published.get(document.id)
        if edition is None or not _leading(edition) == document.pages == len(edition.pages):
            raise StoreError(f"{document.name} has not all of its {document.pages} pages staged.")
        self._leave(document)
        self._drop(document.id)
        self._published[document.id] = edition
        self._touch(edition)
        self._put(document)

    async def quarantine(self, document: Document) -> None:
        self._leave(document)
        self._drop(document.id)
        self._put(document)

    async def remove(self, document_ids: Sequence[str]) -> None:
        for document_id in document_ids:
            self._drop(document_id)
            self._documents.pop(document_id, None)
            self._locations = {p: i for p, i in self._locations.items() if i != document_id}

    async def sweep(self) -> tuple[str, ...]:
        editions = [*self._published.values(), *self._staged.values()]
        used = {page.image for edition in editions for page in edition.pages.values()}
        unused = self._images - used
        self._images -= unused
        return tuple(sorted(unused))

    # IndexFeed

    async def pending(self, limit: int) -> tuple[IndexChange, ...]:
        vectors = self._vectors()
        waiting = sorted((sequence, id_) for id_, sequence in self._outbox.items())[:limit]
        return tuple(IndexChange(sequence=s, element_id=i, record=vectors.get(i)) for s, i in waiting)

    async def acknowledge(self, sequences: Sequence[int]) -> None:
        self._outbox = {i: s for i, s in self._outbox.items() if s not in sequences}

    async def vector_ids(self) -> frozenset[str]:
        return frozenset(self._vectors())

    async def vectors(self, batch: int) -> AsyncIterator[tuple[VectorRecord, ...]]:
        records = tuple(self._vectors().values())
        for start in range(0, len(records), batch):
            yield records[start : start + batch]

    async def requeue_all(self) -> None:
        for edition in self._published.values():
            self._touch(edition)

    async def count(self) -> int:
        return len(self._vectors())

    # How it is done

    def _vectors(self) -> dict[str, VectorRecord]:
        return {v.element_id: v for v in self._embedded() if v.kind != ElementKind.SUMMARY}

    def _embedded(self) -> list[VectorRecord]:
        return [v for edition in self._published.values() for page in edition.vectors.values() for v in page]

    def _pictures(self) -> list[PictureRecord]:
        return [record for edition in self._published.values() for page in edition.pictures.values() for record in page]

    def _placed(self, document: Document) -> Document:
        return replace(document, location=min(p for p, i in self._locations.items() if i == document.id))

    def _touch(self, edition: _Edition) -> None:
        for page in edition.vectors.values():
            for vector in page:
                if vector.kind != ElementKind.SUMMARY:
                    self._sequence += 1
                    self._outbox[vector.element_id] = self._sequence

    def _leave(self, document: Document) -> None:
        older = self._locations.get(document.location)
        if older is not None and older != document.id:
            del self._locations[document.location]
            if older not in self._locations.values():
                self._drop(older)
                del self._documents[older]

    def _drop(self, document_id: str) -> None:
        if document_id in self._published:
            self._touch(self._published.pop(document_id))
        self._staged = {key: edition for key, edition in self._staged.items() if key[0] != document_id}

    def _put(self, document: Document) -> None:
        self._documents[document.id] = document
        self._locations[document.location] = document.id


def _leading(edition: _Edition) -> int:
    count = 0
    while count + 1 in edition.pages:
        count += 1
    return count


def _place(element: Element) -> ElementPlace:
    return ElementPlace(element.id, element.document_id, element.page, element.ordinal, element.kind)
