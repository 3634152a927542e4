"""The web page: static files of the package, nothing from elsewhere, no build step."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from mmrag.server.problems import NOT_FOUND

router = APIRouter(include_in_schema=False)
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def page_files() -> dict[str, tuple[bytes, str]]:
    """Every file of the page with its media type, by its name. Nothing else is served."""
    found = {}
    for file in files("mmrag.server").joinpath("web").iterdir():
        suffix = file.name[file.name.rfind(".") :]
        if suffix in _TYPES:
            found[file.name] = (file.read_bytes(), _TYPES[suffix])
    return found


@router.get("/")
async def page() -> Response:
    return _response("index.html")


@router.get("/favicon.ico")
async def icon() -> Response:
    return _response("icon.svg")


@router.get("/static/{name}")
async def static(name: str) -> Response:
    return _response(name)


def _response(name: str) -> Response:
    known = page_files().get(name)
    if known is None:
        raise NOT_FOUND
    data, media_type = known
    return Response(data, media_type=media_type, headers={"Cache-Control": "no-cache"})
