"""A small world to ask questions in: readings in a catalog in memory, a plain lexical index, tiers as the test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mmrag.agent.asking import Agent, AgentParts
from mmrag.agent.tiers import Tier, model_tier, reader_tier
from mmrag.domain.answers import Draft
from mmrag.domain.calibration import UNCALIBRATED, Calibration
from mmrag.domain.evidence import Scored
from mmrag.domain.plans import Plan, Reading
from mmrag.domain.values import FoundValue, ValueKind
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import Blobs, ChatModel, PageRef, PageScored, Receipts
from mmrag.retrieval.search import SearchParts
from mmrag.settings import AskSettings, CascadeSettings, Settings
from mmrag.testing import FrozenClock, HashEmbedder, MemoryCatalog, MemoryLedger, MemoryTraces, MemoryVectors
from mmrag.values import find_values


class PlainLexical:
    """``LexicalIndex`` by shared words, for a handful of pages."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._pages = [r.page for r in readings]

    async def search_elements(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        asked = _words(query)
        found = [
            Scored(id=e.id, score=float(len(asked & _words(e.text))))
            for p in self._pages
            for e in p.elements
            if (documents is None or p.document_id in documents) and asked & _words(e.text)
        ]
        return tuple(sorted(found, key=lambda s: -s.score)[:k])

    async def search_pages(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        asked = _words(query)
        found = [
            PageScored(ref=PageRef(document_id=p.document_id, page=p.number), score=float(len(asked & _words(p.text))))
            for p in self._pages
            if documents is None or p.document_id in documents
        ]
        return tuple(sorted((f for f in found if f.score), key=lambda s: -s.score)[:k])

    async def search_names(self, name: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        wanted = _words(name)
        return tuple(
            PageScored(
                ref=PageRef(document_id=p.document_id, page=p.number), score=len(wanted & _words(p.text)) / len(wanted)
            )
            for p in self._pages
            if wanted & _words(p.text) and (documents is None or p.document_id in documents)
        )[:k]

    async def search_values(
        self, normals: Sequence[str], *, kinds: Sequence[ValueKind] | None = None, documents: Sequence[str] | None = None
    ) -> tuple[FoundValue, ...]:
        return tuple(
            FoundValue(
                document_id=p.document_id,
                page=p.number,
                element_id=e.id,
                kind=v.kind,
                normals=v.normals,
                text=v.text,
                words=e.words,
            )
            for p in self._pages
            for e in p.elements
            for v in find_values(e.text)
            if (kinds is None or v.kind in kinds) and set(v.normals) & set(normals)
        )


@dataclass
class ScriptedDrafter:
    """Drafts by calling ``make`` with the plan and the readings; ``seen`` counts the pages of each call."""

    make: Callable[[Plan, Sequence[Reading]], Draft]
    seen: list[int] = field(default_factory=list)

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        self.seen.append(len(readings))
        return self.make(plan, readings)


@dataclass
class World:
    readings: Sequence[Reading]
    tiers: list[Tier] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    traces: MemoryTraces = field(default_factory=MemoryTraces)
    clock: FrozenClock = field(default_factory=FrozenClock)
    calibration: Calibration = UNCALIBRATED
    receipts: Receipts | None = None
    blobs: Blobs | None = None

    def drafts(self, make: Callable[[Plan, Sequence[Reading]], Draft], *, name: str = "reader") -> ScriptedDrafter:
        """Add a tier that costs nothing."""
        drafter = ScriptedDrafter(make)
        self.tiers.append(reader_tier(name, drafter))
        return drafter

    def asks(self, model: ChatModel, *, name: str) -> None:
        """Add a tier that asks ``model``, metered and retried as a real one is."""
        self.tiers.append(
            model_tier(name, wrapped(model, tier=name, ledger=self.ledger, clock=self.clock), blobs=self.blobs)
        )

    async def agent(self) -> Agent:
        catalog = MemoryCatalog()
        for reading in self.readings:
            await catalog.stage_page(reading.page, recipe="test", vectors=[], values=[])
        for document in {reading.document.id: reading.document for reading in self.readings}.values():
            await catalog.publish(document)
        search = SearchParts(
            catalog=catalog, lexical=PlainLexical(self.readings), vectors=MemoryVectors(), embedder=HashEmbedder()
        )
        parts = AgentParts(
            search=search,
            tiers=tuple(self.tiers),
            traces=self.traces,
            ledger=self.ledger,
            clock=self.clock,
            settings=self.settings,
            calibration=self.calibration,
            receipts=self.receipts,
            blobs=self.blobs,
        )
        return Agent(parts)


def settings(*, pages: int = 6, max_usd: float = 0.05, timeout_s: float = 60.0) -> Settings:
    return Settings(ask=AskSettings(pages=pages, timeout_s=timeout_s), cascade=CascadeSettings(max_usd=max_usd))


def _words(text: str) -> frozenset[str]:
    return frozenset("".join(c if c.isalnum() else " " for c in text.casefold()).split())
