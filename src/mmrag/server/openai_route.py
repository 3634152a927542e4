"""``/v1/chat/completions`` and ``/v1/models``: existing chat clients ask mmrag as they ask a model.

The last message of the user is the question; what it leaves out is taken over from those before it. The reply's text is
the answer with its sources as Markdown links to crops; the same links are annotations. While an answer comes about, a stream
carries what happens as ``reasoning_content``; its ``content`` begins when the answer has been checked, so no client ever
shows a draft as an answer. The whole answer, as ``mmrag ask --json`` has it, is beside it under ``mmrag``.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel, ConfigDict, Field

from mmrag.domain.answers import Answer
from mmrag.domain.events import AnswerEvent, AnswerGiven
from mmrag.domain.hashing import Json, canonical_bytes
from mmrag.errors import MMRagError
from mmrag.server.asking import answer_to, events, kept_alive
from mmrag.server.chat_history import Said, cited_ids, whole_question
from mmrag.server.chat_text import Reply, progress_of, reply_to
from mmrag.server.depends import AskedStore
from mmrag.server.places import answer_out
from mmrag.server.problems import Problem, problem_of
from mmrag.server.routes_questions import STREAM_HEADERS
from mmrag.server.schemas import MOST_QUESTION, Ask
from mmrag.server.store import Store

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
MODEL = "mmrag"
MOST_MESSAGES = 20
"""Of a conversation, the latest ones."""


class _Lenient(BaseModel):
    """Clients send much that means nothing here: temperature, tools, names. It is let pass."""

    model_config = ConfigDict(extra="ignore")


class TextPart(_Lenient):
    type: str
    text: str | None = Field(default=None, max_length=100_000)


class Message(_Lenient):
    role: str = Field(max_length=40)
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text" and part.text)
        return self.content or ""


class StreamOptions(_Lenient):
    include_usage: bool = False


class ChatRequest(_Lenient):
    """``model`` is ``mmrag``, or ``mmrag:TIER`` to ask one tier only."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "model": "mmrag",
                    "messages": [{"role": "user", "content": "What is the total of the Fernhill invoice?"}],
                }
            ]
        },
    )

    model: str = Field(max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=1_000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None


class ModelOut(BaseModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelsOut(BaseModel):
    object: Literal["list"]
    data: list[ModelOut]


class CompletionOut(BaseModel):
    """As OpenAI has it. ``mmrag`` is the whole answer."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any]
    mmrag: dict[str, Any]


@router.get("/models", response_model=ModelsOut, summary="mmrag, and each of its tiers")
async def models(store: AskedStore) -> JSONResponse:
    data: list[Json] = [_model(name) for name in _models(store)]
    return JSONResponse({"object": "list", "data": data})


@router.get("/models/{name}", response_model=ModelOut, summary="One of them")
async def model(name: str, store: AskedStore) -> JSONResponse:
    _tier(store, name)
    return JSONResponse(_model(name))


@router.post("/chat/completions", response_model=CompletionOut, summary="Ask as one asks a model")
async def completions(body: ChatRequest, store: AskedStore, request: Request) -> Response:
    """With `stream`, server-sent chunks. Sources are Markdown links in the text, and `annotations` (`url_citation`)."""
    ask = await _question(body, store)
    base = _base(request, store)
    if body.stream:
        store.turns.check()
        usage = body.stream_options is not None and body.stream_options.include_usage
        chunks = _chunks(store, ask, body.model, base, usage=usage)
        return EventSourceResponse(kept_alive(chunks), headers=STREAM_HEADERS)
    answer = await answer_to(store, ask)
    reply = reply_to(answer, store.signer, base)
    message = {"role": "assistant", "content": reply.text, "refusal": None, "annotations": reply.annotations}
    return JSONResponse(
        {
            "id": f"chatcmpl-{answer.trace}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body.model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": _usage(answer),
            "mmrag": answer_out(answer, store.signer),
        },
        headers={"Cache-Control": "no-store"},
    )


async def _chunks(store: Store, ask: Ask, model: str, base: str, *, usage: bool) -> AsyncGenerator[bytes, None]:
    frame: dict[str, Json] = {"object": "chat.completion.chunk", "created": int(time.time()), "model": model}
    frame["id"] = f"chatcmpl-{time.time_ns():x}"
    yield _chunk(frame, {"role": "assistant", "content": ""})
    try:
        async with aclosing(events(store, ask)) as told:
            async for event in told:
                for piece in _pieces(event, frame, store, base, usage=usage):
                    yield piece
    except MMRagError as error:
        yield _data(problem_of(error).body)
    except Problem as problem:
        yield _data(problem.body)
    yield format_sse_event(data_str="[DONE]")


def _pieces(event: AnswerEvent, frame: dict[str, Json], store: Store, base: str, *, usage: bool) -> list[bytes]:
    """What a stream carries of an event."""
    if not isinstance(event, AnswerGiven):
        line = progress_of(event)
        return [_chunk(frame, {"reasoning_content": f"{line}\n"})] if line else []
    answer = event.answer
    reply: Reply = reply_to(answer, store.signer, base)
    pieces = [_chunk(frame, {"content": part}) for part in reply.parts]
    if reply.annotations:
        pieces.append(_chunk(frame, {"annotations": reply.annotations}))
    last: Json = [{"index": 0, "delta": {}, "finish_reason": "stop", "logprobs": None}]
    pieces.append(_data({**frame, "choices": last, "mmrag": answer_out(answer, store.signer)}))
    if usage:
        pieces.append(_data({**frame, "choices": [], "usage": _usage(answer)}))
    return pieces


def _chunk(frame: dict[str, Json], delta: Json) -> bytes:
    return _data({**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}]})


def _data(value: Json) -> bytes:
    return format_sse_event(data_str=canonical_bytes(value).decode("utf-8", "replace"))


async def _question(body: ChatRequest, store: Store) -> Ask:
    """Raises ``Problem``: 404 for a model that there is none of, 400 without a question of bearable length."""
    tier = _tier(store, body.model)
    messages = [Said(role=m.role, text=m.text) for m in body.messages]
    if any(len(m.text) > MOST_QUESTION for m in messages if m.role == "user"):
        raise Problem(400, "question_too_long", f"A question has at most {MOST_QUESTION} characters.")
    meant = whole_question(messages[-MOST_MESSAGES:], await _names(cited_ids(messages), store))
    if not meant.question:
        raise Problem(400, "no_question", "messages: no message of the user has text in it.")
    return Ask(question=meant.question[:MOST_QUESTION], document=meant.document if meant.sure else None, tier=tier)


async def _names(ids: Sequence[str], store: Store) -> dict[str, str]:
    """The names of the documents that are there among ``ids``."""
    if not ids:
        return {}
    catalog = (await store.session.app()).catalog
    found = [await catalog.document(one) for one in ids[-MOST_MESSAGES:]]
    return {document.id: document.name for document in found if document is not None}


def _tier(store: Store, name: str) -> str | None:
    """The tier that a model's name stands for, None for all of them. Raises ``Problem`` 404."""
    if name not in _models(store):
        raise Problem(404, "model_not_found", f"There is no such model here; there are {', '.join(_models(store))}.")
    return name.partition(":")[2] or None


def _models(store: Store) -> tuple[str, ...]:
    return (MODEL, *(f"{MODEL}:{tier.name}" for tier in store.session.settings.cascade.tiers))


def _model(name: str) -> dict[str, Json]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "mmrag"}


def _usage(answer: Answer) -> dict[str, Json]:
    usage = answer.bill.usage
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }


def _base(request: Request, store: Store) -> str:
    """Where links begin: what the settings say, else the address that the client used."""
    return (store.session.settings.serve.public_url or str(request.base_url)).rstrip("/")
