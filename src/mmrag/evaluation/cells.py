"""Tables of text, and figures as their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmrag.domain.hashing import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A title, the names of the columns, and rows of as many cells."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def number(value: Json, digits: int = 3) -> str:
    """A figure as text; ``-`` for one that has no meaning here."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.{0 if abs(value) >= 100 else digits}f}"
    return str(value)


def at(figures: Json, *path: str) -> Json:
    """The figure at a path of names, None when it is not there."""
    for name in path:
        if not isinstance(figures, Mapping):
            return None
        figures = figures.get(name)
    return figures


Column = tuple[str, tuple[str, ...]]
"""The name of a column, and where in a group's figures its cells are."""


def grouped_table(title: str, first: str, groups: Sequence[tuple[str, Json]], columns: Sequence[Column]) -> Table:
    """One row a group: its name, and the figure of each column."""
    return Table(
        title=title,
        head=(first, *(name for name, _ in columns)),
        rows=tuple((name, *(number(at(figures, *path)) for _, path in columns)) for name, figures in groups),
    )


def groups_of(figures: Json, *path: str) -> list[tuple[str, Json]]:
    """The groups at ``path`` with their figures, in order; none when there is nothing."""
    found = at(figures, *path)
    return list(found.items()) if isinstance(found, Mapping) else []
