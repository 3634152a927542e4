"""Every metric against a published worked example, or against a second implementation."""

from __future__ import annotations

import json
import math
import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from mmrag.domain.geometry import BBox
from mmrag.evaluation.metrics.boxes import Place, box_f1, evidence_recall, iou, overlaps, page_recall, strict_attributed
from mmrag.evaluation.metrics.captions import bleu, cider_d, completeness_rate, hallucination_rate, meteor
from mmrag.evaluation.metrics.citations import citation_scores
from mmrag.evaluation.metrics.confidence import (
    area_under_risk_coverage,
    brier,
    expected_calibration_error,
    refusal_scores,
    reliability,
    risk_coverage,
)
from mmrag.evaluation.metrics.ranking import ranking_scores
from mmrag.evaluation.metrics.reading import character_error_rate, consistency, word_error_rate
from mmrag.evaluation.metrics.text import (
    anls,
    anls_star,
    exact_match,
    is_right,
    number_match,
    number_of,
    relaxed_accuracy,
    vqa_accuracy,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "eval"


def edit_distance(a: str, b: str) -> int:
    """Levenshtein's distance as in Wagner and Fischer (1974): a second implementation."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def test_ranking_equals_its_formulas() -> None:
    rng = random.Random(4)
    pages = [f"p{n}" for n in range(30)]
    rankings = {f"q{n}": rng.sample(pages, rng.randint(0, 20)) for n in range(40)}
    relevant = {q: rng.sample(pages, rng.randint(1, 3)) for q in rankings}
    for q, got in ranking_scores(rankings, relevant).items():
        hits = [p in relevant[q] for p in rankings[q]]
        ideal = sum(1 / math.log2(n + 2) for n in range(min(10, len(relevant[q]))))
        assert got["recall@1"] == pytest.approx(sum(hits[:1]) / len(relevant[q]))
        assert got["recall@5"] == pytest.approx(sum(hits[:5]) / len(relevant[q]))
        assert got["recall@10"] == pytest.approx(sum(hits[:10]) / len(relevant[q]))
        assert got["mrr"] == pytest.approx(next((1 / n for n, h in enumerate(hits, 1) if h), 0.0))
        assert got["ndcg@10"] == pytest.approx(sum(h / math.log2(n + 2) for n, h in enumerate(hits[:10])) / ideal)


def test_ndcg_equals_scikit_learn() -> None:
    from sklearn.metrics import ndcg_score

    ranked = ["a", "b", "c", "d", "e"]
    got = ranking_scores({"q": ranked}, {"q": ["b", "e"]})["q"]["ndcg@10"]
    assert got == pytest.approx(ndcg_score([[p in ("b", "e") for p in ranked]], [[5, 4, 3, 2, 1]]))


def test_mrr_of_the_worked_example() -> None:
    """Three queries with the right one at ranks 3, 2 and 1: the example of Wikipedia's *Mean reciprocal rank*, 11/18."""
    rankings = {
        "cat": ["catten", "cati", "cats"],
        "torus": ["torii", "tori", "toruses"],
        "virus": ["viruses", "virii", "viri"],
    }
    scores = ranking_scores(rankings, {"cat": ["cats"], "torus": ["tori"], "virus": ["viruses"]})
    assert sum(s["mrr"] for s in scores.values()) / 3 == pytest.approx(11 / 18)


def test_a_question_with_nothing_found_counts_as_zero_and_one_with_nothing_to_find_is_left_out() -> None:
    assert ranking_scores({"a": []}, {"a": ["x"], "b": []}) == {
        "a": dict.fromkeys(("recall@1", "recall@5", "recall@10", "mrr", "ndcg@10"), 0.0)
    }


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("STV", ["stv", "x"]),
        ("Lightrom", ["LIGHTROOM"]),
        ("12.50", ["13.50"]),
        ("abc", ["xyz"]),
        ("ab", ["ax"]),
        ("a", ["ab c"]),
    ],
)
def test_anls_equals_its_formula(answer: str, accepted: list[str]) -> None:
    best = 0.0
    for a in accepted:
        nl = edit_distance(answer.lower(), a.lower()) / max(len(answer), len(a))
        best = max(best, 1 - nl if nl < 0.5 else 0.0)
    assert anls(answer, accepted) == pytest.approx(best)


def test_anls_star_of_one_string_is_anls_on_strings_of_one_case() -> None:
    for answer, accepted in [("lightrom", ["lightroom"]), ("12.50", ["12.60", "1"]), ("q", ["abc"])]:
        assert anls_star(answer, accepted) == pytest.approx(anls(answer, accepted))
    assert anls_star(None, []) == 1.0
    assert anls_star("something", []) == 0.0


def test_exact_match_as_squad_normalises() -> None:
    assert exact_match("The  Golden-Key, Inc.", ["golden key inc"])
    assert exact_match("1,234.50", ["1,234.50"])
    assert not exact_match("1,234.50", ["123,450"])
    assert not exact_match("golden", ["golden key"])


