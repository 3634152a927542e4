"""The bill of a question: what the ledger holds for it, and what one call to a hosted model would have cost instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from mmrag.agent.cascade import TierPosition
from mmrag.agent.case import Case, Round
from mmrag.agent.draft import HOSTED_TOKENS
from mmrag.agent.select import is_read_up
from mmrag.agent.tiers import Tier
from mmrag.domain.costs import Bill, LedgerEntry
from mmrag.domain.documents import ElementKind
from mmrag.domain.plans import Reading
from mmrag.middleware.prices import CHARACTERS_PER_TOKEN, PriceList
from mmrag.ports import Ledger

_AROUND = 2_800
"""Characters of rules, question and schema that go with every call."""
_PICTURE = (1280, 1280)
"""Pixels of a region that is to be looked at closely."""
_DRAWN = frozenset({ElementKind.CHART, ElementKind.FIGURE, ElementKind.PHOTO})


async def spent(case: Case, tried: Sequence[str], ledger: Ledger) -> tuple[LedgerEntry, ...]:
    """The ledger's lines for this question; the ledger is not opened when only tiers that cost nothing were asked."""
    if not any(tier.model for tier in case.tiers if tier.name in tried):
        return ()
    return await ledger.entries(case.id)


def bill_of(entries: tuple[LedgerEntry, ...], readings: Sequence[Reading], on: date, prices: PriceList) -> Bill:
    """``entries`` added up, beside one call to the flagship and one to the cheap tier about the same pages: as much of their
    text as such a model is shown, and a picture where the best page is drawn rather than printed."""
    characters = _characters(readings)
    return Bill.of(
        entries,
        if_all_flagship_usd=_call_usd(prices.flagship, characters, readings, on, prices),
        if_all_cheap_usd=_call_usd(prices.cheap, characters, readings, on, prices),
    )


def position(case: Case, now: Round, prices: PriceList) -> TierPosition:
    """Where the cascade stands. There is one repair for a tier, and only while there may be pages that were not read."""
    following = now.order[now.tier + 1] if now.tier + 1 < len(now.order) else None
    return TierPosition(
        index=now.tier,
        count=len(now.order),
        repairs_left=0 if now.repaired or is_read_up(now.plan, now.gathered, now.readings) else 1,
        next_usd=_tier_usd(following, now.readings, case.clock.now().date(), prices) if following else None,
    )


def _tier_usd(tier: Tier, readings: Sequence[Reading], on: date, prices: PriceList) -> Decimal | None:
    """What asking ``tier`` about ``readings`` would cost: nothing for a tier without a model, None for an unknown price."""
    return Decimal(0) if tier.model is None else _call_usd(tier.model, _characters(readings), readings, on, prices)


def _characters(readings: Sequence[Reading]) -> int:
    return min(sum(len(reading.page.text) for reading in readings), HOSTED_TOKENS * CHARACTERS_PER_TOKEN)


def _call_usd(model: str, characters: int, readings: Sequence[Reading], on: date, prices: PriceList) -> Decimal | None:
    drawn = bool(readings) and _is_drawn(readings[0])
    return prices.estimate(model, characters=_AROUND + characters, images=[_PICTURE] * drawn, on=on)


def _is_drawn(reading: Reading) -> bool:
    elements = reading.page.elements
    return not reading.page.words or any(e.kind in _DRAWN for e in elements)
