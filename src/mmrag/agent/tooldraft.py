"""Drafting with tools: for questions that one retrieval does not answer, the model gathers more itself, within bounds."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pydantic import ValidationError

from mmrag.agent.quoting import locate
from mmrag.agent.replies import DraftReply
from mmrag.agent.structured import Structured, again, read_as
from mmrag.agent.toolloop import Bounds, Stop, ToolRun, run_tools
from mmrag.agent.tools.base import MOST_OF_ELEMENT, Toolbox, shortened
from mmrag.domain.answers import Claim, Draft, Span
from mmrag.domain.critique import Principle
from mmrag.domain.documents import Page
from mmrag.domain.events import OnEvent
from mmrag.domain.messages import Message, Role
from mmrag.domain.plans import Plan, Reading
from mmrag.errors import BudgetExceededError, ModelUnavailableError
from mmrag.ports import Catalog, ChatModel, PageRef
from mmrag.prompting import load_prompt

_KEPT = "its tools found pages that it was not shown, because ask.keep_local keeps them on this machine."
_SHOWN = 12
"""Elements that the model is given to begin with; tools give more."""


class ToolDrafter:
    """A drafter whose model works with ``tools`` over one store.

    It cites elements that it was given or that a tool has shown; other ids are left out, and the claim that leans on one
    fails verification. Pages that it cites beyond those given are in ``Draft.opened``: :func:`with_opened` adds them.
    """

    def __init__(
        self,
        model: ChatModel,
        tools: Toolbox,
        catalog: Catalog,
        *,
        tier: str,
        principles: Sequence[Principle] = (),
        bounds: Bounds | None = None,
        question_id: str = "",
        max_usd: Decimal | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self._model = model
        self._tools = tools
        self._catalog = catalog
        self._tier = tier
        self._principles = principles
        self._bounds = replace(bounds or Bounds(), max_usd=max_usd)
        self._question_id = question_id
        self._on_event = on_event

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        """Raises ``BudgetExceededError`` and ``ModelUnavailableError`` when money or time runs out before an answer, or the
        last reply is not the JSON asked for; and what the model raises.
        """
        given = [e for r in readings for e in r.page.elements if e.words and e.kind.stands_alone][:_SHOWN]
        prompt = load_prompt("draft_tools")
        text = prompt.render(
            {
                "principles": "\n".join(f"- {p.text}" for p in self._principles),
                "question": plan.question,
                "asked_for": f"{plan.target or plan.question} ({plan.answer_type.value})",
                "evidence": "\n".join(
                    f"{e.id}: {html.escape(shortened(e.text, MOST_OF_ELEMENT), quote=False)}" for e in given
                )
                or "(none)",
            }
        )
        run = await run_tools(
            self._model,
            self._tools,
            (Message.text(Role.USER, text),),
            self._bounds,
            pages=[reading.ref for reading in readings],
            question_id=self._question_id,
            json_schema=prompt.json_schema,
            on_event=self._on_event,
        )
        said = await self._said(run, prompt.json_schema, readings)
        draft = await self._resolved(said, run.element_ids | {e.id for e in given}, readings)
        return replace(draft, looked=run.shows, notes=(_KEPT,) if run.kept else ())

    async def _said(self, run: ToolRun, schema: str | None, readings: Sequence[Reading]) -> DraftReply:
        """The model's last word as JSON; asked for once more where it was something else."""
        match run.stop:
            case Stop.MONEY:
                raise BudgetExceededError(f"{self._model.identity} could not answer within what the question may cost.")
            case Stop.TIME:
                raise ModelUnavailableError(
                    f"{self._model.identity} had not answered after {self._bounds.seconds:g} seconds."
                )
            case _:
                try:
                    return read_as(DraftReply, run.text)
                except ValidationError as error:
                    wrong = error.errors()[0]["msg"]
        last = Structured(
            self._model,
            stage="tools",
            question_id=self._question_id,
            max_usd=self._bounds.max_usd,
            tools=tuple(tool.spec for tool in self._tools.values()),
            tries=1,
        )
        messages = (*run.messages, Message.text(Role.ASSISTANT, run.text or "(nothing)"), again(wrong))
        pages = (*(reading.ref for reading in readings), *run.shows)
        said, _ = await last.reply(messages, schema, DraftReply, pages=pages)
        return said

    async def _resolved(self, said: DraftReply, shown: frozenset[str], readings: Sequence[Reading]) -> Draft:
        answer = (said.answer or "").strip() or None
        if answer is None:
            return Draft(answer=None, spans=(), confidence=0.0, tier=self._tier)
        elements = {e.id: e for e in await self._catalog.elements([c.element for c in said.citations if c.element in shown])}
        pages: dict[tuple[str, int], Page] = {(r.page.document_id, r.page.number): r.page for r in readings}
        given = frozenset(pages)
        spans: list[Span] = []
        operands: list[Claim] = []
        for citation in said.citations:
            element = elements.get(citation.element)
            if element is None:
                continue
            key = element.document_id, element.page
            page = pages.get(key) or await self._catalog.page(PageRef(document_id=key[0], page=key[1]))
            own = frozenset(element.words)
            words = locate(citation.quote, [w for w in page.words if w.index in own]) if page else ()
            if page is not None and words:
                pages[key] = page
                spans.append(Span(element_id=element.id, words=words, quote=citation.quote))
                operands.append(Claim(text=citation.quote, spans=(spans[-1],)))
        worked_out = (said.worked_out or "").strip()
        return Draft(
            answer=answer,
            spans=tuple(dict.fromkeys(spans)),
            confidence=said.confidence,
            tier=self._tier,
            operands=tuple(dict.fromkeys(operands)) if worked_out else (),
            expression=worked_out,
            opened=tuple(key for key in pages if key not in given),
        )


async def with_opened(readings: Sequence[Reading], draft: Draft, catalog: Catalog) -> tuple[Reading, ...]:
    """``readings`` and the pages that ``draft`` has opened: what its claims are verified against and cited from.

    How well an opened page's document fits the question is not known; it counts as fitting, because the model chose it.
    """
    added = []
    for document_id, number in draft.opened:
        document = await catalog.document(document_id)
        page = await catalog.page(PageRef(document_id=document_id, page=number))
        if document is not None and page is not None:
            added.append(Reading(document=document, page=page, match=1.0, relevance=0.5))
    return (*readings, *added)
