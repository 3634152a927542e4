"""Search by a picture: the pages and figures that look most like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmrag.domain.documents import Element, ElementKind
from mmrag.domain.evidence import Hit, Leg
from mmrag.domain.pictures import PageKind, Picture
from mmrag.errors import ModelMissingError
from mmrag.ports import Catalog, PageRef, VectorIndex
from mmrag.retrieval.search import SearchParts

if TYPE_CHECKING:
    from mmrag.ports import Pixels

NO_MODEL = "Pictures cannot be searched: there is no image model here. See 'mmrag models list'."


async def search_by_image(
    image: Pixels,
    parts: SearchParts,
    *,
    k: int,
    text: str | None = None,
    kinds: Sequence[PageKind] | None = None,
    documents: Sequence[str] | None = None,
) -> tuple[Hit, ...]:
    """The ``k`` pages and figures nearest to ``image``, best first; ``score`` is the cosine similarity.

    With ``text`` they are those nearest to the sum of the picture's vector and the text's; ``documents`` restricts them to
    those document ids.

    A whole page is told by its caption, and where it has none by an element over all of it that is not stored. Raises
    ``ModelMissingError`` when there is no image model.
    """
    if parts.pictures is None or parts.image_embedder is None:
        raise ModelMissingError(NO_MODEL)
    (vector,) = await parts.image_embedder.embed_images([image])
    if text:
        vector = vector + (await parts.image_embedder.embed_texts([text]))[0]
    return await _nearest([float(x) for x in vector], parts.pictures, parts.catalog, k=k, kinds=kinds, only=documents)


async def search_by_words(
    text: str, parts: SearchParts, *, k: int, documents: Sequence[str] | None = None
) -> tuple[Hit, ...]:
    """The ``k`` pages and figures whose look fits ``text`` best. Raises ``ModelMissingError`` without an image model."""
    if parts.pictures is None or parts.image_embedder is None:
        raise ModelMissingError(NO_MODEL)
    (vector,) = await parts.image_embedder.embed_texts([text])
    return await _nearest([float(x) for x in vector], parts.pictures, parts.catalog, k=k, only=documents)


async def _nearest(
    vector: Sequence[float],
    pictures: VectorIndex,
    catalog: Catalog,
    *,
    k: int,
    kinds: Sequence[PageKind] | None = None,
    only: Sequence[str] | None = None,
) -> tuple[Hit, ...]:
    pages = None if kinds is None else frozenset(await catalog.pages_of_kind(kinds))
    scope = only if pages is None else sorted({ref.document_id for ref in pages if only is None or ref.document_id in only})
    nearest = await pictures.query(vector, k if pages is None else 10 * k, documents=scope)
    found = {picture.id: picture for picture in await catalog.pictures([s.id for s in nearest])}
    hits: list[Hit] = []
    for rank, scored in enumerate(nearest, start=1):
        picture = found.get(scored.id)
        if picture is None or len(hits) == k:
            continue
        if pages is not None and PageRef(document_id=picture.document_id, page=picture.page) not in pages:
            continue
        document = await catalog.document(picture.document_id)
        if document is not None:
            element, name = await _element(picture, catalog), document.name
            legs = {Leg.IMAGE: rank}
            hits.append(Hit(element=element, document=name, sha256=document.sha256, score=scored.score, legs=legs))
    return tuple(hits)


async def _element(picture: Picture, catalog: Catalog) -> Element:
    if picture.element_id is not None:
        stored = await catalog.elements([picture.element_id])
        if stored:
            return stored[0]
    on_page = await catalog.elements_of([PageRef(document_id=picture.document_id, page=picture.page)])
    captions = (e for e in on_page if e.kind is ElementKind.CAPTION and e.bbox == picture.bbox)
    return next(captions, None) or Element(
        id=picture.id,
        document_id=picture.document_id,
        page=picture.page,
        ordinal=len(on_page),
        kind=ElementKind.FIGURE,
        bbox=picture.bbox,
        text="",
    )
