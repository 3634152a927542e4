"""Summaries in the words of a model of one's own, after everything is read.

Documents are published with summaries that quote them, and can be asked about at once. Then their summaries are written one
by one, each in its transaction: whatever ends this, the next run goes on with those that are left, and what a model has
replied once is not asked for again (the store keeps replies). What a summary quotes stays: the model's words lead to a page,
and only printed ones are shown.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from mmrag.agent.critique_hostile import hostile_words
from mmrag.agent.critique_words import instruction_spans, plainly
from mmrag.agent.structured import Structured
from mmrag.domain.documents import Document, Element, Page
from mmrag.domain.messages import Message, Role
from mmrag.errors import (
    ModelCutOffError,
    ModelError,
    ModelRefusedError,
    ModelReplyError,
    ModelRequestError,
)
from mmrag.ports import Catalog, CatalogWriter, ChatModel, PageRef, TextEmbedder
from mmrag.prompting import load_prompt
from mmrag_ingest.report import OnEvent, SummariesDue, SummaryStored
from mmrag_ingest.summaries import AUTHOR, quoted, retold, summary_on
from mmrag_ingest.vectors import summary_vectors

STAGE: Final = "summary"
_VERSION: Final = 1
"""Raised when a model is shown something else, or its replies are checked otherwise."""
_AT_ONCE: Final = 1
"""Servers on a machine of one's own mostly have one place: a second call would only wait in it, against its deadline."""
_MOST_CHARACTERS: Final = 2_000
"""Of a page: some 500 tokens. A small model on a CPU reads no more than that in ten seconds."""
_FEWEST_WORDS: Final = 8
_MOST_TOKENS: Final = 300
_LONGEST: Final = 900
_MOST_TOPICS: Final = 6
_SAID: Final = 0.5
"""Share of a summary's longer words that its page has to print: the others tie them together."""
_PREFIX: Final = 5
_LONG_WORD: Final = re.compile(r"[^\W\d_]{5,}")
_NUMBER: Final = re.compile(r"\d[\d.,]*\d|\d\d+")
_LINK: Final = re.compile(r"https?:|www\.|[<>{}]|!\[", re.IGNORECASE)
_SENTENCE_END: Final = re.compile(r"(?<!\b[A-Z]\.)(?<!\b[A-Z][a-z]\.)(?<=[.!?])\s+(?=[^\W\d_])")
_MARKUP: Final = "the summary has a link or markup in it"
_TOLD: Final = "the summary tells its reader what to do"
_AWAY: Final = 3
"""Calls in a row without an answer, after which the model is taken to be away."""
_GIVEN_UP: Final = (ModelReplyError, ModelRefusedError, ModelCutOffError, ModelRequestError)
"""What asking again would not change."""


