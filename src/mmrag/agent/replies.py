"""What a model replied to a draft's prompt, read as data."""

from __future__ import annotations

import json
import math
import re

from pydantic import BaseModel, ConfigDict, Field

from mmrag.domain.messages import Reply

_ANSWER = re.compile(r'"answer"\s*:\s*("(?:[^"\\]|\\.)*")')


class Quoted(BaseModel):
    """An element by the id it was offered under, and words of it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    element: str
    quote: str


class DraftReply(BaseModel):
    """The JSON of ``draft.md`` and ``draft_tools.md``. ``worked_out`` is an expression over cited numbers that gives the
    answer, where that is printed nowhere."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    answer: str | None
    citations: tuple[Quoted, ...] = ()
    worked_out: str | None = Field(default=None, max_length=500)
    confidence: float = Field(default=0.5, ge=0, le=1)


def answer_probability(reply: Reply) -> float | None:
    """The geometric mean of the probabilities of the tokens that the answer is made of, None without log-probabilities.

    Quotes, keys and braces are left out: a model that is held to a schema is always sure of those.
    """
    text = "".join(token.token for token in reply.logprobs)
    found = _ANSWER.search(text)
    if found is None or not json.loads(found[1]):
        return None
    start, end = found.start(1) + 1, found.end(1) - 1
    inside, at = list[float](), 0
    for token in reply.logprobs:
        if at < end and at + len(token.token) > start:
            inside.append(token.logprob)
        at += len(token.token)
    return math.exp(sum(inside) / len(inside)) if inside else None
