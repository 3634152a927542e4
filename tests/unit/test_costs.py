"""The bill of a store and the plan of a workload: exact money, unknown is not zero."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from agent_pages import reading, span
from agent_world import World
from hypothesis import given
from hypothesis import strategies as st

from mmrag.adapters.receipts import SqliteReceipts
from mmrag.cli.main import run
from mmrag.domain.answers import Draft
from mmrag.domain.bookkeeping import GROUPINGS, Receipt, grouped, hit_rate, saved_against
from mmrag.domain.cost_plan import Server, Workload, cost_plan
from mmrag.domain.costs import Bill, Cost, LedgerEntry, Price, Usage

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def entry(**of: object) -> LedgerEntry:
    base: dict[str, object] = {
        "question_id": "q", "stage": "draft", "tier": "cheap", "model": "m", "usage": Usage(input_tokens=10),
        "usd": Decimal("0.1"), "at": NOON,
    }  # fmt: skip
    return LedgerEntry(**(base | of))  # type: ignore[arg-type]  # the test names the fields it means


def receipt(usd: str, flagship: str | None, *, unpriced: int = 0) -> Receipt:
    estimate = None if flagship is None else Decimal(flagship)
    bill = Bill(cost=Cost(usd=Decimal(usd), unpriced_calls=unpriced), if_all_flagship_usd=estimate)
    return Receipt(question_id="q", at=NOON, tier="reader", answered=True, bill=bill)


def test_calls_are_added_up_by_day_tier_model_and_stage() -> None:
    entries = [
        entry(),
        entry(at=NOON.replace(day=22), stage="critique", usd=None),
        entry(tier="flagship", model="big", usd=Decimal("0.2")),
        entry(cache_hit=True, usd=None),
    ]
    by_day = grouped(entries, "day")
    assert list(by_day) == ["2026-11-21", "2026-11-22"]
    assert by_day["2026-11-21"].cost == Cost(usd=Decimal("0.3"))
    assert by_day["2026-11-22"].cost == Cost(unpriced_calls=1)
    assert {tier: bill.calls for tier, bill in grouped(entries, "tier").items()} == {"cheap": 2, "flagship": 1}
    assert list(grouped(entries, "stage")) == ["critique", "draft"]
    assert list(grouped(entries, "model")) == ["big", "m"]
    assert hit_rate(Bill.of(tuple(entries))) == Decimal("0.25")
    assert hit_rate(Bill()) is None


@given(st.lists(st.tuples(st.sampled_from("ab"), st.none() | st.decimals(0, 1, places=6)), max_size=20))
def test_every_grouping_adds_up_to_the_same_exact_total(calls: list[tuple[str, Decimal | None]]) -> None:
    entries = [entry(tier=tier, model=tier, usd=usd) for tier, usd in calls]
    total = Bill.of(tuple(entries)).cost
    for by in GROUPINGS:
        assert sum((bill.cost for bill in grouped(entries, by).values()), Cost()) == total


def test_savings_leave_out_what_is_not_known() -> None:
    receipts = [receipt("0.01", "0.04"), receipt("0", "0.05"), receipt("0", None), receipt("0", "0.05", unpriced=1)]
    saved = saved_against(receipts, lambda bill: bill.if_all_flagship_usd)
    assert (saved.usd, saved.questions, saved.unknown) == (Decimal("0.08"), 2, 2)
    assert saved.share == Decimal("0.08") / Decimal("0.09")
    assert saved_against([], lambda bill: bill.if_all_flagship_usd).share is None


async def test_every_question_is_filed_whether_a_model_was_asked_or_not(tmp_path: Path) -> None:
    page = reading(["ACME HARDWARE", "Total RM39.80"], name="acme.jpg")
    receipts = SqliteReceipts(tmp_path / "receipts.sqlite")
    world = World([page], receipts=receipts)
    world.drafts(
        lambda _plan, _readings: Draft(answer="39.80", spans=(span(page, "RM39.80"),), confidence=0.9, tier="reader")
    )
    agent = await world.agent()
    answer = await agent.ask("What is the total of ACME HARDWARE?")
    await agent.ask("What is the total on the receipt from Zebra Kitchen Supplies dated 01/02/2019?")
    first, second = await receipts.receipts()
    await receipts.close()
    assert (first.question_id, first.tier, first.answered, first.bill) == (answer.trace, "reader", True, answer.bill)
    assert not second.answered


PRICES = {"small": Price(input_usd=Decimal("0.1"), output_usd=Decimal("0.5")), "unknown": None}


@given(st.integers(0, 100_000), st.integers(0, 1_000_000))
def test_from_the_break_even_on_a_server_costs_no_more(pages: int, questions: int) -> None:
    work = Workload(pages=pages, questions=questions)
    plan = cost_plan(work, Server(usd_an_hour=Decimal("0.02")), PRICES)
    (hosted,) = plan.hosted
    assert plan.unpriced == ("unknown",)
    if plan.servers == 1 and hosted.break_even is not None:
        assert (questions >= hosted.break_even) == (hosted.usd_a_day >= plan.server_usd_a_day)


def test_more_work_than_one_server_can_do_takes_more_servers() -> None:
    server = Server(tokens_in_a_second=100, tokens_out_a_second=10)
    few, many = (cost_plan(Workload(pages=0, questions=n), server, PRICES) for n in (100, 100_000))
    assert (few.servers, few.server_usd_a_day) == (1, Decimal(24))
    assert many.servers > 1
    assert many.server_usd_a_day == many.servers * Decimal(24)
    assert many.hosted[0].break_even is None


def test_the_plan_prints_its_assumptions_and_names_the_break_even(capsys: pytest.CaptureFixture[str]) -> None:
    args = ["costs", "plan", "--pages-per-day", "100", "--questions-per-day", "1000", "--gpu-usd-an-hour", "0.5"]
    assert run(args) == 0
    out = capsys.readouterr().out
    assert "usd an hour" in out
    assert "0.5" in out
    assert "Against claude-opus-5-5 a server pays from" in out
    assert run([*args, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["assumed"]["usd_an_hour"] == "0.5"
    assert found["own_server"]["usd_a_day"] == "12.000000"
    assert run(["costs", "plan", "--pages-per-day", "1", "--questions-per-day", "1", "--gpu-busy", "2"]) == 2
    assert run(["costs", "plan", "--pages-per-day", "1", "--questions-per-day", "1", "--gpu-busy", "x"]) == 2
