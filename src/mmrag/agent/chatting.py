"""A conversation: each question is made whole from those before it, asked, and kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmrag.agent.following import follow
from mmrag.agent.plan import make_plan
from mmrag.domain.answers import Answer
from mmrag.domain.conversations import Conversation, Followed, Turn
from mmrag.domain.documents import PageRef
from mmrag.domain.messages import ChatRequest, Message, Role
from mmrag.domain.plans import ConstraintKind
from mmrag.errors import ModelError, UsageError
from mmrag.ports import ChatModel, Clock, Conversations
from mmrag.prompting import load_prompt
from mmrag.values.folding import fold

_REMEMBERED = 6
"""Turns before a question that it may refer to."""
_SAID = 300
"""Characters of an answer that a model is told of."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_LONGEST = 1000


class Asks(Protocol):
    """Asks a whole question of one document, or of all. ``told`` are pages that the question may hold words of, None where
    that is not known."""

    async def __call__(self, question: str, *, document: str | None, told: tuple[PageRef, ...] | None) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question of a conversation with its answer, whose ``question`` is what was asked of the documents.

    ``asked`` is what the person wrote; ``document`` the one document it was asked of, None for all.
    """

    conversation: str
    asked: str
    document: str | None
    answer: Answer

    @property
    def was_completed(self) -> bool:
        """True when what was asked of the documents is not what the person wrote."""
        return self.document is not None or self.answer.question != self.asked


class Chat:
    """One conversation, new or gone on with. Questions are asked one after the other."""

    def __init__(
        self, conversation: Conversation, asks: Asks, kept: Conversations, clock: Clock, *, model: ChatModel | None = None
    ) -> None:
        self.conversation = conversation
        self._asks = asks
        self._kept = kept
        self._clock = clock
        self._model = model

    @property
    def id(self) -> str:
        return self.conversation.id

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self.conversation.turns

    async def ask(self, question: str) -> Exchange:
        """Answer ``question``, which may lean on those before it. Raises ``UsageError`` for an empty one, and what asking
        raises.
        """
        asked = " ".join(question.split())
        if not asked:
            raise UsageError("The question is empty.")
        turns = self.turns[-_REMEMBERED:]
        meant = follow(asked, turns)
        # What rules take over stands in the questions before; a model has read their answers too.
        told = () if meant.question == asked else _joined(turn.told for turn in turns)
        if turns and self._model is not None and not meant.sure:
            seen = _joined(pages for turn in turns for pages in (turn.told, turn.read))
            made = await _by_model(asked, turns, self._model, seen)
            meant, told = (meant, told) if made is None else (made, seen)
        answer = await self._asks(meant.question, document=meant.document, told=told)
        if not meant.sure and meant.document is not None and not answer.answered:
            meant = replace(meant, document=None)
            answer = await self._asks(meant.question, document=None, told=told)
        await self._keep(asked, meant, answer, told)
        return Exchange(conversation=self.id, asked=asked, document=meant.document, answer=answer)

    async def _keep(self, asked: str, meant: Followed, answer: Answer, told: tuple[PageRef, ...] | None) -> None:
        turn = Turn(
            asked=asked,
            understood=meant.question,
            at=self._clock.now(),
            document=meant.document,
            answer=answer.answer,
            reason=None if answer.abstention is None else answer.abstention.detail,
            documents=tuple(dict.fromkeys(c.document for claim in answer.claims for c in claim.citations)),
            trace=answer.trace,
            told=told,
            read=answer.read,
        )
        await self._kept.add(self.id, turn)
        self.conversation = replace(self.conversation, turns=(*self.turns, turn))


async def open_chat(
    conversation_id: str | None, asks: Asks, kept: Conversations, clock: Clock, *, model: ChatModel | None = None
) -> Chat:
    """The conversation of that id, or a new one. Raises ``UsageError`` for an id that cannot be one."""
    name = conversation_id or uuid4().hex[:12]
    if not _ID.fullmatch(name):
        raise UsageError("The id of a conversation is up to 64 letters, digits and dashes.")
    conversation = await kept.get(name) or Conversation(id=name)
    return Chat(conversation, asks, kept, clock, model=model)


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    question: str = Field(min_length=1, max_length=_LONGEST)


def _joined(pages: Iterable[tuple[PageRef, ...] | None]) -> tuple[PageRef, ...] | None:
    """All of them once, None where some are not known."""
    known: dict[PageRef, None] = {}
    for some in pages:
        if some is None:
            return None
        known |= dict.fromkeys(some)
    return tuple(known)


async def _by_model(
    asked: str, turns: Sequence[Turn], model: ChatModel, pages: tuple[PageRef, ...] | None
) -> Followed | None:
    """The question as ``model`` makes it whole; None when it fails, may not be told of the answers before, or names what
    nobody has named. ``pages`` are those that the conversation holds words of."""
    prompt = load_prompt("follow_up")
    told = "\n".join(f"Question: {t.understood}\nAnswer: {(t.answer or 'none was found')[:_SAID]}" for t in turns)
    request = ChatRequest(
        messages=(Message.text(Role.USER, prompt.render({"conversation": told, "question": asked})),),
        max_output_tokens=256,
        json_schema=prompt.json_schema,
        stage="plan",
        question_id="",
        pages=pages,
    )
    try:
        text = (await model.reply(request)).text
        whole = _Reply.model_validate(json.loads(text[text.find("{") : text.rfind("}") + 1])).question
    except (ModelError, ValidationError, ValueError):
        return None
    known = fold(f"{told} {asked}")
    names = [c.text for c in make_plan(whole).constraints if c.kind is not ConstraintKind.GENRE]
    return Followed(question=" ".join(whole.split())) if all(fold(name) in known for name in names) else None
