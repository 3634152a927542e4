"""Structured replies of models. They are data: checked, asked for once more when they are wrong, and then a failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mmrag.domain.documents import PageRef
from mmrag.domain.messages import ChatRequest, Message, Reply, Role, StopReason, ToolSpec
from mmrag.errors import ModelCutOffError, ModelRefusedError, ModelReplyError
from mmrag.ports import ChatModel, OnDelta

R = TypeVar("R", bound=BaseModel)


class Structured:
    """Asks ``model`` for JSON. ``stage``, ``question_id`` and ``max_usd`` go with each call into the books."""

    def __init__(
        self,
        model: ChatModel,
        *,
        stage: str,
        question_id: str = "",
        max_usd: Decimal | None = None,
        max_output_tokens: int = 1024,
        logprobs: bool = False,
        tools: tuple[ToolSpec, ...] = (),
        tries: int = 2,
        on_delta: OnDelta | None = None,
    ) -> None:
        self.model = model
        self._stage = stage
        self._question_id = question_id
        self._max_usd = max_usd
        self._most = max_output_tokens
        self._logprobs = logprobs
        self._tools = tools
        self._tries = tries
        self._on_delta = on_delta

    async def reply(
        self,
        messages: Sequence[Message],
        json_schema: str | None,
        kind: type[R],
        fits: Callable[[R], str] = lambda _: "",
        *,
        pages: Sequence[PageRef] | None,
    ) -> tuple[R, Reply]:
        """The reply read as ``kind``, and as it came. ``fits`` says what is wrong with one that parses, nothing when it will
        do. ``pages`` are those that ``messages`` show or were drawn from, None where that is not known. Only the first reply
        is heard by ``on_delta``.

        Raises ``ModelRefusedError``, ``ModelCutOffError`` for one that ends too early, ``ModelReplyError`` when the last
        reply is no better than the first, and what the model raises.
        """
        said, on_delta = list(messages), self._on_delta
        wrong = ""
        for _ in range(self._tries):
            reply = await self.model.reply(self.request(said, json_schema, pages), on_delta)
            on_delta = None
            if reply.stop is StopReason.REFUSAL:
                raise ModelRefusedError(f"{self.model.identity} refused to answer.")
            if reply.stop is StopReason.LENGTH:
                raise ModelCutOffError(f"{self.model.identity} had not finished its reply after {self._most} tokens.")
            try:
                read = read_as(kind, reply.text)
            except ValidationError as error:
                wrong = error.errors()[0]["msg"]
            else:
                wrong = fits(read)
                if not wrong:
                    return read, reply
            said += [Message.text(Role.ASSISTANT, reply.text or "(nothing)"), again(wrong)]
        raise ModelReplyError(f"{self.model.identity} did not reply with the JSON that was asked for: {wrong}.")

    def request(self, messages: Sequence[Message], json_schema: str | None, pages: Sequence[PageRef] | None) -> ChatRequest:
        return ChatRequest(
            messages=tuple(messages),
            max_output_tokens=self._most,
            json_schema=json_schema,
            tools=self._tools,
            temperature=0.0,
            logprobs=self._logprobs,
            stage=self._stage,
            question_id=self._question_id,
            max_usd=self._max_usd,
            pages=None if pages is None else tuple(pages),
        )


def read_as(kind: type[R], text: str) -> R:
    """The object between the first and the last brace of ``text``. Raises pydantic's ``ValidationError``."""
    start, end = text.find("{"), text.rfind("}")
    return kind.model_validate_json(text[start : end + 1])


def again(wrong: str) -> Message:
    """What a model is told whose reply was ``wrong``."""
    return Message.text(Role.USER, f"That was not what was asked for: {wrong}. Reply with the JSON object alone.")
