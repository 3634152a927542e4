"""The bill of a store as JSON: the shape that ``mmrag costs --json`` promises. Money is decimal text in USD."""

from __future__ import annotations

from collections.abc import Sequence

from mmrag.domain.bookkeeping import Grouping, Receipt, Saved, grouped, hit_rate, saved_against
from mmrag.domain.costs import Bill, LedgerEntry
from mmrag.domain.hashing import Json


def costs_json(entries: Sequence[LedgerEntry], receipts: Sequence[Receipt], by: Sequence[Grouping]) -> dict[str, Json]:
    total, rate = Bill.of(tuple(entries)), hit_rate(Bill.of(tuple(entries)))
    flagship, cheap = savings(receipts)
    groups: dict[str, Json] = {
        f"by_{group}": [{group: key, **_bill_json(bill)} for key, bill in grouped(entries, group).items()] for group in by
    }
    return {
        "questions": questions_asked(entries, receipts),
        "total": _bill_json(total),
        "cache_hit_rate": None if rate is None else f"{rate:.4f}",
        "saved": {"against_all_flagship": _saved_json(flagship), "against_all_cheap": _saved_json(cheap)},
        "tiers_that_answered": dict(endings(receipts)),
        **groups,
        "models": [
            {"tier": tier, "model": model, **_bill_json(bill)} for (tier, model), bill in _by_tier_and_model(entries).items()
        ],
    }


def questions_asked(entries: Sequence[LedgerEntry], receipts: Sequence[Receipt]) -> int:
    """Questions asked before receipts were kept are known by their calls only."""
    return len({entry.question_id for entry in entries} | {receipt.question_id for receipt in receipts})


def endings(receipts: Sequence[Receipt]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for receipt in receipts:
        name = receipt.tier if receipt.answered else "a refusal"
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def savings(receipts: Sequence[Receipt]) -> tuple[Saved, Saved]:
    return (
        saved_against(receipts, lambda bill: bill.if_all_flagship_usd),
        saved_against(receipts, lambda bill: bill.if_all_cheap_usd),
    )


def _by_tier_and_model(entries: Sequence[LedgerEntry]) -> dict[tuple[str, str], Bill]:
    groups: dict[tuple[str, str], list[LedgerEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.tier, entry.model), []).append(entry)
    return {key: Bill.of(tuple(group)) for key, group in sorted(groups.items())}


def _saved_json(saved: Saved) -> Json:
    return {
        "usd": f"{saved.usd:.6f}",
        "would_have_cost_usd": f"{saved.would_have_cost:.6f}",
        "share": None if saved.share is None else f"{saved.share:.4f}",
        "questions": saved.questions,
        "questions_of_unknown_cost": saved.unknown,
    }


def _bill_json(bill: Bill) -> dict[str, Json]:
    return {
        "usd": f"{bill.cost.usd:.6f}",
        "unpriced_calls": bill.cost.unpriced_calls,
        "calls": bill.calls,
        "cache_hits": bill.cache_hits,
        "input_tokens": bill.usage.input_tokens,
        "output_tokens": bill.usage.output_tokens,
        "images": bill.usage.images,
    }
