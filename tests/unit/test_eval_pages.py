"""What some data sets know beyond answers: numbers, lists, several persons, paraphrases, and the truth of pages."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from cli_support import BOX, fill, out_json
from store_support import make_document, make_page

from mmrag.cli.main import run
from mmrag.domain.documents import Element, ElementKind, TextSource
from mmrag.errors import UsageError
from mmrag.evaluation.answer_scores import answer_values, items_named, parts_of
from mmrag.evaluation.asking import shelf_of
from mmrag.evaluation.datasets.jsonl import read_jsonl
from mmrag.evaluation.datasets.page_truths import read_page_truths
from mmrag.evaluation.metrics.reading import words_found
from mmrag.evaluation.outcomes import Outcome
from mmrag.evaluation.page_desk import PageDesk
from mmrag.evaluation.page_scores import ReadPage, agreed_words, captions_json, content_words, reading_json
from mmrag.evaluation.questions import LabelledQuestion, PageTruth
from mmrag.evaluation.report import RunInfo, report_json
from mmrag.evaluation.scoring import score_all
from mmrag.evaluation.special_tables import special_tables
from mmrag.evaluation.summary import consistency_of
from mmrag.evaluation.truth import Truth
from mmrag.testing import MemoryCatalog


def asked(*answers: str, **more: object) -> LabelledQuestion:
    base: dict[str, object] = {"id": "q", "question": "?", "corpus_question": "?", "file": "a.png", "kind": "k"}
    return LabelledQuestion(answers=answers, **{**base, **more})  # type: ignore[arg-type]  # fields by name, checked at run


@pytest.mark.parametrize(
    ("said", "equal", "one", "five"),
    [("100", 1, 1, 1), ("RM 100.00", 1, 1, 1), ("100.9", 0, 1, 1), ("104", 0, 0, 1), ("106", 0, 0, 0), (None, 0, 0, 0)],
)
def test_numbers_with_tolerance(said: str | None, equal: int, one: int, five: int) -> None:
    values = answer_values(asked("100"), said)
    assert [values[n] for n in ("number_equal", "number_within_1pct", "number_within_5pct")] == [equal, one, five]
    assert "number_equal" not in answer_values(asked("GREEN TEA"), said)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("tea, Coffee and 1,200 cups", ["tea", "coffee", "1,200 cups"]),
        ("['salt and pepper', 'tea']", ["salt and pepper", "tea"]),
        ("", []),
    ],
)
def test_what_an_answer_lists(said: str, named: list[str]) -> None:
    assert sorted(items_named(said, ("tea", "coffee", "salt and pepper"))) == sorted(named)


def test_a_comma_inside_a_number_parts_nothing() -> None:
    assert parts_of("1,200; 3 & 4.") == ["1,200", "3", "4"]


def test_lists_are_complete_and_nothing_is_invented() -> None:
    items = ("tea", "coffee", "milk")
    values = answer_values(asked("tea, coffee, milk", items=items), "coffee, rum")
    assert (values["items_found"], values["items_invented"]) == (pytest.approx(1 / 3), 0.5)
    refused = answer_values(asked("tea, coffee, milk", items=items), None)
    assert refused["items_found"] == 0.0
    assert "items_invented" not in refused


def test_several_persons_answers() -> None:
    persons = ("red",) * 2 + ("crimson",) * 8
    assert answer_values(asked("red", human_answers=persons), "red")["vqa_accuracy"] == pytest.approx(0.6)
    assert answer_values(asked("red", human_answers=persons), None)["vqa_accuracy"] == 0.0


def test_paraphrases_answered_alike() -> None:
    rows = [("a", "1", "g"), ("b", "1", "g"), ("c", "2", "h"), ("d", "3", "h"), ("e", "2", "h"), ("f", "9", "alone")]
    questions = [asked("1", id=i, group=g) for i, _, g in rows]
    outcomes = {i: Outcome(id=i, asked="?", answer=said) for i, said, _ in rows}
    scored = score_all(questions, outcomes, dict.fromkeys(outcomes, Truth()))
    assert consistency_of(scored) == {"groups": 2, "alike": 0.5, "pairwise": round((1 + 1 / 3) / 2, 4)}
    assert consistency_of(scored[-1:]) == {"groups": 0, "alike": None, "pairwise": None}


def test_words_found_equals_a_count_by_hand() -> None:
    read, printed = ["a b b c", "x"], ["b a b b", "x y"]
    hits = sum(
        min(n, Counter(r.split())[w]) for r, p in zip(read, printed, strict=True) for w, n in Counter(p.split()).items()
    )
    assert words_found(read, printed) == hits / 6 == pytest.approx(4 / 6)


def page(read: str | None, true: str, *, kind: str = "receipt", quality: str | None = "read well") -> ReadPage:
    return ReadPage(kind=kind, quality=quality, true_text=true, read=read)


def test_error_rates_by_kind_and_quality() -> None:
    pages = (page("Total 9.90", "TOTAL 9.90"), page("one two", "one  two\n", kind="pdf"), page(None, "gone", quality=None))
    data = json.loads(json.dumps(reading_json(pages)))
    assert data["by_kind"]["pdf"] == {
        "pages": 1, "not_in_store": 0, "cer": 0.0, "wer": 0.0, "bare_cer": 0.0, "bare_wer": 0.0, "bare_words_found": 1.0,
    }  # fmt: skip
    assert data["overall"]["pages"] == 3
    assert data["overall"]["not_in_store"] == 1
    assert data["overall"]["cer"] == pytest.approx((4 + 0 + 4) / (10 + 7 + 4), abs=1e-4)
    assert data["overall"]["bare_words_found"] == pytest.approx(5 / 6, abs=1e-4)
    assert set(data["by_quality"]) == {"read well", "not in the store"}
    assert reading_json((ReadPage(kind="photo", quality=None, true_text=None, read="x"),)) is None


DOG = ("A brown dog runs on grass.", "The dog is running over green grass.", "A dog plays on a lawn.")
CAR = ("A red car on a road.", "A car drives along the road.")


def test_captions_by_the_model_that_wrote_them() -> None:
    def shown(true: tuple[str, ...], **by: str) -> ReadPage:
        return ReadPage(kind="photo", quality=None, true_text=None, read="", true_captions=true, captions=by)

    pages = (shown(DOG, good=DOG[0], bad="A cat sleeps."), shown(CAR, good=CAR[1]), shown(DOG))
    data = json.loads(json.dumps(captions_json(pages)))
    assert (data["pages"], data["with_caption"], data["by_model"]["good"]["n"], data["by_model"]["bad"]["n"]) == (3, 2, 2, 1)
    good, bad = data["by_model"]["good"], data["by_model"]["bad"]
    assert good["hallucination"] == 0.0
    assert bad["hallucination"] == 1.0
    assert all(good[name] > bad[name] for name in ("bleu", "meteor", "cider", "completeness"))
    assert captions_json((page("x", "x"),)) is None
    assert captions_json((shown(DOG),)) == {"pages": 1, "with_caption": 0, "by_model": {}}


def test_what_half_of_the_people_mention() -> None:
    assert set(agreed_words(DOG)) == {"dog", "run", "grass"}
    assert content_words("The dogs of the dog") == ("dog",)


async def test_pages_of_the_store_with_their_quality_and_their_captions() -> None:
    catalog = MemoryCatalog()
    stored = make_page("d1", 1, "TOTAL RM 39.80")
    captions = tuple(
        Element(
            id=f"c{n}", document_id="d1", page=1, ordinal=9 + n, kind=ElementKind.CAPTION, bbox=box, text=text, author=author
        )
        for n, (box, text, author) in enumerate(
            [(BOX, "a part", "m"), (BOX.grown(0.2, 0.2), "all of it", "m"), (BOX, "printed", None)]
        )
    )
    stored = replace(stored, elements=(*stored.elements, *captions), source=TextSource.OCR, confidence=0.5)
    await catalog.stage_page(stored, recipe="r1", vectors=[], values=[])
    document = make_document("d1", pages=1)
    await catalog.publish(document)
    shelf = await shelf_of(catalog)
    desk = PageDesk(catalog, shelf)
    known = await desk.read(PageTruth(file=document.name, text="TOTAL", captions=("a",)), "receipt")
    assert (known.read, known.quality, known.captions) == (stored.text, "read poorly (0.93 or less)", {"m": "all of it"})
    assert (await desk.read(PageTruth(file="gone.png", text="x"), "receipt")).read is None
    truth = Truth(documents=frozenset({document.name}), pages=frozenset({(document.name, 1)}), quality="text layer")
    assert (await desk.quality(truth)).quality == "read poorly (0.93 or less)"
    assert (await desk.quality(Truth(quality="text layer"))).quality == "text layer"


def test_the_truth_of_pages_from_a_file(tmp_path: Path) -> None:
    rows = [
        {"file": "a.png", "text": "one"},
        {"file": "b.pdf", "page": 2, "lines": [{"bbox": [0, 0, 1, 1], "text": "two"}, {"text": "three"}]},
        {"file": "c.jpg", "captions": ["a dog"]},
    ]
    file = tmp_path / "pages.jsonl"
    file.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    assert read_page_truths([file]) == (
        PageTruth(file="a.png", text="one"),
        PageTruth(file="b.pdf", page=2, text="two\nthree"),
        PageTruth(file="c.jpg", captions=("a dog",)),
    )
    file.write_text(json.dumps({"file": "a.png"}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.png, page 1: a row needs text, lines or captions"):
        read_page_truths([file])


def test_rows_of_the_data_set_carry_them_too(tmp_path: Path) -> None:
    base = {"file": "a.png", "question": "?", "corpus_question": "?", "answers": ["x"], "kind": "k"}
    rows = [
        {**base, "id": "1", "captions": ["a dog"], "answer_items": ["x", "y"], "human_answers": ["x", "x"]},
        {**base, "id": "2", "paraphrase_of": "1", "captions": ["a dog"], "answer_items": None},
        {**base, "id": "3", "paraphrase_group": "g"},
    ]
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    data = read_jsonl(file)
    assert [q.group for q in data.questions] == ["1", "1", "g"]
    assert (data.questions[0].items, data.questions[0].human_answers) == (("x", "y"), ("x", "x"))
    assert data.pages == (PageTruth(file="a.png", captions=("a dog",)),)


def test_nothing_of_it_is_shown_where_there_is_nothing() -> None:
    scored = score_all([asked("GREEN")], {"q": Outcome(id="q", asked="?", answer="GREEN")}, {"q": Truth()})
    report = report_json(RunInfo(title="t", facts={}), scored)
    assert (report["reading"], report["captions"], report["judge"], special_tables(report)) == (None, None, None, ())


def test_the_command_shows_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(fill(tmp_path / "store", ["a.jpg", "b.jpg"]))
    base = {"page": 1, "question": "What is the total?", "kind": "receipt", "bbox": None, "file": "a.jpg"}
    rows = [
        {**base, "id": "1", "corpus_question": "Which receipt has a total of 09.80?", "answers": ["09.80"]},
        {**base, "id": "2", "corpus_question": "Which total is 09.80?", "answers": ["09.80"], "paraphrase_of": "1"},
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    truths = [{"file": "a.jpg", "text": "Total 09.80"}, {"file": "b.jpg", "captions": ["a bill", "a receipt"]}]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(r) for r in truths), encoding="utf-8")
    args = ["eval", str(tmp_path / "q.jsonl"), "--store", str(tmp_path / "store"), "--truth", str(tmp_path / "t.jsonl")]
    assert run([*args, "--json", "--report", str(tmp_path / "out")]) == 0
    data = out_json(capsys)
    assert data["reading"]["overall"]["bare_cer"] == 0.0  # type: ignore[index]  # the shape is what is tested
    assert data["captions"] == {"pages": 1, "with_caption": 0, "by_model": {}}
    assert data["overall"]["consistency"]["groups"] == 1  # type: ignore[index]  # the shape is what is tested
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Text as read against text as printed" in html
    assert "0 of 1 pages have a generated one" in html
    assert run([*args, "--tier", "flagship"]) == 2
    assert "There is no tier 'flagship': the settings have reader." in capsys.readouterr().err
    assert run([*args, "--judge", "reader"]) == 2
    assert "is the reader, which cannot judge" in capsys.readouterr().err
