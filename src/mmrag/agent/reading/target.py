"""What field a question asks for: the plan's target matched to the lexicon, and the words left over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
_OCCASION_WORDS = (
    "stay visit trip journey flight ride shipment delivery consignment booking purchase transaction meal study project"
    " meeting event account lease policy cover insurance term payment employee guest passenger tenant"
)
OCCASIONS = frozenset(_OCCASION_WORDS.split())
_OCCASION_STEMS = frozenset(stem(w) for w in OCCASIONS)
"""What a document is about, said instead of naming it: 'the total of the stay' is the total, and no page prints 'stay'."""
_WHICH = re.compile(
    r"^\W*(?:(?:by|to|from|for|with|of|in|on|at|under)\s+)?(?:which|what)\s+"
    r"(?!(?:is|are|was|were|does|do|did|has|have|had|will|can|the|kind|type|sort|of|in|year|month)\b)(?P<noun>[a-z]{3,})\b",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"^\W*(?:(?:what|which|when)\s+(?:is|are|was|were|does|did)\s+(?:the\s+|an?\s+)?|how\s+much\s+(?!(?:is|are|was|were|did|does|do)\b)"
    r"|(?P<noun>(?:(?:by|to|from|for|with|of|in|on|at|under)\s+)?(?:which|what)\s+(?!(?:is|are|was|were|does|do|did|has|have|the)\b)))"
    r"(?P<head>[^,?;:()]+?)(?=\s+(?:of|for|on|in|at|by|from|with|was|were|is|are|did|does|do|has|have|had|that|which|stated|printed|per)\b|[,?;:(]|$)",
    re.IGNORECASE,
)
"""'the container number' of 'What is the container number of the shipment?'"""
_AUXILIARY = re.compile(r"\s*(?:is|are|was|were|did|does|do|has|have|had)\b", re.IGNORECASE)
_RATE = re.compile(r"(?P<number>\d+(?:[.,]\d+)?)\s*%")
_DOES = re.compile(r"\s*(?:did|does|do)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"\((?P<name>[^\W\d_][^()]{2,40})\)")
_THING_WORDS = (
    "code"
    " weight class status method type currency bracket office list card period condition conditions reason unit size length"
    " width height volume area speed temperature result level grade rank category language country colour color"
)
_THINGS = frozenset(_THING_WORDS.split())
"""What no amount, date or number of a field is: 'gross weight' asks for no gross amount."""
_CALLED = frozenset(("number", "no", "nr", "code", "id", "reference", "date", "time", "name"))
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
    ``unit`` is the noun that the question asks which of ("which year"). ``head`` are the names of what is asked without
    the rest, ``beside`` the stems of that rest: a page that prints them, too, may answer under such a name; ``taken`` are
    those that no page need print. ``called`` are names in brackets ("the gross total (Gesamtbrutto)"), ``others`` folded
    names that a question for somebody gives: it asks for somebody else.
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
    head: Mapping[str, float] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    taken: frozenset[str] = frozenset()
    called: Mapping[str, float] = field(default_factory=dict)
    others: frozenset[str] = frozenset()

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
    scored = [s for s in scored if not _names_another(plan.asked, s[0], s[2], expected)]
    scored += _alternatives(plan.asked, lexicon, expected)
    scored.sort(key=lambda s: -s[1])
    best = scored[0][1] if scored else 0.0
    near = [(c, min(1.0, score / best)) for c, score, _ in scored if score >= 0.72 * best][:4]
    covered = frozenset(stem(w) for _, _, used in scored[:1] for w in used)
    leftover = tuple(w for w in target if stem(w) not in covered)
    rates = frozenset(w for m in _RATE.finditer(plan.asked) for w in words(m["number"]))  # 'the VAT at 7 %' is VAT
    share = 1.0 - sum(_foreign(w, lexicon) for w in leftover if w not in rates) / max(1, len(target))
    concepts = tuple({c.id: (c, weight * share) for c, weight in reversed(near)}.values())
    concepts = tuple(sorted((c for c in concepts if c[1] > _EXPLAINED), key=lambda c: -c[1]))
    kind = expected
    if concepts and (_FAMILY[concepts[0][0].type] != 0 or expected is AnswerType.FREE):
        kind = concepts[0][0].type if expected is not AnswerType.YES_NO else expected
    head, beside, doing = _head(plan, target)
    told = frozenset(fold(c.text) for c in plan.constraints if c.kind is not ConstraintKind.GENRE)
    bracketed = {
        fold(m["name"]): 0.95
        for m in _BRACKETED.finditer(plan.asked)
        if fold(m["name"]) not in told and not m["name"].isupper()
    }
    return Asked(
        type=kind,
        concepts=concepts,
        phrases=_phrases(plan, target[:_WORDS]),
        head=head,
        beside=beside,
        taken=frozenset(stem(w) for w in doing) | _OCCASION_STEMS,
        called=bracketed,
        qualifiers=leftover if concepts else target,
        excluded=told,
        others=told if who and target else frozenset(),
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


def _names_another(question: str, concept: Concept, used: Sequence[str], expected: AnswerType) -> bool:
    """True where the question says which thing it wants, and the field is no name of it: 'which carrier delivered' asks for
    no date of delivery, 'what time' for no date at all."""
    if expected is AnswerType.TIME and concept.type is AnswerType.DATE:
        return True
    if len(used) == 1 and _heads_compound(question, used[0]):
        return True
    which = _WHICH.match(question)
    noun = which["noun"].lower() if which is not None and expected is AnswerType.FREE else ""
    return bool(noun) and noun not in GENERIC and stem(noun) not in {stem(w) for w in used}


def _heads_compound(question: str, word: str) -> bool:
    """True where the field's one word only tells which of another thing is meant: 'gross weight', 'tax class'."""
    said = words(question)
    at = next((n for n, w in enumerate(said) if stem(w) == stem(word)), len(said))
    return at + 1 < len(said) and said[at + 1] in _THINGS


