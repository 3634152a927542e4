"""The project's own JSON Lines: one question a line, with its truth."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PositiveFloat, ValidationError

from mmrag.errors import UsageError
from mmrag.evaluation.questions import Dataset, Frame, LabelledQuestion, PageTruth, TrueBox

_KNOWN = frozenset({"id", "file", "page", "pages", "question", "corpus_question", "answers", "bbox", "kind", "files"})


class _Line(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    id: str = Field(min_length=1)
    file: str | None
    page: int | None = Field(default=None, ge=1)
    pages: tuple[int, ...] | None = None
    question: str = Field(min_length=1)
    corpus_question: str | None
    answers: tuple[str, ...]
    bbox: tuple[float, float, float, float] | None = None
    page_size: tuple[PositiveFloat, PositiveFloat] | None = None
    kind: str
    answer_items: tuple[str, ...] | None = None
    human_answers: tuple[str, ...] | None = None
    captions: tuple[str, ...] | None = None
    paraphrase_of: str | None = None
    paraphrase_group: str | None = None


def read_jsonl(path: Path) -> Dataset:
    """Read ``path``; ``bbox`` is in pixels of the picture (for a PDF of the page drawn with ``page_size``), files are
    relative to its folder.

    Raises ``UsageError`` that names the line which is wrong.
    """
    questions: dict[str, LabelledQuestion] = {}
    pages: list[PageTruth] = []
    for number, text in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not text.strip():
            continue
        row = _line(text, path, number)
        if row.id in questions:
            where = f"{path.name}, line {number}"
            raise UsageError(f"{where}: the id {row.id!r} is used twice; give each question its own.")
        questions[row.id] = _question(row)
        if row.captions and row.file:
            pages.append(PageTruth(file=row.file, page=row.page or 1, captions=row.captions))
    folder = str(path.parent)
    return Dataset(name=path.stem, folder=folder, questions=tuple(questions.values()), pages=tuple(dict.fromkeys(pages)))


def _line(text: str, path: Path, number: int) -> _Line:
    try:
        return _Line.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise UsageError(f"{path.name}, line {number}: {where}: {first['msg']}. Correct the line.") from error


def _question(row: _Line) -> LabelledQuestion:
    pages = row.pages or (() if row.page is None else (row.page,))
    box_page = row.page or (pages[0] if pages else 1)
    return LabelledQuestion(
        id=row.id,
        question=row.question,
        corpus_question=row.corpus_question,
        file=row.file,
        answers=row.answers,
        kind=row.kind,
        pages=tuple(dict.fromkeys(pages)),
        boxes=() if row.bbox is None else (_box(row.bbox, row.page_size, box_page),),
        fields=fields_of(row.model_extra or {}),
        items=row.answer_items or (),
        human_answers=row.human_answers or (),
        group=row.paraphrase_group or row.paraphrase_of or row.id,
    )


def _box(corners: tuple[float, float, float, float], size: tuple[float, float] | None, page: int) -> TrueBox:
    """With a size the box is known without looking at the file, which a PDF's page needs."""
    if size is None:
        return TrueBox(page=page, corners=corners)
    x0, y0, x1, y1 = corners
    width, height = size
    return TrueBox(page=page, corners=(x0 / width, y0 / height, x1 / width, y1 / height), frame=Frame.FRACTIONS)


def fields_of(extra: dict[str, JsonValue]) -> dict[str, str]:
    """What is left of a row as text to slice by: short scalars as they are, short lists joined; long texts are left out."""
    fields: dict[str, str] = {}
    for name, value in extra.items():
        if name in _KNOWN or value is None:
            continue
        text = " + ".join(str(v) for v in value) if isinstance(value, list) else value
        shown = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
        if len(shown) <= 80:
            fields[name] = shown or "(empty)"
    return fields
