"""What a question needs: a chart that was read is no picture to be looked at, and its differences are worked out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_reader import reading
from test_reader_charts import SALES

from mmrag.agent.plan import make_plan
from mmrag.agent.starting import Need, Skill, needs_of, starting_tier
from mmrag.domain.documents import ElementKind, Page

DRAWN = replace(SALES, elements=tuple(replace(e, cells=()) if e.kind is ElementKind.CHART else e for e in SALES.elements))
QUESTION = "By how much did the sales of canoes increase from 2019 to 2021?"
TIERS = (Skill(name="reader", reasons=False), Skill(name="local"))


@pytest.mark.parametrize(("page", "needs", "order"), [(SALES, set(), (0, 1)), (DRAWN, {Need.CHART, Need.ARITHMETIC}, (1,))])
def test_a_chart_that_was_read_is_left_to_the_reader(page: Page, needs: set[Need], order: tuple[int, ...]) -> None:
    found = needs_of(make_plan(QUESTION), [reading(page)], margin=1.0)
    assert found == needs
    assert starting_tier(found, TIERS).order == order
