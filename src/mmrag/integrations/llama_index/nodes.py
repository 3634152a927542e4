"""Elements and citations as LlamaIndex nodes: the text, the place on the page, and for pictures the picture."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

import anyio.to_thread
from llama_index.core.schema import ImageNode, NodeRelationship, NodeWithScore, RelatedNodeInfo, TextNode

from mmrag.api import Session
from mmrag.domain.documents import Element
from mmrag.domain.evidence import Hit
from mmrag.domain.geometry import BBox
from mmrag.errors import MMRagError
from mmrag.imaging import cut_out
from mmrag.ports import PageRef

FOR_CODE_ONLY: Final = ["sha256", "bbox", "element", "legs", "ocr_confidence"]
"""Metadata that neither an embedding nor a model is shown: it helps no reader, and costs tokens."""
LONGEST: Final = 1024
"""Pixels of the longer side of a node's picture."""

Metadata = Mapping[str, object]


async def nodes_of(hits: tuple[Hit, ...], session: Session, *, images: bool) -> list[NodeWithScore]:
    """One node a hit, best first. ``images``: figures, photos and charts become ``ImageNode``s with their picture."""
    return [await _node_of(hit, session, images=images) for hit in hits]


async def _node_of(hit: Hit, session: Session, *, images: bool) -> NodeWithScore:
    metadata: dict[str, object] = {
        "document": hit.document,
        "page": hit.element.page,
        "kind": hit.element.kind.value,
        "bbox": box_list(hit.element.bbox),
        "sha256": hit.sha256,
        "element": hit.element.id,
        "legs": {leg.value: rank for leg, rank in hit.legs.items()},
    }
    picture = await picture_of(hit.element, session) if images and hit.element.kind.is_picture else None
    return NodeWithScore(node=node(hit.element, metadata, picture), score=hit.score)


def node(element: Element, metadata: Metadata, picture: str | None = None) -> TextNode:
    """A node for ``element``: its id is the node's, its document the node's source. ``picture`` is base64 of a JPEG."""
    common = {
        "id_": element.id,
        "text": element.text,
        "metadata": dict(metadata),
        "excluded_embed_metadata_keys": FOR_CODE_ONLY,
        "excluded_llm_metadata_keys": FOR_CODE_ONLY,
        "relationships": {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=element.document_id)},
    }
    if picture is None:
        return TextNode(**common)
    return ImageNode(image=picture, image_mimetype="image/jpeg", **common)


async def picture_of(element: Element, session: Session) -> str | None:
    """The element's place on its page as a JPEG in base64, None where the page has no picture."""
    app = await session.app()
    page = await app.catalog.page(PageRef(document_id=element.document_id, page=element.page))
    if page is None or page.image is None:
        return None
    try:
        data = await app.blobs.get(page.image)
        cut = await anyio.to_thread.run_sync(lambda: cut_out(data, element.bbox, longest=LONGEST))
    except (MMRagError, ValueError):
        return None  # the node is of use without its picture
    return base64.b64encode(cut.data).decode()


def box_list(box: BBox) -> list[float]:
    """``[x0, y0, x1, y1]`` in page fractions, origin at the top left."""
    return [round(value, 5) for value in box.as_tuple()]
