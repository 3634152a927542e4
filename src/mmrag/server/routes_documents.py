"""Documents, their pages, and crops of pages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from mmrag.domain.documents import Document, DocumentStatus, Page
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.ports import PageRef
from mmrag.server.depends import AskedStore
from mmrag.server.links import SIGNATURE
from mmrag.server.pictures import as_png, cropped, is_png
from mmrag.server.places import page_path
from mmrag.server.problems import NOT_FOUND, Problem
from mmrag.server.schemas import DocumentOut, DocumentsOut, PageOut
from mmrag.server.store import Store

router = APIRouter(prefix="/api/documents", tags=["documents"])

DocumentId = Annotated[str, Path(pattern=r"^doc-[0-9a-f]{24}$", examples=["doc-5f4dcc3b5aa765d61d8327de"])]
PageNumber = Annotated[int, Path(ge=1, le=1_000_000)]
PNG: dict[int | str, dict[str, object]] = {200: {"content": {"image/png": {}}, "description": "The picture."}}
PICTURE: dict[int | str, dict[str, object]] = {
    200: {"content": {"image/jpeg": {}, "image/png": {}}, "description": "The picture."}
}


@router.get("", response_model=DocumentsOut, summary="List documents")
async def documents(
    store: AskedStore,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> JSONResponse:
    """Every document by name, those in quarantine with the reason."""
    app = await store.session.app()
    known = await app.catalog.documents()
    some: list[Json] = [_document(document) for document in known[offset : offset + limit]]
    return JSONResponse({"documents": some, "total": len(known)})


@router.get("/{document_id}", response_model=DocumentOut, summary="One document")
async def document(document_id: DocumentId, store: AskedStore) -> JSONResponse:
    return JSONResponse(_document(await _known(store, document_id)))


@router.get("/{document_id}/pages/{page}", response_model=PageOut, summary="One page: its words and elements")
async def page_of(document_id: DocumentId, page: PageNumber, store: AskedStore) -> JSONResponse:
    """All boxes are fractions of the page as displayed, origin at the top left."""
    known = await _known(store, document_id)
    found = await _page(store, document_id, page)
    return JSONResponse(
        {
            "document_id": document_id,
            "document": known.name,
            "page": found.number,
            "pages": known.pages,
            "width": found.width,
            "height": found.height,
            "source": found.source.value,
            "kind": None if found.kind is None else found.kind.value,
            "confidence": found.confidence,
            "elements": [
                {"id": e.id, "kind": e.kind.value, "bbox": _box(e.bbox), "text": e.text, "confidence": e.confidence}
                for e in found.elements
            ],
            "words": [{"text": w.text, "bbox": _box(w.bbox), "confidence": w.confidence} for w in found.words],
            "page_image": store.signer.sign(page_path(document_id, page), {}),
        }
    )


@router.get("/{document_id}/pages/{page}/image", response_class=Response, responses=PICTURE, summary="The page as kept")
async def page_image(document_id: DocumentId, page: PageNumber, store: AskedStore, request: Request) -> Response:
    """JPEG, or PNG where the page is black and white: what the store holds, without another encoding."""
    data = await _bytes(store, await _page(store, document_id, page))
    return _picture(data, "image/png" if is_png(data) else "image/jpeg", request)


@router.get("/{document_id}/pages/{page}/image.png", response_class=Response, responses=PNG, summary="The page as PNG")
async def page_png(document_id: DocumentId, page: PageNumber, store: AskedStore, request: Request) -> Response:
    found = await _page(store, document_id, page)
    return _picture(await as_png(await _bytes(store, found)), "image/png", request)


@router.get("/{document_id}/pages/{page}/crop.png", response_class=Response, responses=PNG, summary="A part of the page")
async def page_crop(
    document_id: DocumentId,
    page: PageNumber,
    store: AskedStore,
    request: Request,
    box: Annotated[str, Query(max_length=100, examples=["0.61,0.72,0.80,0.74"])],
    margin: Annotated[float, Query(ge=0, le=0.5)] = 0.02,
) -> Response:
    """What is inside `box`: `x0,y0,x1,y1` in page fractions, as an answer cites it. `margin` shows what is around it."""
    corners = _corners(box)
    found = await _page(store, document_id, page)
    return _picture(await cropped(await _bytes(store, found), corners, margin), "image/png", request)


async def _known(store: Store, document_id: str) -> Document:
    app = await store.session.app()
    found = await app.catalog.document(document_id)
    if found is None:
        raise NOT_FOUND
    return found


async def _page(store: Store, document_id: str, number: int) -> Page:
    app = await store.session.app()
    found = await app.catalog.page(PageRef(document_id=document_id, page=number))
    if found is None:
        raise NOT_FOUND
    return found


async def _bytes(store: Store, page: Page) -> bytes:
    if page.image is None:
        raise Problem(404, "no_picture", "The page could not be drawn when it was read.")
    return await (await store.session.app()).blobs.get(page.image)


def _picture(data: bytes, media_type: str, request: Request) -> Response:
    """A document's id stands for its content, so the picture never changes. A signed link may be shown anywhere."""
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    if SIGNATURE in request.query_params:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return Response(data, media_type=media_type, headers=headers)


def _corners(text: str) -> BBox:
    """Raises ``Problem`` 422 for anything but a box."""
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        raise Problem(422, "bad_box", "box takes four numbers: x0,y0,x1,y1.") from None
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise Problem(422, "bad_box", "box takes page fractions: 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1.")
    return BBox(x0, y0, x1, y1)


def _document(document: Document) -> dict[str, Json]:
    """Where the file lies on the server is nobody's business."""
    report = document.report
    ready = document.status is DocumentStatus.READY
    return {
        "id": document.id,
        "name": document.name,
        "sha256": document.sha256,
        "media_type": document.media_type,
        "size": document.size,
        "pages": document.pages,
        "status": document.status.value,
        "reason": None if ready else document.reason,
        "pages_ocr": report.pages_ocr,
        "pages_native": report.pages_native,
        "mean_ocr_confidence": report.mean_ocr_confidence,
        "unreadable_pages": list(report.unreadable_pages),
        "elements": report.elements,
    }


def _box(box: BBox) -> list[float]:
    return [round(value, 5) for value in box.as_tuple()]
