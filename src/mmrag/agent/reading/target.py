"""What field a question asks for: the plan's target matched to the lexicon, and the words left over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmrag.agent.reading.lexicon import Concept, Lexicon, stems_that_count, words_that_count
from mmrag.agent.reading.text import STOP, content_words, fold, holds, stem, words
from mmrag.domain.plans import AnswerType, ConstraintKind, Plan

_EITHER = re.compile(
    r"((?:[\w-]+,\s*)*[\w-]+),?\s+or\s+([\w-]+)\s+(number|no\.?|date|name|amount|code|address|id)\b(?!\s*[\w#-]*\d)",
    re.IGNORECASE,
)
_WHO = re.compile(r"\W*(?:(?:by|to|from|for|with|of)\s+)?who(?:m|se)?\b(?!\s+(?:number|date|total|amount))", re.IGNORECASE)
_NAMED = 0.35
"""A field whose name matches the question worse than this (a wrong type, a word among many) is not what is asked."""
_EXPLAINED = 0.3
"""A field must explain this share of the asked words."""
_LETTERS = 5
_WORDS = 6
_GENERIC_WORDS = "date amount name number address code time total price person company happen occur take place located"
GENERIC = frozenset(_GENERIC_WORDS.split())
"""Words that many fields share: alone they name none."""
_KINDS_OF_TWO = (("delivery", "note"), ("packing", "list"))
"""Names of documents whose first word would else be read as a field's: a delivery note's date is no delivery date."""
_FAMILY = {
    AnswerType.AMOUNT: 1,
    AnswerType.NUMBER: 1,
    AnswerType.PERCENT: 1,
    AnswerType.DATE: 2,
    AnswerType.TIME: 2,
    AnswerType.IDENTIFIER: 3,
    AnswerType.NAME: 4,
    AnswerType.LIST: 0,
    AnswerType.FREE: 0,
    AnswerType.ADDRESS: 5,
    AnswerType.PHONE: 6,
    AnswerType.EMAIL: 7,
    AnswerType.YES_NO: 8,
}


_NO_NAMES = frozenset(_FAMILY[kind] for kind in (AnswerType.AMOUNT, AnswerType.DATE, AnswerType.IDENTIFIER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question in the reader's terms.

    ``concepts`` are fields of the lexicon with a weight in ``(0, 1]``, likeliest first; ``phrases`` other names of it,
    from the question's own words; ``qualifiers`` the words that narrow it down ("2019", "male", "Q3"); ``type`` what the
    answer looks like. ``excluded`` are folded texts that the question itself gives and that therefore cannot answer it,
    ``said`` the stems of all its words. ``computes`` is true when the answer has to be worked out: it is not printed.
    ``unit`` is the noun that the question asks which of ("which year").
    """

    type: AnswerType
    concepts: tuple[tuple[Concept, float], ...]
    phrases: Mapping[str, float]
    qualifiers: tuple[str, ...]
    excluded: frozenset[str]
    normals: frozenset[str]
    said: frozenset[str]
    computes: bool
    unit: str | None = None

    @property
    def concept(self) -> Concept | None:
        return self.concepts[0][0] if self.concepts else None


def asks_who(question: str) -> bool:
    """True for a question for a person or a company: no amount, date or number answers it."""
    return _WHO.match(question) is not None


def understand(plan: Plan, lexicon: Lexicon) -> Asked:
    """Match ``plan`` to the lexicon."""
    given = _given(plan)
    asked = _asked_words(plan, given)
    target = tuple(w for w in content_words(plan.target) if w not in given) or asked
    target = (*(w for w in asked if w == "where" and w not in target), *target)
    expected = _expected_type(plan)
    target_stems, asked_stems = tuple(stem(w) for w in target), tuple(stem(w) for w in asked)
    specific = any(w not in GENERIC for w in target)
    there = frozenset(target_stems + asked_stems)
    named = [concept for concept in lexicon.concepts.values() if not concept.openings.isdisjoint(there)]
    scored = [(c, *_match(c, target_stems, asked_stems, expected, specific=specific)) for c in named]
    who = asks_who(plan.asked)
    scored = [s for s in scored if s[1] >= _NAMED and not (who and _FAMILY[s[0].type] in _NO_NAMES)]
    scored += _alternatives(plan.asked, lexicon, expected)
    scored.sort(key=lambda s: -s[1])
    best = scored[0][1] if scored else 0.0
    near = [(c, min(1.0, score / best)) for c, score, _ in scored if score >= 0.72 * best][:4]
    covered = frozenset(stem(w) for _, _, used in scored[:1] for w in used)
    leftover = tuple(w for w in target if stem(w) not in covered)
    share = 1.0 - sum(_foreign(w, lexicon) for w in leftover) / max(1, len(target))
    concepts = tuple({c.id: (c, weight * share) for c, weight in reversed(near)}.values())
    concepts = tuple(sorted((c for c in concepts if c[1] > _EXPLAINED), key=lambda c: -c[1]))
    kind = expected
    if concepts and (_FAMILY[concepts[0][0].type] != 0 or expected is AnswerType.FREE):
        kind = concepts[0][0].type if expected is not AnswerType.YES_NO else expected
    return Asked(
        type=kind,
        concepts=concepts,
        phrases=_phrases(plan, target[:_WORDS]),
        qualifiers=leftover if concepts else target,
        excluded=frozenset(fold(c.text) for c in plan.constraints if c.kind is not ConstraintKind.GENRE),
        normals=frozenset(n for c in plan.constraints for n in c.normals),
        said=frozenset(stem(w) for w in words(plan.asked)),
        unit=_unit(plan.asked, kind),
        computes=any(holds(plan.asked, phrase) for phrase in lexicon.computing),
    )


