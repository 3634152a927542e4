"""The order of the wrappers, in one place."""

from __future__ import annotations

from decimal import Decimal

from mmrag.middleware.budgeted import Budgeted, Spending
from mmrag.middleware.cached import Cached
from mmrag.middleware.metered import Metered
from mmrag.middleware.prices import PriceList
from mmrag.middleware.retrying import Retrying
from mmrag.ports import ChatModel, Clock, Ledger, ReplyCache


def wrapped(
    model: ChatModel,
    *,
    tier: str,
    ledger: Ledger,
    clock: Clock,
    replies: ReplyCache | None = None,
    spending: Spending | None = None,
    max_usd: Decimal = Decimal(0),
    pause_s: float = 0.5,
    deadline_s: float = 60.0,
    prices: PriceList | None = None,
) -> ChatModel:
    """``model`` as a tier uses it: tried again when it does not answer, every call written into the ledger.

    With ``replies`` the same call is not paid twice; with ``spending`` no question costs more than ``max_usd``.
    ``prices`` is the list of prices, by default that which ships with mmrag.
    ``pause_s`` is the most seconds before the second attempt; none begins ``deadline_s`` seconds after the first.
    """
    tried: ChatModel = Retrying(model, first_pause=pause_s, deadline_s=deadline_s)
    if spending is not None:
        tried = Budgeted(tried, spending=spending, max_usd=max_usd, clock=clock, prices=prices)
    return Metered(
        tried if replies is None else Cached(tried, replies), tier=tier, ledger=ledger, clock=clock, prices=prices
    )
