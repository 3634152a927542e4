"""Names on the covers of decks and reports: behind 'by', or alone under the title; and the firm that signs each page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmrag.agent.covers import FIRST, Maker
from mmrag.agent.reading.bullets import Item, items_under
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.text import fold, stem, words
from mmrag.domain.documents import Page
from mmrag.domain.values import ValueKind

_BY = re.compile(
    r"^\W*(?P<role>(?:(?:written|prepared|presented|authored|created|compiled|produced|published|edited|submitted"
    r"|researched|developed|made)(?:\s*(?:,|and|&)\s*\w+ed)?\s+by|by|authors?|presenters?|speakers?|editors?)\s*:?)"
    r"(?=\s|$)\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"^\W*(?:prepared|written|produced|made|compiled|submitted|presented)\s+(?:for|to)\s*:?\s*(?P<rest>.*)$", re.I
)
_PART = (
    r"(?:[A-Z][a-zß-ÿ'’-]+|[A-Z]{2,}(?:['’-][A-Z]+)*|[A-Z]\.?|(?:Mc|Mac|O['’]|D['’])[A-Z][a-z]+"
    r"|(?:de|van|von|der|bin|al|da|di|la))"
)
_NAME = re.compile(rf"(?:(?:Dr|Prof|Mr|Mrs|Ms)\.?\s+)?{_PART}(?:\s+{_PART}){{1,3}}")
_BETWEEN = re.compile(r"\s*(?:[+&|•·/;]|,|\band\b)\s*")
_AFTER_NAME = re.compile(
    r"\s*\([^()]{1,12}\)$|,?\s+(?:Ph\.?\s?D|MD|MPH|MBA|MSc|BSc|JD|Esq|CPA|Jr|Sr)\b\.?.*$", re.IGNORECASE
)
_OF_COVERS = """
report analysis strategy strategies group university department office center centre institute college school class
section part chapter edition version volume draft final presentation deck slides annual quarterly survey study plan
guide manual contents introduction overview summary agenda table research division society association council
committee board bank company corporation government ministry agency service services solutions partners media digital
social data market marketing business technology development management international national american new north
south east west united states county city street avenue thank you questions welcome the of and for in on to with
january february march april may june july august september october november december monday tuesday wednesday
thursday friday saturday sunday inc ltd llc llp findings results executive director president chairman governor
secretary general state public health federal global confidential outlook policy review update project program
programme team how what why when who manager senior researcher officer analyst editor writer professor lead head vice
assistant associate chief engineer consultant start end date month product received unit registration statement number
name title page no not yes risk factors solution solutions
"""
_NO_NAME = frozenset(words(_OF_COVERS))
"""Words of covers that are part of nobody's name."""
_NO_FIRM = frozenset(words("table contents confidential proprietary page draft copyright reserved rights internal www http"))
_LABELLED, _ALONE, _SEEN_AGAIN, _TOGETHER = 0.85, 0.34, 0.3, 0.2
_SIGNED, _SIGNATURES = 0.5, 3
_NEARLY = 0.5
_DATED = 0.75
_MONTH = re.compile(
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)\.?,?\s+(?:19|20)\d\d",
    re.IGNORECASE,
)
_MARGIN = 0.14
"""The share of the page's height at its top and at its bottom where what signs a page stands."""
_UNDER = 3
_COVER = 60
"""Words of the fullest cover."""
_SPEAKING = 200
"""Words of the fullest page on which 'by' alone speaks of its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCover:
    """Who made the document: one or several names with their words on ``layout``'s page. ``score`` in [0, 1]."""

    names: tuple[Item, ...]
    layout: Layout
    score: float


