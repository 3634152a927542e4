"""Money and tokens. Money is ``Decimal``; an unknown price is counted as unknown, never as zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one model call consumed, in tokens and images.

    ``cached_input_tokens`` are those of ``input_tokens`` that the provider had kept from an earlier prompt.
    ``unreported_calls`` counts calls that were sent and whose consumption nobody told: cut off, cancelled, garbled.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    images: int = 0
    unreported_calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
            images=self.images + other.images,
            unreported_calls=self.unreported_calls + other.unreported_calls,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD for one million tokens. Input that the provider had kept costs ``cached_input_usd``; None: as much as the rest."""

    input_usd: Decimal
    output_usd: Decimal
    cached_input_usd: Decimal | None = None

    def of(self, usage: Usage) -> Decimal:
        million = Decimal(1_000_000)
        kept_usd = self.input_usd if self.cached_input_usd is None else self.cached_input_usd
        fresh = usage.input_tokens - usage.cached_input_tokens
        return (
            self.input_usd * fresh + kept_usd * usage.cached_input_tokens + self.output_usd * usage.output_tokens
        ) / million


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money spent. ``usd`` covers the priced calls only; ``unpriced_calls`` says how many it leaves out."""

    usd: Decimal = Decimal(0)
    unpriced_calls: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(usd=self.usd + other.usd, unpriced_calls=self.unpriced_calls + other.unpriced_calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One model call: who was asked for what, and what it cost. ``usd`` is None when the price is unknown.

    ``held_usd`` is what was set aside for a call whose cost nobody told, in USD: it is in no bill, but budgets count it.
    ``at`` is when it was written (aware, UTC); None before that.
    """

    question_id: str
    stage: str
    tier: str
    model: str
    usage: Usage
    usd: Decimal | None
    cache_hit: bool = False
    held_usd: Decimal | None = None
    at: datetime | None = field(default=None, compare=False)

    @property
    def against_budgets(self) -> Decimal:
        """USD that budgets count: what it cost, else what was set aside for it. Nothing for a hit or an unknown price."""
        return Decimal(0) if self.cache_hit else self.usd or self.held_usd or Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Money set aside for a call that is to be made: the most it may cost, in USD.

    After ``expires`` (aware, UTC) the process that made it is taken to be gone, and the call to be of unknown cost.
    """

    id: str
    question_id: str
    stage: str
    tier: str
    model: str
    usd: Decimal
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that may be spent, in USD: on a question, on a day (UTC), and by the store in all. None: any amount."""

    question: Decimal | None = None
    day: Decimal | None = None
    store: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrun:
    """A claim that does not fit: ``budget`` is ``question``, ``day`` or ``store``; ``spent`` holds other claims too. USD."""

    budget: str
    spent: Decimal
    limit: Decimal


def overrun(usd: Decimal, spent: Limits, limits: Limits) -> Overrun | None:
    """The first budget that ``usd`` more would break, None when it fits all. ``spent`` is what each has spent or claimed."""
    for name in ("question", "day", "store"):
        limit, so_far = getattr(limits, name), getattr(spent, name) or Decimal(0)
        if limit is not None and so_far + usd > limit:
            return Overrun(budget=name, spent=so_far, limit=limit)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The receipt on an answer.

    ``if_all_flagship_usd`` and ``if_all_cheap_usd`` are estimates of the same question sent straight to the flagship and to
    the cheap hosted tier; None when no price is known for that tier.
    """

    cost: Cost = Cost()
    calls: int = 0
    cache_hits: int = 0
    usage: Usage = Usage()
    if_all_flagship_usd: Decimal | None = None
    if_all_cheap_usd: Decimal | None = None

    @classmethod
    def of(
        cls,
        entries: tuple[LedgerEntry, ...],
        *,
        if_all_flagship_usd: Decimal | None = None,
        if_all_cheap_usd: Decimal | None = None,
    ) -> Self:
        """Add up ledger entries. A cache hit is counted and costs nothing."""
        paid = [e for e in entries if not e.cache_hit]
        usage = Usage()
        cost = Cost()
        for entry in paid:
            usage = usage + entry.usage
            cost = cost + (Cost(unpriced_calls=1) if entry.usd is None else Cost(usd=entry.usd))
        return cls(
            cost=cost,
            calls=len(paid),
            cache_hits=len(entries) - len(paid),
            usage=usage,
            if_all_flagship_usd=if_all_flagship_usd,
            if_all_cheap_usd=if_all_cheap_usd,
        )
