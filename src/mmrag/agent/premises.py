"""What a question takes for granted, checked against the document that its answer was read from.

``How many euros ... on the receipt from X`` takes for granted that X's receipt is in euros, ``in 2018`` that the chart has a
2018, ``the member TAN SIEW LING`` that she is on it. A reader that finds the total gives it whatever the question says of
it; so the answer is only kept when nothing in the question is contradicted by the document.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from mmrag.agent.reading.target import asks_who
from mmrag.agent.reading.text import stem, words
from mmrag.domain.answers import Claim
from mmrag.domain.documents import Page
from mmrag.domain.plans import AnswerType, ConstraintKind, Plan
from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_dates, find_values

_SMALL = frozenset(("and", "the", "for", "von", "van", "der", "den", "del", "des", "bin"))
_YEAR = re.compile(r"(?<![\w.,/$€£-])(?:19|20)\d\d(?![\w,/%]|[.]\d)")
_VERBS = (
    "dated|revised|published|issued|released|signed|prepared|produced|written|filed|received|approved|updated|printed|amended"
    "|adopted"
)
_WHOLE = (
    "report|document|deck|presentation|slides?|plan|survey|study|analysis|paper|edition|version|letter|statement|receipt|invoice|bill"
    "|form|contract|order|filing|memo|note|minutes|article|brochure"
)
_DATED = re.compile(
    rf"(?:\b(?P<verb>{_VERBS})(?:\s+(?:on|in|of|at))?|\b(?:{_WHOLE})\s+(?:of|from|for))\s+(?:the\s+)?$", re.IGNORECASE
)
"""Before a date: what it is the date of. 'for the year ended' and 'in' say when something happened, and date nothing."""
_RANGE = re.compile(r"\s*(?:to|until|till|through|and|or|[-–—])\s*\w", re.IGNORECASE)
_FULL = re.compile(r"(?:19|20)\d\d|\d\D\d{1,2}\D\d")
"""A date with its year, and no 'SET 19.90'."""
_SHORT_LINE, _COVERS, _QUOTED = 6, 2, 80
_NUMERIC = frozenset({AnswerType.AMOUNT, AnswerType.NUMBER, AnswerType.FREE})
_NUMBERS = frozenset({ValueKind.AMOUNT, ValueKind.NUMBER})
_PAID = re.compile(
    r"\b(?:paid|pay|pays|payment|tendered|handed over|settled)\b.{0,40}?\b(?:in|by|with|via|through)\s+(?P<by>[a-z ]{3,20})"
    r"|\bhow much (?P<much>[a-z ]{3,20}?)(?:\s+(?:was|were|did|is)\b)"
)


def broken_premise(plan: Plan, claim: Claim, pages: Sequence[Page], *, cited: frozenset[int] = frozenset()) -> str | None:
    """What ``plan``'s question takes for granted and ``pages``, those of the claim's document, contradict; None for nothing.

    The answer is one clause that says what the document shows instead. ``cited`` are the numbers of the claim's pages.
    """
    if plan.aggregate is not None or plan.check is not None or not pages:
        return None
    text = "\n".join(page.text for page in pages)
    asked = _asked(plan)
    return (
        _who(plan, claim)
        or _currency(asked, claim, text, plan.answer_type)
        or _payment(asked, text)
        or _date(plan, pages, cited)
        or _year(asked, claim, text)
    )


def _asked(plan: Plan) -> str:
    """The question, case folded, without what only names its document."""
    asked = plan.asked
    kept = frozenset(word for currency in _table().currency for said in currency.said for word in said.split())
    for constraint in plan.constraints:
        if constraint.kind is not ConstraintKind.GENRE and constraint.text.casefold() not in kept:
            asked = re.sub(re.escape(constraint.text), " ", asked, flags=re.IGNORECASE)
    return " ".join(asked.casefold().split())


def _who(plan: Plan, claim: Claim) -> str | None:
    """The question asks for somebody, and the answer has no letters, or is an amount, a date or a number."""
    if not asks_who(plan.asked) or plan.answer_type is AnswerType.YES_NO:
        return None
    rest = claim.text
    for value in find_values(claim.text):
        rest = rest.replace(value.text, " ")
    named = [word for word in re.findall(r"[^\W\d_]{3,}", rest) if word not in _SMALL]
    spoken = any(c.isdigit() for c in claim.text) and 2 * sum(word.islower() for word in named) > len(named)
    return None if named and not spoken else "the question asks who, and that names nobody"


def _currency(asked: str, claim: Claim, text: str, kind: AnswerType) -> str | None:
    """The question names one currency, the document prints amounts in another and none in that."""
    if kind not in _NUMERIC or not any(v.kind in _NUMBERS for v in find_values(claim.text)):
        return None
    wanted = next((c for c in _table().currency if any(_said(word, asked) for word in c.said)), None)
    if wanted is None or any(_printed(sign, text) for sign in wanted.printed):
        return None
    others = [c for c in _table().currency if c.code != "$" and any(_printed(sign, text) for sign in c.printed)]
    if not others:
        return None
    shown = next(sign for sign in others[0].printed if _printed(sign, text))
    return f"the document gives its amounts in {shown}, and none in the currency that the question names"


def _payment(asked: str, text: str) -> str | None:
    """The question names one way to pay, the document prints another and not that."""
    found = _PAID.search(asked)
    by = (found["by"] or found["much"] or "").strip() if found else ""
    wanted = next((p for p in _table().payment if any(_said(word, by) for word in p.said)), None)
    if wanted is None or _any_word(wanted.printed, text):
        return None
    other = next((p for p in _table().payment if p is not wanted and _any_word(p.printed, text)), None)
    return None if other is None else f"the document shows a payment by {other.said[0]}, not by {wanted.said[0]}"


def _year(asked: str, claim: Claim, text: str) -> str | None:
    """The question is about a year that the document does not print, in no form."""
    years = [match.group() for match in _YEAR.finditer(asked)]
    if not years:
        return None
    missing = [year for year in years if year not in claim.text]
    for shown in _years(text) if missing else ():
        missing = [year for year in missing if year != shown]
        if not missing:
            break  # before the dates of the whole document are looked for
    return f"the document does not show the year {missing[0]}" if missing else None


def _date(plan: Plan, pages: Sequence[Page], cited: frozenset[int]) -> str | None:
    """The question gives a day or a month to what the document dates otherwise: 'revised in May 2018', 'the plan of 2 May'.

    What is said by a verb is looked for in the lines with that verb, on all pages; the date of the whole where it stands on
    its first pages and on those cited, alone in its line or nearly so.
    """
    known = frozenset(c.text for c in plan.constraints)  # which document it is was settled by these
    said = [v for v in find_values(plan.asked) if v.kind is ValueKind.DATE and v.text not in known]
    for value in said:
        role = _DATED.search(plan.asked[: value.start])
        if role is None or _RANGE.match(plan.asked[value.end :]):
            continue
        verb = stem(role["verb"].casefold()) if role["verb"] and role["verb"].casefold() != "dated" else ""
        lines = list(_dated_lines(pages, verb, cited))
        if lines and not any(_agree(value, printed) for _, dates in lines for printed in dates):
            return f"the document says “{lines[0][0]}”"
    return None


def _dated_lines(pages: Sequence[Page], verb: str, cited: frozenset[int]) -> Iterator[tuple[str, list[Value]]]:
    """The lines that date the document, with their dates: those with ``verb``, else short ones of covers and pages cited."""
    for page in sorted(pages, key=lambda p: p.number):
        for line in page.text.splitlines():
            told = verb in map(stem, words(line)) if verb else len(line.split()) <= _SHORT_LINE
            if (
                not told
                or not any(c.isdigit() for c in line)
                or not (verb or page.number <= _COVERS or page.number in cited)
            ):
                continue
            dates = [v for v in find_values(line) if v.kind is ValueKind.DATE and _FULL.search(v.text)]
            if dates:
                yield " ".join(line.split())[:_QUOTED], dates


def _agree(asked: Value, printed: Value) -> bool:
    """True when one may be the other: a month and a day of it, or a day that is read the other way round."""
    return any(a.startswith(p) or p.startswith(a) for a in asked.normals for p in printed.normals)


def _years(text: str) -> Iterator[str]:
    """Every year that ``text`` prints: whole, as 'FY18', '’18', '2017-18' or '2017/18', and in its dates."""
    for match in re.finditer(r"(?<!\d)(?:19|20)\d\d(?!\d)", text):
        yield match.group()
    for match in re.finditer(r"(?:['’‘]|\bFY\s?['’]?|\bCY\s?['’]?|[QH][1-4]\s?['’]?)(\d\d)(?!\d)", text, re.IGNORECASE):
        yield from (f"{century}{match.group(1)}" for century in ("19", "20"))
    for match in re.finditer(r"(?<!\d)((?:19|20)\d\d)\s?[-–/]\s?(\d\d)(?!\d)", text):
        yield f"{match.group(1)[:2]}{match.group(2)}"
    for value in find_dates(text):
        yield from (normal[:4] for normal in value.normals)


def _said(word: str, asked: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", asked) is not None


def _printed(sign: str, text: str) -> bool:
    """True when ``sign`` stands by itself or before a number: the RM of 'RM12.00' and '(RM)', not that of 'FORM'.

    A sign of three letters stands in any case, shorter ones as they are.
    """
    flags = re.IGNORECASE if len(sign) > 2 and sign.isalpha() else re.NOFLAG
    edges = (r"(?<![^\W\d_])", r"(?![^\W\d_])") if sign[-1].isalpha() else (r"(?<![A-Z])" if sign == "$" else "", "")
    return re.search(f"{edges[0]}{re.escape(sign)}{edges[1]}", text, flags) is not None


def _any_word(words: Sequence[str], text: str) -> bool:
    return any(re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", text, re.IGNORECASE) for word in words)


class _Currency(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    said: tuple[str, ...]
    printed: tuple[str, ...]


class _Payment(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    said: tuple[str, ...]
    printed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    currency: tuple[_Currency, ...]
    payment: tuple[_Payment, ...]


@cache
def _table() -> _Table:
    read = tomllib.loads(files("mmrag.agent").joinpath("premises.toml").read_text(encoding="utf-8"))
    return _Table(
        currency=tuple(_Currency.model_validate(row) for row in read["currency"]),
        payment=tuple(_Payment.model_validate(row) for row in read["payment"]),
    )
