"""What each provider's server says on the wire, and what it expects to hear."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import cast

from provider_server import Answer, events, of_json

from mmrag.adapters.chat.anthropic_messages import AnthropicMessages
from mmrag.adapters.chat.gemini import Gemini
from mmrag.adapters.chat.openai_chat import OpenAIChat
from mmrag.adapters.chat.openai_responses import OpenAIResponses
from mmrag.adapters.chat.provider import Endpoint, ProviderModel
from mmrag.domain.capabilities import NOTHING_KNOWN, Capabilities

PICTURE = b"\x89PNG not really"
ENCODED = base64.b64encode(PICTURE).decode()
SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
Wire = dict[str, object]


def at(value: object, *path: str | int) -> object:
    """The value at ``path`` in nested JSON."""
    for step in path:
        value = cast(list[object], value)[step] if isinstance(step, int) else cast(dict[str, object], value)[step]
    return value


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One provider. ``said`` is a whole reply: 11 tokens in (3 of them kept), 5 out."""

    name: str
    path: str
    auth: str
    has_logprobs: bool = True

    def model(self, url: str, *, timeout_s: float = 5.0, can: Capabilities = NOTHING_KNOWN) -> ProviderModel:
        made: dict[str, type[ProviderModel]] = {
            "anthropic": AnthropicMessages,
            "gemini": Gemini,
            "openai-chat": OpenAIChat,
            "openai-responses": OpenAIResponses,
        }
        base = f"{url}/v1" if self.name.startswith("openai") else url
        return made[self.name](
            Endpoint(provider="p", model="m-1", key="sk-secret", base_url=base, can=can, timeout_s=timeout_s)
        )

    def said(self, text: str = "yes", *, stop: str = "end", tool: bool = False, logprobs: bool = False) -> Wire:
        return _SAID[self.name](text, stop, tool, logprobs)

    def streamed(
        self, pieces: tuple[str, ...], *, cut: bool = False, pause_s: float = 0, stop: str = "end", broken: bool = False
    ) -> Answer:
        """The reply in pieces; ``cut`` ends the connection before the end is said, ``broken`` a piece in its middle."""
        answer = _STREAMED[self.name](self, pieces, cut, pause_s, stop)
        if not broken:
            return answer
        return replace(answer, chunks=(*answer.chunks[:-2], answer.chunks[-2][: len(answer.chunks[-2]) // 2] + b"\n\n"))

    def trouble(self) -> Wire:
        """What is sent in the middle of a stream when the provider is overloaded."""
        said: dict[str, Wire] = {
            "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            "gemini": {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}},
            "openai-chat": {"error": {"message": "The server is overloaded.", "type": "server_error", "code": None}},
            "openai-responses": {
                "type": "response.failed",
                "sequence_number": 9,
                "response": {**self.said(""), "status": "failed", "error": {"code": "server_error", "message": "x"}},
            },
        }
        return said[self.name]

    def sent_texts(self, body: Wire) -> object:
        """Roles and contents as they were sent for the conversation of the test."""
        return at(body, {"anthropic": "messages", "gemini": "contents", "openai-chat": "messages"}.get(self.name, "input"))


def _anthropic(text: str, stop: str, tool: bool, logprobs: bool) -> Wire:
    reason = {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"}[stop]
    content: list[object] = [{"type": "text", "text": text}]
    if tool:
        content.append({"type": "tool_use", "id": "t1", "name": "zoom", "input": {"page": 2}})
    usage = {"input_tokens": 8, "output_tokens": 5, "cache_read_input_tokens": 3}
    return {
        "id": "msg", "type": "message", "role": "assistant", "model": "m-1", "content": content,
        "stop_reason": "tool_use" if tool else reason, "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _anthropic_stream(dialect: Dialect, pieces: tuple[str, ...], cut: bool, pause_s: float, stop: str) -> Answer:
    whole = dialect.said()
    start = {**whole, "content": [], "stop_reason": None, "usage": {**cast(Wire, whole["usage"]), "output_tokens": 1}}
    begun: list[Wire] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": p}} for p in pieces),
    ]
    ended: list[Wire] = [
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": dialect.said(stop=stop)["stop_reason"]},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    ]
    return events(*begun, *([] if cut else ended), named=True, cut=cut, pause_s=pause_s)


def _gemini(text: str, stop: str, tool: bool, logprobs: bool) -> Wire:
    reason = {"end": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}[stop]
    parts: list[object] = [{"text": text}]
    if tool:
        parts.append({"functionCall": {"id": "t1", "name": "zoom", "args": {"page": 2}}, "thoughtSignature": "c2ln"})
    candidate: Wire = {"content": {"role": "model", "parts": parts}, "finishReason": reason}
    if logprobs:
        candidate["logprobsResult"] = {"chosenCandidates": [{"token": "yes", "logProbability": -0.25}]}
    usage = {"promptTokenCount": 11, "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "cachedContentTokenCount": 3}
    return {"candidates": [candidate], "usageMetadata": usage}


def _gemini_stream(dialect: Dialect, pieces: tuple[str, ...], cut: bool, pause_s: float, stop: str) -> Answer:
    values: list[Wire] = [{"candidates": [{"content": {"role": "model", "parts": [{"text": p}]}}]} for p in pieces]
    if not cut:
        values.append(dialect.said("", stop=stop))
    return events(*values, cut=cut, pause_s=pause_s)


def _chat(text: str, stop: str, tool: bool, logprobs: bool) -> Wire:
    reason = {"end": "stop", "length": "length", "refusal": "content_filter"}[stop]
    message: Wire = {"role": "assistant", "content": text}
    if tool:
        function = {"name": "zoom", "arguments": '{"page": 2}'}
        message["tool_calls"] = [{"id": "t1", "type": "function", "function": function}]
    choice: Wire = {"index": 0, "message": message, "finish_reason": "tool_calls" if tool else reason}
    if logprobs:
        choice["logprobs"] = {"content": [{"token": "yes", "logprob": -0.25, "bytes": None, "top_logprobs": []}]}
    usage = {
        "prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16, "prompt_tokens_details": {"cached_tokens": 3}
    }  # fmt: skip
    return {"id": "c", "object": "chat.completion", "created": 0, "model": "m-1", "choices": [choice], "usage": usage}


def _chat_stream(dialect: Dialect, pieces: tuple[str, ...], cut: bool, pause_s: float, stop: str) -> Answer:
    head: Wire = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m-1"}
    values: list[Wire] = [{**head, "choices": [{"index": 0, "delta": {"content": p}}]} for p in pieces]
    if not cut:
        values.append(
            {
                **head,
                "choices": [
                    {"index": 0, "delta": {}, "finish_reason": at(dialect.said(stop=stop), "choices", 0, "finish_reason")}
                ],
            }
        )
        values.append({**head, "choices": [], "usage": dialect.said()["usage"]})
    return events(*values, done=not cut, cut=cut, pause_s=pause_s)


def _responses(text: str, stop: str, tool: bool, logprobs: bool) -> Wire:
    said: Wire = {"type": "output_text", "text": text, "annotations": []}
    if logprobs:
        said["logprobs"] = [{"token": "yes", "logprob": -0.25, "bytes": [], "top_logprobs": []}]
    if stop == "refusal":
        said = {"type": "refusal", "refusal": "no"}
    output: list[object] = [{"type": "message", "id": "o", "role": "assistant", "status": "completed", "content": [said]}]
    if tool:
        output.append({"type": "function_call", "call_id": "t1", "name": "zoom", "arguments": '{"page": 2}'})
    usage = {
        "input_tokens": 11, "output_tokens": 5, "total_tokens": 16, "input_tokens_details": {"cached_tokens": 3},
        "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    whole: Wire = {"id": "r", "object": "response", "model": "m-1", "output": output, "usage": usage, "status": "completed"}
    if stop == "length":
        whole |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    return whole


def _responses_stream(dialect: Dialect, pieces: tuple[str, ...], cut: bool, pause_s: float, stop: str) -> Answer:
    values: list[Wire] = [
        {"type": "response.output_text.delta", "item_id": "o", "output_index": 0, "content_index": 0, "delta": p}
        for p in pieces
    ]
    if not cut:
        ended = "response.incomplete" if stop == "length" else "response.completed"
        values.append({"type": ended, "response": dialect.said("".join(pieces), stop=stop)})
    numbered: list[Wire] = [{**value, "sequence_number": n} for n, value in enumerate(values)]
    return events(*numbered, named=True, cut=cut, pause_s=pause_s)


_SAID = {"anthropic": _anthropic, "gemini": _gemini, "openai-chat": _chat, "openai-responses": _responses}
_STREAMED = {
    "anthropic": _anthropic_stream,
    "gemini": _gemini_stream,
    "openai-chat": _chat_stream,
    "openai-responses": _responses_stream,
}

DIALECTS = (
    Dialect(name="anthropic", path="/v1/messages", auth="authorization", has_logprobs=False),
    Dialect(name="gemini", path="/v1/models/m-1:generateContent", auth="x-goog-api-key"),
    Dialect(name="openai-chat", path="/v1/chat/completions", auth="authorization"),
    Dialect(name="openai-responses", path="/v1/responses", auth="authorization"),
)


def whole(dialect: Dialect, text: str = "yes", *, stop: str = "end", tool: bool = False, logprobs: bool = False) -> Answer:
    return of_json(dialect.said(text, stop=stop, tool=tool, logprobs=logprobs))


def schema_text() -> str:
    return json.dumps(SCHEMA)
