"""A language model as judge, beside the plain metric: how far the two agree, and where they part.

The judge changes no figure and no result. It reads the question, the accepted answers and what was said, as in Zheng et al.,
*Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena*, NeurIPS 2023, sec. 3.1 (reference-guided grading).
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmrag.domain.costs import Bill
from mmrag.domain.messages import ChatRequest, Message, Role, StopReason
from mmrag.errors import ModelError, ModelMissingError, ModelRefusedError, ModelUnavailableError
from mmrag.evaluation.scoring import Scored
from mmrag.ports import ChatModel
from mmrag.prompting import load_prompt

_MOST_ACCEPTED = 12
_MOST_CHARACTERS = 4000


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    why: str = Field(max_length=2000)
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the judge says of one answer; ``right`` is None when it gave no verdict, and ``why`` then says what happened."""

    id: str
    right: bool | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """All judgements of a run, with the judge's name and its own bill, which is no part of the answers' cost."""

    tier: str
    model: str
    judgements: tuple[Judgement, ...]
    bill: Bill


def to_judge(scored: Sequence[Scored]) -> tuple[Scored, ...]:
    """The answers that both can judge: given, to questions that have an answer. Refusals are wrong without asking."""
    return tuple(s for s in scored if s.result is not None and s.question.is_answerable and s.outcome.answered)


async def judge_all(
    scored: Sequence[Scored],
    model: ChatModel,
    *,
    run: str,
    concurrency: int = 2,
    on_done: Callable[[Judgement], None] | None = None,
) -> tuple[Judgement, ...]:
    """Judge every answer, several at once, in the order of ``scored``.

    ``run`` tells this run's calls apart in the ledger. A call that fails is a judgement without a verdict. Raises
    ``ModelMissingError`` when the judge cannot be asked at all.
    """
    gate = asyncio.Semaphore(concurrency)
    failed: list[ModelMissingError] = []

    async def one(s: Scored) -> Judgement | None:
        async with gate:
            if failed:
                return None  # the judge is missing: there is no use in asking on
            try:
                judgement = await judge(s, model, booked_as=booked_as(run, s.question.id))
            except ModelMissingError as error:
                failed.append(error)
                return None
        if on_done is not None:
            on_done(judgement)
        return judgement

    found = await asyncio.gather(*(one(s) for s in to_judge(scored)))
    if failed:
        raise failed[0]
    return tuple(j for j in found if j is not None)


def booked_as(run: str, question_id: str) -> str:
    """The question that a judge's call is for, in the ledger and under the budget: not the one that is judged."""
    return f"{run}:{question_id}"


async def judge(s: Scored, model: ChatModel, *, booked_as: str) -> Judgement:
    """Ask about one answer. Raises ``ModelMissingError``; any other failure of the model is a judgement without verdict."""
    try:
        reply = await model.reply(request_for(s, booked_as))
        if reply.stop is StopReason.REFUSAL:
            raise ModelRefusedError(f"{model.identity} refused to judge.")
        verdict = _parsed(reply.text, model.identity)
    except ModelMissingError:
        raise
    except ModelError as error:
        return Judgement(id=s.question.id, right=None, why=f"{type(error).__name__}: {error}")
    return Judgement(id=s.question.id, right=verdict.right, why=verdict.why)


def request_for(s: Scored, booked_as: str) -> ChatRequest:
    """The call that judges one answer. What comes from data sets and documents is escaped, so that it closes no tag."""
    prompt = load_prompt("judge")
    text = prompt.render(
        {
            "question": _data(s.outcome.asked),
            "accepted": "\n".join(f"- {_data(a)}" for a in s.question.answers[:_MOST_ACCEPTED]),
            "answer": _data(s.outcome.answer or ""),
        }
    )
    return ChatRequest(
        messages=(Message.text(Role.USER, text),),
        json_schema=prompt.json_schema,
        stage="judge",
        question_id=booked_as,
    )


def _data(text: str) -> str:
    return html.escape(text[:_MOST_CHARACTERS], quote=False)


def _parsed(text: str, model: str) -> _Reply:
    start, end = text.find("{"), text.rfind("}")
    try:
        return _Reply.model_validate_json(text[start : end + 1])
    except ValidationError as error:
        raise ModelUnavailableError(f"{model} did not reply with the JSON that was asked for.") from error
