"""The reader's vocabulary, read once from ``lexicon.toml`` and ``words.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from mmrag.agent.reading.text import STOP, fold, stem, words
from mmrag.domain.plans import AnswerType

_SHORT = {"amount": "amt", "number": "no", "telephone": "tel", "inclusive": "incl", "registration": "reg"}


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ConceptRecord(_Record):
    id: str
    type: AnswerType
    ask: list[str]
    labels: dict[str, float]
    avoid: list[str] = Field(default_factory=list)
    title: list[str] = Field(default_factory=list)
    role: str | None = None
    value: str | None = None
    many: bool = False


class _LexiconFile(_Record):
    concept: list[_ConceptRecord]


class _WordsFile(_Record):
    issuer: dict[str, list[str]]
    address: dict[str, list[str]]
    answer: dict[str, list[str]]
    question: dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A field of documents: its names in questions (``ask``) and on pages (``labels``, folded, with weights).

    ``openings`` are the stems that its names in questions begin with: without any of them, a question does not name it.
    ``avoid`` are words beside a label that make it another field's. ``role`` is ``start`` or ``end`` of a period;
    ``many`` says that all values of the field are asked for.
    """

    id: str
    type: AnswerType
    ask: tuple[tuple[str, ...], ...]
    openings: frozenset[str]
    labels: Mapping[str, float]
    avoid: frozenset[str]
    title: tuple[str, ...]
    role: str | None
    value: str | None
    many: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """``label_keys`` holds every folded label of every concept, ``label_words`` their words: a line of nothing but these is
    a label, not a value. ``issuer`` and ``address`` are phrases of up to ``longest`` words.
    """

    concepts: Mapping[str, Concept]
    label_keys: frozenset[str]
    label_words: frozenset[str]
    ask_words: frozenset[str]
    issuer: Mapping[str, frozenset[str]]
    address: Mapping[str, frozenset[str]]
    longest: int
    answer: Mapping[str, frozenset[str]]
    computing: tuple[str, ...]


@cache
def lexicon() -> Lexicon:
    """The vocabulary that ships with mmrag."""
    here = files("mmrag.agent.reading")
    read = _LexiconFile.model_validate(tomllib.loads(here.joinpath("lexicon.toml").read_text(encoding="utf-8")))
    lines = _WordsFile.model_validate(tomllib.loads(here.joinpath("words.toml").read_text(encoding="utf-8")))
    concepts = {r.id: _concept(r) for r in read.concept}
    issuer, address = _phrases(lines.issuer), _phrases(lines.address)
    return Lexicon(
        concepts=MappingProxyType(concepts),
        label_keys=frozenset(key for c in concepts.values() for key, weight in c.labels.items() if weight >= 0.6),
        label_words=frozenset(
            w for r in read.concept for text, weight in r.labels.items() if weight >= 0.6 for w in words(text) if len(w) > 1
        ),
        ask_words=frozenset(w for r in read.concept for a in r.ask for w in words(a)),
        issuer=issuer,
        address=address,
        longest=max(len(p.split()) for group in (issuer, address) for phrases in group.values() for p in phrases),
        computing=tuple(lines.question["computing"]),
        answer=MappingProxyType({name: frozenset(v.casefold() for v in items) for name, items in lines.answer.items()}),
    )


@cache
def words_that_count(name: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a field's name by which a question names it."""
    return tuple(w for w in name if w not in STOP or w == "where") or name


@cache
def stems_that_count(name: tuple[str, ...]) -> tuple[str, ...]:
    """Their stems."""
    return tuple(stem(w) for w in words_that_count(name))


def _concept(record: _ConceptRecord) -> Concept:
    labels: dict[str, float] = {}
    for text, weight in record.labels.items():
        for variant in _variants(text):
            labels[fold(variant)] = max(weight, labels.get(fold(variant), 0.0))
    names = tuple(words(a) for a in record.ask)
    return Concept(
        id=record.id,
        type=record.type,
        ask=names,
        openings=frozenset(stems_that_count(name)[0] for name in names),
        labels=MappingProxyType(labels),
        avoid=frozenset(w for a in record.avoid for w in (fold(a), *words(a)) if len(words(a)) == 1 or w == fold(a)),
        title=tuple(fold(t) for t in record.title),
        role=record.role,
        value=record.value,
        many=record.many,
    )


def _variants(text: str) -> set[str]:
    """The label itself and with the usual short forms: 'total amount' is also printed 'total amt'."""
    found = {text}
    for word, short in _SHORT.items():
        found |= {re.sub(rf"\b{word}\b", short, variant) for variant in found}
    return found


def _phrases(groups: dict[str, list[str]]) -> Mapping[str, frozenset[str]]:
    return MappingProxyType({name: frozenset(" ".join(words(p)) for p in items) for name, items in groups.items()})
