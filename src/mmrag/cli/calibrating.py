"""The work behind ``mmrag calibrate``: ask each tier every question without thresholds, fit, and write the store's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from mmrag import api
from mmrag.adapters.calibrations import FileCalibrations
from mmrag.agent.plan import make_plan
from mmrag.cli import terminal
from mmrag.cli.evaluating import Wanted, chosen, measure
from mmrag.domain.calibration import Group, Origin
from mmrag.evaluation.calibrating.calibrate import Fitted, calibrate
from mmrag.evaluation.calibrating.fitting import Observation
from mmrag.evaluation.questions import Dataset
from mmrag.evaluation.scoring import Scored
from mmrag.middleware.prices import price_list
from mmrag.settings import Settings, TierSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What was fitted, and the file it was written to; None when it was only looked at."""

    fitted: Fitted
    file: Path | None


async def calibrate_store(dataset: Dataset, settings: Settings, wanted: Wanted, *, dry_run: bool) -> Calibrated:
    """Raises ``EmptyStoreError``, ``StoreError``, and ``UsageError`` when there are too few answers or none can be asked."""
    settings = api.with_tiers(settings)
    plain = without_thresholds(settings)
    observed: dict[str, tuple[Observation, ...]] = {}
    for tier in settings.cascade.tiers:
        terminal.say(_announced(tier, settings, len(chosen(dataset, wanted))))
        measured = await measure(dataset, plain, replace(wanted, tier=tier.name))
        observed[tier.name] = observations(measured.scored)
    files = FileCalibrations(settings.store.path)
    origin = Origin(
        made=datetime.now(UTC).replace(microsecond=0),
        dataset=dataset.name,
        digest=dataset.digest,
        questions=len(next(iter(observed.values()))),
        target_risk=settings.cascade.target_risk,
    )
    models = {tier.name: identity_of(tier, settings.models.file) for tier in settings.cascade.tiers}
    fitted = calibrate(observed, models, await files.read(), origin)
    return Calibrated(fitted=fitted, file=None if dry_run else await files.write(fitted.calibration))


def _announced(tier: TierSettings, settings: Settings, questions: int) -> str:
    if tier.provider == "reader":
        return f"asking {tier.name} {questions} questions"
    most = questions * Decimal(str(settings.cascade.max_usd))
    return f"asking {tier.name} ({tier.model}) {questions} questions: at most ${most:.2f} (cascade.max_usd each)"


def without_thresholds(settings: Settings) -> Settings:
    """``settings`` under which every draft that stands is given, with its score as it comes."""
    ask = settings.ask.model_copy(update={"min_confidence": 0.0, "min_confidence_open": 0.0})
    cascade = settings.cascade.model_copy(update={"calibrated": False})
    return settings.model_copy(update={"ask": ask, "cascade": cascade})


def observations(scored: Sequence[Scored]) -> tuple[Observation, ...]:
    """One for each question about text; questions about finding only say nothing about answers."""
    return tuple(_observation(s) for s in scored if s.result is not None)


def identity_of(tier: TierSettings, models_file: Path | None) -> str:
    """What the tier asks, as ``ChatModel.identity`` says it; empty for the reader."""
    if tier.provider == "reader":
        return ""
    if tier.base_url:
        return f"{tier.model}@{tier.base_url.rstrip('/')}"
    provider, _, model = tier.model.partition(":")
    return f"{provider}:{price_list(models_file).api_name(model)}"


def _observation(s: Scored) -> Observation:
    o = s.outcome
    return Observation(
        question_id=o.id,
        group=Group.of(make_plan(o.asked, document=o.document)),
        score=o.confidence if o.answered else 0.0,
        stands=o.answered and o.confidence > 0,  # a score of 0 is given under no threshold
        right=s.is_right,
        answerable=s.question.is_answerable,
        usd=float(o.usd),
        calls=o.calls,
        unpriced=o.unpriced_calls,
        seconds=o.seconds,
        retrieval=o.top_score,
    )
