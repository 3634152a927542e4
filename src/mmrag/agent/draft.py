"""Drafting with a chat model: it sees elements with ids, answers, and points at elements and words; never at coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from mmrag.agent.pictures import looks, taken
from mmrag.agent.quoting import locate
from mmrag.agent.replies import DraftReply, answer_probability
from mmrag.agent.shortlist import Offered, shortlist, tokens_in
from mmrag.agent.structured import Structured
from mmrag.domain.answers import Draft, Prompted, Span
from mmrag.domain.capabilities import NOTHING_KNOWN, Capabilities
from mmrag.domain.critique import Principle
from mmrag.domain.messages import ImagePart, Message, Reply, Role, TextPart
from mmrag.domain.plans import Plan, Reading
from mmrag.middleware.prices import PriceList, price_list
from mmrag.ports import Blobs, ChatModel, OnDelta
from mmrag.prompting import constitution, load_prompt

HOSTED_TOKENS = 4_000
"""Of evidence for a hosted model."""
LOCAL_TOKENS = 500
"""Of evidence for a model on a machine of one's own, which may read no more than 90 tokens a second."""
_REPLY_TOKENS = 400
_AROUND_TOKENS = 700
"""What surrounds the evidence: rules, question, schema, the tags of messages."""
_FEWEST = 150
"""Tokens of evidence that are shown however short the context is: less answers nothing."""

_TELLING = 4
"""Letters and digits of an answer that is not likely to stand in several places."""
_UNCITED = 0.7
"""The share of its confidence that such an answer keeps."""


