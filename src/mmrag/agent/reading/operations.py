"""What has to be worked out of printed numbers, by the words of the question: of which numbers, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Operation(StrEnum):
    DIFFERENCE = "difference"
    SUM = "sum"
    MULTIPLE = "multiple"
    """The first divided by the second."""
    PERCENT_OF = "percent_of"
    """The first in percent of the second."""
    LARGER = "larger"
    """Which of two is the larger."""
    SMALLER = "smaller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """``anchor`` is the piece of the question that names the first number and all that the numbers share, ``others`` name
    what the other numbers have of their own."""

    operation: Operation
    anchor: str
    others: tuple[str, ...]


_BEHIND = r"in|at|according|combined|together|altogether|collectively|respectively|as"
_END = rf"(?:(?<=[\"”`'’])|(?=\s*(?:[?;]|\.\s*$|,?\s+(?:{_BEHIND})\b|$)))"
_SHARED = re.compile(r"\s+(?:in|at|for|as\s+of|on|during|of\s+the)\s+[^?]*$", re.IGNORECASE)
"""What stands behind the last number's own words belongs to both."""
_IN = re.compile(r"^\s*(?:in|at|for|on|the|that\s+of|those\s+of|of)\s+", re.IGNORECASE)
_MORE = r"(?:more|fewer|less|higher|lower|greater|larger|smaller|bigger)"
_THAN = re.compile(
    rf"\b(?:how\s+(?:much|many)|by\s+(?:how\s+(?:much|many)|what))\b(?P<anchor>.*\b{_MORE}\b.*?)"
    r"\s+(?:compared\s+(?:to|with)|in\s+comparison\s+(?:to|with)|than|versus|vs\.?)\s+(?P<other>[^?;]+)",
    re.IGNORECASE,
)
_GAP = re.compile(
    r"\b(?:difference|gap|spread)\b(?P<lead>[^?]*?)\bbetween\s+(?P<one>[^?]+?)\s+and\s+(?P<other>[^?;]+)", re.IGNORECASE
)
_MULTIPLE = re.compile(
    r"\bwhat\s+multiple\s+of\s+(?:the\s+)?(?P<other>(?:19|20)\d\d|\S+)\s+(?P<what>[^?]+?)\s+(?:was|were|is|are|did|does|do|has|have)\b(?P<anchor>[^?]*)",
    re.IGNORECASE,
)
_RATIO = re.compile(r"\bratio\s+of\s+(?P<anchor>[^?]+?)\s+to\s+(?P<other>[^?;]+)", re.IGNORECASE)
_AS_SHARE = r"\s+as\s+an?\s+(?:percent(?:age)?|share|proportion)\s+of\s+"
_SHARE = re.compile(rf"(?P<anchor>[^?]+?){_AS_SHARE}(?P<other>[^?;]+)", re.IGNORECASE)
_SHARED_OUT = re.compile(_AS_SHARE, re.IGNORECASE)
_TOTALLED = re.compile(
    r"\b(?:in\s+total|combined|together|altogether|collectively|in\s+all|taken\s+together)\b|\b(?:total|sum|combined)\b[^?]*\b(?:of|for|in)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s(?:and|plus|\+)\s", re.IGNORECASE)
"""Looked for first, as _SHARED_OUT is: the patterns of items and shares try every stretch of a question."""
_ITEM = r"(?:[\"“`'‘][^\"”`'’]{1,60}[\"”`'’]|[^\s,?;][^,?;\"“`]{0,60}?)"
_ITEMS = re.compile(
    rf"(?P<one>(?:[^?,]*[\s,])?{_ITEM})(?P<middle>(?:\s*,\s*{_ITEM})*)\s*,?\s+(?:and|plus|\+)\s+(?P<last>{_ITEM}){_END}",
    re.IGNORECASE,
)
_EITHER = re.compile(
    rf"^(?=.*\b(?:which|who|what)\b)(?P<anchor>[^?]*\b(?P<how>{_MORE})\b[^?]*?[\s,:])"
    rf"(?P<one>(?:the\s+)?{_ITEM})\s*,?\s+or\s+(?P<other>{_ITEM})\s*\?",
    re.IGNORECASE,
)
_LARGER = frozenset({"more", "higher", "greater", "larger", "bigger"})
_QUOTES = " \"“”`'‘’"


@lru_cache(maxsize=64)
def asking_of(question: str) -> Asking | None:
    """What ``question`` asks to have worked out of several numbers; None for a question that one number answers."""
    return _multiple(question) or _difference(question) or _either(question) or _sum(question)


def _either(question: str) -> Asking | None:
    found = _EITHER.search(question)
    if found is None:
        return None
    operation = Operation.LARGER if found["how"].lower() in _LARGER else Operation.SMALLER
    return Asking(operation=operation, anchor=f"{found['anchor']} {found['one']}", others=(found["other"].strip(_QUOTES),))


def _difference(question: str) -> Asking | None:
    than = _THAN.search(question)
    if than is not None:
        return _of_two(Operation.DIFFERENCE, f"{question[: than.start()]} {than['anchor']}", than["other"])
    gap = _GAP.search(question)
    return (
        None
        if gap is None
        else _of_two(Operation.DIFFERENCE, f"{question[: gap.start()]} {gap['lead']} {gap['one']}", gap["other"])
    )


def _multiple(question: str) -> Asking | None:
    found = _MULTIPLE.search(question)
    if found is not None:
        return _of_two(Operation.MULTIPLE, f"{question[: found.start()]} {found['what']} {found['anchor']}", found["other"])
    for pattern, operation in ((_RATIO, Operation.MULTIPLE), (_SHARE, Operation.PERCENT_OF)):
        found = pattern.search(question) if operation is Operation.MULTIPLE or _SHARED_OUT.search(question) else None
        if found is not None:
            return _of_two(operation, f"{question[: found.start()]} {found['anchor']}", found["other"])
    return None


def _of_two(operation: Operation, anchor: str, other: str) -> Asking:
    own = _IN.sub("", other)
    shared = _SHARED.search(own)
    if shared is not None:
        own, anchor = own[: shared.start()], f"{anchor} {shared.group()}"
    return Asking(operation=operation, anchor=anchor.strip(), others=(own.strip(_QUOTES),))


def _sum(question: str) -> Asking | None:
    if not (_TOTALLED.search(question) and _JOINED.search(question)):
        return None
    items = _ITEMS.search(question)
    if items is None:
        return None
    middle = tuple(part for part in re.split(r"\s*,\s*(?![^\"“`]*[\"”`](?:\s*,|$))", items["middle"]) if part.strip())
    others = tuple(part.strip(_QUOTES) for part in (*middle, items["last"]))
    # What stands behind the last item belongs to all of them.
    return Asking(operation=Operation.SUM, anchor=f"{items['one']} {question[items.end() :]}", others=others)
