"""Documents as resources. An address is made of a document's id and a page's number, never of its name."""

from __future__ import annotations

import base64
import json
import re
from typing import Final

import anyio.to_thread
import mcp_types as types
from mcp.shared.exceptions import MCPError

from mmrag.api import Session
from mmrag.domain.documents import Document, DocumentStatus, Page
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.imaging import Picture, cut_out
from mmrag.ports import PageRef

ROOT: Final = "mmrag://documents"
PAGE_OF_LIST: Final = 200
"""Documents in one page of the list of resources."""
LONGEST: Final = 1568
"""Pixels of the longer side of a page's picture: models look no closer."""

TEMPLATES: Final = (
    types.ResourceTemplate(
        name="page text",
        title="Text of a page",
        uri_template=f"{ROOT}/{{document_id}}/pages/{{page}}",
        description="The words of a page in reading order, as they were read. Pages count from 1.",
        mime_type="text/plain",
    ),
    types.ResourceTemplate(
        name="page picture",
        title="Picture of a page",
        uri_template=f"{ROOT}/{{document_id}}/pages/{{page}}/picture",
        description="The page as a picture.",
        mime_type="image/jpeg",
    ),
)
_ADDRESS: Final = re.compile(rf"{ROOT}/(?P<id>doc-[0-9a-f]{{24}})(?:/pages/(?P<page>[1-9]\d{{0,5}})(?P<picture>/picture)?)?")


async def listed(session: Session, cursor: str | None) -> types.ListResourcesResult:
    """Documents by name. ``cursor`` is where the last list ended. Raises ``MCPError`` for one that is none."""
    start = int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 10 else 0
    if cursor is not None and start == 0:
        raise MCPError(types.INVALID_PARAMS, "This cursor comes from no list of this server.")
    ready = [d for d in await session.documents() if d.status is DocumentStatus.READY]
    end = start + PAGE_OF_LIST
    return types.ListResourcesResult(
        resources=[_resource(document) for document in ready[start:end]],
        next_cursor=str(end) if end < len(ready) else None,
    )


async def read(session: Session, uri: str) -> types.ReadResourceResult:
    """What stands behind ``uri``. Raises ``MCPError`` when there is no such resource."""
    found = _ADDRESS.fullmatch(uri)
    app = await session.app()
    document = await app.catalog.document(found["id"]) if found is not None else None
    if found is None or document is None or document.status is not DocumentStatus.READY:
        raise _missing(uri)
    if found["page"] is None:
        text = json.dumps(_overview(document), ensure_ascii=False)
        return _of(types.TextResourceContents(uri=uri, mime_type="application/json", text=text))
    page = await app.catalog.page(PageRef(document_id=document.id, page=int(found["page"])))
    if page is None:
        raise _missing(uri)
    if found["picture"] is None:
        return _of(types.TextResourceContents(uri=uri, mime_type="text/plain", text=page.text))
    picture = await _picture(session, page)
    if picture is None:
        raise _missing(uri)
    blob = base64.b64encode(picture.data).decode()
    return _of(types.BlobResourceContents(uri=uri, mime_type=picture.media_type, blob=blob))


def page_link(document_id: str, name: str, page: int) -> types.ResourceLink:
    """A link to the text of a page, for results that cite it."""
    return types.ResourceLink(name=f"{name} page {page}", uri=f"{ROOT}/{document_id}/pages/{page}", mime_type="text/plain")


async def _picture(session: Session, page: Page) -> Picture | None:
    if page.image is None:
        return None
    data = await (await session.app()).blobs.get(page.image)
    whole = BBox(0.0, 0.0, 1.0, 1.0)
    return await anyio.to_thread.run_sync(lambda: cut_out(data, whole, longest=LONGEST))


def _resource(document: Document) -> types.Resource:
    pages = f"{document.pages} page{'' if document.pages == 1 else 's'}"
    return types.Resource(
        name=document.name,
        title=document.name,
        uri=f"{ROOT}/{document.id}",
        description=f"{pages}, {document.media_type}. Text of a page: /pages/N; its picture: /pages/N/picture.",
        mime_type="application/json",
    )


def _overview(document: Document) -> Json:
    """Where the file lies on this machine is not told."""
    address = f"{ROOT}/{document.id}"
    return {
        "document": document.name,
        "sha256": document.sha256,
        "media_type": document.media_type,
        "pages": document.pages,
        "page_text": [f"{address}/pages/{number}" for number in range(1, document.pages + 1)],
    }


def _of(contents: types.TextResourceContents | types.BlobResourceContents) -> types.ReadResourceResult:
    return types.ReadResourceResult(contents=[contents])


def _missing(uri: str) -> MCPError:
    return MCPError(types.INVALID_PARAMS, f"There is no resource {uri[:120]!r}.")
