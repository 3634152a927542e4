"""Answers from printed tables: the number whose row and column the question names.

Strict on purpose. A row has to be named by its own words, a column where there are several has to be told, and what the
question asks besides has to be printed on the page: a table answers any question that resembles one about it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from mmrag.agent.reading.cells import PERIOD, YEAR, Entry, entries
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.synonyms import variants
from mmrag.agent.reading.text import STOP, fold, stem, words
from mmrag.agent.reading.unknown import is_printed

_NAMED = 0.5
"""A row is named when the question says this share of its words, rare words counting more."""
_LEAD = 0.05
_BASE, _SUBJECT = 0.5, 0.45
_OTHER_STATEMENT = 0.4
"""What an entry keeps where the question names another statement than the one on its page."""
_UNSAID = 0.35
"""What every telling word of the question that the page does not print takes away."""
_ANOTHER = 0.6
_ELSE = 0.3
"""What is left of a row's only value where the question names something of the row that its head does not say."""
_ASSUMED = 0.85
"""What an answer keeps that stands in the only column, when the question does not name it."""
_PLAIN_WORDS = (
    "value amount number figure level percent percentage share proportion rate total count many much year fiscal fy end"
    " ended ending quarter month report reported table statement according based information base shown given overall data"
    " million millions billion thousand usd inr eur gbp rupee rupees dollar dollars lacs lakh crore respectively more less"
    " fewer higher lower greater larger smaller than compared difference between gap combined together altogether"
    " collectively sum multiple ratio times people who platform document"
)
_PLAIN = frozenset(stem(w) for w in (*_PLAIN_WORDS.split(), *STOP))
"""Words about figures in general: they name no row by themselves, and a page need not print them."""
_OF_A_YEAR_WORDS = "jan feb mar apr may jun jul aug sep oct nov dec audit unaudit restat actual"
_OF_A_YEAR = frozenset(_OF_A_YEAR_WORDS.split())
"""What stands beside a year in a head and says nothing of what is under it; 'gross' and 'budget' do."""
_SURE_LETTERS = 5
"""Shorter words stand in any text that is run together."""
_NOTE = re.compile(r"\((?:n\s*=|note|see)[^)]*\)|[¹²³⁴⁵*†‡#]+", re.IGNORECASE)
_RANGE = re.compile(
    r"\b(?:from|between)\s+(?:\w+\s+){0,2}((?:19|20)\d\d)\s*(?:to|until|and|through|[-–])\s*(?:\w+\s+){0,2}((?:19|20)\d\d)"
    r"|\b((?:19|20)\d\d)\s*[-–]\s*((?:19|20)\d\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a table. ``said`` are the stems that may name its rows and columns, ``telling`` those that the page
    has to print, ``years`` the years told, ``ranged`` those of a span ("from 2012 to 2016"), ``statement`` the words of the
    title that the page has to bear ("balance sheet"), ``known`` the stems that name the document, ``called`` those of each
    name."""

    said: tuple[frozenset[str], ...]
    telling: frozenset[str]
    names: frozenset[str]
    years: frozenset[str]
    ranged: frozenset[str]
    statements: tuple[str, ...]
    known: frozenset[str] = frozenset()
    called: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An entry with a score in ``[0, 1]``, how well its row is named, and by which run."""

    entry: Entry
    score: float
    row: float
    name: int


NAMES_APART = " | "
"""Between the names of the document that ``wanted_of`` is given."""


@lru_cache(maxsize=64)
def wanted_of(question: str, target: str = "", given: str = "") -> Wanted:
    """What ``question`` wants of a table. ``target`` are the words of it that say what is asked, ``given`` the names of the
    document: they need not stand on its page.
    """
    known = {stem(w) for w in words(given)}
    said, statements = variants(question)
    known |= {stem(w) for title in statements for w in words(title)} - {stem(w) for w in words(target)}
    telling = frozenset(s for s in (stem(w) for w in words(target)) if _tells(s) and s not in known)
    capital = (m.group() for m in re.finditer(r"(?<![\w'’])[A-Z][\w'’&-]+", question) if m.start())
    names = frozenset(s for text in capital for s in (stem(w) for w in words(text)) if _tells(s) and s not in known)
    return Wanted(
        said=said,
        telling=telling | names,
        names=names,
        years=frozenset(years_in(_RANGE.sub(" ", question))),
        ranged=frozenset(y for m in _RANGE.finditer(question) for y in m.groups() if y),
        statements=statements,
        known=frozenset(known),
        called=tuple(frozenset(stem(w) for w in words(name)) for name in given.split(NAMES_APART) if name),
    )


def _tells(word: str) -> bool:
    return word not in _PLAIN and len(word) > 1 and not word.isdigit()


def years_in(text: str) -> set[str]:
    """The years of a text or a head: whole, and as FY18 or Q3 18."""
    found = set(YEAR.findall(text)) | {m.group() for m in re.finditer(r"(?<=FY)(?:19|20)\d\d", text)}
    return found | {f"20{m.group()[-2:]}" for m in PERIOD.finditer(text)}


class Table:
    """The entries of one page, and how much each word of their names tells on it. Nothing is read before it is asked for."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._known: dict[str, bool] = {}

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        return entries(self.layout)

    @cached_property
    def _names(self) -> dict[int, frozenset[str]]:
        return {r.index: _stems(r.text) for e in self.entries for r in e.row}

    @cached_property
    def _weights(self) -> dict[str, float]:
        counts = Counter(s for stems in self._names.values() for s in stems)
        return {s: 1.0 / (1.0 + math.log(n)) for s, n in counts.items()}

    @cached_property
    def _printed(self) -> frozenset[str]:
        return frozenset(self.layout.runs_with)

    @cached_property
    def _run_together(self) -> str:
        return "".join([fold(run.text) for run in self.layout.runs])

    def find(self, wanted: Wanted) -> Found | None:
        """The entry that ``wanted`` names; None where none or several are."""
        best: Found | None = None
        for nth, said in enumerate(wanted.said):
            for found in self._rows(said):
                chosen = self._column(found, said, wanted)
                if chosen is None:
                    continue
                score = chosen.score * self.subject(wanted, said) * self._same_thing(wanted, chosen, said) * (0.97**nth)
                if best is None or score > best.score:
                    best = replace(chosen, score=score)
        return best

    def beside(self, anchor: Found, phrase: str) -> Found | None:
        """The entry in the column of ``anchor`` whose row ``phrase`` names, or in its row under the year that it names."""
        years = years_in(phrase)
        if years:
            row = [e for e in self.entries if any(r.index == anchor.name for r in e.row) and years & years_in(e.head)]
            if len(row) != 1 or row[0] is anchor.entry:
                return None
            return Found(entry=row[0], score=1.0, row=1.0, name=anchor.name)
        said, _ = variants(phrase)
        column = [e for e in self.entries if e is not anchor.entry and _head_of(e) == _head_of(anchor.entry)]
        found = [f for v in said for f in self._named(v, column)]
        return max(found, key=lambda f: f.row, default=None)

    def subject(self, wanted: Wanted, said: frozenset[str]) -> float:
        """How surely the page is about what is asked: every telling word that it does not print speaks against it.

        Words that ``said`` says in another way are found in the row. A name that is not printed leaves nothing.
        """
        here = wanted.telling & said
        missing = {t for t in here if not self.prints(t)}
        if missing & wanted.names:
            return 0.0
        share = 1.0 - len(missing) / len(here) if here else 1.0
        return self._title_fits(wanted) * (_BASE + _SUBJECT * share) * (1.0 - _UNSAID) ** max(0, len(missing) - 1)

    def unprinted(self, wanted: Wanted, taken: frozenset[str]) -> float:
        """The share of the question's telling words, but for those ``taken`` for printed, that the page does not print; 1
        where a name is among them."""
        telling = wanted.telling - taken
        missing = {t for t in telling if not self.prints(t)}
        return 1.0 if missing & wanted.names else len(missing) / max(1, len(telling))

    def prints(self, word: str) -> bool:
        """True when the page prints ``word``, a stem, in spite of OCR errors."""
        if word not in self._known:
            together = self._run_together if len(word) >= _SURE_LETTERS else ""
            self._known[word] = is_printed(word, self._printed, self._printed, together)
        return self._known[word]

    def _same_thing(self, wanted: Wanted, found: Found, said: frozenset[str]) -> float:
        """Less than 1 where row and question each say a word that the other does not: 'adjusted' is not 'basic'."""
        entry, own = found.entry, self._names[found.name]
        around = own | _stems(entry.head) | (_stems(entry.section.text) if entry.section else frozenset[str]())
        unsaid = any(_tells(s) and s not in said for s in own)
        return _ANOTHER if unsaid and (wanted.telling & said) - around else 1.0

    def _title_fits(self, wanted: Wanted) -> float:
        if not wanted.statements:
            return 1.0
        top = " ".join(" ".join(words(run.text)) for row in self.layout.rows[:8] for run in row)
        return 1.0 if any(title in top for title in wanted.statements) else _OTHER_STATEMENT

    def _rows(self, said: frozenset[str]) -> list[list[Found]]:
        """The entries of the rows that are named best, by row; those of one row together."""
        named = self._named(said, self.entries)
        if not named:
            return []
        top = max(f.row for f in named)
        rows: dict[int, list[Found]] = {}
        for f in named:
            if f.row >= top - _LEAD:
                rows.setdefault(f.name, []).append(f)
        return list(rows.values())

    def _named(self, said: frozenset[str], entries: Sequence[Entry]) -> list[Found]:
        found: list[Found] = []
        for entry in entries:
            share, covered, name = max((*self._share(run.index, said), run.index) for run in entry.row)
            if share < _NAMED:
                continue
            section = _stems(entry.section.text) if entry.section else frozenset[str]()
            around = section | _stems(entry.head)
            if not any(_tells(s) or s.isdigit() for s in self._names[name] & said) and not any(
                _tells(s) for s in around & said
            ):
                continue  # a row called "Total" is no answer to every question for a total
            more = 0.02 * min(4.0, covered) + 0.02 * len(section & said)
            found.append(Found(entry=entry, score=1.0, row=share + more, name=name))
        if not found:
            return []
        top = max(f.row for f in found)
        return [f for f in found if f.row >= top - _LEAD]

    def _share(self, run: int, said: frozenset[str]) -> tuple[float, float]:
        stems = self._names[run]
        whole = sum(self._weights[s] for s in stems)
        there = sum(self._weights[s] for s in stems if s in said)
        return (there / whole if whole else 0.0), there

    def _column(self, row: Sequence[Found], said: frozenset[str], wanted: Wanted) -> Found | None:
        """The entry of a row whose column is told: by its year, by its words, or by being the only one."""
        quality = 0.6 + 0.4 * min(1.0, row[0].row)
        heads = [(f, years_in(f.entry.head), _stems(YEAR.sub(" ", f.entry.head))) for f in row]
        shown = set().union(*(y for _, y, _ in heads))
        worded = [(len(stems & said) / len(stems), f) for f, y, stems in heads if stems and not y]
        told = [f for share, f in worded if share >= _NAMED and share == max(s for s, _ in worded)]
        if len(told) == 1 and not (wanted.years & shown):
            return replace(told[0], score=quality)
        years = wanted.years or (wanted.ranged if not told else frozenset())
        if years & shown:
            fitting = [(f, stems) for f, y, stems in heads if y & years]
            if len(fitting) > 1:
                ranked = sorted(((len(s & said), f) for f, s in fitting), key=lambda r: -r[0])
                fitting = [(ranked[0][1], frozenset[str]())] if ranked[0][0] > ranked[1][0] else []
            if len(fitting) != 1:
                return None
            found = fitting[0][0]
            more = _stems(YEAR.sub(" ", found.entry.head)) - said - _OF_A_YEAR
            return replace(found, score=quality * (_ASSUMED if any(_tells(s) for s in more) else 1.0))
        if wanted.years and shown:
            return None
        only = list(row) if len(row) == 1 else [f for f in row if f.entry.is_captioned]
        if len(only) != 1:
            return None
        return replace(only[0], score=quality * (_ASSUMED if shown else 1.0) * self._told_apart(only[0], said, wanted))

    def _told_apart(self, found: Found, said: frozenset[str], wanted: Wanted) -> float:
        """What is left of the only entry of a row by what the question asks besides: 'the unit price of the bolts' is not
        their length, and in a row that nothing but the name of the document names stands anything."""
        own = self._names[found.name]
        section = _stems(found.entry.section.text) if found.entry.section else frozenset[str]()
        head = _stems(YEAR.sub(" ", found.entry.head))
        rest = wanted.telling & said - wanted.names - own - head - section
        called = any(_tells(s) and s not in said for s in head)
        return _ELSE if rest and (called or own & said <= wanted.known) else 1.0


@lru_cache(maxsize=16_384)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(w) for w in words(_NOTE.sub(" ", text)) if w not in STOP and (len(w) > 1 or w.isdigit()))


def _head_of(entry: Entry) -> int | None:
    """What stands right over the column: the lines above it may be over several."""
    return entry.column[0].index if entry.column else None
