"""What is said about an answer, for a terminal and for a pipe alike, and how the pipe shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mmrag.cli.terminal import aligned, clean, clean_lines, shorten
from mmrag.domain.answers import Answer, CitedClaim
from mmrag.domain.costs import Bill
from mmrag.domain.geometry import BBox

NEAREST = 3
"""How many pieces of evidence a refusal shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One citation of a claim as shown; the claim and its verdict stand on the first one only."""

    claim: str
    verdict: str
    document: str
    page: str
    quote: str
    confidence: str
    box: str


def claim_rows(answer: Answer) -> list[ClaimRow]:
    """A row for each place. What was worked out of other claims has their places, which are shown with those alone."""
    first, *others = answer.claims or (None,)
    places = {(c.document, c.page, c.bbox) for claim in others for c in claim.citations}
    if first is None or not first.citations or not {(c.document, c.page, c.bbox) for c in first.citations} <= places:
        return [row for claim in answer.claims for row in _rows_of(claim)]
    worked = ClaimRow(
        claim=clean(first.text),
        verdict=first.verdict.value,
        document="",
        page="",
        quote="worked out of what follows",
        confidence="",
        box="",
    )
    return [worked, *(row for claim in others for row in _rows_of(claim))]


def _rows_of(claim: CitedClaim) -> Iterator[ClaimRow]:
    text, verdict = clean(claim.text), claim.verdict.value
    if not claim.citations:
        yield ClaimRow(claim=text, verdict=verdict, document="no place found", page="", quote="", confidence="", box="")
    for number, citation in enumerate(claim.citations):
        first = number == 0
        yield ClaimRow(
            claim=text if first else "",
            verdict=verdict if first else "",
            document=clean(citation.document),
            page=str(citation.page),
            quote=clean(citation.quote),
            confidence=f"{citation.ocr_confidence:.2f}",
            box=box_text(citation.bbox),
        )


def says_more(answer: Answer) -> bool:
    """True when a claim is more than the answer or its own quote, so that it is worth a column."""
    shown = clean(answer.answer or "")
    return any(clean(c.text) not in {shown, *(clean(q.quote) for q in c.citations)} for c in answer.claims)


def box_text(box: BBox) -> str:
    """The box as the option ``show --box`` takes it."""
    return ",".join(f"{value:.3f}" for value in box.as_tuple())


def cost_line(bill: Bill) -> str:
    """What the question cost, and what it would have cost elsewhere. An unknown price is said to be unknown."""
    parts = [_usd(bill.cost.usd), f"{bill.calls} model call{'' if bill.calls == 1 else 's'}"]
    if bill.cost.unpriced_calls:
        parts.append(f"{bill.cost.unpriced_calls} of unknown price")
    if bill.cache_hits:
        parts.append(f"{bill.cache_hits} from the cache")
    for name, usd in (("all-flagship", bill.if_all_flagship_usd), ("all-cheap", bill.if_all_cheap_usd)):
        if usd is not None:
            parts.append(f"{name} would have cost ~${usd:.4f}")
    return " · ".join(parts)


def _usd(usd: Decimal) -> str:
    return "$0.00" if usd == 0 else f"${usd:.4f}" if usd >= Decimal("0.0001") else f"${usd:.6f}"


def timing_line(answer: Answer) -> str:
    return " · ".join(f"{stage} {ms:.0f} ms" for stage, ms in answer.timings_ms.items())


def plain_lines(answer: Answer) -> Iterator[str]:
    """The answer as simple text: what was asked for first, then where it stands."""
    if answer.abstention is not None:
        yield f"No answer ({answer.abstention.reason.value}): {clean(answer.abstention.detail)}"
        if answer.abstention.help:
            yield f"What would help: {clean(answer.abstention.help)}"
        yield from _nearest(answer)
    else:
        yield clean_lines(answer.answer or "")
        yield ""
        yield f"confidence {answer.confidence:.2f}, by {answer.tier}"
        yield from _claim_lines(answer)
    yield from note_lines(answer)
    yield cost_line(answer.bill)


def note_lines(answer: Answer) -> list[str]:
    """Tiers that failed, a line each."""
    return [f"note: {clean(note)}" for note in answer.notes]


def _claim_lines(answer: Answer) -> list[str]:
    rows = claim_rows(answer)
    if not rows:
        return []
    wide = says_more(answer)
    head = ["verdict", "document", "page", "quote", "conf", "box"]
    table = [[r.verdict, r.document, r.page, shorten(r.quote, 60), r.confidence, r.box] for r in rows]
    if wide:
        head.insert(0, "claim")
        table = [[shorten(r.claim, 60), *cells] for r, cells in zip(rows, table, strict=True)]
    return aligned([head, *table])


def _nearest(answer: Answer) -> Iterator[str]:
    hits = answer.evidence[:NEAREST]
    if hits:
        yield "nearest evidence:"
        yield from aligned(
            [[f"  {clean(hit.document)}", f"page {hit.element.page}", shorten(hit.element.text, 80)] for hit in hits]
        )
