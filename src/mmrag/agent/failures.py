"""Why a tier gave no answer that may be given, and what that means for the question."""

from __future__ import annotations

from mmrag.agent.cascade import Failure, FailureKind
from mmrag.agent.critique import refusal_of
from mmrag.domain.answers import Abstention, AbstentionReason, Draft
from mmrag.domain.critique import Critique
from mmrag.errors import (
    BudgetExceededError,
    ModelCutOffError,
    ModelError,
    ModelMissingError,
    ModelRefusedError,
    ModelRequestError,
    PageStaysError,
)

_FAILURES: tuple[tuple[type[ModelError], FailureKind, AbstentionReason], ...] = (
    (BudgetExceededError, FailureKind.OVER_BUDGET, AbstentionReason.OVER_BUDGET),
    (PageStaysError, FailureKind.KEPT, AbstentionReason.UNSAFE),
    (ModelRefusedError, FailureKind.REFUSED, AbstentionReason.UNSAFE),
    (ModelCutOffError, FailureKind.CUT_OFF, AbstentionReason.MODEL_UNAVAILABLE),
    (ModelMissingError, FailureKind.MISSING, AbstentionReason.MODEL_UNAVAILABLE),
    (ModelRequestError, FailureKind.REJECTED, AbstentionReason.MODEL_UNAVAILABLE),
    (ModelError, FailureKind.UNAVAILABLE, AbstentionReason.MODEL_UNAVAILABLE),
)


def failure_of(error: ModelError) -> Failure:
    """What a failed tier means for the question."""
    kind, reason = next((kind, reason) for type_, kind, reason in _FAILURES if isinstance(error, type_))
    return Failure(kind=kind, abstention=Abstention(reason=reason, detail=str(error)))


def unread(draft: Draft) -> Failure | None:
    """What a draft without an answer means whose tier knows why there is none."""
    if draft.answer is not None or not draft.why:
        return None
    detail = f"{draft.why[0].upper()}{draft.why[1:]}."
    return Failure(kind=FailureKind.UNREAD, abstention=Abstention(reason=AbstentionReason.NO_EVIDENCE, detail=detail))


def unsafe(critique: Critique) -> Failure | None:
    """What a draft means that breaks a principle no answer may break."""
    refusal = refusal_of(critique)
    return None if refusal is None else Failure(kind=FailureKind.UNSAFE, abstention=refusal)
