"""True texts and captions of pages, from JSON Lines beside a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from mmrag.errors import UsageError
from mmrag.evaluation.datasets.files import Row, parse_lines
from mmrag.evaluation.questions import PageTruth


class _Line(Row):
    text: str


class _PageRow(Row):
    file: str
    page: int = Field(default=1, ge=1)
    text: str | None = None
    lines: tuple[_Line, ...] | None = None
    captions: tuple[str, ...] = ()


def read_page_truths(paths: Sequence[Path]) -> tuple[PageTruth, ...]:
    """Rows with ``file``, ``page`` (1 when not said) and ``text``, ``lines`` (each with ``text``) or ``captions``.

    Files are named as in the data set. Raises ``UsageError`` that names the line which is wrong.
    """
    found: list[PageTruth] = []
    for path in paths:
        for row in parse_lines(path, _PageRow):
            text = "\n".join(line.text for line in row.lines) if row.lines is not None else row.text
            if text is None and not row.captions:
                raise UsageError(f"{path.name}: {row.file}, page {row.page}: a row needs text, lines or captions.")
            found.append(PageTruth(file=row.file, page=row.page, text=text, captions=row.captions))
    return tuple(found)
