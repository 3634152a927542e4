"""The client that both ways of speaking to OpenAI share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mmrag.adapters.chat.provider import CONNECT_TIMEOUT_S, Endpoint, ProviderModel, base64_of, install_line
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart, ToolSpec

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI_URL = "https://api.openai.com/v1"


class OpenAIModel(ProviderModel):
    """Has the client; subclasses say in which protocol."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._client: AsyncOpenAI | None = None

    @property
    def client(self) -> AsyncOpenAI:
        self._open()
        assert self._client is not None  # noqa: S101  # tells the type checker what _open has just done
        return self._client

    def _open(self) -> None:
        if self._client is not None:
            return
        try:
            import httpx2
            from openai import AsyncOpenAI
        except ImportError as error:
            raise install_line("openai", "openai") from error
        self._client = AsyncOpenAI(
            api_key=self.endpoint.key or "none",  # local servers want no key, the package wants one
            base_url=self.endpoint.base_url or OPENAI_URL,
            max_retries=0,
            timeout=httpx2.Timeout(self.endpoint.timeout_s, connect=CONNECT_TIMEOUT_S),
        )

    def _faults(self) -> tuple[type[Exception], ...]:
        import httpx2
        from openai import OpenAIError

        return (OpenAIError, httpx2.HTTPError)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None


def picture_url(image: ImagePart) -> str:
    return f"data:{image.media_type};base64,{base64_of(image)}"


def tool_json(tool: ToolSpec) -> dict[str, Json]:
    return {"name": tool.name, "description": tool.description, "parameters": json.loads(tool.parameters)}
