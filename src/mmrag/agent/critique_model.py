"""Critique and revision by a chat model. Its replies are data: checked, asked for once more when wrong, then a failure."""

from __future__ import annotations

import html
from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from mmrag.agent.critique_rules import Reviewed
from mmrag.agent.quoting import locate
from mmrag.agent.replies import DraftReply
from mmrag.agent.structured import Structured
from mmrag.domain.answers import Draft, Span
from mmrag.domain.critique import Finding, Principle, Ruling
from mmrag.domain.documents import Element, Page
from mmrag.domain.messages import ImagePart, Message, Role, TextPart
from mmrag.ports import ChatModel
from mmrag.prompting import load_prompt

_MOST_CHARACTERS = 12_000
"""Of evidence in one request, the elements that the draft cites first: about 3,000 tokens."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    principle: str
    verdict: Ruling
    reason: str = Field(default="", max_length=1000)
    words: str = Field(default="", max_length=2000)


class _CritiqueReply(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    findings: tuple[_Row, ...] = Field(max_length=100)


class ModelCritic:
    """Judges through any ``ChatModel``, best one that did not draft. Words that the answer does not hold are dropped.

    ``sight`` is asked in its place where there are pictures to look at; without it ``model`` is.
    """

    def __init__(
        self, model: ChatModel, *, sight: ChatModel | None = None, question_id: str = "", max_usd: Decimal | None = None
    ) -> None:
        self._reading = Structured(model, stage="critique", question_id=question_id, max_usd=max_usd)
        self._seeing = self._reading
        if sight is not None and sight is not model:
            self._seeing = Structured(sight, stage="critique", question_id=question_id, max_usd=max_usd)

    async def findings(
        self, reviewed: Reviewed, principles: Sequence[Principle], pictures: Sequence[ImagePart]
    ) -> tuple[Finding, ...]:
        """One finding for each principle that the model judged. Raises ``ModelError``; ``ModelUnavailableError`` also when
        it judged none of them, twice.
        """
        known = {p.id: p for p in principles}
        prompt = load_prompt("critique")
        text = prompt.render(
            {
                "principles": "\n".join(f"- {p.id}: {p.text}" for p in principles),
                "question": reviewed.plan.question,
                "answer": html.escape(reviewed.text, quote=False),
                "evidence": _evidence(_shown(reviewed)),
            }
        )

        def fits(reply: _CritiqueReply) -> str:
            return "" if any(row.principle in known for row in reply.findings) else "no finding has the id of a principle"

        asking = self._seeing if pictures else self._reading
        asked = Message(role=Role.USER, parts=(*pictures, TextPart(text=text)))
        reply, _ = await asking.reply((asked,), prompt.json_schema, _CritiqueReply, fits, pages=reviewed.pages)
        rows = {row.principle: row for row in reply.findings if row.principle in known}
        return tuple(
            Finding(
                principle=known[name],
                ruling=row.verdict,
                reason=row.reason.strip().rstrip("."),
                words=row.words if row.words and row.words in reviewed.text else "",
                judge=asking.model.identity,
            )
            for name, row in rows.items()
        )


class ModelReviser:
    """Revises through any ``ChatModel``: the one that drafted."""

    def __init__(self, model: ChatModel, *, tier: str, question_id: str = "", max_usd: Decimal | None = None) -> None:
        self._tier = tier
        self._asking = Structured(model, stage="revise", question_id=question_id, max_usd=max_usd)

    async def revise(self, reviewed: Reviewed, violations: Sequence[Finding]) -> Draft:
        """Raises ``ModelError``. Citations of elements that were not shown are left out."""
        shown = _shown(reviewed)
        prompt = load_prompt("revise")
        text = prompt.render(
            {
                "violations": "\n".join(f"- {v.principle.text} {v.reason}: “{v.words}”" for v in violations),
                "question": reviewed.plan.question,
                "asked_for": f"{reviewed.plan.target or reviewed.plan.question} ({reviewed.plan.answer_type.value})",
                "answer": html.escape(reviewed.text, quote=False),
                "evidence": _evidence(shown),
            }
        )
        reply, _ = await self._asking.reply(
            (Message.text(Role.USER, text),), prompt.json_schema, DraftReply, pages=reviewed.pages
        )
        spans = []
        for citation in reply.citations:
            page, element = shown.get(citation.element, (None, None))
            if page is None or element is None:
                continue  # an id that was not offered: the claim that leans on it fails verification
            own = frozenset(element.words)
            words = locate(citation.quote, [w for w in page.words if w.index in own])
            if words:
                spans.append(Span(element_id=element.id, words=words, quote=citation.quote))
        answer = (reply.answer or "").strip() or None
        return Draft(
            answer=answer,
            spans=tuple(dict.fromkeys(spans)) if answer else (),
            confidence=min(reply.confidence, reviewed.draft.confidence) if answer else 0.0,
            tier=self._tier,
            looked=reviewed.draft.looked,
        )


def _shown(reviewed: Reviewed) -> dict[str, tuple[Page, Element]]:
    """Elements by short ids, as many as fit: those that the draft cites first, then the pages in their order."""
    cited = {span.element_id for span in reviewed.draft.spans}
    every = [(r.page, e) for r in reviewed.readings for e in r.page.elements if e.words and e.kind.stands_alone]
    shown: dict[str, tuple[Page, Element]] = {}
    left = _MOST_CHARACTERS
    for page, element in sorted(every, key=lambda pair: pair[1].id not in cited):
        if len(element.text) <= left:
            left -= len(element.text)
            shown[f"E{len(shown) + 1}"] = (page, element)
    return shown


def _evidence(shown: dict[str, tuple[Page, Element]]) -> str:
    """The elements between tags. Their text is escaped, so that it cannot close them."""
    return "\n".join(
        f'<element id="{key}">{html.escape(element.text, quote=False)}</element>' for key, (_, element) in shown.items()
    )
