"""How something was paid: the ways to pay are words of their own, and each is a label elsewhere ('Cash 50.00')."""

from __future__ import annotations

import re

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.text import fold

HOW_PAID = re.compile(r"\b(?:payment (?:method|type)|(?:method|mode|way|form|type) of payment)\b", re.IGNORECASE)
_WAY = re.compile(
    r"\b(?:american express|amex|visa(?: debit)?|master ?card|maestro|girocard|diners club|union ?pay|apple pay|google pay"
    r"|paypal|(?:credit|debit|gift|bank) card|bank transfer|wire transfer|direct debit|standing order|contactless"
    r"|che(?:que|ck)|cash|card"
    r"|bar|ec-karte|kreditkarte|überweisung|lastschrift|espèces|virement|efectivo|transferencia|contanti|bonifico)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\b(?:paid\s+(?:by|with|in|via|using)|payment(?:\s+(?:method|type|by|mode))?|(?:method|mode|form|type)\s+of\s+payment|tender(?:ed)?"
    r"|zahlungsart|bezahlt\s+mit|mode\s+de\s+paiement|forma\s+de\s+pago|pagamento)\s*:?\s*$",
    re.IGNORECASE,
)
_LABELLED, _ALONE = 0.9, 0.6


def in_payments(layout: Layout) -> list[Candidate]:
    """The way to pay beside a label for it; without one the only way that the page prints. Nothing else answers."""
    labelled: list[Candidate] = []
    others: list[Candidate] = []
    for run in layout.runs:
        for match in _WAY.finditer(run.text):
            before = run.text[: match.start()] or next((r.text for r in layout.left_of(run)[:1]), "")
            is_labelled = _LABEL.search(before) is not None
            (labelled if is_labelled else others).append(
                _candidate(layout, run, match, _LABELLED if is_labelled else _ALONE)
            )
    if labelled:
        return labelled
    ways = {c.normal for c in others}
    return others[:1] if len(ways) == 1 else []


def _candidate(layout: Layout, run: Run, match: re.Match[str], score: float) -> Candidate:
    cited = run.words_between(*match.span())
    confidence = sum(w.confidence for w in cited) / max(1, len(cited))
    return Candidate(
        text=match.group(),
        words=cited,
        normal=fold(match.group()),
        score=score * (0.5 + 0.5 * confidence),
        why="payment",
        page=layout.page,
    )
