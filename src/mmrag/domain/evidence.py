"""What is looked for and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from mmrag.domain.documents import Element


class Leg(StrEnum):
    """One way of searching. Each gives a ranking of its own; reciprocal rank fusion joins them."""

    TEXT = "text"  # dense text vectors
    LEXICAL = "lexical"  # BM25 over elements and pages
    IMAGE = "image"  # dense image vectors
    VALUE = "value"  # dates, amounts and identifiers of the question, found as typed values
    SUMMARY = "summary"  # summaries of pages and documents, for broad questions alone
    NAME = "name"  # names of the question, matched in spite of OCR errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The id of an element and its score; higher is better, comparable only within one ranking."""

    id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An element found for a query. ``legs`` holds its rank (from 1) in each leg that found it."""

    element: Element
    document: str
    sha256: str
    score: float
    legs: Mapping[Leg, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The hits kept for one question, best first."""

    question: str
    hits: tuple[Hit, ...] = ()
