"""A question in the words that reports use: other names for the same figure, and the titles of statements."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from mmrag.agent.reading.text import stem, words


class _Statement(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    called: tuple[str, ...]
    titles: tuple[str, ...]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    same: tuple[tuple[str, ...], ...]
    column: tuple[tuple[str, ...], ...]
    statement: tuple[_Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    same: tuple[tuple[tuple[str, ...], ...], ...]
    column: tuple[frozenset[str], ...]
    statement: tuple[_Statement, ...]


@lru_cache(maxsize=256)
def variants(question: str) -> tuple[tuple[frozenset[str], ...], tuple[str, ...]]:
    """The stems that ``question`` says, first as it is, then with other names for what it asks; and the titles of the
    statement that it names, in lower case, empty where it names none.
    """
    said = words(question)
    stems = frozenset(stem(w) for w in said)
    text = f" {' '.join(said)} "
    found = [stems]
    for group in _table().same:
        there = [name for name in group if f" {' '.join(name)} " in text]
        if not there:
            continue
        longest = max(there, key=len)
        rest = text.replace(f" {' '.join(longest)} ", " ").split()
        kept = frozenset(stem(w) for w in rest)
        found += [kept | {stem(w) for w in name} for name in group if name != longest]
    titles = tuple(
        title for s in _table().statement if any(f" {' '.join(words(c))} " in text for c in s.called) for title in s.titles
    )
    return tuple(dict.fromkeys(found)), titles


def column_names(said: frozenset[str]) -> frozenset[str]:
    """The stems that may stand over a column which the question calls by one of the stems ``said``; those of it alone that
    are other names than the said ones."""
    return frozenset().union(*(group for group in _table().column if group & said)) - said


@cache
def _table() -> _Table:
    read = tomllib.loads(files("mmrag.agent.reading").joinpath("synonyms.toml").read_text(encoding="utf-8"))
    file = _File.model_validate(read)
    return _Table(
        same=tuple(tuple(words(name) for name in group) for group in file.same),
        column=tuple(frozenset(stem(w) for name in group for w in words(name)) for group in file.column),
        statement=file.statement,
    )
