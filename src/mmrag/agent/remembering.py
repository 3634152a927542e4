"""Answers that were given before: while the store is as it was, the same question has the same answer, with its verdicts."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from types import MappingProxyType

from mmrag.domain.answers import AbstentionReason, Answer
from mmrag.domain.costs import Bill
from mmrag.domain.documents import PageRef
from mmrag.domain.hashing import content_id
from mmrag.ports import Clock, Ledger

_MOST = 256
_PASSING = frozenset({AbstentionReason.OVER_BUDGET, AbstentionReason.MODEL_UNAVAILABLE})
"""Reasons that may not hold the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What makes two questions the same. ``version`` is the state of the store, ``max_usd`` as it was given,
    ``told`` the pages that the question itself holds words of, which decide whom it may be sent to."""

    question: str
    document: str | None
    tier: str | None
    max_usd: float | None
    version: tuple[int, ...]
    told: tuple[PageRef, ...] | None = ()


class Remembered:
    """The last answers for which a model was called, by question. Others cost nothing to give again.

    Each call that need not be made again is a cache hit in the ledger.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._answers: OrderedDict[Asked, Answer] = OrderedDict()

    async def recall(self, asked: Asked) -> Answer | None:
        """The answer with a bill of its own: nothing spent, one hit for each call. Raises ``StoreError``."""
        answer, began = self._answers.get(asked), self._clock.monotonic()
        if answer is None:
            return None
        self._answers.move_to_end(asked)
        now = self._clock.now()
        question_id = content_id("ask", [asked.question, now.isoformat(), "again"])
        entries = await self._ledger.entries(answer.trace)
        hits = tuple(replace(entry, question_id=question_id, cache_hit=True, held_usd=None, at=None) for entry in entries)
        await self._ledger.settle("", hits, now)
        bill = Bill.of(
            hits, if_all_flagship_usd=answer.bill.if_all_flagship_usd, if_all_cheap_usd=answer.bill.if_all_cheap_usd
        )
        timings = dict.fromkeys(answer.timings_ms, 0.0) | {"total": 1000 * (self._clock.monotonic() - began)}
        return replace(answer, bill=bill, timings_ms=MappingProxyType(timings))

    def keep(self, asked: Asked, answer: Answer) -> None:
        """Remember ``answer`` unless it cost nothing, or something went wrong that may go well the next time."""
        passing = answer.abstention is not None and answer.abstention.reason in _PASSING
        if passing or answer.notes or not answer.bill.calls + answer.bill.cache_hits:
            return
        self._answers[asked] = answer
        while len(self._answers) > _MOST:
            self._answers.popitem(last=False)
