"""From questions to figures: asking, keeping, scoring, adding up, comparing, and the page."""

from __future__ import annotations

import asyncio
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmrag.domain.geometry import BBox
from mmrag.errors import ModelUnavailableError, StoreError, UsageError
from mmrag.evaluation.comparing import compare, comparison_json, paired_interval
from mmrag.evaluation.metrics.boxes import Place
from mmrag.evaluation.outcomes import Cited, Outcome, PageRank
from mmrag.evaluation.page.crops import Crop, crop_uri
from mmrag.evaluation.page.html import Example, gallery, page_html
from mmrag.evaluation.questions import Dataset, Frame, LabelledQuestion, TrueBox
from mmrag.evaluation.report import REPORT_FILE, RunInfo, read_report, report_json
from mmrag.evaluation.runner import Ask, RunFile, asks_of, run
from mmrag.evaluation.scoring import Result, Scored, kind_of, score_all
from mmrag.evaluation.summary import figures, gaps, slices
from mmrag.evaluation.tables import comparison_tables, figure_tables
from mmrag.evaluation.truth import Shelf, Stored, Truth, truth_of

BOX = BBox(0.1, 0.1, 0.3, 0.2)
EVIL = "<script>alert('x')</script>"


def question(
    ident: str, *answers: str, file: str | None = "a.png", kind: str = "receipt", **fields: str
) -> LabelledQuestion:
    return LabelledQuestion(
        id=ident,
        question=f"{ident}?",
        corpus_question=f"{ident} of all?",
        file=file,
        answers=answers,
        kind=kind,
        fields=fields,
    )


def outcome(ident: str, answer: str | None, *, at: BBox | None = BOX, document: str = "a.png", **more: object) -> Outcome:
    cited = (
        () if at is None or answer is None else (Cited(claim=0, document=document, page=1, bbox=at.as_tuple(), quote="q"),)
    )
    base = {"id": ident, "asked": f"{ident} of all?", "answer": answer, "confidence": 0.9, "claims": 1, "citations": cited,
            "ranking": (PageRank(document=document, page=1),), "seconds": 0.1}  # fmt: skip
    return Outcome.model_validate({**base, **more})


TRUTH = Truth(
    documents=frozenset({"a.png"}), pages=frozenset({("a.png", 1)}), boxes=(Place(document="a.png", page=1, box=BOX),)
)

CASES: dict[str, tuple[LabelledQuestion, Outcome, Truth, Result | None]] = {
    "right": (question("right", "9.90"), outcome("right", "RM 9.90", draft="RM 9.90"), TRUTH, Result.RIGHT),
    "due": (question("due", file=None), outcome("due", None, draft="7", flipped=True), Truth(), Result.REFUSED_RIGHTLY),
    "missed": (question("missed", "9.90"), outcome("missed", None, draft="9.90", flipped=True), TRUTH, Result.MISSED),
    "made up": (question("made up", file=None), outcome("made up", "5"), Truth(), Result.HALLUCINATED),
    "bare": (question("bare", "9.90"), outcome("bare", "9.90", at=None), TRUTH, Result.HALLUCINATED),
    "elsewhere": (
        question("elsewhere", "9.90"), outcome("elsewhere", "9.90", at=BBox(0.7, 0.7, 0.8, 0.8)), TRUTH,
        Result.WRONG_LOCATION,
    ),
    "wrong": (question("wrong", "9.90"), outcome("wrong", "9.80", usd="0.25"), TRUTH, Result.WRONG_ANSWER),
    "date": (question("date", "9.90"), outcome("date", "01/02/2018", document="b.png"), TRUTH, Result.WRONG_KIND),
    "failed": (question("failed", "1"), outcome("failed", None, error="ModelUnavailableError: no"), TRUTH, Result.FAILED),
    "photo": (question("photo", "a.png"), outcome("photo", None), TRUTH, None),
}  # fmt: skip


def scored_cases() -> dict[str, Scored]:
    done = score_all(
        [q for q, _, _, _ in CASES.values()],
        {k: o for k, (_, o, _, _) in CASES.items()},
        {k: t for k, (_, _, t, _) in CASES.items()},
    )
    return {s.question.id: s for s in done}


