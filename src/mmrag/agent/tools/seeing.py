"""Tools that see without a chat model: search_images, classify_image."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

import anyio.to_thread
from pydantic import Field, model_validator

from mmrag.agent.plan import make_plan
from mmrag.agent.tools.base import Arguments, Place, ToolParts, find_document
from mmrag.agent.tools.pictures import decoded
from mmrag.agent.tools.regions import Region, draw, look, spot_of
from mmrag.domain.documents import Document, ElementKind
from mmrag.domain.evidence import Hit
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.domain.pictures import Guess
from mmrag.errors import ModelMissingError, UsageError
from mmrag.ports import PageRef
from mmrag.retrieval.by_image import NO_MODEL, search_by_image, search_by_words
from mmrag.retrieval.kinds import own_sorter, page_sorter
from mmrag.retrieval.search import search

_PICTURES = (ElementKind.FIGURE, ElementKind.CHART)
_DEPTH = 40
"""Hits by text whose pages are looked at for pictures, where there is no image model."""


class SearchImages(Arguments):
    query: str | None = Field(default=None, min_length=1, max_length=500, description="Words for what is to be seen.")
    like: Region | None = Field(default=None, description="A place in the store: find what looks like it.")
    picture: str | None = Field(
        default=None, max_length=12_000_000, description="A picture of your own as base64: find what looks like it."
    )
    document: str | None = Field(default=None, max_length=500, description="Only in this document, by its name.")
    limit: int = Field(default=6, ge=1, le=25)
    pictures: bool = Field(default=False, description="The pictures found as well, for models that see.")

    @model_validator(mode="after")
    def _something(self) -> SearchImages:
        if self.query is None and self.like is None and self.picture is None:
            raise ValueError("give words, or a picture that it should look like")
        return self


class ClassifyImage(Region):
    labels: tuple[str, ...] = Field(
        default=(), max_length=200, description="Your own labels, two or more; without them the kinds of pages."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesFound:
    """Figures, charts and pages, best first. ``by`` is ``image model`` or, where there is none, ``words on the page``."""

    by: str
    places: tuple[Place, ...]
    scores: tuple[float, ...]
    stored: frozenset[str]
    pictures: tuple[ImagePart, ...] = ()

    @property
    def element_ids(self) -> tuple[str, ...]:
        """Whole pages that no element stands for cannot be cited."""
        return tuple(place.element for place in self.places if place.element in self.stored)

    @property
    def shows(self) -> tuple[PageRef, ...]:
        return tuple(place.ref for place in self.places)

    def without(self, pages: frozenset[PageRef]) -> PicturesFound:
        """``pictures``, where there are any, are one for each place."""
        left = [n for n, place in enumerate(self.places) if place.ref not in pages]
        return replace(
            self,
            places=tuple(self.places[n] for n in left),
            scores=tuple(self.scores[n] for n in left),
            pictures=tuple(self.pictures[n] for n in left) if self.pictures else (),
        )

    def to_json(self) -> Json:
        return {
            "by": self.by,
            "found": [
                {"score": round(score, 4), "place": place.to_json()}
                for place, score in zip(self.places, self.scores, strict=True)
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """Every label with its probability among the labels asked about, likeliest first."""

    document: str
    page: int
    guesses: tuple[Guess, ...]
    shows: tuple[PageRef, ...]
    element_ids: tuple[str, ...] = ()
    pictures: tuple[ImagePart, ...] = ()

    def to_json(self) -> Json:
        return {
            "document": self.document,
            "page": self.page,
            "labels": [[guess.label, round(guess.probability, 4)] for guess in self.guesses[:20]],
        }


async def search_images(arguments: SearchImages, parts: ToolParts) -> PicturesFound:
    """Pictures by words or by their look. Without an image model words find the pictures of the pages they are about."""
    only = None if arguments.document is None else await find_document(arguments.document, parts)
    hits, by = await _found(arguments, parts, only)
    hits = hits[: arguments.limit]
    existing = await parts.search.catalog.elements([hit.element.id for hit in hits])
    places = tuple(Place.of(hit.element, hit.document) for hit in hits)
    seen = (
        [await look(_region(place), parts, f"picture {n}") for n, place in enumerate(places, 1)]
        if arguments.pictures
        else []
    )
    return PicturesFound(
        by=by,
        places=places,
        scores=tuple(hit.score for hit in hits),
        stored=frozenset(e.id for e in existing if not e.kind.is_generated),
        pictures=tuple(picture for looked in seen for picture in looked.pictures),
    )


async def classify_image(arguments: ClassifyImage, parts: ToolParts) -> Classified:
    """Which label fits the region best. Raises ``ModelMissingError`` without an image model, ``UsageError``."""
    embedder = parts.search.image_embedder
    if embedder is None:
        raise ModelMissingError("Pictures cannot be sorted: there is no image model here. See 'mmrag models list'.")
    sorter = own_sorter(embedder, arguments.labels) if arguments.labels else page_sorter(embedder)
    spot = await spot_of(arguments, parts)
    pixels = await anyio.to_thread.run_sync(decoded, (await draw(spot, parts)).data)
    guesses = (await sorter.of_pictures([pixels]))[0]
    ids = tuple(e.id for e in spot.elements)
    return Classified(
        document=spot.document.name, page=spot.page.number, guesses=guesses, shows=(spot.page.ref,), element_ids=ids
    )


async def _found(arguments: SearchImages, parts: ToolParts, document: Document | None) -> tuple[Sequence[Hit], str]:
    has_model = parts.search.pictures is not None and parts.search.image_embedder is not None
    scope = None if document is None else [document.id]
    example = await _example(arguments, parts)
    if example is not None:
        if not has_model:
            raise ModelMissingError(NO_MODEL)
        pixels = await anyio.to_thread.run_sync(decoded, example)
        return await search_by_image(
            pixels, parts.search, k=arguments.limit, text=arguments.query, documents=scope
        ), "image model"
    query = arguments.query or ""
    if has_model:
        return await search_by_words(query, parts.search, k=arguments.limit, documents=scope), "image model"
    return await _by_text(query, parts, None if document is None else document.name), "words on the page"


async def _example(arguments: SearchImages, parts: ToolParts) -> bytes | None:
    """The picture that is to be looked like, as encoded bytes. Raises ``UsageError`` when it is none."""
    if arguments.like is not None:
        return (await draw(await spot_of(arguments.like, parts), parts)).data
    if arguments.picture is None:
        return None
    try:
        return base64.b64decode(arguments.picture, validate=True)
    except ValueError as error:
        raise UsageError("search_images: picture is no base64 text.") from error


async def _by_text(query: str, parts: ToolParts, document: str | None) -> Sequence[Hit]:
    """The figures and charts of the pages that fit ``query`` best, in the order of those pages."""
    gathered = await search(make_plan(query, document=document), parts.search, k=_DEPTH)
    best: dict[PageRef, Hit] = {}
    for hit in gathered.hits:
        best.setdefault(PageRef(document_id=hit.element.document_id, page=hit.element.page), hit)
    found: dict[PageRef, list[Hit]] = {page: [] for page in best}
    for element in await parts.search.catalog.elements_of(list(best)):
        page = PageRef(document_id=element.document_id, page=element.page)
        if element.kind in _PICTURES:
            hit = best[page]
            found[page].append(
                Hit(element=element, document=hit.document, sha256=hit.sha256, score=hit.score, legs=hit.legs)
            )
    return [hit for hits in found.values() for hit in hits]


def _region(place: Place) -> Region:
    return Region(document=place.document, page=place.page, bbox=place.bbox.as_tuple())
