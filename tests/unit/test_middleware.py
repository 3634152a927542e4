"""What is wrapped around a chat model: retries, the ledger, the price list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Message, Reply, Role
from mmrag.errors import ModelRefusedError, ModelUnavailableError
from mmrag.middleware.metered import Metered
from mmrag.middleware.prices import price_list
from mmrag.middleware.retrying import Retrying
from mmrag.middleware.wrapping import wrapped
from mmrag.testing import FrozenClock, MemoryLedger, ScriptedModel

REQUEST = ChatRequest(messages=(Message.text(Role.USER, "hi"),), question_id="q-1", stage="draft")
DAY = date(2026, 11, 20)


def usage(tokens: int) -> Usage:
    return Usage(input_tokens=tokens, output_tokens=tokens // 10)


def down(tokens: int = 0) -> ModelUnavailableError:
    return ModelUnavailableError("the server is busy", usage=usage(tokens))


class Pauses:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def test_a_model_that_comes_back_answers_and_failed_attempts_are_paid_for() -> None:
    pauses = Pauses()
    model = ScriptedModel([down(100), down(10), Reply(text="yes", usage=usage(1000), model="m")])
    reply = await Retrying(model, first_pause=0.5, longest_pause=8, sleep=pauses).reply(REQUEST)
    assert reply.text == "yes"
    assert reply.usage.input_tokens == 1110
    assert len(pauses.seconds) == 2
    assert all(0 <= s <= 8 for s in pauses.seconds)


async def test_the_last_error_carries_what_all_attempts_cost() -> None:
    model = ScriptedModel([down(100), down(10), down(1)])
    with pytest.raises(ModelUnavailableError) as raised:
        await Retrying(model, attempts=3, sleep=Pauses()).reply(REQUEST)
    assert raised.value.usage.input_tokens == 111
    assert len(model.requests) == 3


async def test_a_refusal_is_not_tried_again() -> None:
    pauses = Pauses()
    model = ScriptedModel([ModelRefusedError("no"), "yes"])
    with pytest.raises(ModelRefusedError):
        await Retrying(model, sleep=pauses).reply(REQUEST)
    assert (len(model.requests), pauses.seconds) == (1, [])


async def test_a_call_is_a_line_in_the_ledger() -> None:
    ledger, clock = MemoryLedger(), FrozenClock()
    model = ScriptedModel([Reply(text="yes", usage=usage(1000), model="claude-opus-5.5")])
    await Metered(model, tier="flagship", ledger=ledger, clock=clock).reply(REQUEST)
    (entry,) = await ledger.entries("q-1")
    assert (entry.tier, entry.stage, entry.model, entry.cache_hit) == ("flagship", "draft", "claude-opus-5.5", False)
    assert entry.usd == Decimal("0.006")
    assert ledger.times == [clock.now()]


async def test_an_unknown_model_has_no_price() -> None:
    ledger = MemoryLedger()
    await Metered(ScriptedModel(["yes"], identity="mystery"), tier="t", ledger=ledger, clock=FrozenClock()).reply(REQUEST)
    (entry,) = await ledger.entries()
    assert entry.usd is None


async def test_a_failed_call_is_written_when_it_used_tokens_and_not_when_it_used_none() -> None:
    ledger = MemoryLedger()
    model = wrapped(ScriptedModel([ModelRefusedError("no", usage=usage(50))]), tier="t", ledger=ledger, clock=FrozenClock())
    with pytest.raises(ModelRefusedError):
        await model.reply(REQUEST)
    assert [e.usage.input_tokens for e in await ledger.entries()] == [50]
    free = wrapped(ScriptedModel([ModelRefusedError("no")]), tier="t", ledger=ledger, clock=FrozenClock())
    with pytest.raises(ModelRefusedError):
        await free.reply(REQUEST)
    assert len(await ledger.entries()) == 1


async def test_a_cached_reply_is_written_as_a_hit() -> None:
    ledger = MemoryLedger()
    model = ScriptedModel([Reply(text="yes", usage=usage(10), model="claude-opus-5.5", cached=True)])
    await wrapped(model, tier="t", ledger=ledger, clock=FrozenClock()).reply(REQUEST)
    assert [e.cache_hit for e in await ledger.entries()] == [True]


@pytest.mark.parametrize(
    ("model", "tokens", "on", "price"),
    [
        ("claude-haiku-5.5", 100_000, DAY, ("0.10", "0.50")),
        ("claude-haiku-5.5", 100_001, DAY, ("0.50", "2.50")),
        ("anthropic:claude-haiku-5.5", 1, DAY, ("0.10", "0.50")),
        ("gemini-3.8-flash", 1, date(2026, 12, 31), ("0.75", "3.75")),
        ("gemini-3.8-flash", 1, date(2027, 1, 1), ("1.50", "7.50")),
        ("gpt-6.2-astra", 272_001, DAY, None),
        ("no-such-model", 1, DAY, None),
    ],
)
def test_prices_by_length_and_day(model: str, tokens: int, on: date, price: tuple[str, str] | None) -> None:
    found = price_list().price_of(model, prompt_tokens=tokens, on=on)
    assert (None if found is None else (str(found.input_usd), str(found.output_usd))) == price


@pytest.mark.parametrize(
    ("model", "size", "measured"),
    [
        ("claude-opus-5.5", (1024, 1024), 1400),
        ("claude-opus-5.5", (1920, 1080), 2800),
        ("claude-opus-5.5", (4032, 3024), 4000),
        ("gpt-6.2-sol", (1024, 1024), 1200),
        ("gpt-6.2-sol", (1920, 1080), 2400),
        ("gemini-3.1-pro", (4032, 3024), 1100),
    ],
)
def test_image_tokens_are_near_what_was_measured(model: str, size: tuple[int, int], measured: int) -> None:
    assert price_list().image_tokens(model, *size, on=DAY) == pytest.approx(measured, rel=0.06)


def test_an_estimate_adds_text_pictures_and_a_short_answer() -> None:
    prices = price_list()
    text_only = prices.estimate("claude-opus-5.5", characters=4000, images=[], on=DAY)
    assert text_only == Decimal(1000 * 4 + 100 * 20) / 1_000_000
    with_page = prices.estimate("claude-opus-5.5", characters=4000, images=[(1024, 1024)], on=DAY)
    assert with_page == Decimal((1000 + 37 * 37) * 4 + 100 * 20) / 1_000_000
    assert prices.estimate("no-such-model", characters=4000, images=[], on=DAY) is None


def test_the_reference_models_have_prices() -> None:
    prices = price_list()
    assert prices.price_of(prices.flagship, on=DAY) is not None
    assert prices.price_of(prices.cheap, on=DAY) is not None
    assert prices.file.read is not None
    assert prices.file.read >= DAY
    assert all(row.source for row in prices.file.price)
    assert {row.image for row in prices.file.price} <= set(prices.file.image)
