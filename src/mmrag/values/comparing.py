"""Whole texts as values: the normal forms of one, and whether two mean the same."""

from __future__ import annotations

from mmrag.domain.values import ValueKind
from mmrag.values.codes import emails_in, identifier_normals, times_in, url_normal, zoned_times_in
from mmrag.values.dates import parse_date
from mmrag.values.folding import fold, fold_digits
from mmrag.values.numbers import parse_amount, parse_number


def normals_of(text: str, kind: ValueKind) -> tuple[str, ...]:
    """The normal forms of ``text`` read as a value of ``kind``, likeliest first; empty when it cannot be one."""
    match kind:
        case ValueKind.DATE:
            return parse_date(text)
        case ValueKind.AMOUNT:
            return parse_amount(text)
        case ValueKind.NUMBER | ValueKind.PERCENT:
            return parse_number(text)
        case ValueKind.IDENTIFIER:
            return identifier_normals(text)
        case ValueKind.PHONE:
            digits = "".join(c for c in fold_digits(text) if c.isdigit())
            return (digits,) if digits else ()
        case ValueKind.EMAIL:
            found = next(emails_in("".join(fold(text).split())), None)
            return found[2] if found else ()
        case ValueKind.URL:
            return (url_normal("".join(fold(text).split())),) if text.strip() else ()
        case ValueKind.TIME:
            time = next(zoned_times_in(text), None) or next(times_in(fold_digits(text)), None)
            return time[2] if time else ()


def same_value(a: str, b: str, kind: ValueKind) -> bool:
    """True when the two texts, read as values of ``kind``, share a normal form."""
    return not set(normals_of(a, kind)).isdisjoint(normals_of(b, kind))
