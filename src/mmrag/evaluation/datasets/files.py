"""What the readers share: bytes of a publisher's files into checked records, or one line that says what is wrong with
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from mmrag.errors import UsageError

T = TypeVar("T")


class Row(BaseModel):
    """A record of a publisher's file. Fields that are not read are left alone: publishers add some."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True, populate_by_name=True)


def parse(path: Path, shape: type[T]) -> T:
    """The JSON of ``path`` as ``shape``. Raises ``UsageError`` that names the file and the place in it."""
    try:
        return TypeAdapter(shape).validate_json(path.read_bytes())
    except ValidationError as error:
        raise UsageError(f"{path.name}: {_first(error)}. The file is not laid out as its publisher does.") from error


def parse_lines(path: Path, shape: type[T]) -> list[T]:
    """The JSON Lines of ``path``, each as ``shape``. Raises ``UsageError`` that names the line."""
    adapter, rows = TypeAdapter(shape), []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if line.strip():
            try:
                rows.append(adapter.validate_json(line))
            except ValidationError as error:
                raise UsageError(f"{path.name}, line {number}: {_first(error)}.") from error
    return rows


def first_of(folder: Path, patterns: Iterable[str]) -> Path | None:
    """The first file, in alphabetical order, that fits one of the patterns; earlier patterns go first."""
    return next((file for pattern in patterns for file in sorted(folder.glob(pattern))), None)


def needed(folder: Path, patterns: Sequence[str], layout: str) -> Path:
    """Like ``first_of``, but raises ``UsageError`` when there is none."""
    file = first_of(folder, patterns)
    if file is None:
        raise UsageError(f"{folder} is not laid out as {layout}: there is no {patterns[0]}.")
    return file


def pages_in(text: str) -> tuple[int, ...]:
    """The numbers in a list that is written as text, such as ``"[3, 5]"``."""
    return tuple(int(part) for part in text.strip("[] ").split(",") if part.strip().isdigit())


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'the file'}: {first['msg']}"
