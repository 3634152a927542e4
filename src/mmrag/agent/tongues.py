"""Questions in German, French, Spanish, Portuguese and Italian, put into English for the planner.

No translation: a glossary of how questions open, what fields and documents are called, and the small words between. What it
does not know stays as it is, which is right for names, numbers and dates.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from mmrag.domain.values import ValueKind
from mmrag.values import find_values
from mmrag.values.folding import fold

_GERMAN_NOUN = re.compile(r"\b(?:de[rmns]|die|das|eine?[rmns]?)\s+[A-ZÄÖÜ][\w-]+ $", re.IGNORECASE)
_GERMAN_VERB = re.compile(r"(?:ist|sind|war|hat|hatte)\b")
"""'der Auszahlungsbetrag von Ada Brook': a German noun has a capital, and is no part of the name behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """One language: how its questions open, and one pattern for all that is put into English, with the English of each."""

    code: str
    opens: re.Pattern[str]
    words: re.Pattern[str]
    english: tuple[str, ...]


def in_english(question: str) -> str | None:
    """``question`` in English words where it opens as one of the known languages does; None for all others.

    Text in quotation marks is a title and stays as it is.
    """
    folded = fold(question)
    bare = folded.lstrip("¿¡ ")
    start = len(question) - len(bare)
    opened = [tongue for tongue in tongues() if tongue.opens.match(bare)]
    if not opened:
        return None
    kept = [(v.start, v.end) for v in find_values(question) if v.kind is ValueKind.DATE]
    read = [_put(question, folded, start, kept, tongue) for tongue in opened]
    # "Qual e" opens questions in two languages: the one that knows more of the words is meant.
    text = re.sub(r"\b(on the) on the\b", r"\1", " ".join(max(read, key=lambda r: r[0])[1].split()))
    return text[:1].upper() + text[1:]


def _put(question: str, folded: str, start: int, kept: Sequence[tuple[int, int]], tongue: Tongue) -> tuple[int, str]:
    """How many letters the glossary knows, and the question with these in English. Spans in ``kept`` are left alone."""
    parts: list[str] = []
    at, known = start, 0
    for match in tongue.words.finditer(folded, start):
        here = match.start()
        inside = any(a <= here < b for a, b in kept)
        if inside or _is_quoted(question, here) or _is_in_name(question, here, tongue):
            continue
        number = next(n for n, group in enumerate(match.groups()) if group is not None)
        parts += [question[at:here], tongue.english[number]]
        at = match.end()
        known += at - here
    return known, "".join([*parts, question[at:]])


@lru_cache(maxsize=1)
def tongues() -> tuple[Tongue, ...]:
    data = tomllib.loads(files("mmrag.agent").joinpath("tongues.toml").read_text(encoding="utf-8"))
    return tuple(
        Tongue(
            code=code,
            opens=re.compile(rf"(?:{'|'.join(table['opens'])})\b"),
            words=re.compile("|".join(rf"(?<![\w'])({_whole(pattern)})" for pattern, _ in table["words"])),
            english=tuple(english for _, english in table["words"]),
        )
        for code, table in data.items()
    )


def _whole(pattern: str) -> str:
    """The pattern up to the end of a word, unless it takes the space behind it as well, or ends in an apostrophe."""
    return "|".join(p if p.endswith((" ", "'")) else rf"(?:{p})(?!\w)" for p in re.split(r"\|(?![^(]*\))", pattern))


def _is_quoted(question: str, at: int) -> bool:
    return len(re.findall(r"[\"“”„«»]", question[:at])) % 2 == 1


def _is_in_name(question: str, at: int, tongue: Tongue) -> bool:
    """True for a small word between two capitals of one name: ``Haus und Garten``."""
    if tongue.code == "de" and (_GERMAN_NOUN.search(question[:at]) or _GERMAN_VERB.match(question, at)):
        return False
    before = re.search(r"([A-ZÄÖÜÉÈÀ][\w&.-]+) $", question[:at])
    after = re.match(r"[a-zäöüéèà']{1,4} ?[A-ZÄÖÜÉÈÀ]", question[at:])
    return before is not None and after is not None and tongue.words.fullmatch(fold(before[1])) is None