@pytest.mark.parametrize(
    ("text", "number"),
    [("RM 39.80", 39.8), ("$1,234.50", 1234.5), ("(12.00)", -12.0), ("-3 %", -3.0), ("12/03/2018", None), ("none", None),
     ("3 of 4", None), (".5", 0.5), ("A-1234", None), ("1,2", None)],
)  # fmt: skip
def test_one_number(text: str, number: float | None) -> None:
    assert number_of(text) == (None if number is None else pytest.approx(number))


def test_relaxed_accuracy_at_its_edge() -> None:
    """ChartQA, appendix: 5% of the true value is still right."""
    assert number_match("105", ["100"], tolerance=0.05)
    assert not number_match("105.1", ["100"], tolerance=0.05)
    assert relaxed_accuracy("95%", ["100"])
    assert relaxed_accuracy("Blue", ["blue"])
    assert not relaxed_accuracy("blue", ["red"])


@pytest.mark.parametrize("matches", range(11))
def test_vqa_accuracy_equals_the_mean_over_all_groups_of_nine(matches: int) -> None:
    given = ["yes"] * matches + ["no"] * (10 - matches)
    slow = [min(1.0, sum(a == "yes" for a in nine) / 3) for nine in combinations(given, 9)]
    assert vqa_accuracy("Yes.", given) == pytest.approx(sum(slow) / len(slow))


def test_right_forgives_ocr_in_names_and_nothing_in_numbers() -> None:
    assert is_right("LIGHTR00M GALLERY SDN BHD".replace("0", "O"), ["LIGHTROOM GALLERY SDN BHD"])
    assert is_right("LIGHTROM GALLERY", ["LIGHTROOM GALLERY"])
    assert is_right("RM 39.80", ["39.8"])
    assert not is_right("39.81", ["39.80"])
    assert not is_right("Flat 12, Long Street", ["Flat 13, Long Street"])
    assert not is_right("", [""])


def place(x0: float, y0: float, x1: float, y1: float, *, page: int = 1, document: str = "d") -> Place:
    return Place(document=document, page=page, box=BBox(x0, y0, x1, y1))


def test_iou_equals_counting_cells() -> None:
    rng = random.Random(5)
    for _ in range(30):
        (ax0, ax1), (ay0, ay1), (bx0, bx1), (by0, by1) = (sorted(rng.sample(range(21), 2)) for _ in range(4))
        a = {(x, y) for x in range(ax0, ax1) for y in range(ay0, ay1)}
        b = {(x, y) for x in range(bx0, bx1) for y in range(by0, by1)}
        got = iou(place(ax0 / 20, ay0 / 20, ax1 / 20, ay1 / 20), place(bx0 / 20, by0 / 20, bx1 / 20, by1 / 20))
        assert got == pytest.approx(len(a & b) / len(a | b))


def test_boxes_on_other_pages_do_not_count() -> None:
    a = place(0, 0, 0.5, 0.5)
    assert (iou(a, place(0, 0, 0.5, 0.5, page=2)), iou(a, place(0, 0, 0.5, 0.5, document="e"))) == (0.0, 0.0)
    assert overlaps(place(0.1, 0.1, 0.2, 0.2), a)
    assert not overlaps(place(0.45, 0.45, 0.9, 0.9), a)
    assert not overlaps(place(0.1, 0.1, 0.2, 0.2, page=2), a)


def test_box_f1_takes_the_best_matching() -> None:
    true = [place(0, 0, 0.2, 0.2), place(0.5, 0.5, 0.7, 0.7)]
    assert box_f1(true, true) == (1.0, 1.0, 1.0)
    twice = [place(0, 0, 0.2, 0.2), place(0, 0, 0.2, 0.19), place(0.8, 0.8, 0.9, 0.9)]
    assert box_f1(twice, true) == pytest.approx((1 / 3, 1 / 2, 0.4))
    assert box_f1([], true) == (0.0, 0.0, 0.0)


def test_attribution_as_citevqa_counts() -> None:
    """Two of three regions at IoU 0.5 is a recall of 0.67, over its bar of 0.6; one of two is under it."""
    true = [place(0, 0, 0.2, 0.2), place(0.4, 0, 0.6, 0.2), place(0, 0, 0.2, 0.2, page=2)]
    cited = [place(0, 0, 0.2, 0.2), place(0.4, 0, 0.6, 0.1)]
    assert evidence_recall(cited, true) == pytest.approx(2 / 3)
    assert page_recall(cited, true) == pytest.approx(1 / 2)
    assert strict_attributed(True, cited, true)
    assert not strict_attributed(False, cited, true)
    assert not strict_attributed(True, cited[:1], true[:2])


def test_citations_as_alce_counts() -> None:
    """ALCE, figure 3: a statement with [1][2][3], where 1 and 3 are needed together and 2 adds nothing: recall 1,
    precision 2/3.
    """

    def supports(_statement: int, citations: object) -> bool:
        return {1, 3} <= set(citations)  # type: ignore[call-overload]  # any collection of numbers

    assert citation_scores([[1, 2, 3]], supports) == pytest.approx((2 / 3, 1.0))
    assert citation_scores([[1, 3], [2]], supports) == pytest.approx((2 / 3, 1 / 2))
    assert citation_scores([[], [2]], supports) == (0.0, 0.0)
    assert citation_scores([], supports) == (0.0, 0.0)


