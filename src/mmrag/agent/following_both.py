"""Follow-ups about two things at once: 'which of the two is higher?', 'by how much?', 'and their sum?', 'the other one'.

The two are the documents of the last answer, or those of the last two questions, or what the last two questions asked of one
document. They are named as exactly as can be, by their files, and the question is asked again as a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mmrag.agent.degrees import EARLIER, LARGER, LATER, SMALLER
from mmrag.agent.plan import make_plan
from mmrag.domain.aggregates import Operation, Quantity
from mmrag.domain.conversations import Followed, Turn
from mmrag.domain.plans import AnswerType, Plan

_BOTH = r"(?:the\s+two|them|these(?:\s+two)?|those(?:\s+two)?|both|all|the\s+three)"
_UP = rf"{LARGER}|more|highest|largest|biggest|most\s+expensive|most"
_DOWN = rf"{SMALLER}|less|fewer|lowest|smallest|cheapest|least\s+expensive|least"
_LATE, _EARLY = rf"{LATER}|latest|newest|most\s+recent", rf"{EARLIER}|earliest|oldest|first"
_HOW = rf"(?P<how>{_LATE}|{_EARLY}|{_UP}|{_DOWN})"
_WHICH = re.compile(
    rf"^(?:which|what)(?:\s+ones?)?(?:\s+(?:of\s+{_BOTH}|of\s+the\s+\w+))?(?:\s+\w+)?\s+(?:is|was|are|were|has|had|have|costs?|came|comes)"
    rf"(?:\s+the)?\s+{_HOW}(?:\s+(?:one|of\s+{_BOTH}))?$",
    re.IGNORECASE,
)
_GAP = re.compile(
    rf"^(?:(?:what\s+(?:is|was)|what's)\s+)?(?:the|their)\s+(?:difference|gap)(?:\s+(?:between|of)\s+{_BOTH})?$|^by\s+how\s+(?:much|many)(?:\s+.{{0,20}})?$"
    r"|^how\s+(?:much|many)\s+(?:more|less|fewer|higher|lower|larger|smaller|cheaper|dearer)(?:\s+(?:is|was|are|were)\s+(?:it|that|this))?$",
    re.IGNORECASE,
)
_DAYS = re.compile(
    rf"^how\s+many\s+days(?:\s+(?:{_LATE}|{_EARLY}|apart|before|after|between(?:\s+{_BOTH})?|(?:lie|are)\s+between(?:\s+{_BOTH})?)"
    r"(?:\s+(?:is|was|are|were)\s+(?:it|that|this|they))?)?$",
    re.IGNORECASE,
)
_SUM = re.compile(
    rf"^(?:(?:what\s+(?:is|was)|what's)\s+)?(?:their\s+(?:sum|total|combined\s+total)|the\s+(?:sum|total)\s+of\s+{_BOTH})$"
    r"|^what\s+do\s+(?:they|both|the\s+two|these|those)\s+(?:come|add\s+up|sum(?:\s+up)?|amount)\s+to(?:\s+(?:together|in\s+total))?$"
    r"|^(?:what\s+are\s+they\s+)?(?:together|combined|in\s+total|altogether)$|^how\s+much\s+(?:is\s+that|are\s+they)\s+(?:together|in\s+total|altogether)$",
    re.IGNORECASE,
)
_AVERAGE = re.compile(rf"^(?:what\s+is\s+)?(?:their|the)\s+(?:average|mean)(?:\s+of\s+{_BOTH})?$", re.IGNORECASE)
_COUNT = re.compile(
    r"^how\s+many(?:\s+of\s+(?:them|these|those))?(?:\s+(?:are|were)\s+(?:there|they|that))?$", re.IGNORECASE
)
_LISTING = re.compile(
    r"^\W*(?:please\s+)?(?:which|what|list|show|find|name|give\s+me)(?:\s+(?:me|all|every|the|of))*\s+(?=[a-z]+s\b)",
    re.IGNORECASE,
)
_THE_ONE = re.compile(rf"\bthe\s+{_HOW}\s+(?:one|of\s+{_BOTH})\b", re.IGNORECASE)
_OTHER = re.compile(r"\bthe\s+other(?:\s+one)?\b", re.IGNORECASE)
_ASKED_OF_PIECES = re.compile(
    r"^(?P<stem>.+?)(?:: (?:which is \w+,|what is the difference between) | in )"
    r"(?P<one>[^,]+?) (?:or|and) (?P<other>[^?]+?)(?: combined)?\?$"
)
_POOLED = frozenset((Operation.SUM, Operation.AVERAGE, Operation.COUNT))
_ASKING = re.compile(r"(?:who|whose|what|which|when|where|how|is|are|was|were|did|does|do|has|have)\b", re.IGNORECASE)
_EXTREMES = frozenset((Operation.LARGEST, Operation.SMALLEST))
_PREPOSITION = re.compile(r"\s+(?:in|on|at|for|of|from|during|by)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Two:
    """What is at hand: ``documents`` by their names; or ``pieces`` of the question ``stem`` about the one ``document``.

    ``quantity`` is what they were last compared by, or asked for."""

    documents: tuple[str, ...] = ()
    stem: str = ""
    pieces: tuple[str, str] = ("", "")
    document: str | None = None
    target: str = "total amount"
    quantity: Quantity = Quantity.AMOUNT


def follow_both(text: str, turns: Sequence[Turn]) -> Followed | None:
    """``text`` as a whole question about what is at hand; None where it says nothing of two things."""
    rest = text.strip(" ?!.")
    if not turns:
        return None
    if _COUNT.match(rest):
        return next((counted for turn in reversed(turns) if (counted := _counted(turn)) is not None), None)
    if (chosen := _of_one(rest, turns)) is not None:
        return chosen
    patterns = (_WHICH, _GAP, _DAYS, _SUM, _AVERAGE)
    asked = next((pattern for pattern in patterns if pattern.match(rest)), None)
    if asked is None or (asked in (_SUM, _AVERAGE) and _is_pooled(turns[-1])):
        return None
    two = _at_hand(turns)
    if two is None:
        return Followed(question=text)  # two that nobody knows are not those of one document
    found = _WHICH.match(rest)
    if two.documents:
        question = _of_documents(asked, None if found is None else found["how"], two)
        return None if question is None else Followed(question=question)
    question = _of_pieces(asked, None if found is None else found["how"], two)
    return None if question is None else Followed(question=question, document=two.document)


def _is_pooled(turn: Turn) -> bool:
    """True after 'the total of all receipts from X': the average of those is asked for by the same words."""
    aggregate = make_plan(turn.understood).aggregate
    return aggregate is not None and aggregate.operation in _POOLED and any(part.several for part in aggregate.parts)


def answered_first(turn: Turn, plan: Plan) -> str | None:
    """The document that the answer of a comparison names: its values are cited first."""
    aggregate = plan.aggregate
    compared = aggregate is not None and aggregate.operation in _EXTREMES and aggregate.also is None
    return turn.documents[0] if compared and turn.answer is not None and turn.documents else None


def _of_documents(asked: re.Pattern[str], how: str | None, two: _Two) -> str | None:
    first, *others = two.documents
    both = f"{', '.join((first, *others[:-1]))} and {others[-1]}"
    if asked in (_SUM, _AVERAGE):
        return f"What is the {'sum' if asked is _SUM else 'average'} of the {two.target}s of {both}?"
    if asked is _WHICH and how is not None:
        if re.fullmatch(rf"{_LATE}|{_EARLY}", how, re.IGNORECASE):
            word = "older" if re.fullmatch(_EARLY, how, re.IGNORECASE) else "newer"
            return f"Which is {word}, {both.replace(' and ', ' or ')}?"
        word = "higher" if re.fullmatch(_UP, how, re.IGNORECASE) else "lower"
        return f"Which is {word}, the {two.target} of {both.replace(' and ', ' or of ')}?"
    if others[1:]:
        return None
    if asked is _DAYS or two.quantity is Quantity.DATE:
        return f"How many days lie between {first} and {others[0]}?"
    return f"What is the difference between the {two.target} of {first} and of {others[0]}?"


def _of_pieces(asked: re.Pattern[str], how: str | None, two: _Two) -> str | None:
    one, other = two.pieces
    if asked is _WHICH and how is not None:
        word = (
            "higher"
            if re.fullmatch(_UP, how, re.IGNORECASE)
            else "lower"
            if re.fullmatch(_DOWN, how, re.IGNORECASE)
            else None
        )
        return None if word is None else f"{two.stem}: which is {word}, {one} or {other}?"
    if asked is _GAP:
        return f"{two.stem}: what is the difference between {one} and {other}?"
    return f"{two.stem} in {one} and {other} combined?" if asked is _SUM else None


def _at_hand(turns: Sequence[Turn]) -> _Two | None:
    if turns[-1].answer is None and len(turns) > 1:
        turns = turns[:-1]  # what was refused is not spoken of any more
    last = turns[-1]
    plan = make_plan(last.understood)
    documents = tuple(dict.fromkeys(last.documents))
    if last.answer is None:
        return None
    if plan.aggregate is not None and len(documents) > 1:
        by_date = plan.aggregate.quantity is Quantity.DATE
        target = "total amount" if by_date else plan.aggregate.target
        compared = by_date and plan.aggregate.operation is not Operation.LIST
        return _Two(documents=documents, target=target, quantity=Quantity.DATE if compared else Quantity.AMOUNT)
    before = turns[-2] if len(turns) > 1 else None
    if before is None or before.answer is None or len(documents) != 1:
        return None
    earlier = tuple(dict.fromkeys(before.documents))
    if len(earlier) != 1:
        return None
    if earlier != documents:
        kind = plan.answer_type
        alike = kind is make_plan(before.understood).answer_type and kind in (AnswerType.AMOUNT, AnswerType.DATE)
        quantity = Quantity.DATE if kind is AnswerType.DATE else Quantity.AMOUNT
        return _Two(documents=(*earlier, *documents), quantity=quantity) if alike else None
    return _parted_before(last) or _parted(before.understood, last.understood, documents[0])


def _parted_before(last: Turn) -> _Two | None:
    """The same two pieces as in the question before, which was about both."""
    found = _ASKED_OF_PIECES.match(last.understood)
    document = last.document or (last.documents[0] if len(set(last.documents)) == 1 else None)
    if found is None or document is None:
        return None
    return _Two(stem=found["stem"], pieces=(found["one"], found["other"]), document=document)


def _parted(earlier: str, later: str, document: str) -> _Two | None:
    """Two questions that are the same but for one piece."""
    one, other = earlier.rstrip(" ?").split(), later.rstrip(" ?").split()
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    behind = next((n for n, (a, b) in enumerate(zip(one[::-1], other[::-1], strict=False)) if a != b), 0)
    pieces = [" ".join(words[same : len(words) - behind]) for words in (one, other)]
    if same < 2 or not all(pieces) or any(len(piece.split()) > 3 for piece in pieces):
        return None
    stem = _PREPOSITION.sub("", " ".join(one[:same])) + (" " + " ".join(one[-behind:]) if behind else "")
    return _Two(stem=stem, pieces=(pieces[0], pieces[1]), document=document)


def _of_one(rest: str, turns: Sequence[Turn]) -> Followed | None:
    """'Who is the customer of the larger one?': the one that was found to be larger; 'the other one': of two the one that
    the last answer was not about."""
    last, named = turns[-1], _THE_ONE.search(rest)
    documents = tuple(dict.fromkeys(last.documents))
    for turn in reversed(turns) if named is not None else ():
        found = _ranked_in(turn, named["how"]) if named is not None else None
        if named is not None and found is not None:
            return _asked_of(rest, named, found)
    other = _OTHER.search(rest)
    if other is None or other.start() == 0:
        return None
    pairs = [t for t in turns[:-1] if len(dict.fromkeys(t.documents)) == 2]
    if len(documents) == 1 and pairs and documents[0] in pairs[-1].documents:
        left = next(d for d in pairs[-1].documents if d != documents[0])
        return _asked_of(rest, other, left)
    return None


def _ranked_in(turn: Turn, how: str) -> str | None:
    """Of the two documents that ``turn`` compared the one that is ``how``, such as 'larger'; None where it does not say."""
    plan, documents = make_plan(turn.understood), tuple(dict.fromkeys(turn.documents))
    if len(documents) != 2 or answered_first(turn, plan) is None or plan.aggregate is None:
        return None
    ways = (_LATE, _EARLY) if plan.aggregate.quantity is Quantity.DATE else (_UP, _DOWN)
    side = next((n for n, way in enumerate(ways) if re.fullmatch(way, how, re.IGNORECASE)), None)
    first = (side == 0) is (plan.aggregate.operation is Operation.LARGEST)
    return None if side is None else documents[0 if first else 1]


def _asked_of(rest: str, named: re.Match[str], document: str) -> Followed:
    """The question without the words for the document that it is asked of."""
    before = re.sub(r"\s+(?:of|on|in|for|from|at)$", "", rest[: named.start()].rstrip(), flags=re.IGNORECASE)
    whole = f"{before}{rest[named.end() :]}?"
    return Followed(question=whole if _ASKING.match(whole) else f"What is {whole}", document=document)


def _counted(turn: Turn) -> Followed | None:
    """'How many are there?' after a list."""
    plan = make_plan(turn.understood)
    opening = _LISTING.match(turn.understood)
    if plan.aggregate is None or plan.aggregate.operation is not Operation.LIST or opening is None:
        return None
    return Followed(question=f"How many {turn.understood[opening.end() :].rstrip(' ?.')}?")