def makers(asked: Maker, layouts: Sequence[Layout], question: str, title: str) -> OnCover | None:
    """Who made the document whose pages read are ``layouts``; None where its first and last pages do not tell."""
    first = sorted((o for o in layouts if o.page.number <= FIRST), key=lambda o: o.page.number)
    if asked is Maker.DATE:
        return _dated(first)
    if asked is Maker.FIRM:
        return _signed(layouts, title)
    if asked is Maker.CLIENT:
        return next((f for layout in first for run in layout.runs if (f := _client(run, layout)) is not None), None)
    found = [_labelled(run, layout, question) for layout in first for run in layout.runs]
    best = max((f for f in found if f is not None), key=lambda f: f.score, default=None)
    if best is not None:
        return best
    covers = [layout for layout in first[:1] if len(layout.page.words) <= _COVER]
    alone = [f for layout in covers for f in _alone(layout, layouts, title)]
    alone.sort(key=lambda f: -f.score)
    clear = len(alone) == 1 or (len(alone) > 1 and alone[0].score > alone[1].score + 0.05)
    return alone[0] if clear else None


def _dated(first: Sequence[Layout]) -> OnCover | None:
    """The one date that stands alone in its line on the first page that has such a line; a month where there is no day."""
    for layout in first:
        days: dict[str, Item] = {}
        months: dict[str, Item] = {}
        for run in layout.runs:
            text = run.text.strip(" .,")
            value = next(
                (v for v in layout.values(run) if v.kind is ValueKind.DATE and len(v.text) >= 0.8 * len(text)), None
            )
            if value is not None:
                days[value.normal] = Item(text=value.text, words=run.words_between(value.start, value.end))
            elif _MONTH.fullmatch(text):
                months[fold(text)] = Item(text=text, words=run.words)
        told = days or months
        if told:
            return OnCover(names=tuple(told.values()), layout=layout, score=_DATED) if len(told) == 1 else None
    return None


def _labelled(run: Run, layout: Layout, question: str) -> OnCover | None:
    """The names behind or under 'Prepared by:'. The role in the question's own word is surer than another."""
    match = _BY.match(run.text)
    if match is None or (not match["rest"] and len(run.words) > _UNDER + 1):
        return None
    if len(layout.page.words) > _SPEAKING and match["role"].strip(" :").casefold() == "by":
        return None
    said = {stem(w) for w in words(question)}
    own = {stem(w) for w in words(match["role"]) if w != "by"}
    score = _LABELLED if not own or own & said else 0.8 * _LABELLED
    if match["rest"]:
        start = match.start("rest")
        names = tuple(_names_of(run, start))
    else:
        names = tuple(name for item in items_under([run], layout).items[:6] for name in _whole(item))
        names = names or tuple(name for below in _next(run, layout) for name in _names_of(below, 0))
    return OnCover(names=names, layout=layout, score=score) if names else None


def _client(run: Run, layout: Layout) -> OnCover | None:
    """What stands behind or under 'Prepared for:', a person or not."""
    match = _FOR.match(run.text)
    if match is None:
        return None
    if match["rest"]:
        name = Item(text=match["rest"].strip(" ."), words=run.words_between(match.start("rest"), len(run.text)))
    else:
        below = _next(run, layout)
        if not below or below[0].text.rstrip().endswith(":"):
            return None
        name = Item(text=below[0].text.strip(" ."), words=below[0].words)
    return OnCover(names=(name,), layout=layout, score=_LABELLED) if len(name.text) > 2 else None


def _next(run: Run, layout: Layout) -> list[Run]:
    return layout.below(run, run.x0, run.x1, 4 * layout.unit)[:1]


def _whole(item: Item) -> Iterator[Item]:
    """An item of a list of names, as printed; nothing where it is no name."""
    if _is_person(_AFTER_NAME.sub("", item.text)):
        yield item


