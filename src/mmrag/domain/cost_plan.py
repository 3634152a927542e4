"""What a workload would cost a day on hosted models and on a GPU server of one's own, and where they break even. Pure.

Everything that is assumed is a field of ``Workload`` or ``Server``, so that it can be shown and changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mmrag.domain.costs import Price, Usage

SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is asked of models in a day. Tokens are for one call.

    ``asked_share`` of the questions leave the reader and go to a model. ``described_share`` of the pages have something that
    a model describes (a figure, a photo); reading a page's words takes no model.
    """

    pages: int
    questions: int
    asked_share: Decimal = Decimal("0.25")
    question_tokens_in: int = 4_500
    question_tokens_out: int = 80
    described_share: Decimal = Decimal("0.1")
    page_tokens_in: int = 1_500
    page_tokens_out: int = 80

    @property
    def for_a_question(self) -> Usage:
        return Usage(input_tokens=self.question_tokens_in, output_tokens=self.question_tokens_out)

    @property
    def for_a_page(self) -> Usage:
        return Usage(input_tokens=self.page_tokens_in, output_tokens=self.page_tokens_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A GPU server: what it costs while it runs, idle or not, and how fast a model of the size one needs works on it."""

    usd_an_hour: Decimal = Decimal("1.00")
    hours_a_day: Decimal = Decimal(24)
    tokens_in_a_second: int = 4_000
    tokens_out_a_second: int = 400
    busy_at_most: Decimal = Decimal("0.5")

    @property
    def usd_a_day(self) -> Decimal:
        return self.usd_an_hour * self.hours_a_day

    def seconds(self, usage: Usage) -> Decimal:
        return (
            Decimal(usage.input_tokens) / self.tokens_in_a_second + Decimal(usage.output_tokens) / self.tokens_out_a_second
        )

    @property
    def seconds_a_day(self) -> Decimal:
        """Seconds of work in a day; the rest is headroom, because questions do not come evenly."""
        return self.hours_a_day * 3600 * self.busy_at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedCost:
    """One hosted model: USD a day, and the questions a day from which a server of one's own is cheaper.

    ``break_even`` is None where it never is, or where one server cannot answer that many.
    """

    model: str
    usd_a_day: Decimal
    usd_a_question: Decimal
    break_even: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPlan:
    """``server_questions`` is how many questions a day one server can take beside the pages."""

    hosted: tuple[HostedCost, ...]
    servers: int
    server_usd_a_day: Decimal
    server_questions: int
    unpriced: tuple[str, ...]


def cost_plan(work: Workload, server: Server, prices: Mapping[str, Price | None]) -> CostPlan:
    """``prices`` are of the models to compare; those without a price are named, not counted as free."""
    pages = work.pages * work.described_share
    questions = work.questions * work.asked_share
    page_seconds = pages * server.seconds(work.for_a_page)
    needed = page_seconds + questions * server.seconds(work.for_a_question)
    servers = max(1, math.ceil(needed / server.seconds_a_day))
    left = max(Decimal(0), server.seconds_a_day - page_seconds)
    each = work.asked_share * server.seconds(work.for_a_question)
    most = int(left / each) if each else 0
    hosted = tuple(
        _hosted(model, price, work, pages, server.usd_a_day, most) for model, price in prices.items() if price is not None
    )
    return CostPlan(
        hosted=tuple(sorted(hosted, key=lambda h: h.usd_a_day)),
        servers=servers,
        server_usd_a_day=servers * server.usd_a_day,
        server_questions=most,
        unpriced=tuple(model for model, price in prices.items() if price is None),
    )


def _hosted(model: str, price: Price, work: Workload, pages: Decimal, server_usd: Decimal, most: int) -> HostedCost:
    for_pages = pages * price.of(work.for_a_page)
    for_one = work.asked_share * price.of(work.for_a_question)
    break_even = math.ceil(max(Decimal(0), server_usd - for_pages) / for_one) if for_one else None
    return HostedCost(
        model=model,
        usd_a_day=for_pages + work.questions * for_one,
        usd_a_question=for_one,
        break_even=break_even if break_even is not None and break_even <= most else None,
    )
