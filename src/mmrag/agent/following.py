"""A question that follows others, made whole by rules: what it leaves out is taken over from the conversation.

"And the date?" asks for the date on the document that the last answer came from. "What about March?" asks the last question
again with another month. "Who signed it?" is about that document too. A question that names its own document stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mmrag.agent.aggregate_bounds import last_bound
from mmrag.agent.following_both import answered_first, follow_both
from mmrag.agent.plan import make_plan
from mmrag.agent.planwords import plan_words
from mmrag.domain.aggregates import Operation
from mmrag.domain.conversations import Followed, Turn
from mmrag.domain.plans import AnswerType, Constraint, ConstraintKind, Plan
from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_values
from mmrag.values.folding import fold
from mmrag.values.months import MONTH_PATTERN

_LEAD = re.compile(
    r"^\W*(?:(?:and|or|but|so|ok(?:ay)?|then|now)\b[\s,]*)*(?:(?:what|how)\s+about\b|and\b|or\b|also\b|same\s+for\b)?[\s,]*",
    re.IGNORECASE,
)
_STARTED = re.compile(r"^\W*(?:(?:and|or|but|so|then)\b|(?:what|how)\s+about\b|same\s+for\b)", re.IGNORECASE)
_GOES_ON = re.compile(r"^\W*and\b", re.IGNORECASE)
"""'And how much is the tax?' goes on about the document at hand: another one's tax is no answer."""
_SMALL = re.compile(
    r"^(?:(?:in|on|for|from|of|at|by|with|to|the\s+one|that|those|dated|the|its?|their|his|her|my|an?)\b\s*)+", re.IGNORECASE
)
_WHOLE = re.compile(
    r"\b(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|list|show|find|give|tell|count|compare|name|describe"
    r"|signed|paid|says?|said|costs?|happen(?:ed)?)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:it|its|this|that one|this one|they|them|their|there|he|she|his|her)\b",
    re.IGNORECASE,
)
_THAT_DOCUMENT = re.compile(
    r"\b(?:that|this|the same|the said)\s+(?:receipt|invoice|bill|form|contract|order|letter|report|slide|deck|chart|table"
    r"|page|document|file|statement|ticket|card|amendment|filing)\b(?!\s+(?:from|of|dated|with|number|no\b|#))",
    re.IGNORECASE,
)
_OPERATION = re.compile(
    r"\b(?:total amount|total|sum|average|mean|number|count|highest|lowest|largest|smallest|biggest|latest|earliest|oldest"
    r"|newest|cheapest|most expensive)\b",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    rf"\b(?:Q[1-4]|H[12])\s+(?:FY\s?)?(?:19|20)\d\d\b|\b(?:{MONTH_PATTERN})\.?(?:\s+(?:19|20)\d\d)?\b|\bQ[1-4]\b|\b(?:FY\s?)?(?:19|20)\d\d\b",
    re.IGNORECASE,
)
_WHEN = {"when": "the date", "where": "the address", "how much": "the total amount", "who": "the name"}
_MOST_WORDS = 8
_NUMBERED = frozenset({"invoice", "receipt", "bill", "order", "contract", "ticket", "permit", "certificate", "statement"})
_DOCUMENT_BY_NUMBER = re.compile(
    r"(?:invoice|receipt|bill|order|contract|ticket|quote|permit|certificate)\s+(?:(?:number|no\.?|#)\s*)?[\w/.-]*\d[\w/.-]*",
    re.IGNORECASE,
)
_PLAIN_FIELD = re.compile(
    r"^what(?:['’]s|\s+(?:is|was))\s+(?:the|its)\s+(?P<field>number|date|total|address)\s*[?.]*$", re.IGNORECASE
)
_HOW_MUCH_IT_IS = re.compile(
    r"^how\s+much\s+(?:was|is|did|does)\s+(?:it|that|this)(?:\s+(?:cost|come\s+to))?\s*[?.]*$", re.IGNORECASE
)
_THAT_ONE = re.compile(r"\b(?:that one|this one|it|that)\b", re.IGNORECASE)
_IS_THAT = re.compile(r"^(?:is|was|are|were|does|did)\s+(?:it|that|this)\s+(?P<bound>.+)$", re.IGNORECASE)
_VALUE_OF = re.compile(r"^(?:when|what|how much)\s+(?P<aux>is|was|are|were|did|does)\s+(?P<rest>\S.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """What goes before: the last question as it was understood, its plan, and the document at hand."""

    turn: Turn
    plan: Plan
    document: str | None
    genre: str | None = None
    asked: str = ""
    worked: Turn | None = None


def follow(question: str, turns: Sequence[Turn]) -> Followed:
    """``question`` as it can be asked by itself after ``turns``. What stands alone comes back as it is."""
    text = " ".join(question.split())
    if not turns or not text:
        return Followed(question=text)
    before = _Before(
        turn=turns[-1],
        plan=make_plan(turns[-1].understood),
        document=_at_hand(turns),
        genre=_genre(turns),
        asked=text,
        worked=_worked_out(turns),
    )
    rest = _LEAD.sub("", text).strip()
    field = _PLAIN_FIELD.match(rest)
    if field is not None and not _own(make_plan(rest)) and before.document is not None:
        return _other_field(field["field"], before)
    if _HOW_MUCH_IT_IS.match(rest) and before.document is not None:
        return Followed(question="What is the total amount?", document=before.document)
    both = follow_both(rest, turns) or _bounded(rest, turns) or _beside(text, before)
    if both is not None:
        return both
    begun = _STARTED.match(text) is not None
    if begun or _is_fragment(rest):
        fragment = rest.rstrip(" ?!.")
        if not _WHOLE.search(fragment) and 0 < len(fragment.split()) <= _MOST_WORDS:
            return _completed(fragment, before)
    whole = f"{rest[:1].upper()}{rest[1:]}" if begun and rest else text
    return _about(whole, before, sure=_GOES_ON.match(text) is not None and before.document is not None)


def _bounded(rest: str, turns: Sequence[Turn]) -> Followed | None:
    """'Is that before July?' after the question for a day: whether that day is."""
    asked = _IS_THAT.match(rest.rstrip(" ?.!"))
    last = next((turn for turn in reversed(turns) if turn.answer is not None), None)
    whole = None if last is None else _VALUE_OF.match(last.understood)
    if asked is None or last is None or whole is None or last_bound(f"it {asked['bound']}") is None:
        return None
    if make_plan(last.understood).answer_type not in (AnswerType.DATE, AnswerType.AMOUNT, AnswerType.NUMBER):
        return None
    document = last.document or (last.documents[0] if len(set(last.documents)) == 1 else None)
    aux = whole["aux"].capitalize()
    return Followed(question=f"{aux} {whole['rest'].rstrip(' ?')} {asked['bound']}?", document=document)


def _beside(text: str, before: _Before) -> Followed | None:
    """'Is that one older than invoice 4711?': the document at hand beside another one."""
    if before.document is None or not _own(make_plan(text)):
        return None
    pattern = _THAT_DOCUMENT if _THAT_DOCUMENT.search(text) else _THAT_ONE
    named = pattern.sub(before.document.replace("\\", r"\\"), text, count=1)
    aggregate = None if named == text else make_plan(named).aggregate
    return Followed(question=named) if aggregate is not None and len(aggregate.parts) == 2 else None


def _completed(fragment: str, before: _Before) -> Followed:
    """A fragment: another value, name or field in the place of the last question's."""
    piece = _SMALL.sub("", fragment).strip() or fragment
    return (
        _other_period(piece, before)
        or _other_document(piece, before)
        or _other_value(piece, before)
        or _other_name(piece, before)
        or _other_operation(piece, before)
        or _other_field(piece, before)
    )


def _other_period(piece: str, before: _Before) -> Followed | None:
    """'What about March?': the month or year of the last question exchanged, or added where it had none."""
    found = _PERIOD.fullmatch(piece)
    if found is None:
        return None
    last = before.turn.understood
    own = [m for m in _PERIOD.finditer(last) if not _inside_date(m.span(), last)]
    same = [m for m in own if _shape(m.group()) == _shape(piece)] or own
    if same:
        start, end = same[-1].span()
        return Followed(question=f"{last[:start]}{piece}{last[end:]}", document=before.turn.document)
    return Followed(question=f"{last.rstrip(' ?')} in {piece}?", document=before.turn.document)


def _other_value(piece: str, before: _Before) -> Followed | None:
    """'And the one dated 20/12/2017?': the date, amount or number of the last question exchanged."""
    values = [v for v in find_values(piece) if v.kind in (ValueKind.DATE, ValueKind.AMOUNT, ValueKind.IDENTIFIER)]
    if len(values) != 1 or len(piece) - len(values[0].text) > len("dated number "):
        return None
    last, value = before.turn.understood, values[0]
    old = next((v for v in reversed(find_values(last)) if v.kind is value.kind), None)
    if old is not None:
        return Followed(question=f"{last[: old.start]}{value.text}{last[old.end :]}")
    dated = f"dated {value.text}" if value.kind is ValueKind.DATE else f"with {value.text}"
    return Followed(question=f"{last.rstrip(' ?')} {dated}?")


def _other_document(piece: str, before: _Before) -> Followed | None:
    """'And invoice 4712?': the document of the last question exchanged, or put in the place of what points at it."""
    told = _own(make_plan(f"What is on {piece}?"))
    if _DOCUMENT_BY_NUMBER.fullmatch(piece) is None or len(told) != 1:
        return None
    last = before.turn.understood
    numbers = [c.text for c in before.plan.constraints if c.kind is ConstraintKind.IDENTIFIER and c.text in last]
    if numbers:
        at = last.rindex(numbers[-1])
        return Followed(question=f"{last[:at]}{told[0].text}{last[at + len(numbers[-1]) :]}")
    pointing = _POINTS.search(last)
    if pointing is not None:
        return Followed(question=f"{last[: pointing.start()]}{piece}{last[pointing.end() :]}")
    return Followed(question=f"{last.rstrip(' ?')} on {piece}?")


def _other_name(piece: str, before: _Before) -> Followed | None:
    """'And LIGHTROOM GALLERY?': the name of the last question exchanged."""
    if not _is_name(piece):
        return None
    last = before.turn.understood
    names = [c.text for c in before.plan.constraints if c.kind is ConstraintKind.NAME and c.text in last]
    if names:
        at = last.rindex(names[-1])
        renamed = f"{last[:at]}{piece}{last[at + len(names[-1]) :]}"
        return Followed(question=_without_pins(renamed, before.plan))
    genre = next((c.text for c in before.plan.constraints if c.kind is ConstraintKind.GENRE), "document")
    return Followed(question=f"{last.rstrip(' ?')} on the {genre} from {piece}?")


def _without_pins(question: str, plan: Plan) -> str:
    """The question without the date and number that told the other document: the new one has its own."""
    for constraint in plan.constraints:
        if constraint.kind in (ConstraintKind.DATE, ConstraintKind.IDENTIFIER, ConstraintKind.AMOUNT):
            lead = r"(?:\s*,?\s*(?:and\s+)?(?:dated|of|on|with|number|no\.?|#|a|total|the)\b)*\s*"
            question = re.sub(lead + re.escape(constraint.text), "", question)
    return question if question.rstrip().endswith("?") else f"{question.rstrip()}?"


def _other_operation(piece: str, before: _Before) -> Followed | None:
    """'And the average?' after a sum: what is done with the documents exchanged."""
    asked = _OPERATION.fullmatch(piece)
    worked = before.worked
    old = None if worked is None else _OPERATION.search(worked.understood)
    aggregate = None if worked is None else make_plan(worked.understood).aggregate
    if worked is None or aggregate is None or asked is None or old is None:
        return None
    if piece.casefold() in ("number", "count", "total", "sum") and worked is not before.turn:
        return None  # of the document that was spoken of since
    if piece.casefold() in ("number", "count") and not any(part.several for part in aggregate.parts):
        return None
    last = worked.understood
    return Followed(question=f"{last[: old.start()]}{piece}{last[old.end() :]}")


def _other_field(piece: str, before: _Before) -> Followed:
    """'And the date?': another field of the document at hand."""
    piece = re.sub(r"\s+(?:of|on|in|for)\s+(?:it|that|this|them|those)$", "", piece, flags=re.IGNORECASE)
    noun = _WHEN.get(piece.casefold(), f"the {piece}")
    if piece.casefold() == "number" and before.genre in _NUMBERED:
        noun = f"the {before.genre} number"
    return _about(f"What is {noun}?", before, sure=True)


def _about(question: str, before: _Before, *, sure: bool = False) -> Followed:
    """A whole question that may be about the document at hand."""
    that = _THAT_DOCUMENT.search(question) is not None
    plan = make_plan(question)
    if not that and (plan.aggregate is not None or _own(plan)):
        return Followed(question=question)
    sure = sure or that or _POINTS.search(question) is not None
    if before.document is not None:
        return Followed(question=question, document=before.document, sure=sure)
    told = _own(before.plan)
    apart = before.plan.aggregate is not None and len(before.plan.aggregate.parts) > 1
    if apart and sure:
        return Followed(question=before.asked)  # of which of several is not said
    if not sure or not told:
        return Followed(question=question)
    genre = next((c.text for c in before.plan.constraints if c.kind is ConstraintKind.GENRE), "document")
    return Followed(question=f"{question.rstrip(' ?')} on the {genre} {_phrase(told)}?")


def _phrase(told: Sequence[Constraint]) -> str:
    """What was said of a document, said again: 'from X dated Y'."""
    leads = {
        ConstraintKind.NAME: "from",
        ConstraintKind.DATE: "dated",
        ConstraintKind.AMOUNT: "with a total of",
        ConstraintKind.FILE: "in",
    }
    ordered = sorted(told, key=lambda c: c.kind is not ConstraintKind.NAME)
    return " ".join(f"{leads.get(c.kind, 'number')} {c.text}" for c in ordered)


def _own(plan: Plan) -> tuple[Constraint, ...]:
    return tuple(c for c in plan.constraints if c.kind is not ConstraintKind.GENRE)


def _at_hand(turns: Sequence[Turn]) -> str | None:
    """The one document that the conversation is about: the last that a single one was cited from, or asked of."""
    for turn in reversed(turns):
        documents = tuple(dict.fromkeys(turn.documents))
        named = answered_first(turn, make_plan(turn.understood)) if len(documents) > 1 else None
        if named is not None:
            return named
        if len(documents) == 1:
            return documents[0]
        if documents and not _is_about_both(turn):
            return None
        if documents:
            continue  # the difference of two leaves the one at hand that was found before
        if turn.document is not None:
            return turn.document
    return None


def _is_about_both(turn: Turn) -> bool:
    """True for the difference of two: it says nothing of which is spoken of next."""
    aggregate = make_plan(turn.understood).aggregate
    return aggregate is not None and aggregate.operation in (Operation.DIFFERENCE, Operation.DAYS)


def _worked_out(turns: Sequence[Turn]) -> Turn | None:
    """The last question that was about several documents."""
    return next((turn for turn in reversed(turns) if make_plan(turn.understood).aggregate is not None), None)


def _genre(turns: Sequence[Turn]) -> str | None:
    """The kind of document that was last spoken of."""
    for turn in reversed(turns):
        for constraint in make_plan(turn.understood).constraints:
            if constraint.kind is ConstraintKind.GENRE:
                return constraint.text
    return None


def _is_fragment(rest: str) -> bool:
    """True for 'the date?', 'its address', 'March?': few words, and none that makes a sentence."""
    words = rest.rstrip(" ?!.").split()
    opened = re.match(r"(?:what|which|who|whose|how|why)\b", rest, re.IGNORECASE)
    return 0 < len(words) <= _MOST_WORDS and not opened and not _WHOLE.search(rest)


def _is_name(piece: str) -> bool:
    """Capitals throughout, and no field's name: a company, a person, a document."""
    words = [w for w in re.findall(r"[\w&'’.()-]+", piece) if fold(w) not in plan_words().stop]
    lettered = [w for w in words if any(c.isalpha() for c in w)]
    return bool(lettered) and all(w[0].isupper() or not w[0].isalpha() for w in lettered) and not _OPERATION.fullmatch(piece)


def _inside_date(span: tuple[int, int], text: str) -> bool:
    dates: list[Value] = [v for v in find_values(text) if v.kind is ValueKind.DATE and len(v.normal) > len("2018-03")]
    return any(v.start <= span[0] and span[1] <= v.end for v in dates)


def _shape(period: str) -> tuple[bool, bool]:
    """Whether a period has a name (of a month, a quarter) and a year."""
    return bool(re.search(r"[^\W\d_]", period)), bool(re.search(r"(?:19|20)\d\d", period))
