"""Numbers, percentages and amounts of money, in English, continental, Swiss and Indian writing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from mmrag.domain.values import ValueKind
from mmrag.values.folding import NARROW_SPACE, fold_digits

_CURRENCIES = MappingProxyType(
    {
        "rm": "MYR", "myr": "MYR", "us$": "USD", "usd": "USD", "$": "$", "a$": "AUD", "au$": "AUD", "aud": "AUD",
        "c$": "CAD", "ca$": "CAD", "cad": "CAD", "s$": "SGD", "sgd": "SGD", "hk$": "HKD", "hkd": "HKD", "nz$": "NZD",
        "nzd": "NZD", "r$": "BRL", "brl": "BRL", "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP",
        "gbp": "GBP", "¥": "¥", "jpy": "JPY", "cny": "CNY", "rmb": "CNY", "₹": "INR", "inr": "INR", "rs": "INR",
        "rs.": "INR", "chf": "CHF", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "zar": "ZAR", "thb": "THB", "฿": "THB",
        "idr": "IDR", "rp": "IDR", "krw": "KRW", "₩": "KRW", "mxn": "MXN",
    }
)  # fmt: skip
"""Printed sign to ISO 4217 code. ``$`` and ``¥`` stand for several currencies and keep their sign."""

_SCALES = MappingProxyType({"thousand": 3, "million": 6, "mio": 6, "mn": 6, "billion": 9, "bn": 9, "trillion": 12})

_SIGNS = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
# Spaces inside a number are taken for grouping or an OCR slip only where nothing else fits: narrow spaces, a space after
# a grouping comma, a space before the decimal point, or plain spaces between groups of three before a decimal comma or
# behind a currency sign, where a space after the decimal point passes as well.
_CORE = (
    rf"(?:[0-9]{{1,3}}(?:{NARROW_SPACE}[0-9]{{3}})+(?:[.,][0-9]+)?(?![0-9])"
    r"|[0-9]{1,3}(?:, [0-9]{3})+\.[0-9]{2}(?![0-9])"
    r"|[0-9]{1,3}(?: [0-9]{3})+,[0-9]{2}(?![0-9])"
    r"|[0-9]+(?:,[0-9]{3})* [.][0-9]{2}(?![0-9.,])"
    r"|[0-9]+(?:[.,'][0-9]+)*)"
)
_BEHIND_SIGN = r"(?:[0-9]{1,3}(?: [0-9]{3})+[.,][0-9]{2}(?![0-9])|[0-9]+(?:,[0-9]{3})*[.] [0-9]{2}(?![0-9a-z.,%]))"
_NUMBER = re.compile(
    rf"(?P<open>\([ ]?)?(?P<minus>(?<![a-z0-9)])[-][ ]?)?"
    rf"(?:(?<![a-z])(?P<before>{_SIGNS})[ {NARROW_SPACE}]{{0,2}}(?P<inner>[-])?)?"
    rf"(?<![0-9])(?<![0-9][.,'])(?P<core>(?(before){_BEHIND_SIGN}|(?!))|{_CORE})"
    rf"(?:[ {NARROW_SPACE}]?(?P<percent>%|per[ ]?cent\b|pct\b|prozent\b))?"
    rf"(?:[ ](?P<scale>{'|'.join(_SCALES)})\b)?"
    rf"(?:[ {NARROW_SPACE}]?(?P<after>{_SIGNS})(?![a-z0-9]))?"
    rf"(?P<trail>-(?![a-z0-9])|[ ]?[cd]r\b)?(?P<close>[ ]?\))?"
)
_TWO_DECIMALS = re.compile(r"[.,][0-9]{2}$")
_INDIAN = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")


@dataclass(frozen=True, slots=True)
class NumberFound:
    """A number with its offsets; ``plain`` says that it is a bare run of digits without sign, unit or separator."""

    kind: ValueKind
    start: int
    end: int
    normals: tuple[str, ...]
    currency: str | None
    plain: bool


def numbers_in(digits: str) -> Iterator[NumberFound]:
    """Every number of a text folded with ``fold_digits``, with currency, percent sign, scale and sign where printed."""
    for match in _NUMBER.finditer(digits):
        found = _interpret(match)
        if found is not None:
            yield found


def parse_number(text: str) -> tuple[str, ...]:
    """The possible plain decimal forms of the first number in ``text``, likeliest first: ``1,500`` is 1500 or 1.5."""
    return _first(text, ValueKind.NUMBER)


def parse_amount(text: str) -> tuple[str, ...]:
    """Like ``parse_number`` with at least two decimals: ``RM 12`` is ``12.00``."""
    return _first(text, ValueKind.AMOUNT)


def readings(core: str) -> tuple[str, ...]:
    """The ways to read digits with separators as one decimal number, likeliest first; empty when there is none.

    The last of two different separators is the decimal one. A single separator before exactly three digits can be either:
    a comma rather groups, a point rather not.
    """
    text = re.sub(rf"[ '{NARROW_SPACE}]", "", core)
    points, commas = text.count("."), text.count(",")
    if not points and not commas:
        return (text,)
    decimal = max(".", ",", key=text.rfind)
    if points and commas:
        whole, _, fraction = text.rpartition(decimal)
        return (f"{_ungrouped(whole)}.{fraction}",) if _is_grouped(whole) else ()
    if points + commas > 1:
        return (_ungrouped(text),) if _is_grouped(text) else ()
    whole, _, fraction = text.partition(decimal)
    as_decimal = f"{whole}.{fraction}"
    if len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0"):
        grouped = whole + fraction
        return (grouped, as_decimal) if decimal == "," else (as_decimal, grouped)
    return (as_decimal,)


def _interpret(match: re.Match[str]) -> NumberFound | None:
    core, text = match["core"], match.string
    values = readings(core)
    if not values:
        return None
    sign = match["before"] or match["after"]
    if match["percent"]:
        kind = ValueKind.PERCENT
    elif sign or _TWO_DECIMALS.search(core):
        kind = ValueKind.AMOUNT
    else:
        kind = ValueKind.NUMBER
    whole = core.isdigit()
    bracketed = bool(match["open"] and match["close"]) and not match["percent"] and (kind is ValueKind.AMOUNT or not whole)
    start = match.start() if bracketed or not match["open"] else match.end("open")
    # A closing bracket is part of the value only together with the opening one.
    end = match.end() if bracketed or not match["close"] else match.start("close")
    dash = bool(match["minus"] or match["inner"]) or match["trail"] == "-"
    credit = (match["trail"] or "").strip() == "cr"
    shift = _SCALES.get(match["scale"] or "", 0)
    normals = [_format(_scaled(value, shift), kind) for value in values]
    if shift:
        normals += [_format(value, kind) for value in values]
    if dash or bracketed or credit:
        signed = [_negative(n) for n in normals]
        # Brackets around a grouped integer and CR are used for other things than a minus as well.
        normals = signed if dash or (bracketed and kind is ValueKind.AMOUNT) else signed + normals
    if whole and core.startswith("0") and len(core) > 1:
        normals.append(core)  # a number that keeps its zeros is rather a code
    plain = whole and match.end("core") - match.start("core") == end - start
    currency = _CURRENCIES[sign] if sign else None
    if kind is ValueKind.AMOUNT and sign is None and _touches_short_code(text, start):
        return None
    return NumberFound(kind, start, end, tuple(dict.fromkeys(normals)), currency, plain)


def _touches_short_code(text: str, start: int) -> bool:
    """True when a single letter other than ``x`` stands right before: ``v1.25`` is no amount, ``total39.80`` is one."""
    if start == 0 or not text[start - 1].isalpha():
        return False
    return text[start - 1] != "x" and (start == 1 or not text[start - 2].isalpha())


def _first(text: str, kind: ValueKind) -> tuple[str, ...]:
    digits = fold_digits(text).strip()
    found = next(numbers_in(digits), None)
    if found is None:
        return ()
    if re.fullmatch(r"[^0-9]{0,5}[0-9][0-9 .,']*[^0-9]{0,5}", digits) and found.end < len(digits.rstrip(")-.,")):
        # The whole text is one number with stray spaces: read it without them.
        found = next(numbers_in(digits.replace(" ", "")), found)
    return tuple(dict.fromkeys(_format(n, kind) if not _keeps_zeros(n) else n for n in found.normals))


def _keeps_zeros(normal: str) -> bool:
    return len(normal) > 1 and normal[0] == "0" and normal[1] != "."


def _is_grouped(text: str) -> bool:
    first, *rest = re.split(r"[.,]", text)
    one_separator = len(set(re.findall(r"[.,]", text))) <= 1
    thousands = 1 <= len(first) <= 3 and all(len(group) == 3 for group in rest)
    return one_separator and ((thousands and bool(rest)) or text.isdigit() or _INDIAN.fullmatch(text) is not None)


def _ungrouped(text: str) -> str:
    return text.replace(".", "").replace(",", "")


def _scaled(value: str, shift: int) -> str:
    if not shift:
        return value
    whole, _, fraction = value.partition(".")
    padded = fraction.ljust(shift, "0")
    return f"{whole}{padded[:shift]}.{padded[shift:]}"


def _format(value: str, kind: ValueKind) -> str:
    """Plain decimal: no leading zeros, no trailing zeros of the fraction, but two decimals for an amount."""
    negative = value.startswith("-")
    whole, _, fraction = value.removeprefix("-").partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    if kind is ValueKind.AMOUNT:
        fraction = fraction.ljust(2, "0")
    plain = f"{whole}.{fraction}" if fraction else whole
    return f"-{plain}" if negative and plain.strip("0.") else plain


def _negative(value: str) -> str:
    return f"-{value}" if value.strip("0.") and not value.startswith("-") else value