def _alone(layout: Layout, layouts: Sequence[Layout], title: str) -> Iterator[OnCover]:
    """Names that stand without a label: sure only where they stand together, or an address or another page shows them."""
    known = frozenset(words(title))
    for run in layout.runs:
        names = tuple(_names_of(run, 0))
        if not names or any(known & frozenset(words(name.text)) for name in names):
            continue
        over = layout.above(run, run.x0, run.x1, 2.5 * layout.unit)[:1]
        if over and over[0].text.rstrip().endswith(":"):
            continue
        score = _ALONE + (_TOGETHER if len(names) > 1 and "," not in run.text else 0.0)
        if _shown_again(names, run, layouts, layout):
            score += _SEEN_AGAIN
        yield OnCover(names=names, layout=layout, score=score)


def _shown_again(names: Sequence[Item], run: Run, layouts: Sequence[Layout], here: Layout) -> bool:
    """True where a mail address or a handle is made of the name, or another page has a line of nothing but it."""
    parts = {fold(w) for name in names for w in name.text.split() if len(fold(w)) >= 4}
    marks = (o.text.casefold() for layout in layouts for o in layout.runs if "@" in o.text)
    if any(part in mark for mark in marks for part in parts):
        return True
    whole = {fold(name.text) for name in names} | {fold(run.text)}
    others = [layout for layout in layouts if layout is not here and len(layout.page.words) <= _COVER]
    return any(fold(o.text) in whole for layout in others for o in layout.runs)


def _names_of(run: Run, start: int) -> Iterator[Item]:
    """The persons that ``run`` from ``start`` on is made of; nothing where something else stands in it."""
    at, found = start, list[Item]()
    for piece in _BETWEEN.split(run.text[start:].strip(" .")):
        if not piece:
            continue
        begin = run.text.find(piece, at)
        at = begin + len(piece)
        if not _is_person(_AFTER_NAME.sub("", piece)):
            return
        found.append(Item(text=piece, words=run.words_between(begin, at)))
    yield from found


def _is_person(text: str) -> bool:
    return _NAME.fullmatch(text.strip()) is not None and not _NO_NAME & frozenset(words(text))


def _signed(layouts: Sequence[Layout], title: str) -> OnCover | None:
    """The name that stands at the edge of several pages, and on the first of them that is read."""
    known = fold(title)
    signs: dict[str, list[tuple[Layout, Item]]] = {}
    for layout in layouts:
        for item in {fold(i.text): i for i in _at_edges(layout)}.values():
            signs.setdefault(fold(item.text), []).append((layout, item))
    often = {key: on for key, on in signs.items() if len(on) >= _SIGNATURES and key not in known}
    if not often:
        return None
    most = max(len(on) for on in often.values())
    best = [on for on in often.values() if len(on) >= _NEARLY * most]
    # Print that is parted over two lines is found whole and in parts: the longest holds the others.
    on = max(best, key=lambda found: len(found[0][1].text))
    layout, item = min(on, key=lambda found: found[0].page.number)
    share = len(on) / len(layouts)
    return OnCover(names=(item,), layout=layout, score=_SIGNED + 0.35 * share)


def _at_edges(layout: Layout) -> Iterator[Item]:
    """Names at the top and at the bottom of a page, also those of two lines close together."""
    for run in layout.runs:
        if not _is_at_edge(run, layout.page) or not _may_be_firm(run.text):
            continue
        yield Item(text=run.text.strip(), words=run.words)
        for below in layout.below(run, run.x0 - layout.unit, run.x1 + layout.unit, 2.0 * run.height)[:1]:
            if _may_be_firm(below.text) and _is_at_edge(below, layout.page):
                yield Item(text=f"{run.text} {below.text}", words=(*run.words, *below.words))


def _is_at_edge(run: Run, page: Page) -> bool:
    return run.cy < _MARGIN * page.height or run.cy > (1 - _MARGIN) * page.height


def _may_be_firm(text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    said = frozenset(words(text))
    return (
        letters >= 4
        and letters > 0.7 * len(text.replace(" ", ""))
        and len(text.split()) <= 6
        and text[:1].isupper()
        and not any(c.isdigit() or c == "@" for c in text)
        and not said & _NO_FIRM
    )
