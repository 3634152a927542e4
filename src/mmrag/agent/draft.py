"""Drafting with a chat model: it sees elements with ids, answers, and points at elements and words; never at coordinates."""

from __future__ import annotations

import html
from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmrag.agent.quoting import locate
from mmrag.domain.answers import Draft, Span
from mmrag.domain.documents import Element, Page
from mmrag.domain.messages import ChatRequest, Message, Role, StopReason
from mmrag.domain.plans import Plan, Reading
from mmrag.errors import ModelRefusedError, ModelUnavailableError
from mmrag.ports import ChatModel
from mmrag.prompting import constitution, load_prompt

_MOST_CHARACTERS = 24_000
"""Of evidence in one request: about 6,000 tokens, which small local models can take as well."""


class _Citation(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    element: str
    quote: str


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    answer: str | None
    citations: tuple[_Citation, ...] = ()
    confidence: float = Field(default=0.5, ge=0, le=1)


class ModelDrafter:
    """Drafts through any ``ChatModel``. Its replies are data: what cannot be resolved to words of a page is left out.

    ``question_id`` and ``max_usd`` go with each call: which question it was for, and the USD that may be spent on it.
    """

    def __init__(self, model: ChatModel, *, tier: str, question_id: str = "", max_usd: Decimal | None = None) -> None:
        self._model = model
        self._tier = tier
        self._question_id = question_id
        self._max_usd = max_usd

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        """Raises ``ModelRefusedError`` when the model refuses, ``ModelUnavailableError`` for a reply that is no JSON."""
        shown = _shown(readings)
        prompt = load_prompt("draft")
        text = prompt.render(
            {
                "principles": "\n".join(f"- {principle.text}" for principle in constitution()),
                "question": plan.question,
                "asked_for": f"{plan.target or plan.question} ({plan.answer_type.value})",
                "evidence": "\n".join(_tagged(key, element) for key, (_, element) in shown.items()),
            }
        )
        request = ChatRequest(
            messages=(Message.text(Role.USER, text),),
            json_schema=prompt.json_schema,
            stage="draft",
            question_id=self._question_id,
            max_usd=self._max_usd,
        )
        reply = await self._model.reply(request)
        if reply.stop is StopReason.REFUSAL:
            raise ModelRefusedError(f"{self._model.identity} refused to answer.")
        return self._resolved(_parsed(reply.text, self._model.identity), shown)

    def _resolved(self, reply: _Reply, shown: dict[str, tuple[Page, Element]]) -> Draft:
        spans: list[Span] = []
        for citation in reply.citations:
            place = shown.get(citation.element)
            if place is None:
                continue  # an id that was not offered: the claim that leans on it fails verification
            page, element = place
            of_element = frozenset(element.words)
            words = locate(citation.quote, [w for w in page.words if w.index in of_element])
            if words:
                spans.append(Span(element_id=element.id, words=words, quote=citation.quote))
        answer = (reply.answer or "").strip() or None
        return Draft(
            answer=answer,
            spans=tuple(spans) if answer else (),
            confidence=reply.confidence if answer else 0.0,
            tier=self._tier,
        )


def _shown(readings: Sequence[Reading]) -> dict[str, tuple[Page, Element]]:
    """Elements with words, best page first, by short ids (``E1``), as many as fit."""
    shown: dict[str, tuple[Page, Element]] = {}
    left = _MOST_CHARACTERS
    for reading in readings:
        for element in reading.page.elements:
            if element.words and not element.kind.is_generated and len(element.text) <= left:
                left -= len(element.text)
                shown[f"E{len(shown) + 1}"] = (reading.page, element)
    return shown


def _tagged(key: str, element: Element) -> str:
    """The element between tags. Its text is escaped, so that it cannot close them."""
    return f'<element id="{key}" kind="{element.kind.value}">{html.escape(element.text, quote=False)}</element>'


def _parsed(text: str, model: str) -> _Reply:
    start, end = text.find("{"), text.rfind("}")
    try:
        return _Reply.model_validate_json(text[start : end + 1])
    except ValidationError as error:
        raise ModelUnavailableError(f"{model} did not reply with the JSON that was asked for.") from error
