"""Questions whose answer is printed nowhere: it is worked out from values that stand on several documents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mmrag.domain.plans import Constraint


class Operation(StrEnum):
    SUM = "sum"
    AVERAGE = "average"
    DIFFERENCE = "difference"
    LARGEST = "largest"
    SMALLEST = "smallest"
    COUNT = "count"
    LIST = "list"
    DAYS = "days"


class Giving(StrEnum):
    """What the answer names: the value itself, the document it stands on, who issued that, another field of it, the part, or
    yes or no."""

    VALUE = "value"
    DOCUMENT = "document"
    ISSUER = "issuer"
    FIELD = "field"
    PART = "part"
    YES_NO = "yes_no"


class Field(StrEnum):
    """What else of each document may be told beside amounts and dates."""

    CUSTOMER = "customer"
    NUMBER = "number"
    PAYMENT = "payment method"


class Quantity(StrEnum):
    """What is read from each document: an amount of money or a date."""

    AMOUNT = "amount"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A bound that documents must keep, both ends included unless ``strict``.

    ``least`` and ``most`` are plain decimals or ISO dates, None without a bound; ``month`` (1 to 12) is a month of any year.
    """

    quantity: Quantity
    least: str | None = None
    most: str | None = None
    strict: bool = False
    month: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one operand is read from: one document, or with ``several`` all that fit.

    ``name`` is what the question calls it, ``genre`` the kind of document in the singular. ``constraints`` are what the
    documents have to show; where all documents of a kind are meant there are none. Of those that show it, ``conditions``
    leave the ones that are meant: 'the receipt of March'.
    """

    name: str
    constraints: tuple[Constraint, ...] = ()
    genre: str | None = None
    several: bool = False
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """How a question is decomposed: ``target`` (of kind ``quantity``) is read from every document of every part.

    ``rank`` counts from 1 among the different values, for the largest and the smallest: 2 is the second largest.
    ``order`` is what a question for the days between two documents takes for granted: 1 that the second part is later,
    -1 that it is earlier, 0 neither. ``field`` is what ``Giving.FIELD`` names; ``also`` is worked out of the same operands
    where the question asks for two things. ``only`` is what the field has to be: of all receipts those paid in cash.
    """

    operation: Operation
    quantity: Quantity
    target: str
    parts: tuple[Part, ...]
    conditions: tuple[Condition, ...] = ()
    giving: Giving = Giving.VALUE
    rank: int = 1
    order: int = 0
    field: Field | None = None
    also: Operation | None = None
    only: str | None = None

    @property
    def reads(self) -> tuple[Quantity, ...]:
        """What has to be read from each document, the operand first."""
        bounded = (*self.conditions, *(c for part in self.parts for c in part.conditions))
        own = () if self.reads_fields else (self.quantity,)
        return tuple(dict.fromkeys((*own, *(c.quantity for c in bounded))))

    @property
    def counts_all(self) -> bool:
        """True where documents are counted whatever they say: their names are enough."""
        return self.operation is Operation.COUNT and not self.conditions and self.only is None

    @property
    def reads_fields(self) -> bool:
        """True where the field of every document is read."""
        return self.lists_fields or self.only is not None

    @property
    def lists_fields(self) -> bool:
        """True where a field of each document is the whole answer, whatever its amounts are."""
        return self.operation is Operation.LIST and self.giving is Giving.FIELD