def _unit(question: str, kind: AnswerType) -> str | None:
    """The noun behind "which": years and months for every type, others where nothing else tells what the answer is."""
    asked = re.search(r"\b(?:which|what)\s+([a-z]{3,})\b", question, re.IGNORECASE)
    noun = asked.group(1).lower() if asked else ""
    return noun if noun in ("year", "month") or (noun not in STOP and kind is AnswerType.FREE and noun) else None


def _foreign(word: str, lexicon: Lexicon) -> float:
    """How much a word of the question that a field does not explain speaks against that field, in [0, 1]."""
    if word in GENERIC:
        return 0.0
    return 0.5 if word in lexicon.ask_words else 1.0


def _given(plan: Plan) -> frozenset[str]:
    """The folded words of the plan's constraints: they name the document, not what is asked of it."""
    told = [c for c in plan.constraints if c.kind is not ConstraintKind.GENRE]
    files = frozenset(w for c in told if c.kind is ConstraintKind.FILE for w in words(c.text))
    given = frozenset(w for c in told if c.kind is not ConstraintKind.FILE for w in words(c.text))
    # "the delivery date in delivery-note.jpg" asks for a delivery all the same.
    return given | (files - frozenset(words(plan.target)))


def _asked_words(plan: Plan, given: frozenset[str]) -> tuple[str, ...]:
    said = words(plan.asked)
    kinds = {w for kind in _KINDS_OF_TWO for w in kind[:1] if holds(plan.asked, " ".join(kind))}
    said = tuple(w for w in said if w not in kinds)
    return tuple(w for w in said if (w not in STOP or w == "where") and w not in given and w != "#")


def _expected_type(plan: Plan) -> AnswerType:
    if asks_who(plan.asked) and plan.answer_type is not AnswerType.LIST:
        return AnswerType.NAME
    return plan.answer_type


def _match(
    concept: Concept, target_stems: tuple[str, ...], asked_stems: tuple[str, ...], expected: AnswerType, *, specific: bool
) -> tuple[float, tuple[str, ...]]:
    """How well a concept is named by the question, and by which words. Longer names, earlier mentions, fitting types win.

    ``specific`` says that other words are asked for than those that name kinds of documents.
    """
    agree = _agreement(concept.type, expected)
    best: tuple[float, tuple[str, ...]] = (0.0, ())
    there = {*target_stems, *asked_stems}
    for ask in concept.ask:
        stems = stems_that_count(ask)
        if not there.issuperset(stems):
            continue  # most names of most fields: nothing to look for word by word
        kept = words_that_count(ask)
        for stems_there, weight in ((target_stems, 1.0), (asked_stems, 0.8)):
            at = _find(stems, stems_there)
            # One word that only names the kind of document ("... on the invoice") is no field, when other words are asked.
            if at is None or (stems_there is asked_stems and len(kept) == 1 and specific):
                continue
            place, tight = at
            plain = (0.55 if len(ask) == 1 else 0.35) if len(kept) == 1 and kept[0] in GENERIC else 1.0
            score = weight * agree * plain * (len(kept) ** 0.7) * (1.0 if tight else 0.8) * (1.0 - 0.03 * min(place, 10))
            best = max(best, (score, kept))
            break
    return best


def _agreement(kind: AnswerType, expected: AnswerType) -> float:
    if kind is expected:
        return 1.0
    a, b = _FAMILY[kind], _FAMILY[expected]
    if 0 in (a, b):
        return 0.8
    if a == b:
        return 0.7
    return 0.5 if {a, b} == {4, 5} or {a, b} == {1, 3} else 0.15


def _find(needle: tuple[str, ...], hay: tuple[str, ...]) -> tuple[int, bool] | None:
    """Where ``needle`` starts in ``hay``, and whether its words stand side by side there; None when one is missing."""
    size = len(needle)
    for at in range(len(hay) - size + 1):
        if hay[at : at + size] == needle:
            return at, True
    if size > 1 and all(n in hay for n in needle):
        return min(hay.index(n) for n in needle), False
    return None


def _alternatives(question: str, lexicon: Lexicon, expected: AnswerType) -> list[tuple[Concept, float, tuple[str, ...]]]:
    """'contract, order or invoice number' asks for any of three fields."""
    found: list[tuple[Concept, float, tuple[str, ...]]] = []
    match = _EITHER.search(question)
    if match is None:
        return found
    heads = [*[h for h in re.split(r"[,\s]+", match.group(1)) if h][-4:], match.group(2)]
    used = (*(w for head in heads for w in words(head)), *words(match.group(3)))
    for head in heads:
        ask = (*words(head), *words(match.group(3).rstrip(".")))
        found += [(c, 2.0 * _agreement(c.type, expected), used) for c in lexicon.concepts.values() if ask in c.ask]
    return found


def _phrases(plan: Plan, target: Sequence[str]) -> Mapping[str, float]:
    """The target as a folded label, whole and in parts, each with how much of the target it is."""
    found: dict[str, float] = {fold(plan.target): 0.95}
    for size in range(len(target), 0, -1):
        for at in range(len(target) - size + 1):
            part = target[at : at + size]
            if all(w in GENERIC for w in part) or (size == 1 and len(part[0]) < _LETTERS and len(target) > 1):
                continue
            found.setdefault(fold("".join(part)), 0.4 + 0.55 * size / len(target))
    return {key: weight for key, weight in found.items() if len(key) >= 3 and key not in GENERIC}
