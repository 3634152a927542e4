"""The order of the wrappers, in one place."""

from __future__ import annotations

from mmrag.middleware.cached import Cached
from mmrag.middleware.metered import Metered
from mmrag.middleware.retrying import Retrying
from mmrag.ports import ChatModel, Clock, Ledger, ReplyCache


def wrapped(
    model: ChatModel,
    *,
    tier: str,
    ledger: Ledger,
    clock: Clock,
    replies: ReplyCache | None = None,
    pause_s: float = 0.5,
    deadline_s: float = 60.0,
) -> ChatModel:
    """``model`` as a tier uses it: tried again when it does not answer, every call written into the ledger.

    With ``replies`` the same call is not paid twice. ``pause_s`` is the most seconds before the second attempt; none begins
    ``deadline_s`` seconds after the first.
    """
    tried: ChatModel = Retrying(model, first_pause=pause_s, deadline_s=deadline_s)
    return Metered(tried if replies is None else Cached(tried, replies), tier=tier, ledger=ledger, clock=clock)