@pytest.mark.parametrize("name", CASES)
def test_what_became_of_a_question(name: str) -> None:
    assert scored_cases()[name].result is CASES[name][3]


def test_the_figures_of_a_group_by_counting() -> None:
    data = json.loads(json.dumps(figures(tuple(scored_cases().values()))))
    assert data["counts"] == {
        "questions": 10, "answerable": 7, "unanswerable": 2, "finding_only": 1, "with_box": 7,
        "answered": 6, "refused": 2, "right": 3,
    }  # fmt: skip
    assert data["errors"] == {
        "missed": 1, "hallucinated": 2, "wrong_location": 1, "wrong_answer": 1, "wrong_kind": 1, "failed": 1,
    }  # fmt: skip
    assert data["answers"]["right"] == pytest.approx(3 / 7, abs=1e-4)
    assert data["attribution"]["strict_attributed_accuracy"] == pytest.approx(1 / 7, abs=1e-4)
    assert data["retrieval"]["document"]["recall@1"] == pytest.approx(7 / 8, abs=1e-4)
    assert (data["refusal"]["precision"], data["refusal"]["recall"]) == (0.5, 0.5)
    assert data["calibration"]["n"] == 6
    assert data["calibration"]["ece"] == pytest.approx(abs(3 / 6 - 0.9), abs=1e-4)
    assert data["verifier"] == {"flips": 2, "harms": 1, "rescues": 1, "right_drafts_withheld": 0}
    assert (data["cost"]["usd"], data["latency_ms"]["p50"]) == ("0.250000", 100.0)


def test_a_group_without_questions_has_no_figures_rather_than_zeros() -> None:
    data = json.loads(json.dumps(figures(())))
    assert (data["answers"]["right"], data["calibration"]["ece"], data["latency_ms"]["p95"]) == (None, None, None)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("RM 9.90", "number"), ("01/02/2018", "date"), ("3 March 2020", "date"), ("Yes.", "yes or no"), ("A-1234", "code"),
     ("GREEN TEA SHOP", "words")],
)  # fmt: skip
def test_what_an_answer_looks_like(answer: str, kind: str) -> None:
    assert kind_of(answer) == kind


def test_slices_and_the_gap_between_them() -> None:
    questions = [question(f"q{n}", "1", language="ms" if n % 2 else "en") for n in range(20)]
    outcomes = {q.id: outcome(q.id, "2" if q.fields["language"] == "ms" else "1") for q in questions}
    done = score_all(questions, outcomes, dict.fromkeys(outcomes, TRUTH))
    found = {(s.field, s.value): len(s.scored) for s in slices(done)}
    assert found == {("language", "en"): 10, ("language", "ms"): 10}
    worst = gaps(slices(done))[0]
    assert (worst.field, worst.best, worst.worst, worst.size, worst.worst_n) == ("language", "en", "ms", 1.0, 10)


def test_truth_in_the_store_s_terms(tmp_path: Path) -> None:
    Image.new("RGB", (200, 100)).save(tmp_path / "r.png")
    asked = LabelledQuestion(
        id="a", question="?", corpus_question="?", file="r.png", answers=("1",), kind="k",
        boxes=(
            TrueBox(page=1, corners=(20, 10, 60, 20)),
            TrueBox(page=1, corners=(100, 100, 300, 200), frame=Frame.THOUSANDTHS),
            TrueBox(page=1, corners=(0, 0, 1, 1), file="gone.png"),
        ),
    )  # fmt: skip
    data = Dataset(name="d", folder=str(tmp_path), questions=(asked,))
    truth = truth_of(asked, data, Shelf([Stored(name="scans/r.png", sha256="0", pages=1, quality=0.9)]))
    assert [b.box for b in truth.boxes] == [BBox(0.1, 0.1, 0.3, 0.2), BBox(0.1, 0.1, 0.3, 0.2)]
    assert (truth.pages, truth.missing, truth.quality) == ({("scans/r.png", 1)}, ("gone.png",), "read poorly (0.93 or less)")


