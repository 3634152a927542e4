"""Taking a question for a yes or a no apart: into a question for the value that decides, and what that value has to be.

'Was invoice 4711 issued in 2024?' asks for the date of invoice 4711, and whether it lies in 2024. Where no such value can be
named, the question stays as it is: a yes that nothing on a page decides is not said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from mmrag.agent.aggregate_bounds import Bounded, last_bound
from mmrag.agent.degrees import LARGER, SMALLER
from mmrag.agent.planwords import plan_words
from mmrag.domain.aggregates import Condition, Quantity
from mmrag.domain.checks import Check
from mmrag.domain.plans import AnswerType, Plan
from mmrag.domain.values import ValueKind
from mmrag.values import find_values

Planner = Callable[[str], Plan]
"""Plans the question for a value."""

_BE = re.compile(r"^\W*(?P<aux>is|are|was|were)\s+(?P<rest>\S.*)$", re.IGNORECASE)
_DO = re.compile(r"^\W*(?P<aux>did|does|do)\s+(?P<rest>\S.*)$", re.IGNORECASE)
_BEEN = re.compile(r"^\W*(?:has|have)\s+(?P<subject>\S.*?)\s+been\s+(?P<rest>\S.*)$", re.IGNORECASE)
_UNSAID = re.compile(r"^(?:there|any|all|every|each|both|either|most|some|no)\b", re.IGNORECASE)
"""'Are there any ...', 'Were all ...': no single value decides that."""
_ISSUED = re.compile(r"\s+(?:dated|issued|printed|written|made(?:\s+out)?|from|of)$", re.IGNORECASE)
_IT = re.compile(r"(?:it|this|that|that one|this one|the (?:document|page))", re.IGNORECASE)
_WHERE = re.compile(r"^\s+(?!(?:under|according|as|on|in|at)\b)[a-z]+(?:\s+[a-z]+)?$", re.IGNORECASE)
"""The unit behind a bound: it is no part of what is asked for."""
_COSTS = re.compile(r"^(?P<subject>.+?)\s+(?:cost|come to|amount to|exceed)$", re.IGNORECASE)
_PAID = re.compile(
    r"^(?P<subject>.+?)\s+paid\s+(?:for\s+)?(?:(?:in|by|with|via|using|through)\s+)(?P<name>[^?]{3,40})$", re.IGNORECASE
)
_ROLE = re.compile(
    r"^(?P<role>the\s+[^?]+?)\s+(?P<name>(?:(?!The\b)[A-Z][\w.'’&-]*)(?:\s+(?:(?:of|de|von|van|der|&)\s+)*[A-Z][\w.'’&-]*)*)$"
)
_ROLE_BEHIND = re.compile(
    r"^(?P<name>[A-Z][\w.'’&-]*(?:\s+(?:(?:of|de|von|van|der|&)\s+)*[A-Z][\w.'’&-]*)*)\s+(?P<role>the\s+[a-z][^?]+)$"
)
_HANGING = re.compile(
    r"\b(?:the|a|an|in|on|at|from|of|by|for|to|with|and|or|than|no|number|invoice|receipt|bill|order|case)$", re.I
)
"""Before what names a place, a day or a document, and is not what is asked for."""
_THAN = re.compile(rf"^(?P<one>[^?]+?)\s+(?P<how>{LARGER}|{SMALLER})\s+than\s+(?P<other>[^?]+)$", re.IGNORECASE)
_LARGER = re.compile(rf"more|{LARGER}", re.IGNORECASE)
_HAVE_MORE = re.compile(
    r"^(?P<one>[^?]+?)\s+(?P<verb>have|employ|sell|make|produce|use|get|spend)\s+(?P<how>more|fewer|less)\s+(?P<what>[^?]+?)\s+"
    r"than\s+(?P<other>[^?]+?)(?P<when>\s+(?:in|on|during|at)\s+[^?]+)?$",
    re.IGNORECASE,
)
_MORE_WHEN = re.compile(
    r"^(?P<how>more|fewer|less)\s+(?P<what>[^?]+?)\s+(?P<one>(?:in|on|during|at)\s+\S+(?:\s+\d+)?)\s+than\s+(?P<other>(?:in|on|during|at)\s+[^?]+)$",
    re.IGNORECASE,
)
_COUNTABLE = frozenset({AnswerType.AMOUNT, AnswerType.NUMBER})
_GIVEN = frozenset({ValueKind.AMOUNT, ValueKind.DATE})


def find_check(text: str, planned: Planner) -> Check | None:
    """What decides the question ``text``; None where it asks for something else, or nothing that is read decides it."""
    been = _BEEN.match(text)
    text = text if been is None else f"Was {been['subject']} {been['rest']}"
    be = _BE.match(text)
    found = be or _DO.match(text)
    if found is None:
        return None
    aux, rest = found["aux"].lower(), found["rest"].rstrip(" ?.!")
    if _UNSAID.match(rest):
        return None
    return (
        _compared(rest, planned, be=be is not None)
        or _paid(aux, rest, planned)
        or _bounded(aux, rest, planned, be=be is not None)
        or (_equal(aux, rest, planned) or _named(aux, rest, planned) if be else None)
    )


def _bounded(aux: str, rest: str, planned: Planner, *, be: bool) -> Check | None:
    """'... before 1 July', '... in 2024', '... over 2,000': the date or the amount against a bound."""
    bound = last_bound(rest)
    if bound is None or not rest[: bound.start].strip():
        return None
    behind = rest[bound.end :] if bound.condition.quantity is Quantity.DATE else _WHERE.sub("", rest[bound.end :])
    subject = f"{rest[: bound.start].rstrip(' ,')}{behind}"
    if bound.condition.quantity is Quantity.DATE:
        asks = _date_asked(aux, subject, planned, be=be)
        return Check(asks=asks, condition=bound.condition) if asks.answer_type is AnswerType.DATE else None
    return _against(bound, aux, subject, planned, be=be)


def _date_asked(aux: str, subject: str, planned: Planner, *, be: bool) -> Plan:
    whole = _ISSUED.sub("", subject)
    if be and _IT.fullmatch(whole):
        return _dated(planned("What is the date?"))
    if be and _is_document(whole):
        return _dated(planned(f"What is the date of {whole}?"))
    if be and re.match(r"the\s+(?:[\w-]+\s+)?date\b", whole, re.IGNORECASE):
        return _dated(planned(f"What {aux} {whole}?"))
    return _dated(planned(f"When {aux} {subject}?"))


def _dated(plan: Plan) -> Plan:
    return plan if plan.answer_type is not AnswerType.FREE else replace(plan, answer_type=AnswerType.DATE)


def _against(bound: Bounded, aux: str, subject: str, planned: Planner, *, be: bool) -> Check | None:
    costs = _COSTS.match(subject)
    if not be and costs is None:
        return None
    whole = subject if costs is None else costs["subject"]
    about = _IT.fullmatch(whole)
    if about or _is_document(whole):
        asks = planned("What is the total amount?" if about else f"What is the total amount of {whole}?")
    else:
        asks = planned(f"How much does {whole} cost?" if costs and not be else f"What {aux} {whole}?")
        asks = planned(f"How much {aux} {whole}?") if be and asks.answer_type is AnswerType.FREE else asks
    return Check(asks=asks, condition=bound.condition) if asks.answer_type in _COUNTABLE else None


def _equal(aux: str, rest: str, planned: Planner) -> Check | None:
    """'Was the total 9.75?': the amount that is printed has to be that."""
    value = next((v for v in find_values(rest) if v.kind in _GIVEN and v.end == len(rest)), None)
    subject = "" if value is None else rest[: value.start].rstrip(" ,:")
    if value is None or not subject.lower().startswith("the ") or _HANGING.search(subject):
        return None
    asks = planned(f"What {aux} {subject}?")
    asks = planned(f"How much {aux} {subject}?") if asks.answer_type is AnswerType.FREE else asks
    dated = value.kind is ValueKind.DATE
    if asks.answer_type is not (AnswerType.DATE if dated else AnswerType.AMOUNT):
        return None
    quantity = Quantity.DATE if dated else Quantity.AMOUNT
    return Check(asks=asks, condition=Condition(quantity=quantity, least=value.normal, most=value.normal))


def _named(aux: str, rest: str, planned: Planner) -> Check | None:
    """'Is the landlord Petra Holm?': the name that is printed has to be that."""
    role = _ROLE.match(rest) or _ROLE_BEHIND.match(rest)
    if role is None or _HANGING.search(role["role"]) or _is_document(role["role"]):
        return None
    asks = planned(f"Who {aux} {role['role']}?")
    return Check(asks=asks, name=role["name"]) if asks.answer_type is AnswerType.NAME else None


def _paid(aux: str, rest: str, planned: Planner) -> Check | None:
    paid = _PAID.match(rest)
    if paid is None or last_bound(paid["name"]) is not None:
        return None
    about = _IT.fullmatch(paid["subject"])
    on = "" if about else f" on {paid['subject']}"
    return Check(asks=planned(f"What {aux} the payment method{on}?"), name=paid["name"])


def _compared(rest: str, planned: Planner, *, be: bool) -> Check | None:
    """'Is A cheaper than B?' asks which of the two is, and whether that is A."""
    found = _THAN.match(rest) if be else _HAVE_MORE.match(rest)
    sides: tuple[Plan, Plan] | None = None
    if found is not None and be:
        asked = f"Which is {found['how']}, {found['one']} or {found['other']}?"
        sides = _sides(found, planned)
    elif found is not None:
        when = found["when"] or ""
        asked = f"Which had {found['how']} {found['what']}{when}, {found['one']} or {found['other']}?"
    elif (found := _MORE_WHEN.match(rest)) is not None:
        asked = f"Which had {found['how']} {found['what']}, {found['one']} or {found['other']}?"
        one, other = (planned(f"How many {found['what']} {found[side]}?") for side in ("one", "other"))
        sides = (one, other) if {one.answer_type, other.answer_type} <= _COUNTABLE else None
    if found is None or any(value.kind is ValueKind.AMOUNT for value in find_values(found["other"])):
        return None
    larger = _LARGER.fullmatch(found["how"]) is not None
    return Check(asks=planned(asked), name=found["one"], other=found["other"], sides=sides, larger=larger)


def _sides(found: re.Match[str], planned: Planner) -> tuple[Plan, Plan] | None:
    """The questions for the two values that are compared; None where they are no amounts or numbers."""
    price = re.search(r"cheaper|dearer|costlier|expensive", found["how"], re.IGNORECASE) is not None
    one, other = (
        planned(f"How much is {side}?" if price else f"What is {side}?") for side in (found["one"], found["other"])
    )
    return (one, other) if {one.answer_type, other.answer_type} <= _COUNTABLE else None


def _is_document(subject: str) -> bool:
    """True for 'invoice 4711' and 'the receipt from X': its date is the document's own."""
    return _document().match(subject) is not None


@lru_cache(maxsize=1)
def _document() -> re.Pattern[str]:
    small = r"(?!(?:in|on|of|from|for|at|by|to|with|date|total|amount|number)\b)"
    document = rf"(?:(?:the|this|that)\s+)?(?:{small}[\w&'’-]+\s+){{0,3}}?(?:{plan_words().genre})\b"
    return re.compile(document, re.IGNORECASE)
