"""Tools that find: search_text, list_documents, count_matches."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from mmrag.agent.plan import make_plan
from mmrag.agent.tools.base import Arguments, Place, ToolParts, find_document
from mmrag.domain.documents import Document, Element
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.ports import PageRef
from mmrag.retrieval.search import search

_DEPTH = 2000


class SearchText(Arguments):
    query: str = Field(min_length=1, max_length=500, description="Words to look for, or a question.")
    document: str | None = Field(default=None, description="Only in this document, by its name.")
    limit: int = Field(default=8, ge=1, le=25)


class ListDocuments(Arguments):
    name_contains: str = Field(default="", max_length=200, description="Only documents whose name has this in it.")
    limit: int = Field(default=50, ge=1, le=200)


class CountMatches(Arguments):
    words: str = Field(min_length=2, max_length=200, description="Words that have to stand together in an element.")
    document: str | None = Field(default=None, description="Only in this document, by its name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Elements, best first."""

    places: tuple[Place, ...]
    pictures: tuple[ImagePart, ...] = ()

    @property
    def element_ids(self) -> tuple[str, ...]:
        return tuple(place.element for place in self.places)

    @property
    def shows(self) -> tuple[PageRef, ...]:
        return tuple(place.ref for place in self.places)

    def without(self, pages: frozenset[PageRef]) -> Found:
        return Found(places=tuple(place for place in self.places if place.ref not in pages))

    def to_json(self) -> Json:
        return {"found": [place.to_json() for place in self.places]}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    name: str
    pages: int
    media_type: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """``total`` counts all that match, listed or not. It shows no page: names are not what stands on them."""

    documents: tuple[DocumentRow, ...]
    total: int
    element_ids: tuple[str, ...] = ()
    shows: tuple[PageRef, ...] = ()
    pictures: tuple[ImagePart, ...] = ()

    def to_json(self) -> Json:
        return {"total": self.total, "documents": [_row_json(row) for row in self.documents]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many elements hold the words, and in which documents. ``places`` are the first of them."""

    elements: int
    documents: tuple[tuple[str, int], ...]
    places: tuple[Place, ...]
    shows: tuple[PageRef, ...]
    pictures: tuple[ImagePart, ...] = ()

    @property
    def element_ids(self) -> tuple[str, ...]:
        return tuple(place.element for place in self.places)

    def to_json(self) -> Json:
        return {
            "elements": self.elements,
            "documents": len(self.documents),
            "by_document": [{"document": name, "elements": n} for name, n in self.documents[:50]],
            "places": [place.to_json() for place in self.places],
        }


async def search_text(arguments: SearchText, parts: ToolParts) -> Found:
    """The elements that fit ``query`` best, by meaning, words, values and names."""
    document = None if arguments.document is None else (await find_document(arguments.document, parts)).name
    plan = make_plan(arguments.query, document=document)
    gathered = await search(plan, parts.search, k=arguments.limit)
    return Found(places=tuple(Place.of(hit.element, hit.document) for hit in gathered.hits))


async def list_documents(arguments: ListDocuments, parts: ToolParts) -> Documents:
    """What is in the store, by name, files in quarantine included."""
    wanted = arguments.name_contains.casefold()
    found = [d for d in await parts.search.catalog.documents() if wanted in d.name.casefold()]
    return Documents(documents=tuple(_row(d) for d in found[: arguments.limit]), total=len(found))


async def count_matches(arguments: CountMatches, parts: ToolParts) -> Counted:
    """Elements in which ``words`` stand together, without regard to case and spaces. Generated text does not count."""
    scope = None if arguments.document is None else [(await find_document(arguments.document, parts)).id]
    proposed = await parts.search.lexical.search_elements(arguments.words, _DEPTH, documents=scope)
    elements = await parts.search.catalog.elements([scored.id for scored in proposed])
    wanted = _bare(arguments.words)
    holding = [e for e in elements if not e.kind.is_generated and wanted in _bare(e.text)]
    counts: dict[str, int] = {}
    for element in holding:
        counts[element.document_id] = counts.get(element.document_id, 0) + 1
    names = {d.id: d.name for d in await parts.search.catalog.documents() if d.id in counts}
    return Counted(
        elements=len(holding),
        documents=tuple(sorted((names[d], n) for d, n in counts.items() if d in names)),
        places=tuple(Place.of(e, names[e.document_id]) for e in _first(holding, names)),
        shows=tuple(dict.fromkeys(PageRef(document_id=e.document_id, page=e.page) for e in holding)),
    )


def _first(holding: list[Element], names: dict[str, str]) -> list[Element]:
    return [e for e in holding if e.document_id in names][:10]


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _row(document: Document) -> DocumentRow:
    return DocumentRow(
        name=document.name, pages=document.pages, media_type=document.media_type, status=document.status.value
    )


def _row_json(row: DocumentRow) -> Json:
    return {"document": row.name, "pages": row.pages, "media_type": row.media_type, "status": row.status}