class ModelDrafter:
    """Drafts through any ``ChatModel``. Its replies are data: what cannot be resolved to words of a page is left out.

    ``question_id`` and ``max_usd`` go with each call: which question it was for, and the USD that may be spent on it.
    ``can`` are the model's limits; it is shown pictures when it looks at them and ``blobs`` has the pages. ``prices`` knows
    what a picture costs, by default that of the list that ships with mmrag. ``principles`` are those in force, None for
    all that ship with mmrag. ``on_delta`` hears the reply as it comes in.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        tier: str,
        question_id: str = "",
        max_usd: Decimal | None = None,
        can: Capabilities = NOTHING_KNOWN,
        blobs: Blobs | None = None,
        prices: PriceList | None = None,
        principles: Sequence[Principle] | None = None,
        on_delta: OnDelta | None = None,
    ) -> None:
        self._model = model
        self._tier = tier
        self._can = can
        self._blobs = blobs
        self._prices = prices or price_list()
        self._principles = constitution() if principles is None else principles
        self._asking = Structured(
            model,
            stage="draft",
            question_id=question_id,
            max_usd=max_usd,
            max_output_tokens=self._reply_tokens(),
            logprobs=can.logprobs,
            on_delta=on_delta,
        )

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        """Raises ``ModelRefusedError`` when the model refuses, ``ModelCutOffError`` for a reply that ends too early,
        ``ModelUnavailableError`` for one that is not the JSON asked for, and what the model raises."""
        offered = shortlist(plan, readings, tokens=self._evidence_tokens())
        wanted = looks(offered, readings, self._can) if self._blobs is not None else ()
        images, notes = await taken(wanted, self._blobs, self._can) if self._blobs is not None else ((), ())
        messages, schema = self._messages(plan, offered, images)
        said, reply = await self._asking.reply(messages, schema, DraftReply, pages=[r.ref for r in readings])
        prompted = Prompted(
            elements=len(offered),
            images=tuple(f"{i.label} ({i.width}x{i.height}, {i.detail.value})" for i in images),
            estimated_tokens=self._estimate(messages, schema, images),
            billed_tokens=reply.usage.input_tokens,
            notes=(*notes, *reply.notes),
        )
        return self._resolved(said, reply, {o.key: o for o in offered}, prompted)

    def _evidence_tokens(self) -> int:
        most = LOCAL_TOKENS if self._can.is_local else HOSTED_TOKENS
        if self._can.context_tokens is None:
            return most
        room = self._can.context_tokens - self._reply_tokens() - _AROUND_TOKENS
        return max(_FEWEST, min(most, room))

    def _reply_tokens(self) -> int:
        return _REPLY_TOKENS + self._can.thinking_tokens

    def _messages(
        self, plan: Plan, offered: Sequence[Offered], images: tuple[ImagePart, ...]
    ) -> tuple[tuple[Message, ...], str | None]:
        prompt = load_prompt("draft")
        rules = load_prompt("draft_rules").render({"principles": "\n".join(f"- {p.text}" for p in self._principles)})
        asked = prompt.render(
            {
                "question": plan.question,
                "asked_for": f"{plan.target or plan.question} ({plan.answer_type.value})",
                "evidence": _evidence(offered),
            }
        )
        messages = Message.text(Role.SYSTEM, rules), Message(role=Role.USER, parts=(*images, TextPart(text=asked)))
        return messages, prompt.json_schema

    def _estimate(self, messages: Sequence[Message], schema: str | None, images: Sequence[ImagePart]) -> int | None:
        """Input tokens by the provider's own formula, None when it is not known for this model."""
        texts = sum(tokens_in(p.text) for m in messages for p in m.parts if isinstance(p, TextPart))
        tokens = texts + tokens_in(schema or "")
        for image in images:
            of_image = self._prices.image_tokens(self._model.identity, image.width, image.height, detail=image.detail)
            if of_image is None:
                return None
            tokens += of_image
        return tokens

    def _resolved(self, said: DraftReply, reply: Reply, shown: Mapping[str, Offered], prompted: Prompted) -> Draft:
        spans: list[Span] = []
        for citation in said.citations:
            offered = shown.get(citation.element)
            if offered is None:
                continue  # an id that was not offered: the claim that leans on it fails verification
            of_element = frozenset(offered.element.words)
            words = locate(_plain(citation.quote), [w for w in offered.page.words if w.index in of_element])
            if words:
                spans.append(Span(element_id=offered.element.id, words=words, quote=_plain(citation.quote)))
        answer = _plain(said.answer or "").strip() or None
        probability = answer_probability(reply) if answer else None
        sure = min(said.confidence, 1.0 if probability is None else probability)
        if answer and not said.citations:
            spans, sure = _found_again(answer, shown), sure * _UNCITED
        return Draft(
            answer=answer,
            spans=tuple(dict.fromkeys(spans)) if answer else (),
            confidence=sure if answer else 0.0,
            tier=self._tier,
            token_probability=probability,
            prompted=prompted,
        )


def _found_again(answer: str, shown: Mapping[str, Offered]) -> list[Span]:
    """Where an answer stands word for word that was given without a place: small models copy well and cite badly.

    The likeliest element that was shown wins. A short answer counts only when it stands in no other: any number may stand
    somewhere.
    """
    found: list[Span] = []
    for offered in sorted(shown.values(), key=lambda o: -o.score):
        of_element = frozenset(offered.element.words)
        words = locate(answer, [w for w in offered.page.words if w.index in of_element], exact=True)
        if words:
            found.append(Span(element_id=offered.element.id, words=words, quote=answer))
    telling = sum(c.isalnum() for c in answer) >= _TELLING
    return found[:1] if telling or len(found) == 1 else []


def _evidence(offered: Sequence[Offered]) -> str:
    """One line an element, page by page."""
    lines: list[str] = []
    for before, one in zip((None, *offered), offered, strict=False):
        if before is None or before.page_key != one.page_key:
            lines.append(f"{one.page_key}, page {one.page.number} of {_escaped(one.reading.document.name)}:")
        lines.append(f"{one.key}: {_escaped(one.element.text)}")
    return "<pages>\n" + "\n".join(lines) + "\n</pages>"


def _escaped(text: str) -> str:
    """On one line, and without a tag: text of a page can neither close the evidence nor begin an element of its own."""
    return " ".join(text.split()).replace("<", "&lt;")


def _plain(text: str) -> str:
    return text.replace("&lt;", "<")
