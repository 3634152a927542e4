"""Questions and searches."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import EventSourceResponse

from mmrag.domain.hashing import Json
from mmrag.errors import MMRagError
from mmrag.server.asking import answer_to, events, kept_alive, server_sent
from mmrag.server.depends import AskedStore
from mmrag.server.places import answer_out, event_out, hit_out
from mmrag.server.problems import Problem, problem_of
from mmrag.server.schemas import AnswerOut, Ask, SearchOut
from mmrag.server.store import Store

router = APIRouter(prefix="/api", tags=["questions"])
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.post("/ask", response_model=AnswerOut, summary="Ask a question")
async def ask(body: Ask, store: AskedStore) -> JSONResponse:
    """The answer with a box on the page for every claim, or a refusal with the nearest evidence: what `mmrag ask --json`
    prints, and links to the pages."""
    answer = await answer_to(store, body)
    return _json(answer_out(answer, store.signer))


@router.post(
    "/ask/stream",
    response_class=StreamingResponse,
    summary="Ask a question and follow it",
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def ask_stream(body: Ask, store: AskedStore) -> EventSourceResponse:
    """Server-sent events in the order in which things happen: `plan`, `evidence`, `tool_started`, `tool_finished`, `draft`,
    `verdict`, `cost`, and last `answer` or `error`. A draft is not an answer: it may be refuted and drafted again."""
    store.turns.check()
    return EventSourceResponse(kept_alive(_told(store, body)), headers=STREAM_HEADERS)


async def _told(store: Store, body: Ask) -> AsyncGenerator[bytes, None]:
    try:
        async for event in events(store, body):
            yield server_sent(event.type, event_out(event, store.signer))
    except MMRagError as error:
        yield server_sent("error", problem_of(error).body["error"])
    except Problem as problem:
        yield server_sent("error", problem.body["error"])


@router.get("/search", response_model=SearchOut, summary="Search without answering")
async def search(
    store: AskedStore,
    q: Annotated[str, Query(min_length=1, max_length=1_000, examples=["total Fernhill"])],
    k: Annotated[int, Query(ge=1, le=100)] = 10,
    kind: Annotated[list[str] | None, Query(max_length=20)] = None,
) -> JSONResponse:
    """The elements of pages that fit the words best, best first."""
    hits = await store.session.search(q, k, kinds=kind)
    return _json({"query": q, "hits": [hit_out(hit, store.signer) for hit in hits]})


def _json(value: Json) -> JSONResponse:
    return JSONResponse(value, headers={"Cache-Control": "no-store"})
