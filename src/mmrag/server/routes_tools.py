"""The tools of the store: what agents do with it, for programs that are no agents."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Body, Path
from fastapi.responses import JSONResponse

from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.server.depends import AskedStore
from mmrag.server.problems import NOT_FOUND
from mmrag.server.schemas import ToolResultOut, ToolsOut

router = APIRouter(prefix="/api/tools", tags=["tools"])


@router.get("", response_model=ToolsOut, summary="The tools, with the schemas of their arguments")
async def tools(store: AskedStore) -> JSONResponse:
    found = await store.session.tools()
    told = [{"name": t.name, "description": t.description, "arguments": t.input_schema} for t in found.values()]
    return JSONResponse({"tools": told})


@router.post("/{name}", response_model=ToolResultOut, summary="Run a tool")
async def run(
    name: Annotated[str, Path(pattern=r"^[a-z][a-z_]{1,39}$", examples=["extract_fields"])],
    arguments: Annotated[dict[str, object], Body(examples=[{"expression": "1.10 + 2.20"}])],
    store: AskedStore,
) -> JSONResponse:
    """What `mmrag tool NAME --json` prints, with the pictures in it as base64. A tool takes its turn among the questions."""
    found = await store.session.tools()
    if name not in found:
        raise NOT_FOUND
    async with store.turns.turn():
        result = await found[name].call(arguments)
    return JSONResponse(
        {
            "tool": name,
            "result": result.to_json(),
            "elements": list(result.element_ids),
            "pictures": [_picture(picture) for picture in result.pictures],
        }
    )


def _picture(picture: ImagePart) -> Json:
    return {
        "label": picture.label,
        "media_type": picture.media_type,
        "width": picture.width,
        "height": picture.height,
        "data": base64.b64encode(picture.data).decode("ascii"),
    }
