"""The Responses API of OpenAI."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from mmrag.adapters.chat.openai_client import OpenAIModel, detail_of, picture_url, tool_json
from mmrag.adapters.chat.provider import Tally, labelled, system_text
from mmrag.domain.hashing import Json
from mmrag.domain.messages import (
    ChatRequest,
    Delta,
    ImagePart,
    Message,
    Reply,
    Role,
    StopReason,
    TextPart,
    TokenLogprob,
    ToolCall,
    ToolResult,
)
from mmrag.ports import OnDelta

_LAST = frozenset({"response.completed", "response.incomplete", "response.failed"})


class _Token(BaseModel):
    token: str
    logprob: float


class _Content(BaseModel):
    type: str
    text: str = ""
    logprobs: tuple[_Token, ...] | None = None


class _Item(BaseModel):
    type: str
    content: tuple[_Content, ...] | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""


class _Details(BaseModel):
    cached_tokens: int | None = None


class _Count(BaseModel):
    input_tokens: int
    output_tokens: int
    input_tokens_details: _Details | None = None


class _Why(BaseModel):
    reason: str | None = None


class _Response(BaseModel):
    status: str = "completed"
    output: tuple[_Item, ...]
    incomplete_details: _Why | None = None
    usage: _Count | None = None


class _Event(BaseModel):
    type: str
    delta: object = None
    response: dict[str, object] | None = None


class OpenAIResponses(OpenAIModel):
    """``POST /responses``. Nothing is kept at OpenAI (``store`` is false)."""

    async def _whole(self, request: ChatRequest) -> Reply:
        create: Any = self.client.responses.with_raw_response.create  # one body serves many typed overloads
        raw = await create(**self._body(request))
        return self._reply(request, _Response.model_validate_json(raw.content))

    async def _streamed(self, request: ChatRequest, on_delta: OnDelta) -> Reply:
        create: Any = self.client.responses.create
        async for raw in await create(**self._body(request), stream=True):
            event = _Event.model_validate(raw.to_dict())
            if event.type == "response.output_text.delta" and isinstance(event.delta, str):
                await on_delta(Delta(text=event.delta))
            elif event.type in _LAST:
                return self._reply(request, _Response.model_validate(event.response))
        raise self.broken_off()

    def _reply(self, request: ChatRequest, done: _Response) -> Reply:
        if done.status == "failed":
            raise self.broken_off("failed in the middle of its reply")
        said = [c for item in done.output if item.type == "message" for c in item.content or ()]
        calls = tuple(
            ToolCall(id=i.call_id, name=i.name, arguments=i.arguments) for i in done.output if i.type == "function_call"
        )
        stop = StopReason.TOOLS if calls else StopReason.END
        if done.status == "incomplete":
            why = done.incomplete_details.reason if done.incomplete_details else None
            stop = StopReason.REFUSAL if why == "content_filter" else StopReason.LENGTH
        if any(c.type == "refusal" for c in said):
            stop = StopReason.REFUSAL
        return self._answered(
            request,
            "".join(c.text for c in said if c.type == "output_text"),
            _tally(done.usage),
            stop=stop,
            tool_calls=calls,
            logprobs=tuple(TokenLogprob(token=t.token, logprob=t.logprob) for c in said for t in c.logprobs or ()),
        )

    def _body(self, request: ChatRequest) -> dict[str, Json]:
        body: dict[str, Json] = {
            "model": self.endpoint.model,
            "input": [item for m in request.messages if m.role is not Role.SYSTEM for item in _items(m)],
            "max_output_tokens": request.max_output_tokens,
            "store": False,
        }
        if instructions := system_text(request):
            body["instructions"] = instructions
        if request.json_schema is not None:
            schema: Json = json.loads(request.json_schema)
            body["text"] = {"format": {"type": "json_schema", "name": "reply", "schema": schema, "strict": True}}
        if request.tools:
            body["tools"] = [{"type": "function", "strict": False, **tool_json(tool)} for tool in request.tools]
        if (temperature := self._temperature(request)) is not None:
            body["temperature"] = temperature
        if self.endpoint.can.effort is not None:
            body["reasoning"] = {"effort": self.endpoint.can.effort}
        if self._wants_logprobs(request):
            body["include"] = ["message.output_text.logprobs"]
            body["reasoning"] = {"effort": "none"}  # while it reasons there are none
        return body


def _items(message: Message) -> list[Json]:
    """A message is one item with its texts and pictures; calls and results of tools are items of their own."""
    spoken = "output_text" if message.role is Role.ASSISTANT else "input_text"
    items: list[Json] = []
    content: list[Json] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            content.append({"type": spoken, "text": part.text})
        elif isinstance(part, ImagePart):
            content.append({"type": spoken, "text": labelled(part)})
            content.append({"type": "input_image", "image_url": picture_url(part), "detail": detail_of(part)})
        elif isinstance(part, ToolCall):
            items.append({"type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments})
        elif isinstance(part, ToolResult):
            items.append({"type": "function_call_output", "call_id": part.call_id, "output": part.text})
    return [{"role": message.role.value, "content": content}, *items] if content else items


def _tally(count: _Count | None) -> Tally | None:
    if count is None:
        return None
    details = count.input_tokens_details
    return Tally(read=count.input_tokens, written=count.output_tokens, kept=details.cached_tokens if details else None)
