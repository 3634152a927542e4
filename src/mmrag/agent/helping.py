"""What would help where no answer is given. Pure."""

from __future__ import annotations

from mmrag.agent.cascade import FailureKind
from mmrag.agent.case import Round
from mmrag.agent.starting import FAINT
from mmrag.domain.answers import Abstention, AbstentionReason

_NAMED = 3


def what_would_help(refusal: Abstention, settled: Round, *, keyless: bool) -> str:
    """One or two sentences on what the person who asks can do. ``keyless``: no model was there to be asked."""
    match refusal.reason:
        case AbstentionReason.NO_EVIDENCE if not settled.tried:
            return f"Ingest the document, or spell it as its page does.{_nearest(settled)}"
        case AbstentionReason.NO_EVIDENCE:
            told = "Name the document by its issuer, date or number, and the field as the page prints it."
            return told + _nearest(settled) + (_MODEL if keyless else "")
        case AbstentionReason.UNSUPPORTED:
            faint = any(r.page.confidence < FAINT for r in settled.readings)
            scan = " A sharper scan of it would help." if faint else ""
            return f"Look at the page yourself.{_nearest(settled)}{scan}" + (_MODEL if keyless else "")
        case AbstentionReason.LOW_CONFIDENCE:
            return (
                "Ask for one value at a time, by the name that the page prints, or accept less certain answers "
                f"(ask.min_confidence).{_MODEL if keyless else ''}"
            )
        case AbstentionReason.OVER_BUDGET:
            return "Allow more for this question (--max-usd) or for all (cascade.max_usd), or add a tier that costs less."
        case AbstentionReason.MODEL_UNAVAILABLE:
            return "Run mmrag doctor to see which tiers can be reached, or ask again later."
        case AbstentionReason.UNSAFE if settled.failure is not None and settled.failure.kind is FailureKind.KEPT:
            return "Add a model of your own, which may be shown every page (cascade.local), or name less in ask.keep_local."
        case AbstentionReason.UNSAFE:
            return "Ask for just what you need to know, in words of your own."


_MODEL = " A model of your own or a hosted one can answer what the reader cannot (cascade.local)."


def _nearest(settled: Round) -> str:
    """The documents that come nearest, by name: those that fit what the question says of its document, else those found."""
    found = settled.gathered.named or [hit.document for hit in settled.gathered.hits]
    names = list(dict.fromkeys(found))[:_NAMED]
    return f" The nearest: {', '.join(names)}." if names else ""
