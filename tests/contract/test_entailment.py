"""What every judge of claims does: a verdict of the known kinds, a confidence in [0, 1], the same one for the same words."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from vision_models import judge_folder

from mmrag.adapters.entailment_hub import HubEntailment
from mmrag.agent.judging import ModelEntailment
from mmrag.domain.answers import VerdictKind
from mmrag.ports import Entailment
from mmrag.testing import ScriptedModel

pytestmark = pytest.mark.usefixtures("loop_guard")

NLI = ("contradiction", "neutral", "entailment")


@pytest.fixture(params=["three labels", "two labels", "one score", "chat model"])
def judge(request: pytest.FixtureRequest, tmp_path: Path) -> Entailment:
    if request.param == "chat model":
        said = json.dumps({"verdict": "supported", "confidence": 0.9, "why": "it is printed"})
        return ModelEntailment(ScriptedModel([said] * 8))
    labels = {"three labels": NLI, "two labels": ("not_entailment", "entailment"), "one score": ("score",)}[request.param]
    return HubEntailment(str(judge_folder(tmp_path / "judge", labels)), tmp_path)


async def test_a_judge_gives_a_verdict_with_a_confidence(judge: Entailment) -> None:
    said = await judge.judge("the receipt from a shop: total two", "The total is two.")
    assert said.kind in VerdictKind
    assert said.kind is not VerdictKind.UNREADABLE
    assert 0 <= said.confidence <= 1
    assert judge.identity


async def test_the_same_words_have_the_same_verdict_asked_together_or_apart(judge: Entailment) -> None:
    alone = await judge.judge("a chart with red lines", "The lines are red.")
    together = await asyncio.gather(*(judge.judge("a chart with red lines", "The lines are red.") for _ in range(3)))
    assert set(together) == {alone}


async def test_no_text_is_judged_too(judge: Entailment) -> None:
    assert (await judge.judge("", "The total is two.")).kind in VerdictKind
