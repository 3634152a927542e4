"""What is told of a question while it is asked: the text of a draft as it comes, a remembered answer all over again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import anyio
from pydantic_core import from_json

from mmrag.agent.plan import make_plan
from mmrag.domain.answers import Answer, Draft, Verdict
from mmrag.domain.events import (
    AnswerEvent,
    AnswerGiven,
    ClaimChecked,
    CostSoFar,
    DraftText,
    EvidenceFound,
    OnEvent,
    PlanMade,
)
from mmrag.domain.messages import Delta

_WAITING = 16
"""Events that may wait to be heard. After that the question waits for its listener."""


class DraftTeller:
    """Tells the text of one attempt at a draft: piece by piece where a model streams it, else once it is there."""

    def __init__(self, on_event: OnEvent, *, tier: str, attempt: int) -> None:
        self._on_event = on_event
        self._tier = tier
        self._attempt = attempt
        self._reply = ""
        self._told = ""

    async def piece(self, delta: Delta) -> None:
        """Hear a piece of a model's reply, which is JSON, and tell what it adds to the answer in it."""
        self._reply += delta.text
        await self._tell(_answer_in(self._reply))

    async def whole(self, draft: Draft) -> None:
        """Tell what was not told of ``draft`` before."""
        await self._tell(draft.answer or "")

    async def _tell(self, text: str) -> None:
        if len(text) > len(self._told) and text.startswith(self._told):
            fresh, self._told = text[len(self._told) :], text
            await self._on_event(DraftText(tier=self._tier, attempt=self._attempt, text=fresh))


def _answer_in(reply: str) -> str:
    """The answer in a reply of which the end may be missing; empty as long as there is none."""
    try:
        said = from_json(reply[max(0, reply.find("{")) :], allow_partial="trailing-strings")
    except ValueError:
        return ""
    answer = said.get("answer") if isinstance(said, dict) else None
    return answer if isinstance(answer, str) else ""


async def tell_verdicts(on_event: OnEvent, verdicts: Sequence[Verdict], *, tier: str, attempt: int) -> None:
    for v in verdicts:
        await on_event(
            ClaimChecked(tier=tier, attempt=attempt, text=v.claim.text, verdict=v.kind, method=v.method, detail=v.detail)
        )


async def tell_again(on_event: OnEvent, question: str, document: str | None, answer: Answer) -> None:
    """Tell an answer that was given before as if it came about now. The details of its verdicts are not kept."""
    await on_event(PlanMade(plan=make_plan(question, document=document)))
    await on_event(EvidenceFound(hits=answer.evidence))
    if answer.answer is not None:
        await on_event(DraftText(tier=answer.tier, attempt=1, text=answer.answer))
    for claim in answer.claims:
        await on_event(
            ClaimChecked(tier=answer.tier, attempt=1, text=claim.text, verdict=claim.verdict, method=claim.method)
        )
    await on_event(CostSoFar(bill=answer.bill))


async def streamed(ask: Callable[[OnEvent], Awaitable[Answer]]) -> AsyncGenerator[AnswerEvent, None]:
    """The events of a question that is asked by ``ask``, and its answer as the last one.

    Raises what ``ask`` raises. Closing the iterator, or cancelling whoever iterates, cancels the question, and returns when
    nothing of it is left under way.
    """
    send, receive = anyio.create_memory_object_stream[AnswerEvent](_WAITING)

    async def asking() -> None:
        async with send:
            answer = await ask(send.send)
            await send.send(AnswerGiven(answer=answer))

    task = asyncio.create_task(asking())
    try:
        async with receive:
            async for event in receive:
                yield event
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # either raised above, or of a question that nobody waits for any more
