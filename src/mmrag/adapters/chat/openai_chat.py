"""Chat completions, the way compatible servers speak: llama.cpp, Ollama, vLLM, LM Studio."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from mmrag.adapters.chat.openai_client import OpenAIModel, detail_of, picture_url, tool_json
from mmrag.adapters.chat.provider import Tally, labelled
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

_STOPS = {"length": StopReason.LENGTH, "content_filter": StopReason.REFUSAL, "tool_calls": StopReason.TOOLS}


class _Function(BaseModel):
    name: str | None = None
    arguments: str | None = None


class _Call(BaseModel):
    index: int = 0
    id: str | None = None
    function: _Function = _Function()


class _Said(BaseModel):
    """A message, or a piece of one."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: tuple[_Call, ...] | None = None


class _Token(BaseModel):
    token: str
    logprob: float


class _Tokens(BaseModel):
    content: tuple[_Token, ...] | None = None


class _Choice(BaseModel):
    message: _Said = _Said()
    delta: _Said = _Said()
    finish_reason: str | None = None
    logprobs: _Tokens | None = None


class _Details(BaseModel):
    cached_tokens: int | None = None


class _Count(BaseModel):
    prompt_tokens: int
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None


class _Completion(BaseModel):
    choices: tuple[_Choice, ...]
    usage: _Count | None = None


class OpenAIChat(OpenAIModel):
    """``POST /chat/completions``."""

    async def _whole(self, request: ChatRequest) -> Reply:
        create: Any = self.client.chat.completions.with_raw_response.create  # one body serves many typed overloads
        raw = await create(**self._body(request))
        done = _Completion.model_validate_json(raw.content)
        if not done.choices:
            raise self.broken_off("sent a reply without a choice")
        choice = done.choices[0]
        calls = [(c.id or "", c.function.name or "", c.function.arguments or "") for c in choice.message.tool_calls or ()]
        return self._reply(request, choice, choice.message.content or "", calls, _tokens([choice]), done.usage)

    async def _streamed(self, request: ChatRequest, on_delta: OnDelta) -> Reply:
        create: Any = self.client.chat.completions.create
        chunks = await create(**self._body(request), stream=True, stream_options={"include_usage": True})
        choices: list[_Choice] = []
        calls: dict[int, tuple[str, str, str]] = {}
        count: _Count | None = None
        async for chunk in chunks:
            piece = _Completion.model_validate(chunk.to_dict())
            count = piece.usage or count
            for choice in piece.choices[:1]:
                choices.append(choice)
                if choice.delta.content:
                    await on_delta(Delta(text=choice.delta.content))
                for call in choice.delta.tool_calls or ():
                    was = calls.get(call.index, ("", "", ""))
                    now = (call.id or "", call.function.name or "", call.function.arguments or "")
                    calls[call.index] = (was[0] or now[0], was[1] + now[1], was[2] + now[2])
        ended = [c for c in choices if c.finish_reason]
        if not ended:
            raise self.broken_off()
        refused = "".join(c.delta.refusal or "" for c in choices) or None
        last = ended[-1].model_copy(update={"message": _Said(refusal=refused)})
        text = "".join(c.delta.content or "" for c in choices)
        return self._reply(request, last, text, [calls[i] for i in sorted(calls)], _tokens(choices), count)

    def _reply(
        self,
        request: ChatRequest,
        choice: _Choice,
        text: str,
        calls: Sequence[tuple[str, str, str]],
        logprobs: tuple[TokenLogprob, ...],
        count: _Count | None,
    ) -> Reply:
        stop = _STOPS.get(choice.finish_reason or "", StopReason.TOOLS if calls else StopReason.END)
        return self._answered(
            request,
            text,
            _tally(count),
            stop=StopReason.REFUSAL if choice.message.refusal else stop,
            tool_calls=tuple(ToolCall(id=i, name=n, arguments=a) for i, n, a in calls),
            logprobs=logprobs,
        )

    def _body(self, request: ChatRequest) -> dict[str, Json]:
        body: dict[str, Json] = {
            "model": self.endpoint.model,
            "messages": [item for message in request.messages for item in _message(message)],
            "max_tokens": request.max_output_tokens,
        }
        if request.json_schema is not None:
            schema: Json = json.loads(request.json_schema)
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "schema": schema, "strict": True},
            }
        if request.tools:
            body["tools"] = [{"type": "function", "function": tool_json(tool)} for tool in request.tools]
        if (temperature := self._temperature(request)) is not None:
            body["temperature"] = temperature
        if self._wants_logprobs(request):
            body["logprobs"] = True
        return body


def _message(message: Message) -> list[Json]:
    """One of ours is several of theirs: each result of a tool is a message of its own."""
    results: list[Json] = [
        {"role": "tool", "tool_call_id": p.call_id, "content": p.text} for p in message.parts if isinstance(p, ToolResult)
    ]
    content: list[Json] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            content.append({"type": "text", "text": part.text})
        elif isinstance(part, ImagePart):
            content.append({"type": "text", "text": labelled(part)})
            content.append({"type": "image_url", "image_url": {"url": picture_url(part), "detail": detail_of(part)}})
    calls: list[Json] = [
        {"id": p.id, "type": "function", "function": {"name": p.name, "arguments": p.arguments}}
        for p in message.parts
        if isinstance(p, ToolCall)
    ]
    if not content and not calls:
        return results
    # Small servers and all but the user's role take plain text only.
    plain = message.role is not Role.USER or len(content) == 1
    text = "\n".join(p.text for p in message.parts if isinstance(p, TextPart))
    own: dict[str, Json] = {"role": message.role.value, "content": text if plain else content}
    return [*results, {**own, "tool_calls": calls} if calls else own]


def _tokens(choices: Sequence[_Choice]) -> tuple[TokenLogprob, ...]:
    of = [t for c in choices if c.logprobs for t in c.logprobs.content or ()]
    return tuple(TokenLogprob(token=t.token, logprob=t.logprob) for t in of)


def _tally(count: _Count | None) -> Tally | None:
    if count is None:
        return None
    details = count.prompt_tokens_details
    return Tally(read=count.prompt_tokens, written=count.completion_tokens, kept=details.cached_tokens if details else None)
