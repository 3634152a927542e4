"""A local judge of claims: how outputs become verdicts, long texts, models that are none, and where it is wired in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from vision_models import clip_folder, judge_folder

from mmrag.adapters.entailment_hub import HubEntailment, Labels, labels_of, verdict_of
from mmrag.app import entailment_of
from mmrag.cli.inventory import judges
from mmrag.domain.answers import VerdictKind
from mmrag.errors import ModelMissingError, ModelRequestError
from mmrag.settings import ModelSettings

NLI = ("contradiction", "neutral", "entailment")
THREE = Labels(entailment=2, contradiction=0)


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (NLI, THREE),
        (("ENTAILMENT", "NEUTRAL", "CONTRADICTION"), Labels(entailment=0, contradiction=2)),
        (("entailment", "not-entailment"), Labels(entailment=0)),
        (("not_entailment", "entailment"), Labels(entailment=1)),
        (("LABEL_0",), Labels(entailment=0)),
    ],
)
def test_outputs_are_known_by_their_names(names: tuple[str, ...], labels: Labels) -> None:
    assert labels_of(dict(enumerate(names))) == labels


@pytest.mark.parametrize("names", [("LABEL_0", "LABEL_1", "LABEL_2"), ("positive", "negative")])
def test_outputs_that_do_not_say_what_they_are_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ModelMissingError, match="called entailment"):
        labels_of(dict(enumerate(names)))


@pytest.mark.parametrize(
    ("rows", "labels", "kind", "confidence"),
    [
        ([[0.1, 0.1, 0.8]], THREE, VerdictKind.SUPPORTED, 0.8),
        ([[0.1, 0.8, 0.1]], THREE, VerdictKind.UNSUPPORTED, 0.9),
        ([[0.9, 0.05, 0.05]], THREE, VerdictKind.CONTRADICTED, 0.9),
        ([[0.1, 0.9, 0.0], [0.05, 0.05, 0.9]], THREE, VerdictKind.SUPPORTED, 0.9),
        ([[0.3, 0.3, 0.4]], THREE, VerdictKind.UNSUPPORTED, 0.6),
        ([[0.95, 0.05, 0.0], [0.2, 0.2, 0.6]], THREE, VerdictKind.CONTRADICTED, 0.95),
        ([[0.97]], Labels(entailment=0), VerdictKind.SUPPORTED, 0.97),
        ([[0.2]], Labels(entailment=0), VerdictKind.UNSUPPORTED, 0.8),
    ],
)
def test_probabilities_become_a_verdict(
    rows: list[list[float]], labels: Labels, kind: VerdictKind, confidence: float
) -> None:
    said = verdict_of(np.array(rows), labels)
    assert said.kind is kind
    assert said.confidence == pytest.approx(confidence)


async def test_a_long_text_is_judged_in_parts_and_the_best_one_decides(tmp_path: Path) -> None:
    judge = HubEntailment(str(judge_folder(tmp_path / "judge", NLI)), tmp_path)
    statement = "the total two"
    near, far = "total two from the shop", "a chart with red lines that rise " * 12
    network = judge._loaded
    assert len(network.probabilities(near, statement)) == 1
    parts = network.probabilities(f"{far} {near}", statement)
    assert 2 < len(parts) <= 16
    assert parts.shape[1] == 3
    assert parts.sum(axis=1) == pytest.approx(np.ones(len(parts)))
    said = await judge.judge(f"{far} {near}", statement)
    assert said == verdict_of(parts, network.labels)


async def test_a_statement_without_room_for_a_text_is_an_error_of_ours(tmp_path: Path) -> None:
    judge = HubEntailment(str(judge_folder(tmp_path / "judge", NLI)), tmp_path)
    with pytest.raises(ModelRequestError, match="too long"):
        await judge.judge("total two", "the total of two receipts " * 20)


async def test_a_model_of_another_kind_is_refused_when_it_is_used(tmp_path: Path) -> None:
    judge = HubEntailment(str(clip_folder(tmp_path / "clip")), tmp_path)
    with pytest.raises(ModelMissingError, match="cannot be loaded"):
        await judge.judge("total two", "two")


async def test_eight_bits_have_an_identity_of_their_own(tmp_path: Path) -> None:
    folder = str(judge_folder(tmp_path / "judge", NLI))
    full, small = HubEntailment(folder, tmp_path), HubEntailment(folder, tmp_path, quantize="int8")
    assert small.identity == f"{full.identity}/int8"
    assert abs((await full.judge("total two", "two")).confidence - (await small.judge("total two", "two")).confidence) < 0.1


def test_nobody_judges_unless_a_model_is_named(tmp_path: Path) -> None:
    assert entailment_of(ModelSettings(cache_dir=tmp_path)) is None
    assert judges(ModelSettings(cache_dir=tmp_path)) == ()
    named = ModelSettings(cache_dir=tmp_path, entailment=str(judge_folder(tmp_path / "judge", NLI)))
    assert isinstance(entailment_of(named), HubEntailment)
    (row,) = judges(named)
    assert (row.model.partition("@")[0], row.role) == ("judge", "judging claims")


def test_a_model_that_was_not_pulled_is_one_line_that_says_how(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="mmrag models pull owner/name"):
        entailment_of(ModelSettings(cache_dir=tmp_path, entailment="owner/name"))
