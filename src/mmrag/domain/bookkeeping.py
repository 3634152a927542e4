"""The bill of a store: what its questions have cost, by whatever one asks, and what they would have cost elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, get_args

from mmrag.domain.costs import Bill, Cost, LedgerEntry

Grouping = Literal["day", "tier", "model", "stage"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
UNDATED = "undated"
_KEYS: Mapping[Grouping, Callable[[LedgerEntry], str]] = MappingProxyType(
    {
        "day": lambda entry: UNDATED if entry.at is None else entry.at.date().isoformat(),
        "tier": lambda entry: entry.tier,
        "model": lambda entry: entry.model,
        "stage": lambda entry: entry.stage,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One question, over: which ``tier`` it ended with and its bill. ``at`` is aware, in UTC."""

    question_id: str
    at: datetime
    tier: str
    answered: bool
    bill: Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What questions cost beside what they would have cost elsewhere, in USD.

    ``questions`` are those of which both are known; ``unknown`` are left out, because a price is not known.
    """

    would_have_cost: Decimal
    cost: Decimal
    questions: int
    unknown: int

    @property
    def usd(self) -> Decimal:
        return self.would_have_cost - self.cost

    @property
    def share(self) -> Decimal | None:
        """The part of the other price that was not spent, None when that is nothing."""
        return None if self.would_have_cost == 0 else self.usd / self.would_have_cost


def grouped(entries: Sequence[LedgerEntry], by: Grouping) -> dict[str, Bill]:
    """The calls added up by day (UTC), tier, model or stage, in the order of the names."""
    groups: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        groups.setdefault(_KEYS[by](entry), []).append(entry)
    return {key: Bill.of(tuple(group)) for key, group in sorted(groups.items())}


def hit_rate(bill: Bill) -> Decimal | None:
    """The share of calls that the reply cache answered, None without calls."""
    asked = bill.calls + bill.cache_hits
    return None if asked == 0 else Decimal(bill.cache_hits) / asked


def saved_against(receipts: Sequence[Receipt], estimate: Callable[[Bill], Decimal | None]) -> Saved:
    """What was saved against ``estimate``. Questions with unpriced calls are unknown: what they cost is not known either."""
    known = [
        (r.bill.cost, usd) for r in receipts if (usd := estimate(r.bill)) is not None and not r.bill.cost.unpriced_calls
    ]
    cost = sum((c for c, _ in known), Cost())
    return Saved(
        would_have_cost=sum((usd for _, usd in known), Decimal(0)),
        cost=cost.usd,
        questions=len(known),
        unknown=len(receipts) - len(known),
    )
