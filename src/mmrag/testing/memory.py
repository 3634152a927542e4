"""Ports kept in memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from mmrag.domain.costs import Claim, LedgerEntry, Limits, Overrun, Usage, overrun
from mmrag.domain.evidence import Scored
from mmrag.domain.hashing import sha256_hex
from mmrag.domain.messages import Reply
from mmrag.errors import StoreDamagedError
from mmrag.ports import VectorRecord


class MemoryVectors:
    """``VectorIndex`` in a dictionary; compares with every vector."""

    def __init__(self) -> None:
        self._records: dict[str, VectorRecord] = {}

    async def upsert(self, records: Sequence[VectorRecord]) -> None:
        self._records.update({r.element_id: r for r in records})

    async def delete(self, element_ids: Sequence[str]) -> None:
        for element_id in element_ids:
            self._records.pop(element_id, None)

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        wanted = [r for r in self._records.values() if documents is None or r.document_id in documents]
        found = [Scored(id=r.element_id, score=_cosine(vector, r.vector)) for r in wanted]
        return tuple(sorted(found, key=lambda s: (-s.score, s.id))[: max(0, k)])

    async def ids(self) -> frozenset[str]:
        return frozenset(self._records)

    async def count(self) -> int:
        return len(self._records)

    async def clear(self) -> None:
        self._records.clear()


class MemoryBlobs:
    """``Blobs`` in a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put(self, data: bytes) -> str:
        digest = sha256_hex(data)
        self._blobs[digest] = data
        return digest

    async def get(self, digest: str) -> bytes:
        if digest not in self._blobs:
            raise StoreDamagedError(f"{digest} is not stored.")
        return self._blobs[digest]

    async def discard(self, digests: Sequence[str]) -> None:
        for digest in digests:
            self._blobs.pop(digest, None)


class MemoryLedger:
    """``Ledger`` in a list; ``times`` are those of the entries, ``claims`` what is set aside, by id."""

    def __init__(self) -> None:
        self._entries: list[LedgerEntry] = []
        self.times: list[datetime] = []
        self.claims: dict[str, Claim] = {}

    async def write(self, entry: LedgerEntry, at: datetime) -> None:
        self._entries.append(entry)
        self.times.append(at)

    async def reserve(self, claim: Claim, limits: Limits, at: datetime) -> Overrun | None:
        for gone in [c for c in self.claims.values() if c.expires < at]:
            del self.claims[gone.id]
            await self.write(_untold(gone), at)
        dated = list(zip(self._entries, self.times, strict=True))
        others = [c for c in self.claims.values() if c.id != claim.id]
        under_way = sum((c.usd for c in others), Decimal(0))
        own = sum((c.usd for c in others if c.question_id == claim.question_id), Decimal(0))
        spent = Limits(
            question=own + _added(e for e, _ in dated if e.question_id == claim.question_id),
            day=under_way + _added(e for e, t in dated if t.date() == at.date()),
            store=under_way + _added(e for e, _ in dated),
        )
        over = overrun(claim.usd, spent, limits if claim.question_id else Limits(day=limits.day, store=limits.store))
        if over is None:
            self.claims[claim.id] = claim
        return over

    async def settle(self, claim_id: str, entries: Sequence[LedgerEntry], at: datetime) -> None:
        self.claims.pop(claim_id, None)
        for entry in entries:
            await self.write(entry, at)

    async def entries(self, question_id: str | None = None) -> tuple[LedgerEntry, ...]:
        return tuple(e for e in self._entries if question_id is None or e.question_id == question_id)


class MemoryReplies:
    """``ReplyCache`` in a dictionary."""

    def __init__(self) -> None:
        self._replies: dict[str, Reply] = {}

    async def get(self, key: str) -> Reply | None:
        return self._replies.get(key)

    async def put(self, key: str, reply: Reply) -> None:
        self._replies[key] = reply


class MemoryTraces:
    """``TraceSink`` that keeps the bytes by trace id; there is no file."""

    def __init__(self) -> None:
        self.saved: dict[str, bytes] = {}

    async def save(self, trace_id: str, data: bytes) -> Path | None:
        self.saved[trace_id] = data
        return None


def _added(entries: Iterable[LedgerEntry]) -> Decimal:
    return sum((e.against_budgets for e in entries), Decimal(0))


def _untold(claim: Claim) -> LedgerEntry:
    """The entry of a call whose process is gone."""
    return LedgerEntry(
        question_id=claim.question_id,
        stage=claim.stage,
        tier=claim.tier,
        model=claim.model,
        usage=Usage(),
        usd=None,
        held_usd=claim.usd,
    )


def _cosine(a: Sequence[float], b: Sequence[float]) -> float:
    length = math.hypot(*a) * math.hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / length if length else 0.0
