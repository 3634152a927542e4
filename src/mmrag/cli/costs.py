"""``mmrag costs``: the bill of the store, and what a workload would cost."""

from __future__ import annotations

import asyncio
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from mmrag.domain.bookkeeping import Receipt
    from mmrag.domain.costs import LedgerEntry
    from mmrag.settings import Settings

_BY = click.Choice(["day", "tier", "model", "stage"])


@click.group("costs", invoke_without_command=True, no_args_is_help=False)
@store_option
@json_option
@click.option("--by", type=_BY, multiple=True, help="Add up by this only. Repeat for several.  [default: all four]")
@click.pass_context
def costs(ctx: click.Context, store: Path | None, as_json: bool, by: tuple[str, ...]) -> int:
    """What the model calls of this store have cost, by day, tier, model and stage, and what that has saved.

    A call whose price is not known is counted as unpriced, never as free. Days are those of UTC.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from mmrag.agent.bills import costs_json
    from mmrag.cli.costs_view import report_tables
    from mmrag.cli.eval import show
    from mmrag.domain.bookkeeping import GROUPINGS
    from mmrag.middleware.prices import price_list
    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    entries, receipts = asyncio.run(_books(settings))
    wanted = tuple(group for group in GROUPINGS if not by or group in by)
    if as_json:
        terminal.emit_json(costs_json(entries, receipts, wanted))
    elif not entries and not receipts:
        click.echo("No model has been called: $0.00.")
    else:
        prices = price_list(settings.models.file)
        show(report_tables(entries, receipts, wanted, flagship=prices.flagship, cheap=prices.cheap))
    return 0


def _usd(_ctx: click.Context, _param: click.Parameter, value: str) -> Decimal:
    try:
        usd = Decimal(value)
    except InvalidOperation:
        raise click.BadParameter(f"{value!r} is not a number.") from None
    if not usd.is_finite() or usd < 0:
        raise click.BadParameter(f"{value!r} is not a number from 0 on.")
    return usd


_COUNT = click.IntRange(min=0)
_SPEED = click.IntRange(min=1)


@costs.command("plan")
@click.option("--pages-per-day", type=_COUNT, required=True, metavar="N", help="Pages that are ingested in a day.")
@click.option("--questions-per-day", type=_COUNT, required=True, metavar="M", help="Questions that are asked in a day.")
@click.option("--asked-share", callback=_usd, default="0.25", show_default=True, metavar="X", help="Share of the questions that the reader leaves to a model.")  # noqa: E501  # fmt: skip
@click.option("--question-tokens-in", type=_COUNT, default=4_500, show_default=True, help="Tokens of a question's prompt.")
@click.option("--question-tokens-out", type=_COUNT, default=80, show_default=True, help="Tokens of its reply.")
@click.option("--described-share", callback=_usd, default="0.1", show_default=True, metavar="X", help="Share of the pages with something that a model describes.")  # noqa: E501  # fmt: skip
@click.option("--page-tokens-in", type=_COUNT, default=1_500, show_default=True, help="Tokens of such a page's prompt.")
@click.option("--page-tokens-out", type=_COUNT, default=80, show_default=True, help="Tokens of its description.")
@click.option("--gpu-usd-an-hour", callback=_usd, default="1.00", show_default=True, metavar="USD", help="What a GPU server costs.")  # noqa: E501  # fmt: skip
@click.option("--gpu-hours-a-day", callback=_usd, default="24", show_default=True, metavar="H", help="How long it runs.")
@click.option("--gpu-tokens-in", type=_SPEED, default=4_000, show_default=True, help="Prompt tokens it reads in a second.")
@click.option("--gpu-tokens-out", type=_SPEED, default=400, show_default=True, help="Tokens it writes in a second.")
@click.option("--gpu-busy", callback=_usd, default="0.5", show_default=True, metavar="X", help="Share of the time it may be busy.")  # noqa: E501  # fmt: skip
@json_option
def plan(
    pages_per_day: int,
    questions_per_day: int,
    asked_share: Decimal,
    question_tokens_in: int,
    question_tokens_out: int,
    described_share: Decimal,
    page_tokens_in: int,
    page_tokens_out: int,
    gpu_usd_an_hour: Decimal,
    gpu_hours_a_day: Decimal,
    gpu_tokens_in: int,
    gpu_tokens_out: int,
    gpu_busy: Decimal,
    as_json: bool,
) -> int:
    """Compare hosted models with a GPU server of your own, and name the break-even.

    Every assumption is printed and is an option. The speeds are no measurements: put in those of your server and model.
    """
    from datetime import UTC, datetime

    from mmrag.cli.costs_view import plan_json, plan_tables, plan_words
    from mmrag.cli.eval import show
    from mmrag.domain.cost_plan import Server, Workload, cost_plan
    from mmrag.middleware.prices import price_list
    from mmrag.settings import load_settings

    if not 0 < gpu_busy <= 1 or not 0 < gpu_hours_a_day <= 24 or asked_share > 1 or described_share > 1:
        raise click.UsageError("Shares go up to 1, and a day has 24 hours.")
    work = Workload(
        pages=pages_per_day,
        questions=questions_per_day,
        asked_share=asked_share,
        question_tokens_in=question_tokens_in,
        question_tokens_out=question_tokens_out,
        described_share=described_share,
        page_tokens_in=page_tokens_in,
        page_tokens_out=page_tokens_out,
    )
    server = Server(
        usd_an_hour=gpu_usd_an_hour,
        hours_a_day=gpu_hours_a_day,
        tokens_in_a_second=gpu_tokens_in,
        tokens_out_a_second=gpu_tokens_out,
        busy_at_most=gpu_busy,
    )
    prices, today = price_list(load_settings().models.file), datetime.now(UTC).date()
    models = dict.fromkeys(row.model for row in prices.file.price)
    known = {m: prices.price_of(m, prompt_tokens=max(question_tokens_in, page_tokens_in), on=today) for m in models}
    made = cost_plan(work, server, known)
    if as_json:
        terminal.emit_json(plan_json(work, server, made))
        return 0
    show(plan_tables(work, server, made))
    click.echo("\n".join(plan_words(work, server, made)))
    return 0


async def _books(settings: Settings) -> tuple[tuple[LedgerEntry, ...], tuple[Receipt, ...]]:
    from mmrag.app import filed_receipts, open_app

    async with open_app(settings) as app, filed_receipts(settings) as receipts:
        return await app.ledger.entries(), await receipts.receipts()
