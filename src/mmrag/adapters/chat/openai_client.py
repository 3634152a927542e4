"""The client that both ways of speaking to OpenAI share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mmrag.adapters.chat.provider import base64_of
from mmrag.adapters.chat.sdk import SdkModel
from mmrag.domain.hashing import Json
from mmrag.domain.messages import Detail, ImagePart, ToolSpec

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

OPENAI_URL = "https://api.openai.com/v1"


class OpenAIModel(SdkModel["AsyncOpenAI"]):
    """Has the client; subclasses say in which protocol."""

    package = "openai"
    extra = "openai"

    def _connect(self, timeout: httpx2.Timeout) -> AsyncOpenAI:
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=self.endpoint.key or "none",  # local servers want no key, the package wants one
            base_url=self.endpoint.base_url or OPENAI_URL,
            max_retries=0,
            timeout=timeout,
        )

    async def _closed(self, client: AsyncOpenAI) -> None:
        await client.close()

    def _fault(self) -> type[Exception]:
        from openai import OpenAIError

        return OpenAIError


def picture_url(image: ImagePart) -> str:
    return f"data:{image.media_type};base64,{base64_of(image)}"


def detail_of(image: ImagePart) -> str:
    """Low or high: there is nothing between. ``auto`` is never sent: nobody knows beforehand what it costs."""
    return "low" if image.detail is Detail.LOW else "high"


def tool_json(tool: ToolSpec) -> dict[str, Json]:
    return {"name": tool.name, "description": tool.description, "parameters": json.loads(tool.parameters)}