def _head(plan: Plan, target: Sequence[str]) -> tuple[Mapping[str, float], tuple[str, ...], tuple[str, ...]]:
    """The names of what is asked without the words that follow it, the stems of these, and the word for what is done."""
    match = _HEAD.match(plan.asked)
    said = words(match["head"]) if match is not None else ()
    doing: tuple[str, ...] = ()
    if match is not None and match["noun"] and len(said) > 1 and not _AUXILIARY.match(plan.asked, match.end()):
        said, doing = said[:1], said[1:2]  # 'which vessel carries the tea'
    elif match is not None and _DOES.match(plan.asked, match.end()):
        doing = words(plan.asked)[-1:]  # 'from which gate does the flight leave'
    own = tuple(w for w in target if w in said and not w.isdigit())
    if len(own) == len(target) or not own or all(w in GENERIC or w in OCCASIONS for w in own):
        return {}, (), ()
    rest = [w for w in target if w not in own and w not in doing and w not in OCCASIONS and w not in GENERIC]
    names = {fold("".join(own)): 0.9}
    if rest and rest[-1].endswith("ed") and words(plan.asked)[-1] == rest[-1]:
        names[fold("".join((*own, rest[-1])))] = 0.93  # 'When is the opening of the bridge planned?'
    if len(own) > 1 and own[-1] in _CALLED:
        names[fold("".join(own[:-1]))] = 0.85
    return {name: weight for name, weight in names.items() if len(name) >= 3}, tuple(stem(w) for w in rest), doing


def _foreign(word: str, lexicon: Lexicon) -> float:
    """How much a word of the question that a field does not explain speaks against that field, in [0, 1]."""
    if word in GENERIC or word in OCCASIONS:
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
    if asks_who(plan.asked) and target and target[0].endswith("ed") and len(target[0]) > _LETTERS + 1:
        found.setdefault(target[0].removesuffix("ed"), 0.85)  # 'Who witnessed the lease?': 'Witness: ...'
    spoken = _as_said(plan.asked, target)
    if spoken:
        found.setdefault(spoken, 0.97)
    return {key: weight for key, weight in found.items() if len(key) >= 3 and key not in GENERIC}


def _as_said(question: str, target: Sequence[str]) -> str:
    """The target with the small words between: a label reads 'Signed on behalf of the insurer'."""
    said = words(question)
    at = [n for n, w in enumerate(said) if w in target]
    if len(target) < 2 or not at or len(set(said[at[0] : at[-1] + 1]) - set(target) - STOP) > 0:
        return ""
    spoken = fold("".join(said[at[0] : at[-1] + 1]))
    return spoken if spoken != fold("".join(target)) else ""
