"""Taking a question apart: what is asked for, and which document it is asked of.

``What is the total amount on the receipt from LIGHTROOM GALLERY dated 20/11/2017?`` asks for an amount, the *total amount*
(the target), on a document that shows a name and a date (the constraints). No model is used: rules over the question's own
words, which is enough for a look-up and costs nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from mmrag.agent.aggregate_plan import find_aggregate
from mmrag.agent.check_plan import find_check
from mmrag.agent.covers import maker_asked
from mmrag.agent.instructions import page_named, without_instructions
from mmrag.agent.plan_names import PERIOD, Span, blanked, names_in, overlap
from mmrag.agent.planwords import PlanWords, plan_words
from mmrag.agent.saying import in_plain_words, months_behind, short_codes
from mmrag.agent.tongues import in_english
from mmrag.domain.aggregates import Aggregate, Giving, Operation, Quantity
from mmrag.domain.plans import AnswerType, Constraint, ConstraintKind, Plan
from mmrag.domain.values import Value, ValueKind
from mmrag.retrieval.broad import is_broad
from mmrag.values import find_values

_MONEY_SIGN = r"(?:RM|USD|EUR|GBP|[$€£])"
_OPENING = re.compile(
    r"^\W*(?:please\s+)?(?:(?:can|could)\s+you\s+)?(?:tell\s+me|give\s+me|find|show(?:\s+me)?)?\s*"
    r"(?:(?:on|in|at|for|from|to|by|about)\s+)?(?:what|which|who|whom|whose|when|where|how|why)?\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"^\W*(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE)
_EITHER_WAY = re.compile(
    r"\b(?:rise|increase|grow|go up|climb)\w*\s+or\s+(?:fall|decrease|decline|drop|shrink|go down)"
    r"|\b(?:fall|decrease|decline|drop|shrink|go down)\w*\s+or\s+(?:rise|increase|grow|go up|climb)",
    re.IGNORECASE,
)
"""'did it rise or fall': neither yes nor no answers that."""
_TELLING = 8  # letters of a name that tells a document apart
_LEAD = re.compile(
    r"(?P<lead>(?:in|on|from|for|according to|looking at)\s[^:?\"“'‘]{1,60}\s)"
    r"[\"“'‘](?P<title>.{2,160}?)[\"”'’](?:\s(?:by|from)\s(?P<author>[^\W\d_][^:,?\"“”]{1,60}?))?\s?[:,]\s+(?P<rest>\S.+)$",
    re.IGNORECASE,
)
_NUMBER_FOLLOWS = re.compile(
    r"(?:number|no\.?|nr\.?|#|code|id|invoice|contract|order|reference|receipt|accident|case)\s*(?:is|of|:|=)?\s*$",
    re.IGNORECASE,
)
_ROLE = re.compile(
    rf"(?<![A-Za-z])((?:[A-Za-z][\w-]*[\s,]+){{1,4}}?)(?:of|is|are|was|=|:|no\.?|nr\.?|#)?\s*{_MONEY_SIGN}?\s*$"
)
_ROLE_WORDS = 8
"""More words than a role has, with what joins it to its value and the sign of a currency."""
_ROLE_PHRASE = re.compile(
    rf"\b(?:dated|with\s+an?|with\s+the|with|whose|having|for\s+the)\s+(?:[\w-]+[\s,]+){{0,5}}?(?:of|is|are|to)?\s*{_MONEY_SIGN}?\s*$"
    r"|\b(?:number|no\.?|nr\.?|#)\s*$"
)
_SAYS = re.compile(
    r"(?P<before>\b(?:do|does|did)\b.*\b)(?:state|mention|list|report|print|specify|indicate|show)(?=\W*$)", re.IGNORECASE
)
"""What a document does with what is asked of it: 'how much debt does the report state' asks for no state."""
_OF_KIND = re.compile(r"\b(?:in|of|for|on|from|to|with|by|at|under)\s+(?:the\s+)?((?:[\w-]+\s+){1,3})$")
"""'in NTSB accident NYC08CA055': what kind of thing bears the number is no part of what is asked of it."""
_CLAUSE = re.compile(
    r"[:,;]\s+(?=(?:(?:in|on|at|for|by|to|from)\s+)?(?:what|which|who|whose|how|when|where|describe|is|are|was|were|does|did)\b)",
    re.IGNORECASE,
)
"""'In the report "X": how many ...': the question itself is the last clause."""
_BEARER = re.compile(
    r"^\W*(?P<noun>(?:which|what)\s+[a-z-]+)\s+(?:has|have|had|bears?|is listed (?:as|under))\b", re.IGNORECASE
)
_RANKED = re.compile(
    r"^\W*(?P<noun>(?:which|what)\s+(?!(?:is|was|are|were|the|of)\b)[a-z-]+)\b.*"
    r"\b(?:highest|lowest|largest|smallest|biggest|greatest|cheapest|dearest|(?:most|least)\s+expensive|fewest|costs?\b.*\b(?:most|least))\b",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\blist\b|\benumerate\b", re.IGNORECASE)
_BOUND = re.compile(
    r"^\W*how many\b.*\b(?:more than|less than|fewer than|at least|at most|over|above|under|below|exceed(?:s|ing)?)"
    rf"\s*{_MONEY_SIGN}?\s*$",
    re.IGNORECASE,
)
"""'how many parts cost more than 50': a bound of what is counted stands on no document."""
_FILE = re.compile(
    r"(?<![\w/.-])[\w(][\w/.()+-]*\.(?:pdf|png|jpe?g|jpe|tiff?|bmp|gif|webp|hei[cf]|avif|jp2|j2k|pn?m|p[bgp]m|eml|zip)(?![\w-])",
    re.IGNORECASE,
)
"""'delivery-note.jpg', 'scans/2019/a.pdf': a file by its whole name."""
_QUOTED_FILE = re.compile(r"[\"“'‘`]([^\"“”'‘’`]{1,120}?\.[A-Za-z0-9]{2,4})[\"”'’`]")
_CONSTRAINT_OF_VALUE = {ValueKind.DATE: ConstraintKind.DATE, ValueKind.AMOUNT: ConstraintKind.AMOUNT}


def make_plan(question: str, *, document: str | None = None) -> Plan:
    """Take ``question`` apart. ``document`` names the file when the question is about one file only.

    A question in German, French, Spanish, Portuguese or Italian is planned in English words; see ``tongues``.
    """
    question = in_plain_words(in_english(question) or question)
    text = " ".join(question.split())
    aggregate = (
        None if document is not None else find_aggregate(text, lambda piece: _look_up(piece, piece, None).constraints)
    )
    if aggregate is not None and aggregate.giving is not Giving.YES_NO and _YES_NO.match(text):
        aggregate = None  # what is worked out may decide it: nothing that is worked out is a yes
    check = None if aggregate is not None else find_check(text, lambda asks: make_plan(asks, document=document))
    if check is not None:
        return replace(check.asks, question=question, answer_type=AnswerType.YES_NO, lead="", tail="", check=check)
    if aggregate is None:
        asked, told_how = without_instructions(text)
        plan = _look_up(question, asked, document)
        kind = _as_list(plan.answer_type, told_how)
        cover = maker_asked(plan.asked) is not None
        return replace(plan, tail=told_how, answer_type=kind, on_page=page_named(plan.asked), about_cover=cover)
    told = tuple(dict.fromkeys(c for part in aggregate.parts for c in part.constraints))
    return Plan(
        question=question,
        answer_type=_type_of(aggregate),
        target=aggregate.target,
        constraints=told,
        aggregate=aggregate,
    )


@lru_cache(maxsize=64)
def _look_up(question: str, text: str, document: str | None) -> Plan:
    """The plan of a question that one place answers. ``text`` is the question with single spaces."""
    led = _LEAD.match(text)
    if led is not None and question.startswith(text[: led.start("rest")].rstrip()):
        return _led(question, led, document)
    words = plan_words()
    files = _files(text)
    without_files = blanked(text, [(s, e) for s, e, _ in files])
    codes = short_codes(without_files)
    found = [v for v in find_values(without_files) if not any(overlap((v.start, v.end), (c.start, c.end)) for c in codes)]
    values = _agreeing_dates((*codes, *(v for v in found if _tells_documents_apart(v, without_files))))
    names = names_in(without_files, values, words)
    without_names = blanked(without_files, [(s, e) for s, e, _ in names])
    main = blanked(without_names, [(v.start, v.end) for v in values])
    constraints = [Constraint(kind=ConstraintKind.FILE, text=name) for _, _, name in files]
    constraints += [_constraint_of(v, without_names, words) for v in values]
    told = tuple(name for _, _, name in names)
    constraints += months_behind(without_files, names)
    broad = is_broad(text)
    constraints += [] if broad else [Constraint(kind=ConstraintKind.NAME, text=name) for name in told]
    genre = next((w for w in reversed(re.findall(r"[a-z-]+", main.lower())) if w.removesuffix("s") in words.genres), None)
    if genre:
        constraints.append(Constraint(kind=ConstraintKind.GENRE, text=genre.removesuffix("s")))
    target = _target(without_files, values, [(s, e) for s, e, _ in names], words)
    return Plan(
        question=question,
        answer_type=_type_of_bearer(text, words, valued=bool(values)) or _answer_type(text, main, target, words),
        target=target,
        constraints=tuple(constraints),
        document=document,
        subjects=told if broad else (),
    )


def _led(question: str, led: re.Match[str], document: str | None) -> Plan:
    """The plan of a question that names its document first: all that follows says what is asked of it.

    A title of several lines, parted by slashes, is as many names, its author one more. Of short ones only the longest
    counts: OCR loses them.
    """
    inner = _look_up(led["rest"], led["rest"], document)
    names = [part.strip() for part in led["title"].split(" / ")]
    if led["author"] is not None:
        names.append(led["author"].strip())
    longest = max(names, key=len)
    constraints = [
        Constraint(kind=ConstraintKind.NAME, text=name) for name in names if name == longest or len(name) >= _TELLING
    ]
    genres = [c for c in _look_up(led["lead"], led["lead"], None).constraints if c.kind is ConstraintKind.GENRE]
    lead = led.string[: led.start("rest")].rstrip()
    return replace(inner, question=question, lead=lead, constraints=(*constraints, *genres))


def _as_list(kind: AnswerType, told_how: str) -> AnswerType:
    """A question whose answer may be any text asks for a list where it says so at its end."""
    return AnswerType.LIST if kind in (AnswerType.FREE, AnswerType.NAME) and _LISTED.search(told_how) else kind


def _type_of(aggregate: Aggregate) -> AnswerType:
    """What the worked-out answer looks like."""
    if aggregate.operation in (Operation.COUNT, Operation.DAYS):
        return AnswerType.NUMBER
    if aggregate.operation is Operation.LIST:
        return AnswerType.LIST
    match aggregate.giving:
        case Giving.YES_NO:
            return AnswerType.YES_NO
        case Giving.ISSUER | Giving.FIELD | Giving.PART | Giving.DOCUMENT:
            return AnswerType.NAME
        case Giving.VALUE:
            return AnswerType.DATE if aggregate.quantity is Quantity.DATE else AnswerType.AMOUNT


def _tells_documents_apart(value: Value, text: str) -> bool:
    """A year or a small count in a question belongs to what is asked; dates, amounts and long numbers identify."""
    if value.kind is not ValueKind.DATE and _BOUND.search(text[: value.start]):
        return False
    if value.kind in (ValueKind.DATE, ValueKind.AMOUNT, ValueKind.PHONE, ValueKind.EMAIL):
        return True
    if PERIOD.fullmatch(value.text.strip()):
        return False
    digits = sum(c.isdigit() for c in value.text)
    named = _NUMBER_FOLLOWS.search(text[: value.start]) is not None
    if value.kind is ValueKind.IDENTIFIER:
        return digits >= 3 or named
    is_year = re.fullmatch(r"(?:19|20)\d\d", value.text) is not None
    return value.kind is ValueKind.NUMBER and value.text.isdigit() and (named or (digits >= 3 and not is_year))


def _agreeing_dates(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """One person writes dates one way: where a date of the question can only be month first, the others are as well."""
    numeric = [v for v in values if v.kind is ValueKind.DATE and re.match(r"\d{1,2}\D\d{1,2}\D", v.text)]
    month_first = any(int(re.split(r"\D", v.text)[1]) > 12 for v in numeric)
    if not month_first:
        return values
    return tuple(
        replace(v, normals=tuple(sorted(v.normals, key=lambda n: int(n[5:7]) != int(re.split(r"\D", v.text)[0]))))
        if v in numeric
        else v
        for v in values
    )


def _constraint_of(value: Value, text: str, words: PlanWords) -> Constraint:
    kind = _CONSTRAINT_OF_VALUE.get(value.kind, ConstraintKind.IDENTIFIER)
    normals = value.normals
    if kind is ConstraintKind.IDENTIFIER:
        normals = tuple(dict.fromkeys((re.sub(r"\s+", "", value.text).upper(), *value.normals)))
    found = _ROLE.search(_last_words(text[: value.start]))
    role = words.content(found.group(1)).lower() if found else ""
    return Constraint(kind=kind, text=value.text, normals=normals, role=role or None)


def _last_words(text: str) -> str:
    """The end of ``text``, in which any role stands: a pattern that is tried at each letter takes its time."""
    first, *last = text.rsplit(maxsplit=_ROLE_WORDS) or [""]
    return text[len(first) :] if len(last) == _ROLE_WORDS else text


def _files(text: str) -> list[tuple[int, int, str]]:
    """The files that the question names, as (start, end, name)."""
    quoted = [(m.start(), m.end(), m.group(1)) for m in _QUOTED_FILE.finditer(text) if _FILE.search(m.group(1))]
    plain = [(m.start(), m.end(), m.group()) for m in _FILE.finditer(blanked(text, [(s, e) for s, e, _ in quoted]))]
    return sorted([*quoted, *plain])


def _target(text: str, values: tuple[Value, ...], names: list[Span], words: PlanWords) -> str:
    """The content words of the question that are neither a constraint, nor its role, nor the document's genre phrase."""
    spans = list(names)
    for value in values:
        role = _ROLE_PHRASE.search(blanked(text[: value.start], [s for s in names if s[1] <= value.start]))
        kind = _OF_KIND.search(text[: value.start]) if value.kind is ValueKind.IDENTIFIER else None
        spans.append((role.start() if role else kind.start(1) if kind else value.start, value.end))
    asked = _SAYS.sub(r"\g<before> ", blanked(text, spans))
    main = re.sub(r"\([^()]*\)|(?<!\w)['’]s\b|\b(?:up )?to date\b", " ", _CLAUSE.split(asked)[-1])
    return words.content(_OPENING.sub(" ", words.genre_phrase.sub(" ", main))) or words.content(text)


def _type_of_bearer(text: str, words: PlanWords, *, valued: bool) -> AnswerType | None:
    """What is asked for by 'which product has the SKU ...' or 'which product has the highest price': the product, neither
    a SKU nor a price."""
    bearer = (_BEARER.match(text) if valued else None) or _RANKED.match(text)
    if bearer is None:
        return None
    found = (kind for kind, pattern in words.types if pattern.search(bearer["noun"]))
    return next(found, AnswerType.FREE)


def _answer_type(text: str, main: str, target: str, words: PlanWords) -> AnswerType:
    clause = _CLAUSE.split(text)[-1]
    if _YES_NO.match(clause):
        return AnswerType.FREE if _EITHER_WAY.search(clause) else AnswerType.YES_NO
    opening = _OPENING.match(clause)
    asked = f"{opening.group().strip() if opening else ''} {target}"
    for candidate in (asked, main):
        for kind, pattern in words.types:
            if pattern.search(candidate):
                return kind
    return AnswerType.FREE
