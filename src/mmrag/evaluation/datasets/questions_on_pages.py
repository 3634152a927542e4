"""Questions on single pages, charts and slides: DocVQA, InfographicVQA, MP-DocVQA, ChartQA, SlideVQA."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from mmrag.errors import UsageError
from mmrag.evaluation.datasets.files import Row, first_of, needed, parse, parse_lines
from mmrag.evaluation.questions import Dataset, LabelledQuestion

RRC_LICENCE = (
    "{}: from the Robust Reading Competition, for research after registration there; the files may not be passed on."
)
_NAMES = {"docvqa": "DocVQA", "infographicvqa": "InfographicVQA", "mp-docvqa": "MP-DocVQA"}


class _RrcQuestion(Row):
    question_id: str = Field(alias="questionId")
    question: str
    image: str | None = None
    image_local_name: str | None = None
    answers: tuple[str, ...] = ()
    question_types: tuple[str, ...] | None = None
    answer_type: tuple[str, ...] | str | None = None
    page_ids: tuple[str, ...] = ()
    answer_page_idx: int | None = None


class _RrcFile(Row):
    dataset_name: str = ""
    data: tuple[_RrcQuestion, ...]


def read_docvqa(folder: Path) -> Dataset:
    """DocVQA (Mathew et al., WACV 2021): ``val_v1.0*.json`` with ``data``: questionId, question, image, answers.

    Layout read in allenai's and others' loaders of the Robust Reading Competition's files: ``image`` is relative to the
    split's folder; ``question_types`` came with ``*_withQT.json``. Splits without answers cannot be measured here.
    """
    return _rrc(folder, "docvqa", ["val_v1.0_withQT.json", "val_v1.0.json", "train_v1.0*.json"])


def read_infographicvqa(folder: Path) -> Dataset:
    """InfographicVQA (Mathew et al., WACV 2022): ``infographicsVQA_val_v1.0*.json``, like DocVQA with
    ``image_local_name``.
    """
    patterns = ["infographicsVQA_val_v1.0_withQT.json", "infographicsVQA_val*.json", "infographicsVQA_train*.json"]
    return _rrc(folder, "infographicvqa", patterns)


def read_mp_docvqa(folder: Path) -> Dataset:
    """MP-DocVQA (Tito, Karatzas, Valveny, Pattern Recognition 2023): ``val.json`` with ``page_ids`` and ``answer_page_idx``.

    Layout read in rubenpt91/MP-DocVQA-Framework: pages are ``images/<page id>.jpg``; the index counts from 0 within
    ``page_ids``. Each page is a file of its own.
    """
    return _rrc(folder, "mp-docvqa", ["val.json", "train.json"])


def _rrc(folder: Path, layout: str, patterns: list[str]) -> Dataset:
    name = _NAMES[layout]
    rows = parse(needed(folder, patterns, name), _RrcFile).data
    questions = tuple(_rrc_question(row, layout, folder) for row in rows if row.answers)
    if not questions:
        raise UsageError(f"{folder} has no answers: the test splits of {name} are scored by its organisers only.")
    return Dataset(name=name, folder=str(folder), questions=questions, licence=RRC_LICENCE.format(name))


def _rrc_question(row: _RrcQuestion, layout: str, folder: Path) -> LabelledQuestion:
    types = row.question_types or ((row.answer_type,) if isinstance(row.answer_type, str) else row.answer_type) or ()
    if row.page_ids and row.answer_page_idx is not None:
        file = _picture(folder, row.page_ids[row.answer_page_idx])
    else:
        file = row.image_local_name or row.image or ""
    return LabelledQuestion(
        id=row.question_id,
        question=row.question,
        corpus_question=None,
        file=file,
        answers=row.answers,
        kind="infographic" if layout == "infographicvqa" else "page",
        pages=(1,),
        fields={"types": " + ".join(types)} if types else {},
    )


def _picture(folder: Path, page: str) -> str:
    found = first_of(folder / "images", [f"{page}.*"])
    return f"images/{found.name if found else f'{page}.jpg'}"


class _ChartRow(Row):
    imgname: str
    query: str
    label: str


def read_chartqa(folder: Path) -> Dataset:
    """ChartQA (Masry et al., ACL Findings 2022): ``<split>_human.json`` and ``<split>_augmented.json`` beside ``png/``.

    Layout read in vis-nlp/ChartQA's README: rows have ``imgname``, ``query`` and ``label``. ``folder`` is one split's, or
    holds ``test``. GPL-3.0: the files are not shipped with mmrag.
    """
    base = folder / "test" if (folder / "test" / "png").is_dir() else folder
    needed(base, ["*_human.json", "*_augmented.json"], "ChartQA")
    questions = [
        LabelledQuestion(
            id=f"{file.stem}/{n}",
            question=row.query,
            corpus_question=None,
            file=f"{base.relative_to(folder).as_posix()}/png/{row.imgname}".removeprefix("./"),
            answers=(row.label,),
            kind="chart",
            pages=(1,),
            fields={"written by": file.stem.rsplit("_", 1)[-1]},
        )
        for file in sorted([*base.glob("*_human.json"), *base.glob("*_augmented.json")])
        for n, row in enumerate(parse(file, tuple[_ChartRow, ...]))
    ]
    licence = "ChartQA: under GPL-3.0, its charts under their makers' terms; not shipped."
    return Dataset(name="ChartQA", folder=str(folder), questions=tuple(questions), licence=licence)


class _SlideRow(Row):
    deck_name: str
    qa_id: str
    question: str
    answer: str
    evidence_pages: tuple[int, ...] = ()
    reasoning_type: str = ""
    answer_type: str = ""


def read_slidevqa(folder: Path) -> Dataset:
    """SlideVQA (Tanaka et al., AAAI 2023): ``annotations/qa/<split>.jsonl``, slides as
    ``images/<split>/<deck>/slide_<n>_1024.jpg``.

    Layout read in nttmdlab-nlp/SlideVQA's README and its download script: ``evidence_pages`` count from 1 to 20, each
    slide is a file. The first slide of the evidence stands for the question's own file.
    """
    file = needed(folder, ["annotations/qa/test.jsonl", "annotations/qa/*.jsonl", "*.jsonl"], "SlideVQA")
    questions = []
    for row in parse_lines(file, _SlideRow):
        slides = tuple(_slide(folder, file.stem, row.deck_name, n) for n in row.evidence_pages)
        fields = {"reasoning": row.reasoning_type, "answer type": row.answer_type}
        questions.append(
            LabelledQuestion(
                id=row.qa_id,
                question=row.question,
                corpus_question=None,
                file=slides[0] if slides else None,
                files=slides,
                answers=(row.answer,),
                kind="slide",
                pages=(1,),
                fields={k: v for k, v in fields.items() if v},
            )
        )
    licence = "SlideVQA: slides belong to their authors; for research only, not to be passed on."
    return Dataset(name="SlideVQA", folder=str(folder), questions=tuple(questions), licence=licence)


def _slide(folder: Path, split: str, deck: str, number: int) -> str:
    inside = f"images/{split}/{deck}"
    found = first_of(folder / inside, [f"*slide_{number}_*.jpg", f"*-{number}-*.jpg"])
    return f"{inside}/{found.name if found else f'slide_{number}_1024.jpg'}"
