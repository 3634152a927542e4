"""Typed values: dates, amounts, numbers and identifiers as they are printed, with a normal form to compare by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ValueKind(StrEnum):
    DATE = "date"
    AMOUNT = "amount"  # a number with a currency or with two decimals: money
    NUMBER = "number"
    PERCENT = "percent"
    IDENTIFIER = "identifier"  # letters and digits that name something: invoice, account, registration numbers
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value found in a text.

    ``start`` and ``end`` are character offsets into that text. ``normals`` are its possible normal forms, likeliest first:
    a date is ``YYYY-MM-DD`` (``YYYY-MM`` for ``July 2009``) and has two when day and month can change places
    (``04/03/18``); a number is a plain decimal
    without grouping (``1234.50``) and has two when its comma can be read both ways; an identifier is upper case without
    spaces; a phone number is digits only. Two values of comparable kinds are equal when they share a normal form.
    """

    kind: ValueKind
    text: str
    start: int
    end: int
    normals: tuple[str, ...]
    currency: str | None = None

    @property
    def normal(self) -> str:
        return self.normals[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundValue:
    """A value on a page: the element it stands in and the words it is made of (indexes into ``Page.words``)."""

    document_id: str
    page: int
    element_id: str
    kind: ValueKind
    normals: tuple[str, ...]
    text: str
    words: tuple[int, ...]