def test_refusals_by_counting() -> None:
    refused, answerable = [True, True, False, False, True], [False, True, False, True, False]
    assert refusal_scores(refused, answerable) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert refusal_scores([False, False], [True, True]) == (None, None)


def test_calibration_equals_torchmetrics() -> None:
    torch = pytest.importorskip("torch")
    classification = pytest.importorskip("torchmetrics.functional.classification")
    rng = np.random.default_rng(6)
    scores = rng.uniform(0.001, 0.999, 500)
    right = rng.uniform(size=500) < scores**2
    theirs = classification.binary_calibration_error(torch.tensor(scores), torch.tensor(right).long(), n_bins=10, norm="l1")
    assert expected_calibration_error(scores.tolist(), right.tolist()) == pytest.approx(float(theirs), abs=1e-6)
    assert brier(scores.tolist(), right.tolist()) == pytest.approx(float(np.mean((scores - right) ** 2)))
    assert sum(b.count for b in reliability(scores.tolist(), right.tolist())) == 500


def test_calibration_of_a_worked_example() -> None:
    """Four answers at 0.9, three of them right: 0.15 off. One at 0.2, wrong: 0.2 off."""
    assert expected_calibration_error([0.9] * 4 + [0.2], [True] * 3 + [False] * 2) == pytest.approx((4 * 0.15 + 0.2) / 5)
    assert [(b.low, b.count) for b in reliability([0.0, 0.1, 0.11, 1.0], [True] * 4)] == [(0.0, 2), (0.1, 1), (0.9, 1)]


def test_risk_against_coverage_by_counting() -> None:
    scores, right = [0.9, 0.8, 0.8, 0.1], [True, False, True, False]
    assert risk_coverage(scores, right) == ((0.25, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5))
    assert area_under_risk_coverage(scores, right) == pytest.approx(0.5 * (1 / 3) + 0.25 * 0.5)
    distinct = [0.9, 0.7, 0.5, 0.3]
    naive = [sum(not r for r in right[: n + 1]) / (n + 1) for n in range(4)]
    assert area_under_risk_coverage(distinct, right) == pytest.approx(sum(naive) / 4)


def test_cider_d_equals_the_reference_package() -> None:
    """The file holds what ``pycocoevalcap`` 1.2 gave for these captions (its scorer on lower-case text without
    punctuation).
    """
    case = json.loads((GOLDEN / "cider.json").read_text(encoding="utf-8"))
    assert cider_d(case["captions"], case["references"]) == pytest.approx(case["scores"], rel=1e-9)


def test_bleu_equals_nltk() -> None:
    translate = pytest.importorskip("nltk.translate.bleu_score")
    pytest.importorskip("sacrebleu")
    captions = ["the cat sat on the mat today", "two dogs run on the long beach"]
    references = [["the cat is on the mat today", "a cat sat on the mat"], ["two dogs run along the long beach"]]
    theirs = translate.corpus_bleu([[r.split() for r in refs] for refs in references], [c.split() for c in captions])
    assert bleu(captions, references) == pytest.approx(100 * theirs, rel=1e-6)


def test_meteor_of_a_worked_example() -> None:
    """Banerjee and Lavie's score by hand: 6 of 6 words in one chunk; then 5 of 6 in two chunks."""
    pytest.importorskip("nltk")
    assert meteor("the cat sat on the mat", ["the cat sat on the mat"]) == pytest.approx(1 - 0.5 * (1 / 6) ** 3)
    p = r = 5 / 6
    mean = p * r / (0.9 * p + 0.1 * r)
    assert meteor("the cat sits on the mat", ["the cat lay on the mat"]) == pytest.approx(mean * (1 - 0.5 * (2 / 5) ** 3))


def test_what_a_description_invents_and_leaves_out() -> None:
    """CHAIR_i: of three things mentioned one is not in the picture; and of four that are, two are mentioned."""
    assert hallucination_rate(["dog", "Beach", "ball"], ["beach", "dog", "sea", "sun"]) == pytest.approx(1 / 3)
    assert completeness_rate(["dog", "Beach", "ball"], ["beach", "dog", "sea", "sun"]) == pytest.approx(1 / 2)
    assert (hallucination_rate([], ["a"]), completeness_rate([], [])) == (0.0, 1.0)


def test_error_rates_equal_counting_edits() -> None:
    read, printed = ["TOTAL 39.8O", "CASH"], ["TOTAL 39.80", "CASH 50"]
    edits = sum(edit_distance(r, p) for r, p in zip(read, printed, strict=True))
    assert character_error_rate(read, printed) == pytest.approx(edits / sum(len(p) for p in printed))
    assert word_error_rate(read, printed) == pytest.approx(2 / 4)


def test_consistency_by_counting_pairs() -> None:
    assert consistency(["39.80", "RM39.80", "12"]) == pytest.approx(1 / 3)
    assert consistency([None, None]) == 1.0
    assert consistency([None, "12"]) == 0.0
    assert consistency(["12"]) == 1.0
