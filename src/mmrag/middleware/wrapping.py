"""The order of the wrappers, in one place."""

from __future__ import annotations

from mmrag.middleware.budgeted import Budgeted, Budgets
from mmrag.middleware.cached import Cached
from mmrag.middleware.guarded import Guarded
from mmrag.middleware.limited import Gate, Limited
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
    budgets: Budgets | None = None,
    gate: Gate | None = None,
    pause_s: float = 0.5,
    deadline_s: float = 60.0,
    prices: PriceList | None = None,
) -> ChatModel:
    """``model`` as a tier uses it: tried again when it does not answer, every call written into the ledger.

    With ``replies`` the same call is not paid twice; with ``budgets`` no call is made that could break one; with ``gate``
    calls keep to what their provider takes. ``prices`` is the list of prices, by default that which ships with mmrag.
    ``pause_s`` is the most seconds before the second attempt; ``deadline_s`` seconds after a call was made all is over.
    """
    sent: ChatModel = Guarded(model, gate=gate, clock=clock, prices=prices)
    tried: ChatModel = Limited(Retrying(sent, first_pause=pause_s, deadline_s=deadline_s), gate=gate, deadline_s=deadline_s)
    if budgets is not None:
        tried = Budgeted(tried, budgets=budgets, clock=clock, prices=prices)
    if replies is not None:
        tried = Cached(tried, replies)
    return Metered(tried, tier=tier, ledger=ledger, clock=clock, prices=prices)
