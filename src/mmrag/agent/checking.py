"""Pure checks behind the verifier: values by their normal forms, other words by likeness in spite of OCR errors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from rapidfuzz import fuzz

from mmrag.domain.plans import AnswerType
from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_values, normals_of

_NUMERIC = frozenset({ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT})
_NUMBERED = _NUMERIC | {ValueKind.IDENTIFIER, ValueKind.PHONE}
_DOLLARS = frozenset({"$", "USD", "AUD", "CAD", "SGD", "HKD", "NZD", "MXN"})
_YENS = frozenset({"¥", "JPY", "CNY"})
_SHAPES: dict[AnswerType, frozenset[ValueKind]] = {
    AnswerType.AMOUNT: _NUMERIC,
    AnswerType.NUMBER: _NUMBERED,
    AnswerType.PERCENT: _NUMERIC,
    AnswerType.DATE: frozenset({ValueKind.DATE}),
    AnswerType.TIME: frozenset({ValueKind.TIME}),
    AnswerType.EMAIL: frozenset({ValueKind.EMAIL}),
    AnswerType.PHONE: _NUMBERED | {ValueKind.PHONE},
}
_NO_NAMES = frozenset({ValueKind.DATE, ValueKind.TIME, ValueKind.PHONE, ValueKind.EMAIL})
"""What no name holds: an amount may stand in one ("Pound 5 Ltd")."""
_WORD = re.compile(r"\w+")
_LIKE = 80.0
"""Two words are the same in spite of an OCR error from this likeness (``rapidfuzz.fuzz.ratio``): one letter in six."""


def same(a: Value, b: Value) -> bool:
    """True when two found values mean the same: comparable kinds, a shared normal form, no two different currencies."""
    if a.kind is not b.kind and not {a.kind, b.kind} <= _NUMBERED:
        return False
    if a.currency and b.currency and not _currencies_agree(a.currency, b.currency):
        return False
    return not _forms(a).isdisjoint(_forms(b))


def comparable(a: Value, b: Value) -> bool:
    return a.kind is b.kind or {a.kind, b.kind} <= _NUMERIC


def find_same(value: Value, text: str, values: Sequence[Value]) -> tuple[int, int] | None:
    """Offsets of the value in ``text``, whose values are ``values``; else the whole text when it reads as that value."""
    for other in values:
        if same(value, other):
            return other.start, other.end
    if value.currency and any(o.currency and not _currencies_agree(value.currency, o.currency) for o in values):
        return None
    whole = normals_of(text, value.kind) if len(text) <= 2 * len(value.text) + 4 else ()
    return (0, len(text)) if not set(value.normals).isdisjoint(whole) else None


_ARTICLES = ("the", "a", "an")


def has_shape(answer_type: AnswerType, text: str) -> bool:
    """True when ``text`` holds a value of the kind that was asked for. Other kinds of answer have no shape to check."""
    if answer_type is AnswerType.IDENTIFIER:
        return any(c.isdigit() for c in text) or (text.isupper() and " " not in text.strip())
    if answer_type is AnswerType.NAME:
        # Scripts without capitals have letters that are not small either; "the mayor" names somebody by what they are.
        letters = [c for c in text if c.isalpha()]
        if any(value.kind in _NO_NAMES for value in find_values(text)):
            return False
        return not letters or any(not c.islower() for c in letters) or text.split()[0] in _ARTICLES
    kinds = _SHAPES.get(answer_type)
    return kinds is None or any(value.kind in kinds for value in find_values(text))


def without_values(text: str, values: Sequence[Value]) -> str:
    """``text`` with its values blanked."""
    for value in values:
        text = text[: value.start] + " " * (value.end - value.start) + text[value.end :]
    return text


def likeness(claim: str, evidence: str) -> float:
    """How much of the words of ``claim`` stands in ``evidence``, in [0, 1], weighted by their lengths; 1 for no words.

    Words count when they are alike but for OCR errors; words run together by OCR count through the letters in a row.
    """
    wanted = [w.casefold() for w in _WORD.findall(claim)]
    printed = [w.casefold() for w in _WORD.findall(evidence)]
    letters = sum(map(len, wanted))
    if not letters:
        return 1.0
    found = 0.0
    for word in wanted:
        best = max((fuzz.ratio(word, other) for other in printed), default=0.0)
        found += len(word) * (best / 100 if best >= _LIKE or word in printed else 0.0)
    in_a_row = fuzz.partial_ratio("".join(wanted), "".join(printed)) / 100 if sum(map(len, printed)) >= letters else 0.0
    return max(found / letters, in_a_row if in_a_row >= 0.85 else 0.0)


def label_key(text: str) -> str:
    """What two labels are compared by: letters only, case folded."""
    return "".join(filter(str.isalpha, text.casefold()))


def _forms(value: Value) -> frozenset[str]:
    forms = set(value.normals)
    if value.kind in _NUMERIC:
        forms |= {_plain(normal) for normal in value.normals}
    return frozenset(forms)


def _plain(normal: str) -> str:
    return f"{Decimal(normal).normalize():f}"


def _currencies_agree(a: str, b: str) -> bool:
    return a == b or ("$" in (a, b) and {a, b} <= _DOLLARS) or ("¥" in (a, b) and {a, b} <= _YENS)
