"""The JSON of an answer is what the contract says, for answers and for refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pytest
from agent_pages import reading, span
from agent_world import World

from mmrag.agent.presenting import to_json
from mmrag.domain.answers import Answer, Draft
from mmrag.domain.plans import Plan, Reading

SCHEMA = json.loads((Path(__file__).parents[1] / "golden" / "answer.schema.json").read_text(encoding="utf-8"))
PAGE = reading(["ACME HARDWARE", "Date: 20/11/2017", "Total RM39.80"], name="acme.jpg")


async def ask(answer: str | None) -> Answer:
    def make(plan: Plan, readings: Sequence[Reading]) -> Draft:
        spans = (span(PAGE, "RM39.80", quote="RM39.80"),)
        return Draft(answer=answer, spans=spans, confidence=0.9, tier="reader")

    world = World([PAGE])
    world.drafts(make)
    return await (await world.agent()).ask("What is the total on the receipt from ACME HARDWARE?")


@pytest.mark.parametrize("said", ["RM39.80", "39.99", None])
async def test_it_has_the_promised_shape_and_survives_json(said: str | None) -> None:
    shown = to_json(await ask(said))
    text = json.dumps(shown, allow_nan=False)
    jsonschema.validate(json.loads(text), SCHEMA)
    assert json.loads(text) == shown


async def test_values_stand_where_they_belong() -> None:
    answer = await ask("RM39.80")
    shown = json.loads(json.dumps(to_json(answer)))
    word = next(w for w in PAGE.page.words if w.text == "RM39.80")
    assert (shown["status"], shown["answer"], shown["abstention"]) == ("answered", "RM39.80", None)
    assert shown["claims"][0]["citations"][0]["bbox"] == pytest.approx(word.bbox.as_tuple(), abs=1e-5)
    assert shown["cost"]["usd"] == "0.000000"
    assert shown["evidence"][0]["legs"]["image"] is None
    assert shown["trace"] == answer.trace


async def test_the_schema_rejects_an_answer_that_is_also_a_refusal() -> None:
    shown = json.loads(json.dumps(to_json(await ask("RM39.80"))))
    shown["abstention"] = {"reason": "unsupported", "detail": "both"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(shown, SCHEMA)
