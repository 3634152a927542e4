"""Models that check a claim: by the words of the page, and by its picture. Neither is told how the claim came about."""

from __future__ import annotations

import html
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, Field

from mmrag.agent.structured import Structured
from mmrag.domain.answers import Entailed, VerdictKind
from mmrag.domain.documents import Page, PageRef
from mmrag.domain.geometry import BBox
from mmrag.domain.messages import Detail, ImagePart, Message, Role, TextPart
from mmrag.errors import ModelRequestError, StoreDamagedError
from mmrag.imaging import cut_out
from mmrag.ports import Blobs, ChatModel
from mmrag.prompting import load_prompt

_MOST_CHARACTERS = 4_000
"""Of the words that a statement is checked against: about 1,000 tokens."""
_LONGEST = 1024
"""Pixels of the longer side of a picture that is looked at."""
_MARGIN = 0.02
"""Of the page, around the cited words: a label stands beside its value."""


class _Judged(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    verdict: VerdictKind
    confidence: float = Field(default=0.5, ge=0, le=1)
    why: str = Field(default="", max_length=1000)
    reads: str = Field(default="", max_length=1000)


class ModelEntailment:
    """``Entailment`` by any chat model. ``pages`` are those that texts and statements come from, None where that is not
    known."""

    def __init__(
        self,
        model: ChatModel,
        *,
        pages: Sequence[PageRef] | None = None,
        question_id: str = "",
        max_usd: Decimal | None = None,
    ) -> None:
        self._pages = pages
        self._asking = Structured(model, stage="verify", question_id=question_id, max_usd=max_usd, max_output_tokens=200)

    @property
    def identity(self) -> str:
        return self._asking.model.identity

    async def judge(self, text: str, statement: str) -> Entailed:
        """Raises ``ModelError``."""
        prompt = load_prompt("entail")
        shown = {"text": html.escape(text[:_MOST_CHARACTERS], quote=False), "statement": html.escape(statement, quote=False)}
        asked = Message.text(Role.USER, prompt.render(shown))
        said, _ = await self._asking.reply((asked,), prompt.json_schema, _Judged, _judges_words, pages=self._pages)
        return Entailed(kind=said.verdict, confidence=said.confidence, why=said.why)


class ModelWitness:
    """Looks at the place that a claim cites, through a chat model that sees pictures. ``pages`` are those that statements
    come from, None where that is not known."""

    def __init__(
        self,
        model: ChatModel,
        blobs: Blobs,
        *,
        pages: Sequence[PageRef] | None = None,
        question_id: str = "",
        max_usd: Decimal | None = None,
    ) -> None:
        self._pages = pages
        self._asking = Structured(model, stage="verify", question_id=question_id, max_usd=max_usd, max_output_tokens=200)
        self._blobs = blobs

    @property
    def identity(self) -> str:
        return self._asking.model.identity

    async def judge(self, page: Page, place: BBox, statement: str) -> Entailed:
        """Raises ``ModelError``; ``ModelRequestError`` for a page without a picture."""
        try:
            data = await self._blobs.get(page.image or "")
            region = place.grown(_MARGIN, _MARGIN)
            picture = await anyio.to_thread.run_sync(partial(cut_out, data, region, longest=_LONGEST))
        except (StoreDamagedError, ValueError) as error:
            raise ModelRequestError(f"There is no picture of page {page.number} to look at: {error}") from error
        prompt = load_prompt("witness")
        part = ImagePart(
            label=f"a part of page {page.number}",
            media_type=picture.media_type,
            data=picture.data,
            width=picture.width,
            height=picture.height,
            detail=Detail.HIGH,
        )
        text = prompt.render({"statement": html.escape(statement, quote=False)})
        asked = Message(role=Role.USER, parts=(part, TextPart(text=text)))
        pages = None if self._pages is None else (*self._pages, page.ref)
        said, _ = await self._asking.reply((asked,), prompt.json_schema, _Judged, pages=pages)
        return Entailed(kind=said.verdict, confidence=said.confidence, why=f"the picture reads “{said.reads[:80]}”")


def _judges_words(said: _Judged) -> str:
    return "words cannot be unreadable" if said.verdict is VerdictKind.UNREADABLE else ""
