"""The bill as tables, and the plan as tables and JSON. Money is decimal text in USD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal

from mmrag.agent.bills import endings, questions_asked, savings
from mmrag.cli.terminal import clean
from mmrag.domain.bookkeeping import Grouping, Receipt, Saved, grouped, hit_rate
from mmrag.domain.cost_plan import CostPlan, Server, Workload
from mmrag.domain.costs import Bill, LedgerEntry
from mmrag.domain.hashing import Json
from mmrag.evaluation.cells import Table

_HEAD = ("calls", "cached", "tokens in", "tokens out", "images", "usd", "unpriced")


def report_tables(
    entries: Sequence[LedgerEntry], receipts: Sequence[Receipt], by: Sequence[Grouping], *, flagship: str, cheap: str
) -> tuple[Table, ...]:
    total = Bill.of(tuple(entries))
    tables = [
        Table(
            title=f"By {group}",
            head=(group, *_HEAD),
            rows=tuple((clean(key), *_cells(bill)) for key, bill in grouped(entries, group).items()),
        )
        for group in by
        if entries
    ]
    rate = hit_rate(total)
    of_flagship, of_cheap = savings(receipts)
    rows = [
        ("questions", str(questions_asked(entries, receipts))),
        *((f"ended with {clean(tier)}", str(n)) for tier, n in endings(receipts).items()),
        ("calls, cached ones left out", str(total.calls)),
        ("answered by the reply cache", "-" if rate is None else f"{rate:.1%} of the calls"),
        ("spent", f"${total.cost.usd:.6f}"),
        ("calls of unknown price", str(total.cost.unpriced_calls)),
        (f"saved against all {flagship or 'flagship'}, refusals included", _saved_words(of_flagship)),
        (f"saved against all {cheap or 'cheap'}, refusals included", _saved_words(of_cheap)),
    ]
    return (*tables, Table(title="In all", head=("", ""), rows=tuple(rows)))


def plan_tables(work: Workload, server: Server, plan: CostPlan) -> tuple[Table, ...]:
    assumed = [(name.replace("_", " "), str(value)) for name, value in (*_values(work), *_values(server))]
    rows = [
        (
            h.model,
            f"{h.usd_a_day:.2f}",
            f"{30 * h.usd_a_day:.2f}",
            f"{h.usd_a_question:.6f}",
            _questions_or_never(h.break_even),
        )
        for h in plan.hosted
    ]
    usd = plan.server_usd_a_day
    own = (f"own server x {plan.servers}", f"{usd:.2f}", f"{30 * usd:.2f}", "-", "-")
    return (
        Table(title="Assumed", head=("what", "value"), rows=tuple(assumed)),
        Table(
            title="What it costs",
            head=("models", "USD a day", "USD in 30 days", "USD a question asked of mmrag", "own server cheaper from"),
            rows=(*rows, own),
        ),
    )


def plan_words(work: Workload, server: Server, plan: CostPlan) -> tuple[str, ...]:
    """What follows from the plan, a sentence a line."""
    cheapest = plan.hosted[0] if plan.hosted else None
    lines = [f"One server can take {plan.server_questions} questions a day beside the {work.pages} pages."]
    if cheapest is not None:
        own = plan.server_usd_a_day < cheapest.usd_a_day
        better = "a server of your own" if own else cheapest.model
        low, high = sorted((plan.server_usd_a_day, cheapest.usd_a_day))
        lines.append(f"At {work.questions} questions a day {better} is cheapest: ${low:.2f} a day, not ${high:.2f}.")
    for hosted in plan.hosted:
        if hosted.break_even is None:
            lines.append(f"Against {hosted.model} a server never pays: it cannot take so many questions.")
        else:
            lines.append(f"Against {hosted.model} a server pays from {hosted.break_even} questions a day on.")
    lines += [f"{model} has no known price and is left out." for model in plan.unpriced]
    return tuple(lines)


def plan_json(work: Workload, server: Server, plan: CostPlan) -> dict[str, Json]:
    return {
        "assumed": {name: _plain(value) for name, value in (*_values(work), *_values(server))},
        "hosted": [
            {
                "model": h.model,
                "usd_a_day": f"{h.usd_a_day:.6f}",
                "usd_a_question": f"{h.usd_a_question:.8f}",
                "break_even_questions_a_day": h.break_even,
            }
            for h in plan.hosted
        ],
        "own_server": {
            "servers": plan.servers,
            "usd_a_day": f"{plan.server_usd_a_day:.6f}",
            "questions_a_day_of_one": plan.server_questions,
        },
        "unpriced": list(plan.unpriced),
    }


def _values(of: Workload | Server) -> list[tuple[str, int | Decimal]]:
    return [(field.name, getattr(of, field.name)) for field in fields(of)]


def _plain(value: int | Decimal) -> Json:
    return str(value) if isinstance(value, Decimal) else value


def _questions_or_never(count: int | None) -> str:
    return "never" if count is None else f"{count} questions"


def _saved_words(saved: Saved) -> str:
    if saved.questions == 0:
        return "not known"
    share = "" if saved.share is None else f" ({saved.share:.1%})"
    left_out = f"; {saved.unknown} questions of unknown cost left out" if saved.unknown else ""
    return f"${saved.usd:.4f} of ${saved.would_have_cost:.4f}{share} over {saved.questions} questions{left_out}"


def _cells(bill: Bill) -> tuple[str, ...]:
    usage, cost = bill.usage, bill.cost
    counts = (bill.calls, bill.cache_hits, usage.input_tokens, usage.output_tokens, usage.images)
    return (*(str(n) for n in counts), f"{cost.usd:.6f}", str(cost.unpriced_calls))
