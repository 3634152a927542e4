"""What a question asks for, before anything is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from mmrag.domain.documents import Document, Page, PageRef
from mmrag.domain.evidence import Hit

if TYPE_CHECKING:
    from mmrag.domain.aggregates import Aggregate
    from mmrag.domain.checks import Check


class AnswerType(StrEnum):
    AMOUNT = "amount"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    PERCENT = "percent"
    IDENTIFIER = "identifier"
    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    YES_NO = "yes_no"
    LIST = "list"
    FREE = "free"

    @property
    def is_open(self) -> bool:
        """True where the type says little about what an answer looks like, so that a wrong place is easily taken for one."""
        return self in (AnswerType.FREE, AnswerType.LIST, AnswerType.NUMBER, AnswerType.PERCENT, AnswerType.YES_NO)


class ConstraintKind(StrEnum):
    """What tells the document that is meant from the others."""

    NAME = "name"  # a company, person or title, as written in the question
    DATE = "date"
    AMOUNT = "amount"
    IDENTIFIER = "identifier"
    FILE = "file"  # a document's name as ingested, or its last part: nothing else is meant then
    GENRE = "genre"  # receipt, invoice, form, ...: narrows nothing by itself


_ANY_YEAR = "--"
"""Opens the normal form of a month of no year, as ISO 8601 once wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """Something the right document must show. ``normals`` are normal forms as in ``Value`` (empty for names and genres).

    ``role`` is the label it goes by in the question, when there is one: ``total`` in "with a total of 39.80".
    """

    kind: ConstraintKind
    text: str
    normals: tuple[str, ...] = ()
    role: str | None = None

    @property
    def month(self) -> int | None:
        """The month (1 to 12) of a constraint that names no year and no day; None for every other one."""
        named = self.kind is ConstraintKind.DATE and len(self.normals) == 1 and self.normals[0].startswith(_ANY_YEAR)
        return int(self.normals[0].removeprefix(_ANY_YEAR)) if named else None


def month_of_any_year(text: str, month: int) -> Constraint:
    """'March', as ``text``: of several documents that fit the rest it tells which one is meant, and rules out none alone."""
    return Constraint(kind=ConstraintKind.DATE, text=text, normals=(f"{_ANY_YEAR}{month:02}",))


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherName:
    """A document that prints, well read, another name than the one that ``constraint`` says. ``printed`` is that line."""

    constraint: Constraint
    document_id: str
    printed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A question taken apart.

    ``target`` holds the words that name what is asked ("total amount", "registration number", "street address"), without
    the words that only identify the document. ``document`` is a document name when the question is about that one file.
    ``lead`` is the beginning of the question where that only names the document ("In the chart titled 'X':"), ``tail`` its
    end where that only says how to answer ("Answer in USD millions.").
    ``aggregate`` is set when the answer has to be worked out from several documents, ``check`` when it is a yes or a no that
    a value decides. ``subjects`` are the names in a broad question ("which report is about the flood in X?"): what it is
    about, and no constraint on the document. ``on_page`` is the page that the question names, counted from 1, or from -1
    backwards. ``about_cover`` is true where it asks who made the document, or when: its first pages tell.
    """

    question: str
    answer_type: AnswerType
    target: str
    constraints: tuple[Constraint, ...] = ()
    document: str | None = None
    lead: str = ""
    tail: str = ""
    aggregate: Aggregate | None = None
    subjects: tuple[str, ...] = ()
    on_page: int | None = None
    about_cover: bool = False
    check: Check | None = None

    @property
    def asked(self) -> str:
        """The question without its lead and its tail."""
        return self.question.removeprefix(self.lead).strip().removesuffix(self.tail).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A page put before a drafter.

    ``match`` in ``[0, 1]`` says how well the page's document satisfies the plan's constraints (1.0 when there are none);
    ``relevance`` in ``[0, 1]`` is the retrieval score of the page relative to the best page. ``part`` is the number of the
    aggregate's part that the page is read for, from 0.
    """

    document: Document
    page: Page
    match: float
    relevance: float
    part: int = 0

    @property
    def ref(self) -> PageRef:
        return self.page.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What retrieval found for a plan.

    ``hits`` are best first. ``matches`` gives, for each document that satisfies any constraint, how well it satisfies all
    of them, in ``[0, 1]``; ``documents`` are those ids that satisfy them well enough to be meant, best first. ``unmatched``
    are the constraints that no document satisfies, or none of those that are meant; ``named`` the names of the first
    documents that are meant, whether or not a hit is theirs. ``by_part`` are the document ids for each part of an aggregate.
    ``others`` are documents that nearly show a name of the question, and print another.
    """

    hits: tuple[Hit, ...] = ()
    documents: tuple[str, ...] = ()
    matches: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    unmatched: tuple[Constraint, ...] = ()
    by_part: tuple[tuple[str, ...], ...] = ()
    named: tuple[str, ...] = ()
    others: tuple[OtherName, ...] = ()