def test_a_file_is_found_by_its_end_only_when_one_has_it() -> None:
    two = Shelf([Stored(name="x/r.png", sha256="0", pages=1), Stored(name="y/r.png", sha256="1", pages=1)])
    assert two.find("r.png") is None
    assert two.find("x/r.png") is two.documents[0]
    assert Shelf([Stored(name="r.png", sha256="0", pages=1)]).find("receipts/r.png") is not None
    assert Shelf([Stored(name="xr.png", sha256="0", pages=1)]).find("r.png") is None


class Counting:
    """Answers everything with 1, counts what it was asked, and fails or breaks where it is told to."""

    def __init__(self, *, fail: str = "", crash: str = "") -> None:
        self.asked: list[str] = []
        self.now = self.most = 0
        self.fail, self.crash = fail, crash

    async def ask(self, question_id: str, asked: str, document: str | None) -> Outcome:
        self.asked.append(question_id)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.002)
        self.now -= 1
        if question_id == self.fail:
            raise ModelUnavailableError("busy")
        if question_id == self.crash:
            raise StoreError("gone")
        return outcome(question_id, "1", document=document or "a.png")


def asks(n: int) -> tuple[Ask, ...]:
    return asks_of([question(f"q{i}", "1") for i in range(n)], Shelf([]), file_mode=False)


async def test_a_run_asks_once_several_at_a_time_and_is_then_read_from_its_file(tmp_path: Path) -> None:
    file, first, second = RunFile(tmp_path / "r.jsonl"), Counting(), Counting()
    outcomes = await run(asks(12), first, file, concurrency=3)
    again = await run(asks(12), second, file, concurrency=3)
    assert (len(first.asked), first.most, second.asked) == (12, 3, [])
    assert again == outcomes


async def test_a_run_that_was_cut_off_goes_on_where_it_stood(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "r.jsonl")
    await run(asks(5), Counting(), file)
    file.path.write_bytes(file.path.read_bytes()[:-40])
    later = Counting()
    assert len(await run(asks(6), later, file)) == 6
    assert len(later.asked) == 2
    assert len(file.read()) == 6


async def test_a_model_s_failure_is_an_outcome_that_is_asked_again_and_a_store_s_ends_the_run(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "r.jsonl")
    outcomes = await run(asks(3), Counting(fail="q1"), file)
    assert outcomes["q1"].error == "ModelUnavailableError: busy"
    later = Counting()
    await run(asks(3), later, file)
    assert later.asked == ["q1"]
    with pytest.raises(ExceptionGroup):
        await run(asks(9), Counting(crash="q8"), file, concurrency=1)
    assert {"q3", "q7"} <= set(file.read())


def test_questions_of_one_document_are_asked_of_that_document() -> None:
    shelf = Shelf([Stored(name="scans/a.png", sha256="0", pages=1)])
    found = asks_of([question("x", "1"), question("y", "1", file="b.png"), question("z", file=None)], shelf, file_mode=True)
    assert [(a.asked, a.document) for a in found] == [("x?", "scans/a.png")]


def report_of(scored: tuple[Scored, ...], folder: Path, title: str = "t") -> Path:
    folder.mkdir()
    data = report_json(RunInfo(title=title, facts={"store": "1 document"}), scored)
    (folder / REPORT_FILE).write_text(json.dumps(data), encoding="utf-8")
    return folder


def test_two_runs_compared(tmp_path: Path) -> None:
    questions = [question(f"q{n}", "1") for n in range(30)]
    truths = {q.id: TRUTH for q in questions}
    good = score_all(questions, {q.id: outcome(q.id, "1") for q in questions}, truths)
    bad = score_all(questions, {q.id: outcome(q.id, "1" if n % 3 else "2") for n, q in enumerate(questions)}, truths)
    a, b = (read_report(report_of(s, tmp_path / name, name)) for name, s in (("a", good), ("b", bad)))
    found = compare(a, b)
    right = next(d for d in found.differences if d.metric == "right")
    assert (right.n, right.a, right.b, right.is_clear) == (30, 1.0, pytest.approx(2 / 3), True)
    assert right.low <= right.b - right.a <= right.high < 0
    assert len(found.changed) == 10
    assert comparison_json(found)["questions"] == 30
    assert [t.title for t in comparison_tables(found)] == ["A against B", "10 of 30 questions changed"]
    assert not any(d.is_clear for d in compare(a, a).differences)


