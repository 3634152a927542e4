"""``mmrag eval --judge``: a tier of the settings judges the answers, with its calls in the ledger like any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from mmrag.domain.costs import Bill
from mmrag.errors import UsageError
from mmrag.evaluation.judging import Judged, Judgement, booked_as, judge_all, to_judge
from mmrag.evaluation.scoring import Scored

if TYPE_CHECKING:
    from mmrag.app import App
    from mmrag.settings import Settings

READER = "reader"


def check_judge(tier: str, settings: Settings) -> None:
    """Raises ``UsageError`` when the settings have no such tier, or it has no model that could judge."""
    able = [t.name for t in settings.cascade.tiers if t.provider != READER]
    if tier not in able:
        what = "is the reader, which cannot judge" if any(t.name == tier for t in settings.cascade.tiers) else "is not there"
        have = f"the settings have {', '.join(able)}" if able else "add a tier with a chat model to the settings"
        raise UsageError(f"--judge: the tier {tier!r} {what}; {have}.")


async def judged_by(
    tier: str,
    app: App,
    scored: Sequence[Scored],
    *,
    concurrency: int,
    on_done: Callable[[Judgement], None] | None = None,
) -> Judged:
    """Judge every answer through the settings' own middleware: metered, kept, within the budget of a question each.

    Raises ``ModelMissingError`` when the tier cannot be asked, ``StoreError``.
    """
    from mmrag.app import chat_models
    from mmrag.middleware.staying import Keeper

    # Which pages an answer was read from is no part of what is judged: with ask.keep_local no judge elsewhere is told it.
    keeper = Keeper(keep=frozenset(app.settings.ask.keep_local), topics=None, catalog=app.catalog)
    run = f"judge-{uuid4().hex[:12]}"
    async with chat_models(app.settings, app.ledger, app.clock, keeper=keeper) as models:
        model = models[tier]
        judgements = await judge_all(scored, model, run=run, concurrency=concurrency, on_done=on_done)
    entries = [e for s in to_judge(scored) for e in await app.ledger.entries(booked_as(run, s.question.id))]
    return Judged(tier=tier, model=model.identity, judgements=judgements, bill=Bill.of(tuple(entries)))


def own_answers(tier: str, scored: Sequence[Scored]) -> str | None:
    """A warning when the judge judges what it has answered itself, which models do too kindly."""
    own = sum(s.outcome.tier == tier for s in to_judge(scored))
    return (
        f"The judge {tier} has given {own} of the answers itself: its verdict on those is no second opinion."
        if own
        else None
    )
