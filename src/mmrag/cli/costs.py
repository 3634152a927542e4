"""``mmrag costs``: the ledger of the store, added up by model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option
from mmrag.cli.terminal import clean

if TYPE_CHECKING:
    from mmrag.domain.costs import Bill, LedgerEntry
    from mmrag.domain.hashing import Json
    from mmrag.settings import Settings


@click.command("costs")
@store_option
@json_option
def costs(store: Path | None, as_json: bool) -> int:
    """What the model calls of this store have cost, by tier and model.

    A call whose price is not known is counted as unpriced, never as free.
    """
    from mmrag.domain.costs import Bill
    from mmrag.settings import load_settings

    entries = asyncio.run(_entries(load_settings(store=store)))
    groups: dict[tuple[str, str], list[LedgerEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.tier, entry.model), []).append(entry)
    bills = {key: Bill.of(tuple(group)) for key, group in sorted(groups.items())}
    total, questions = Bill.of(entries), len({entry.question_id for entry in entries})
    if as_json:
        rows: list[Json] = [{"tier": tier, "model": model, **_json(bill)} for (tier, model), bill in bills.items()]
        terminal.emit_json({"questions": questions, "total": _json(total), "models": rows})
    elif not entries:
        click.echo("No model has been called: $0.00.")
    else:
        rows_ = [_cells(clean(tier), clean(model), bill) for (tier, model), bill in bills.items()]
        click.echo("\n".join(terminal.aligned([_HEAD, *rows_, _cells("total", f"{questions} questions", total)])))
    return 0


async def _entries(settings: Settings) -> tuple[LedgerEntry, ...]:
    from mmrag.app import open_app

    async with open_app(settings) as app:
        return await app.ledger.entries()


def _json(bill: Bill) -> dict[str, Json]:
    return {
        "usd": f"{bill.cost.usd:.6f}",
        "unpriced_calls": bill.cost.unpriced_calls,
        "calls": bill.calls,
        "cache_hits": bill.cache_hits,
        "input_tokens": bill.usage.input_tokens,
        "output_tokens": bill.usage.output_tokens,
        "images": bill.usage.images,
    }


_HEAD = ["tier", "model", "calls", "cached", "tokens in", "tokens out", "images", "usd", "unpriced"]


def _cells(tier: str, model: str, bill: Bill) -> Sequence[str]:
    usage, cost = bill.usage, bill.cost
    counts = (bill.calls, bill.cache_hits, usage.input_tokens, usage.output_tokens, usage.images)
    return [tier, model, *(str(n) for n in counts), f"{cost.usd:.6f}", str(cost.unpriced_calls)]