def test_the_interval_equals_a_bootstrap_by_hand() -> None:
    rng = np.random.default_rng(1)
    a = rng.uniform(size=80)
    b = a + rng.normal(0.05, 0.2, size=80)
    low, high = paired_interval(a.tolist(), b.tolist())
    means = [(b - a)[rng.integers(0, 80, 80)].mean() for _ in range(4000)]
    assert (low, high) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])), abs=0.01)


@pytest.mark.parametrize("content", [None, "{}", "no"])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / REPORT_FILE).write_text(content)
    with pytest.raises(UsageError, match=r"report\.json"):
        read_report(tmp_path)


class Tags(HTMLParser):
    """Collects the tags of a page and every address in it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]


def test_the_page_is_self_contained_and_escapes_what_documents_say() -> None:
    cases = list(scored_cases().values())
    evil = score_all(
        [question("evil", EVIL, kind=EVIL, note=EVIL), *(question(f"e{n}", "1") for n in range(3))],
        {"evil": outcome("evil", f"{EVIL} $x$"), **{f"e{n}": outcome(f"e{n}", "1") for n in range(3)}},
        dict.fromkeys(("evil", "e0", "e1", "e2"), TRUTH),
    )
    scored = (*cases, *evil)
    crop = Crop(document=EVIL, page=1, uri="data:image/jpeg;base64,AAAA")
    examples = {r: [Example(scored=s, crops=(crop,)) for s in chosen] for r, chosen in gallery(scored).items()}
    html = page_html(report_json(RunInfo(title=EVIL, facts={EVIL: EVIL}, warnings=(EVIL,)), scored), scored, examples)
    tags = Tags()
    tags.feed(html)
    assert "script" not in tags.tags
    assert EVIL not in html
    assert tags.tags.count("svg") == 5
    assert all(a.startswith(("data:", "#")) for a in tags.addresses)
    assert not re.search(r"url\((?!#)", html)
    assert "default-src 'none'" in html


def test_a_crop_shows_the_true_box_green_and_the_cited_one_red() -> None:
    import base64
    import io

    page = Image.new("RGB", (400, 600), "white")
    raw = io.BytesIO()
    page.save(raw, "PNG")
    uri = crop_uri(raw.getvalue(), [BBox(0.2, 0.2, 0.4, 0.3)], [BBox(0.6, 0.2, 0.8, 0.3)])
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB"), dtype=int)
    half = pixels.shape[1] // 2
    green = (pixels[..., 1] - pixels[..., 0] > 60) & (pixels[..., 1] - pixels[..., 2] > 40)
    red = (pixels[..., 0] - pixels[..., 1] > 100) & (pixels[..., 0] - pixels[..., 2] > 100)
    assert green[:, :half].sum() > 100
    assert red[:, half:].sum() > 100
    assert (green[:, half:].sum(), red[:, :half].sum()) == (0, 0)


def test_the_tables_say_every_figure_of_the_contract() -> None:
    data = report_json(RunInfo(title="t", facts={}), tuple(scored_cases().values()))
    heads = [name for table in figure_tables(data) for name in table.head]
    for name in ("doc R@1", "R@5", "R@10", "MRR", "nDCG@10", "ANLS", "exact", "strict attributed", "citation P",
                 "citation R",
                 "refusal P", "refusal R", "ECE", "flips", "harms", "USD", "p50 ms", "p95 ms", "missed", "hallucinated",
                 "wrong location", "wrong answer"):  # fmt: skip
        assert name in heads
    assert all(len(row) == len(table.head) for table in figure_tables(data) for row in table.rows)
