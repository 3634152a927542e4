"""Gemini through google-genai."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from mmrag.adapters.chat.provider import Endpoint, Tally, base64_of, labelled, system_text
from mmrag.adapters.chat.sdk import SdkModel
from mmrag.domain.hashing import Json
from mmrag.domain.messages import (
    ChatRequest,
    Delta,
    ImagePart,
    Part,
    Reply,
    Role,
    StopReason,
    TextPart,
    TokenLogprob,
    ToolCall,
)
from mmrag.ports import OnDelta

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client

GEMINI_URL = "https://generativelanguage.googleapis.com"
_STOPS = {"STOP": StopReason.END, "MAX_TOKENS": StopReason.LENGTH}
_GARBLED = frozenset({"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "OTHER", "FINISH_REASON_UNSPECIFIED"})


class _Asked(BaseModel):
    id: str | None = None
    name: str | None = None
    args: dict[str, object] | None = None


class _Part(BaseModel):
    text: str | None = None
    thought: bool | None = None
    function_call: _Asked | None = None
    thought_signature: bytes | None = None


class _Content(BaseModel):
    parts: tuple[_Part, ...] | None = None


class _Token(BaseModel):
    token: str | None = None
    log_probability: float | None = None


class _Tokens(BaseModel):
    chosen_candidates: tuple[_Token, ...] | None = None


class _Candidate(BaseModel):
    content: _Content | None = None
    finish_reason: str | None = None
    logprobs_result: _Tokens | None = None


class _Count(BaseModel):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None


class _Blocked(BaseModel):
    block_reason: str | None = None


class _Answer(BaseModel):
    """A response, or a piece of one."""

    candidates: tuple[_Candidate, ...] | None = None
    prompt_feedback: _Blocked | None = None
    usage_metadata: _Count | None = None


class Gemini(SdkModel["Client"]):
    """``models.generate_content``. How closely it looks is said for each picture."""

    package = "google-genai"
    extra = "gemini"

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._http: httpx2.AsyncClient | None = None

    def _connect(self, timeout: httpx2.Timeout) -> Client:
        import httpx2
        from google import genai
        from google.genai import types

        self._http = httpx2.AsyncClient(timeout=timeout)
        return genai.Client(
            api_key=self.endpoint.key or "none",
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=self.endpoint.base_url or GEMINI_URL,
                timeout=int(self.endpoint.timeout_s * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),
                # Named, so that it is the same client whether or not aiohttp happens to be installed.
                httpx_async_client=self._http,
            ),
        )

    async def _closed(self, client: Client) -> None:
        await client.aio.aclose()
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _fault(self) -> type[Exception]:
        from google.genai.errors import APIError

        return APIError

    async def _whole(self, request: ChatRequest) -> Reply:
        generate: Any = self.client.aio.models.generate_content
        done = await generate(**self._body(request))
        return self._reply(request, [_Answer.model_validate(done.model_dump())])

    async def _streamed(self, request: ChatRequest, on_delta: OnDelta) -> Reply:
        generate: Any = self.client.aio.models.generate_content_stream
        pieces: list[_Answer] = []
        async for raw in await generate(**self._body(request)):
            pieces.append(_Answer.model_validate(raw.model_dump()))
            text = "".join(map(_text, _parts(pieces[-1:])))
            if text:
                await on_delta(Delta(text=text))
        return self._reply(request, pieces)

    def _reply(self, request: ChatRequest, pieces: Sequence[_Answer]) -> Reply:
        parts = _parts(pieces)
        calls = tuple(_call(p.function_call, p.thought_signature, n) for n, p in enumerate(parts) if p.function_call)
        reasons = [c.finish_reason for p in pieces for c in (p.candidates or ())[:1] if c.finish_reason]
        blocked = any(p.prompt_feedback and p.prompt_feedback.block_reason for p in pieces)
        if not blocked and (not reasons or reasons[-1] in _GARBLED):
            raise self.broken_off()
        stop = StopReason.REFUSAL if blocked else _STOPS.get(reasons[-1], StopReason.REFUSAL)
        return self._answered(
            request,
            "".join(map(_text, parts)),
            _tally(pieces),
            stop=StopReason.TOOLS if calls and stop is StopReason.END else stop,
            tool_calls=calls,
            logprobs=_tokens(pieces),
        )

    def _body(self, request: ChatRequest) -> dict[str, object]:
        config: dict[str, object] = {"max_output_tokens": request.max_output_tokens}
        if system := system_text(request):
            config["system_instruction"] = system
        if request.json_schema is not None:
            config["response_mime_type"] = "application/json"
            config["response_json_schema"] = json.loads(request.json_schema)
        if request.tools:
            declared = [
                {"name": t.name, "description": t.description, "parameters_json_schema": json.loads(t.parameters)}
                for t in request.tools
            ]
            config["tools"] = [{"function_declarations": declared}]
        if (temperature := self._temperature(request)) is not None:
            config["temperature"] = temperature
        if self._wants_logprobs(request):
            config["response_logprobs"] = True
        contents = [
            {
                "role": "model" if m.role is Role.ASSISTANT else "user",
                "parts": [piece for part in m.parts for piece in _pieces(part)],
            }
            for m in request.messages
            if m.role is not Role.SYSTEM
        ]
        return {"model": self.endpoint.model, "contents": contents, "config": config}


def _pieces(part: Part) -> list[dict[str, Json]]:
    if isinstance(part, TextPart):
        return [{"text": part.text}]
    if isinstance(part, ImagePart):
        level = f"MEDIA_RESOLUTION_{part.detail.value.upper()}"
        picture: Json = {"mime_type": part.media_type, "data": base64_of(part)}
        return [{"text": labelled(part)}, {"inline_data": picture, "media_resolution": {"level": level}}]
    if isinstance(part, ToolCall):
        call: dict[str, Json] = {"function_call": {"id": part.id, "name": part.name, "args": json.loads(part.arguments)}}
        return [{**call, "thought_signature": part.signature} if part.signature else call]
    return [{"function_response": {"id": part.call_id, "name": part.name, "response": {"output": part.text}}}]


def _parts(pieces: Sequence[_Answer]) -> list[_Part]:
    """What was said, without thoughts, of the one candidate that was asked for."""
    candidates = [c for p in pieces for c in (p.candidates or ())[:1]]
    return [part for c in candidates if c.content for part in c.content.parts or () if not part.thought]


def _text(part: _Part) -> str:
    return part.text or ""


def _call(asked: _Asked, signature: bytes | None, number: int) -> ToolCall:
    return ToolCall(
        id=asked.id or f"call-{number}",
        name=asked.name or "",
        arguments=json.dumps(asked.args or {}),
        signature=b64encode(signature).decode("ascii") if signature else "",
    )


def _tokens(pieces: Sequence[_Answer]) -> tuple[TokenLogprob, ...]:
    results = [c.logprobs_result for p in pieces for c in (p.candidates or ())[:1] if c.logprobs_result]
    return tuple(
        TokenLogprob(token=t.token or "", logprob=t.log_probability)
        for result in results
        for t in result.chosen_candidates or ()
        if t.log_probability is not None
    )


def _tally(pieces: Sequence[_Answer]) -> Tally | None:
    """The last count is of the whole reply. Thoughts are paid as output."""
    counts = [p.usage_metadata for p in pieces if p.usage_metadata and p.usage_metadata.prompt_token_count is not None]
    if not counts:
        return None
    last = counts[-1]
    return Tally(
        read=last.prompt_token_count or 0,
        written=(last.candidates_token_count or 0) + (last.thoughts_token_count or 0),
        kept=last.cached_content_token_count,
    )
