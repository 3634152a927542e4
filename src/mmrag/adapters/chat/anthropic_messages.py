"""The Messages API of Anthropic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from mmrag.adapters.chat.provider import Tally, base64_of, labelled, system_text
from mmrag.adapters.chat.sdk import SdkModel
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ChatRequest, Delta, ImagePart, Part, Reply, Role, StopReason, TextPart, ToolCall
from mmrag.ports import OnDelta

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

ANTHROPIC_URL = "https://api.anthropic.com"
_STOPS = {
    "max_tokens": StopReason.LENGTH,
    "model_context_window_exceeded": StopReason.LENGTH,
    "tool_use": StopReason.TOOLS,
    "refusal": StopReason.REFUSAL,
}


class _Block(BaseModel):
    type: str
    text: str = ""
    id: str = ""
    name: str = ""
    input: dict[str, object] | None = None


class _Count(BaseModel):
    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class _Message(BaseModel):
    content: tuple[_Block, ...]
    stop_reason: str | None
    usage: _Count


class AnthropicMessages(SdkModel["AsyncAnthropic"]):
    """``POST /v1/messages``. There are no log-probabilities, and no detail for a picture: its size is what it costs."""

    package = "anthropic"
    extra = "anthropic"

    def _connect(self, timeout: httpx2.Timeout) -> AsyncAnthropic:
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(
            api_key=self.endpoint.key or "none",
            base_url=self.endpoint.base_url or ANTHROPIC_URL,
            max_retries=0,
            timeout=timeout,
        )

    async def _closed(self, client: AsyncAnthropic) -> None:
        await client.close()

    def _fault(self) -> type[Exception]:
        from anthropic import AnthropicError

        return AnthropicError

    async def _whole(self, request: ChatRequest) -> Reply:
        create: Any = self.client.messages.with_raw_response.create  # one body serves many typed overloads
        raw = await create(**self._body(request))
        return self._reply(request, _Message.model_validate_json(await raw.read()))

    async def _streamed(self, request: ChatRequest, on_delta: OnDelta) -> Reply:
        open_stream: Any = self.client.messages.stream
        async with open_stream(**self._body(request)) as stream:
            async for text in stream.text_stream:
                await on_delta(Delta(text=text))
            done = _Message.model_validate((await stream.get_final_message()).to_dict())
        if done.stop_reason is None:
            raise self.broken_off()
        return self._reply(request, done)

    def _reply(self, request: ChatRequest, done: _Message) -> Reply:
        count = done.usage
        kept = count.cache_read_input_tokens or 0
        read = count.input_tokens + kept + (count.cache_creation_input_tokens or 0)
        return self._answered(
            request,
            "".join(block.text for block in done.content if block.type == "text"),
            Tally(read=read, written=count.output_tokens, kept=kept),
            stop=_STOPS.get(done.stop_reason or "", StopReason.END),
            tool_calls=tuple(
                ToolCall(id=b.id, name=b.name, arguments=json.dumps(b.input or {}))
                for b in done.content
                if b.type == "tool_use"
            ),
        )

    def _body(self, request: ChatRequest) -> dict[str, Json]:
        body: dict[str, Json] = {
            "model": self.endpoint.model,
            "max_tokens": request.max_output_tokens,
            "messages": [
                {"role": m.role.value, "content": [block for part in m.parts for block in _blocks(part)]}
                for m in request.messages
                if m.role is not Role.SYSTEM
            ],
        }
        if system := system_text(request):
            body["system"] = system
        output: dict[str, Json] = {}
        if request.json_schema is not None:
            schema: Json = json.loads(request.json_schema)
            output["format"] = {"type": "json_schema", "schema": schema}
        if self.endpoint.can.effort is not None:
            output["effort"] = self.endpoint.can.effort
        if output:
            body["output_config"] = output
        if request.tools:
            body["tools"] = [
                {"name": t.name, "description": t.description, "input_schema": json.loads(t.parameters)}
                for t in request.tools
            ]
        if (temperature := self._temperature(request)) is not None:
            body["extra_body"] = {"temperature": temperature}  # the package knows only models without one
        return body


def _blocks(part: Part) -> list[Json]:
    if isinstance(part, TextPart):
        return [{"type": "text", "text": part.text}]
    if isinstance(part, ImagePart):
        source: Json = {"type": "base64", "media_type": part.media_type, "data": base64_of(part)}
        return [{"type": "text", "text": labelled(part)}, {"type": "image", "source": source}]
    if isinstance(part, ToolCall):
        return [{"type": "tool_use", "id": part.id, "name": part.name, "input": json.loads(part.arguments)}]
    return [{"type": "tool_result", "tool_use_id": part.call_id, "content": part.text}]
