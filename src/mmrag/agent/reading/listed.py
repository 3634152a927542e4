"""Questions for what is listed, and the heading they mean: 'Which tools are listed under "Tools"?', 'What are the goals?'"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mmrag.agent.reading.bullets import FIELD, Item, items_under
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.text import STOP, stem, words
from mmrag.domain.documents import ElementKind

_LISTED = r"(?:listed|enumerated|mentioned|named|shown|given|included|set out|described|specified|presented)"
_HOW_MANY = re.compile(
    rf"\bhow many\s+(?P<what>[^?]*?)\s+(?:(?:are|were|is)\s+(?:there|{_LISTED})|appear|exist)\b", re.IGNORECASE
)
_WHICH = re.compile(
    rf"^\W*(?:which|what)\s+(?P<noun>[a-z][\w/-]*(?:\s+[a-z][\w/-]*){{0,3}}?)\s+(?:are|were|is|was)\s+(?P<listed>{_LISTED})?",
    re.IGNORECASE,
)
_WHAT_ARE = re.compile(r"^\W*(?:what|which|who)\s+(?:are|were)\s+(?P<noun>[^?]+)", re.IGNORECASE)
_LIST_THE = re.compile(
    r"^\W*(?:please\s+)?(?:list|name|enumerate|give)\s+(?:me\s+)?(?:all|every|the)\b(?P<noun>[^?]+)", re.IGNORECASE
)
_CLAUSE = re.compile(r"[:,;]\s+(?=(?:what|which|who|how|list|name|enumerate)\b)", re.IGNORECASE)
"""'In the report of X: which ...': the question itself is the last clause."""
_NEGATED = re.compile(r"\b(?:not|except|without|other than|besides)\b", re.IGNORECASE)
_UNDER = re.compile(
    r"\b(?:under|below|beneath)\s+(?:the\s+(?:heading|title|caption)\s+)?[\"“‘']?(?P<head>[^\"”’'?]+)", re.IGNORECASE
)
_QUOTED = re.compile(r"[\"“](?P<head>[^\"”]{2,80})[\"”]")
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_OF_LISTS = (
    "list listed enumerate enumerated mentioned named names name shown given included described specified presented set out"
    " under below heading title caption item items point points bullet following all every main key total there document"
    " slide deck page report presentation kind kinds"
)
_SAID_OF_LISTS = frozenset(map(stem, words(_OF_LISTS)))
"""Words that ask for a list, and tell none."""
_CONTENTS = re.compile(r"\bcontents\b", re.IGNORECASE)
_CONTENTS_ROWS = 6
_COUNTED_OFF = re.compile(r"^\W*(?P<noun>[A-Za-z]{4,})\s+(?P<label>\d{1,2}|[A-Z])\b[.:\s]")
_HEADING = 14
"""Words of the longest heading."""
_COVERED = 0.75
"""Of the question's telling words, those that heading, section and title have to say."""
_OF_HEADING = 0.6
"""Of the heading's own words, those that the question has to say."""
_BASE, _MORE = 0.5, 0.42
_UNMARKED = 0.94
"""What a list without bullets or numbers keeps: where one has them, it is the likelier one."""
_OTHER_COUNT = 0.5
"""What a score keeps where the question says how many there are, and the list has more or fewer."""
_TITLE_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAsked:
    """``telling`` are the stems that say which list is meant, ``head`` those of a heading that is quoted, if one is.

    ``count`` is how many items the question says there are; ``counting`` is true where it asks just that.
    """

    telling: frozenset[str]
    head: frozenset[str]
    count: int | None
    counting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The items of a list, in order, each with its words. ``score`` in [0, 1]."""

    items: tuple[Item, ...]
    score: float


def list_asked(question: str, given: str = "") -> ListAsked | None:
    """What list ``question`` asks for; None when it asks for no list. Words ``given`` only name the document."""
    question = _CLAUSE.split(question)[-1]
    if _NEGATED.search(question):
        return None
    counted = _HOW_MANY.search(question)
    which, rest = _WHICH.search(question), _WHAT_ARE.search(question) or _LIST_THE.search(question)
    named = bool(which and (which["listed"] or _is_plural(which["noun"]))) or bool(rest and _is_plural(rest["noun"]))
    if not counted and not named:
        return None
    under = _UNDER.search(question) or (_QUOTED.search(question) if counted or (which and which["listed"]) else None)
    head = _stems(under["head"]) if under else frozenset[str]()
    telling = _stems(question) - _SAID_OF_LISTS - _stems(given) - frozenset(_NUMBERS)
    said = [w for w in words(question) if w in _NUMBERS or (w.isdigit() and 1 < int(w) < 100)]
    count = (
        (_NUMBERS.index(said[0]) + 2 if said[0] in _NUMBERS else int(said[0])) if len(said) == 1 and not counted else None
    )
    if not (head or telling):
        return None
    return ListAsked(telling=telling, head=head, count=count, counting=counted is not None)


def in_contents(asked: ListAsked, layout: Layout) -> Listed | None:
    """The chapters, appendices or tables that a table of contents counts off; only where none is missing in between."""
    if not asked.counting or not any(_CONTENTS.search(run.text) for row in layout.rows[:_CONTENTS_ROWS] for run in row):
        return None
    found: dict[str, dict[str, Item]] = {}
    for row in layout.rows:
        match = _COUNTED_OFF.match(row[0].text)
        if match is not None and (noun := _singular(match["noun"])) in {_singular(t) for t in asked.telling}:
            label = match["label"].upper()
            words_ = row[0].words_between(0, match.end())
            found.setdefault(noun, {}).setdefault(label, Item(text=f"{match['noun']} {match['label']}", words=words_))
    complete = [tuple(items.values()) for items in found.values() if len(items) > 1 and _counts_off(tuple(items))]
    return Listed(items=complete[0], score=_BASE + _MORE) if len(complete) == 1 else None


def _counts_off(labels: Sequence[str]) -> bool:
    """True for 1, 2, 3 and A, B, C."""
    return all(label == str(n) for n, label in enumerate(labels, 1)) or all(
        label == chr(ord("A") + n) for n, label in enumerate(labels)
    )


def _singular(noun: str) -> str:
    """'appendices' and 'appendix' alike."""
    return re.sub(r"(?:ices|ix|ex|es|e|s|ic)$", "", noun.casefold())


def in_lists(asked: ListAsked, layout: Layout) -> Listed | None:
    """The list of the page whose heading the question names, the best named one."""
    best: Listed | None = None
    title = frozenset(s for row in layout.rows[:_TITLE_ROWS] for run in row for s in _stems(run.text))
    for heading in _headings(asked, layout):
        under = items_under(heading, layout, columns=bool(asked.head))
        own = frozenset(s for run in heading for s in _own(run))
        score = _fit(asked, own, title | _over(heading[0], layout) | _stems(under.lead)) * (
            1.0 if under.marked else _UNMARKED
        )
        if len(under.items) < 2 or score <= (0.0 if best is None else best.score):
            continue
        if asked.count is not None and asked.count != len(under.items):
            score *= _OTHER_COUNT
        sure = sum(item.confidence for item in under.items) / len(under.items)
        score *= 0.5 + 0.5 * sure
        if best is None or score > best.score:
            best = Listed(items=under.items, score=score)
    return best


def _headings(asked: ListAsked, layout: Layout) -> list[tuple[Run, ...]]:
    """Runs that may head the list: most of their words are asked for. One that is broken over two lines is both."""
    wanted = asked.head or asked.telling
    found: list[tuple[Run, ...]] = []
    for run in layout.runs:
        if len(run.words) > _HEADING or not (own := _own(run)) or len(own & wanted) < _OF_HEADING * len(own):
            continue
        kind = layout.element_of.get(run.words[0].index)
        if kind is not None and kind.kind in (ElementKind.HEADER, ElementKind.FOOTER):
            continue
        below = next(iter(layout.below(run, run.x0, run.x1, 1.7 * layout.unit + run.height)), None)
        more = _stems(below.text) if below is not None else frozenset[str]()
        if below is not None and more and more <= wanted and not more <= own:
            found.append((run, below))
        found.append((run,))
    return found


def _fit(asked: ListAsked, own: frozenset[str], around: frozenset[str]) -> float:
    """How well a heading with words ``own`` under titles that say ``around`` is the one asked for; 0 when it is not."""
    if asked.head:
        both = len(asked.head & own)
        share = min(both / len(asked.head), both / len(own))
        return _BASE + _MORE * share if share >= _COVERED else 0.0
    covered = len(asked.telling & (own | around)) / len(asked.telling)
    if covered < _COVERED or not asked.telling & own:
        return 0.0
    mine = len(asked.telling & own) / len(asked.telling)
    return _BASE + _MORE * covered * (0.5 + 0.5 * mine) * (0.6 + 0.4 * len(own & asked.telling) / len(own))


def _over(run: Run, layout: Layout) -> frozenset[str]:
    """The words of the sections that ``run`` stands in, and of the line over it."""
    element = layout.element_of.get(run.words[0].index)
    over = next(iter(layout.above(run, run.x0, run.x1, 6 * layout.unit)), None)
    near = (
        *(element.section if element is not None else ()),
        over.text if over is not None and len(over.words) <= 10 else "",
    )
    return frozenset(s for text in near for s in _stems(text))


def _own(run: Run) -> frozenset[str]:
    """The words of a heading that tell which it is."""
    own = _stems(_head_of(run.text))
    return own - _SAID_OF_LISTS or own


def _head_of(text: str) -> str:
    """What heads a line: 'Values – what we stand for' is headed by its first word. 'Date: 3 May' heads nothing."""
    if FIELD.match(text):
        return ""
    head = re.split(r"\s[–—-]\s", text, maxsplit=1)[0]
    return head if len(head) >= 3 else text


def _is_plural(noun: str) -> bool:
    """True when the first noun phrase of ``noun`` is plural: 'goals of the plan', not 'status of the plan'."""
    head = re.split(
        r"\s(?:of|for|in|on|to|that|which|as|with|from|by|at|listed|under|mentioned|shown|given|named)\b", f" {noun}"
    )[0]
    last = (words(head) or ("",))[-1]
    return last.endswith("s") and not last.endswith(("ss", "us", "is")) and len(last) > 3


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(w) for w in words(text) if w not in STOP and not (len(w) == 1 and w in "#%"))