class _SummaryReply(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    summary: str = Field(max_length=4000)
    topics: tuple[str, ...] = Field(default=(), max_length=50)


class Reteller:
    """Asks ``model`` what a page or a document is about. ``author`` changes when it would say something else."""

    def __init__(self, model: ChatModel) -> None:
        self._prompt = load_prompt("summary")
        self._asking = Structured(model, stage=STAGE, max_output_tokens=_MOST_TOKENS)
        # Without the address: the same model on another port says the same.
        self.author = f"{model.identity.partition('@http')[0]} {self._prompt.sha256[:12]}-{_VERSION}"

    @property
    def tried(self) -> str:
        """The author of summaries that stayed as they were: the model was asked, and what it said could not be used."""
        return f"{AUTHOR} after {self.author}"

    async def page(self, page: Page) -> str | None:
        """What a page is about; None where there is too little on it. Words that address a model are not shown to it.

        Raises ``ModelError``; ``ModelReplyError`` also when what it says twice is not on the page.
        """
        hostile = hostile_words(page)
        elements = [e for e in page.elements if e.kind.stands_alone and e.words and hostile.isdisjoint(e.words)]
        seen: set[int] = set()
        texts = []
        for element in elements:  # a table's rows are elements too
            if not seen.issuperset(element.words):
                texts.append(element.text)
                seen.update(element.words)
        return await self._said("a page", "\n".join(texts))

    async def document(self, pages: Sequence[tuple[int, str]]) -> str | None:
        """What a document is about, from what its pages are. Raises like ``page``."""
        return await self._said("the summaries of a document's pages", "\n".join(f"Page {n}: {text}" for n, text in pages))

    async def _said(self, what: str, text: str) -> str | None:
        text = text[:_MOST_CHARACTERS]
        if len(text.split()) < _FEWEST_WORDS:
            return None
        asked = self._prompt.render({"what": what, "text": html.escape(text, quote=False)})
        reply, _ = await self._asking.reply(
            (Message.text(Role.USER, asked),),
            self._prompt.json_schema,
            _SummaryReply,
            lambda reply: "" if borne_out(reply.summary, text) else faults(reply.summary, text),
            pages=None,  # it is one's own: a hosted one that must not be shown a page would be refused
        )
        shown = [topic for t in reply.topics[:_MOST_TOPICS] if (topic := " ".join(t.split())) and _is_printed(topic, text)]
        return "\n".join([borne_out(reply.summary, text), *([", ".join(shown)] if shown else [])])


def _is_printed(topic: str, text: str) -> bool:
    return " ".join(topic.casefold().split()) in " ".join(text.casefold().split())


def borne_out(summary: str, text: str) -> str:
    """The sentences of ``summary`` that ``text`` bears, each once; empty where none is, and where one of them would lead its
    reader somewhere."""
    if faults(summary, text) in (_MARKUP, _TOLD):
        return ""
    sentences = dict.fromkeys(" ".join(s.split()) for s in _SENTENCE_END.split(summary))
    kept = " ".join(s for s in sentences if s and not faults(s, text))
    return "" if faults(kept, text) else kept


def faults(summary: str, text: str) -> str:
    """What speaks against ``summary`` as one of ``text``, for the model to read; empty when nothing does."""
    if _LINK.search(summary) and not _LINK.search(text):
        return _MARKUP
    if next(iter(instruction_spans(plainly(summary))), None) is not None:
        return _TOLD
    if len(summary.split()) < 3 or len(summary) > _LONGEST:
        return "the summary is empty or too long"
    printed = {re.sub(r"\D", "", number) for number in _NUMBER.findall(text)}
    made_up = next((n for n in _NUMBER.findall(summary) if re.sub(r"\D", "", n) not in printed), None)
    if made_up is not None:
        return f"the text does not print {made_up}"
    said = [word.casefold()[:_PREFIX] for word in _LONG_WORD.findall(summary)]
    known = {word.casefold()[:_PREFIX] for word in _LONG_WORD.findall(text)}
    if said and sum(word in known for word in said) < _SAID * len(said):
        return "the summary speaks of other things than the text"
    return ""


@dataclass(slots=True, kw_only=True)
class Retelling:
    """Brings the summaries of a store to what the settings ask for. ``reteller`` is None where they are to quote.

    ``written`` and ``kept`` count summaries; ``missing`` says why the model was left alone, None while it answers.
    """

    catalog: Catalog
    writer: CatalogWriter
    embedder: TextEmbedder
    reteller: Reteller | None
    on_event: OnEvent
    written: int = 0
    kept: int = 0
    missing: str | None = None
    _failed: int = 0
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def run(self, among: Sequence[str] | None = None) -> dict[str, Document]:
        """Returns the documents whose report has changed, by id. ``among`` are the only ones looked at.

        Raises ``StoreError`` or ``OSError`` when the store cannot be written to; a model's errors are counted.
        """
        authors = (AUTHOR,) if self.reteller is None else (self.reteller.author, self.reteller.tried)
        due = [d for d in await self.writer.summarised_otherwise(authors) if among is None or d in among]
        if not due:
            return {}
        self.on_event(SummariesDue(documents=len(due)))
        changed: dict[str, Document] = {}
        for document_id in due:
            if self.missing is not None:
                break
            document = await self.catalog.document(document_id)
            if document is not None:
                changed[document.id] = await self._document(document)
        return changed

    async def _document(self, document: Document) -> Document:
        before = Counter(kept=self.kept, written=self.written)
        numbers = range(1, document.pages + 1)
        said: dict[int, str] = {}
        for start in range(0, len(numbers), _AT_ONCE):
            async with asyncio.TaskGroup() as tasks:
                asked = {n: tasks.create_task(self._page(document, n)) for n in numbers[start : start + _AT_ONCE]}
            said.update({n: text for n, task in asked.items() if (text := task.result()) is not None})
            if self.missing is not None:
                break
        if self.missing is None:
            await self._whole(document, said)
        kept = self.kept - before["kept"]
        return await self._reported(document, kept)

    async def _page(self, document: Document, number: int) -> str | None:
        """The text of the page's summary as it then is; None where it has none."""
        page = await self.catalog.page(PageRef(document_id=document.id, page=number))
        summary = None if page is None else summary_on(page)
        if page is None or summary is None:
            return None
        told = page
        return (await self._told(document, summary, lambda teller: teller.page(told))).text

    async def _whole(self, document: Document, said: dict[int, str]) -> None:
        first = await self.catalog.page(PageRef(document_id=document.id, page=1))
        summary = None if first is None else summary_on(first, of_document=True)
        if summary is not None:
            await self._told(document, summary, lambda teller: teller.document(tuple(sorted(said.items()))))

    async def _told(self, document: Document, summary: Element, ask: Callable[[Reteller], Awaitable[str | None]]) -> Element:
        """The summary as it then stands in the store."""
        teller = self.reteller
        if teller is None:
            return summary if summary.author == AUTHOR else await self._replaced(document, quoted(summary))
        if summary.author in (teller.author, teller.tried) or self.missing is not None:
            return summary
        text: str | None = None
        try:
            async with self._places:
                text = await ask(teller)
            self._failed = 0
        except _GIVEN_UP:
            self.kept += 1
        except ModelError as error:
            self.kept += 1
            self._failed += 1
            if self._failed >= _AWAY:
                self.missing = str(error)
            return summary  # another run may find the model there
        new = quoted(summary, teller.tried) if text is None else retold(summary, text, teller.author)
        self.written += text is not None
        page = None if summary.is_of_document else summary.page
        self.on_event(SummaryStored(document=document.name, page=page, written=text is not None))
        return await self._replaced(document, new)

    async def _replaced(self, document: Document, summary: Element) -> Element:
        await self.writer.replace_summaries(document, [summary], await summary_vectors([summary], self.embedder))
        return summary

    async def _reported(self, document: Document, kept: int) -> Document:
        """The document with a warning on summaries that stayed as they were, in place of an older one."""
        others = tuple(w for w in document.report.warnings if _WARNING not in w)
        warning = (f"{kept} {_WARNING}",) if kept else ()
        if (*others, *warning) == document.report.warnings:
            return document
        told = replace(document, report=replace(document.report, warnings=(*others, *warning)))
        await self.writer.replace_summaries(told, (), ())
        return told


_WARNING: Final = "summaries quote the page: the local model gave none that could be used"
