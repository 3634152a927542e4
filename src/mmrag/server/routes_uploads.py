"""Uploads: files come in, wait in the inbox, are read page by page, and can be watched."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import EventSourceResponse

from mmrag.domain.hashing import Json
from mmrag.server.asking import kept_alive, server_sent
from mmrag.server.depends import AskedStore
from mmrag.server.files import FileStatus
from mmrag.server.problems import Problem
from mmrag.server.receiving import receive
from mmrag.server.routes_questions import STREAM_HEADERS
from mmrag.server.schemas import FileOut, FilesOut
from mmrag.server.store import Store

router = APIRouter(prefix="/api/uploads", tags=["uploads"])
_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    }
}


@router.post("", status_code=202, response_model=FilesOut, openapi_extra=_BODY, summary="Upload files")
async def upload(request: Request, store: AskedStore) -> JSONResponse:
    """Takes one file or several as `multipart/form-data`: `curl -F file=@scan.pdf URL`. They are lined up to be read; follow
    them under `/api/uploads/events`. A name that is taken by another file gets a number; nothing is overwritten."""
    store.inbox.check()
    serve = store.session.settings.serve
    received = await receive(
        request.stream(),
        request.headers.get("content-type", ""),
        store.inbox.incoming,
        most_bytes=serve.max_upload_bytes,
        most_files=serve.max_upload_files,
    )
    return JSONResponse({"files": _json(await store.inbox.add(received))}, status_code=202)


@router.get("", response_model=FilesOut, summary="Uploaded files and how far they are")
async def uploads(store: AskedStore) -> JSONResponse:
    return JSONResponse({"files": _json(store.inbox.files.since(0))})


@router.get(
    "/events",
    response_class=StreamingResponse,
    summary="Follow uploaded files",
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def follow(store: AskedStore) -> EventSourceResponse:
    """Server-sent events named `files`: first all files as they are, then those that have changed."""
    return EventSourceResponse(kept_alive(_changes(store)), headers=STREAM_HEADERS)


@router.get("/{file_id}", response_model=FileOut, summary="One uploaded file")
async def one(file_id: str, store: AskedStore) -> JSONResponse:
    found = store.inbox.files.get(file_id)
    if found is None:
        raise Problem(404, "not_found", "There is no such upload.")
    return JSONResponse(found.to_json())


async def _changes(store: Store) -> AsyncGenerator[bytes, None]:
    yield server_sent("files", {"files": _json(store.inbox.files.since(0))})
    async with aclosing(store.inbox.changes(store.inbox.files.change)) as changes:
        async for files in changes:
            yield server_sent("files", {"files": _json(files)})


def _json(files: tuple[FileStatus, ...]) -> list[Json]:
    return [file.to_json() for file in files]
