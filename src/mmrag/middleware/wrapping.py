"""The order of the wrappers, in one place."""

from __future__ import annotations

from mmrag.middleware.metered import Metered
from mmrag.middleware.retrying import Retrying
from mmrag.ports import ChatModel, Clock, Ledger


def wrapped(
    model: ChatModel, *, tier: str, ledger: Ledger, clock: Clock, pause_s: float = 0.5, deadline_s: float = 60.0
) -> ChatModel:
    """``model`` as a tier uses it: tried again when it does not answer, every call written into the ledger.

    ``pause_s`` is the most seconds before the second attempt; none begins ``deadline_s`` seconds after the first.
    """
    return Metered(Retrying(model, first_pause=pause_s, deadline_s=deadline_s), tier=tier, ledger=ledger, clock=clock)
