"""Taking a question apart: what is asked for, and which document it is asked of.

``What is the total amount on the receipt from LIGHTROOM GALLERY dated 20/11/2017?`` asks for an amount, the *total amount*
(the target), on a document that shows a name and a date (the constraints). No model is used: rules over the question's own
words, which is enough for a look-up and costs nothing.
"""

from __future__ import annotations

import re

from mmrag.domain.plans import AnswerType, Constraint, ConstraintKind, Plan
from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_values

GENRES = (
    "receipt invoice bill form contract order letter report statement slide deck presentation chart graph table photo"
    " picture document file ticket card memo note page amendment filing brochure plan survey certificate permit quote"
    " quotation estimate manual article paper"
).split()
"""Words for kinds of document. They name what is searched in; they identify nothing."""

_ASKING = re.compile(
    r"^\W*(?:please\s+)?(?:(?:can|could)\s+you\s+)?(?:tell\s+me|give\s+me|find|show(?:\s+me)?|on|in|at|for|from|to|by|about)?\s*"
    r"(?:what|which|who|whom|whose|when|where|how|why)?\b",
    re.IGNORECASE,
)
_STOP = frozenset(
    "a an the this that these those its their his her of on in at from for by to with as is are was were be been does do did"
    " has have had what which who whom whose when where how why please tell me give find show and or it there any some you"
    " can could according printed stated listed given entered shown mentioned written read says say said".split()
)
_CONNECTORS = r"(?:of|the|for|and|de|la|le|les|des|du|von|van|der|den|und|et|y|e|da|do|dos|di|del|bin|binti|at|to|in|on|by)"
_CAPITAL = r"[(\[]?[A-Z0-9ÄÖÜÉÈÀÇÑ][^\s?\"“”]*"
_NAME_RUN = re.compile(rf"{_CAPITAL}(?:\s+(?:(?:{_CONNECTORS}|&|/|-|–|\.|\+)\s+)*{_CAPITAL}|\s+[&/.])*")
_BEFORE_NAME = re.compile(
    r"(?:\b(?:from|of|by|for|at|to|with|named|called|titled|about|between|and|is|was|did|does|in|on)\s+(?:the\s+|an?\s+)?|[(:]\s*)$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“”„«]([^\"“”„«»]{2,160})[\"“”»]|(?<![\w])['‘]([^'’]{2,160})['’](?!\w)")
_AFTER_GENRE = re.compile(
    rf"\b(?:{'|'.join(GENRES)})s?\s+(?:from|of|by|for|issued by|filed by|signed by)\s+(?!the\b|this\b|a\b)(.+?)"
    r"(?=\s+(?:dated|with|whose|that|which|issued|start|end|as|for the|on|in|due)\b|\s*[?(,;]|\s*$)",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"(?:with\s+(?:an?\s+|the\s+)?|whose\s+|having\s+(?:an?\s+|the\s+)?|for\s+(?:the\s+)?|under\s+(?:the\s+)?|of\s+|on\s+|the\s+|by\s+)?"
    r"((?:[A-Za-z][\w-]*[\s,]+){1,4}?)(?:of|is|are|was|=|:|no\.?|nr\.?|#)?\s*(?:RM|USD|EUR|GBP|[$€£])?\s*$"
)

_TYPE_RULES: tuple[tuple[AnswerType, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (AnswerType.EMAIL, r"\be-?mail\b"),
        (AnswerType.PHONE, r"\b(?:tele)?phone\b|\bfax\b|\bmobile\b|\btel\b|\bcall\b.*\bnumber\b"),
        (
            AnswerType.LIST,
            r"\b(?:enumerate|list(?:ed)? (?:all|the)|in (?:a|the) list|which are the|what are the|who are the)\b",
        ),
        (
            AnswerType.PERCENT,
            r"\bper ?cent(?:age)?\b|%|\b(?:what|which) (?:share|proportion|rate)\b|\bdescribe the proportion\b",
        ),
        (AnswerType.TIME, r"\b(?:what|which|at what) time\b|\bo'clock\b"),
        (
            AnswerType.NUMBER,
            r"\bhow many\b|\bnumber of [a-z-]+s\b|\btotal (?:number|count|quantity)\b|\bquantity\b|\bhow (?:long|old|far|tall)\b",
        ),
        (AnswerType.DATE, r"\bwhen\b|\b(?:what|which) (?:date|day)\b|\b(?:date|day) (?:of|on|is|was|did|does)\b|\bdate\b"),
        (AnswerType.ADDRESS, r"\baddress\b|\bzip\b|\bpost(?:al)? ?code\b|\bwhere (?:is|are|was)\b.*\blocated\b|\bstreet\b"),
        (
            AnswerType.IDENTIFIER,
            r"\b(?:number|code|no\.|id|identifier|serial|reference|vin|iban|sku|registration)\b(?! of [a-z-]+s\b)",
        ),
        (
            AnswerType.AMOUNT,
            r"\bhow much\b|\b(?:amount|total|sub-?total|price|cost|costs|fee|balance|tax|vat|gst|paid|charge|sum|value|salary|change|cash|discount)\b",
        ),
        (
            AnswerType.NAME,
            r"\bwho\b|\bname\b|\b(?:which|what) (?:company|person|store|shop|vendor|business|bank|organi[sz]ation|firm|hospital|airline|agency)\b|\b(?:vendor|advertiser|registrant|cashier|seller|buyer|customer|signatory|author|requester|issuer)\b",
        ),
    )
)
_YES_NO = re.compile(r"^\W*(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE)
_CONSTRAINT_OF_VALUE = {
    ValueKind.DATE: ConstraintKind.DATE,
    ValueKind.AMOUNT: ConstraintKind.AMOUNT,
    ValueKind.IDENTIFIER: ConstraintKind.IDENTIFIER,
}


def make_plan(question: str, *, document: str | None = None) -> Plan:
    """Take ``question`` apart. ``document`` names the file when the question is about one file only."""
    text = " ".join(question.split())
    values = tuple(v for v in find_values(text) if _tells_documents_apart(v, text))
    names = _names(text, values)
    spans = [(v.start, v.end) for v in values] + [(start, end) for start, end, _ in names]
    main = _without(text, spans)
    genre = _genre(main)
    constraints = [_constraint_of(v, text) for v in values]
    constraints += [Constraint(kind=ConstraintKind.NAME, text=name) for _, _, name in names]
    if genre:
        constraints.append(Constraint(kind=ConstraintKind.GENRE, text=genre))
    target = _target(text, values, names)
    return Plan(
        question=question,
        answer_type=_answer_type(text, main, target),
        target=target,
        constraints=tuple(constraints),
        document=document,
    )


def _tells_documents_apart(value: Value, text: str) -> bool:
    """A year or a small count in a question belongs to what is asked; dates, amounts and long numbers identify."""
    if value.kind in (ValueKind.DATE, ValueKind.AMOUNT):
        return any(len(n) > 4 for n in value.normals) or value.kind is ValueKind.AMOUNT
    digits = sum(c.isdigit() for c in value.text)
    named = re.search(
        r"(?:number|no\.?|#|code|id|invoice|contract|order|reference)\s*(?:is|of|:|=)?\s*$", text[: value.start], re.I
    )
    if value.kind is ValueKind.IDENTIFIER:
        return digits >= 3 or named is not None
    if value.kind is ValueKind.NUMBER:
        is_year = re.fullmatch(r"(?:19|20)\d\d", value.text) is not None
        return value.text.isdigit() and (named is not None or (digits >= 3 and not is_year))
    return value.kind in (ValueKind.PHONE, ValueKind.EMAIL)


def _constraint_of(value: Value, text: str) -> Constraint:
    kind = _CONSTRAINT_OF_VALUE.get(value.kind, ConstraintKind.IDENTIFIER)
    normals = (
        value.normals if kind is not ConstraintKind.IDENTIFIER else (re.sub(r"\s+", "", value.text).upper(), *value.normals)
    )
    found = _ROLE.search(text[: value.start])
    role = " ".join(w for w in re.findall(r"[\w-]+", found.group(1)) if w.lower() not in _STOP) if found else ""
    return Constraint(kind=kind, text=value.text, normals=tuple(dict.fromkeys(normals)), role=role.lower() or None)


def _names(text: str, values: tuple[Value, ...]) -> list[tuple[int, int, str]]:
    """Names in the question as (start, end, name): quoted titles, capitalised runs, and what follows 'receipt from'."""
    taken = [(v.start, v.end) for v in values]
    found: list[tuple[int, int, str]] = []
    for match in _QUOTED.finditer(text):
        found.append((match.start(), match.end(), (match.group(1) or match.group(2)).strip()))
    runs = [(m.start(), m.end(), m.group()) for m in _NAME_RUN.finditer(text)]
    after_genre = [(m.start(1), m.end(1), m.group(1)) for m in _AFTER_GENRE.finditer(text)]
    for start, end, name in [*(r for r in runs if _is_name_here(text, *r)), *after_genre]:
        start, end, name = _trimmed(start, end, name, taken)
        if len(re.sub(r"\W", "", name)) >= 3 and not any(_overlap(start, end, s, e) for s, e, _ in found):
            found.append((start, end, name))
    return sorted(found)


def _is_name_here(text: str, start: int, end: int, name: str) -> bool:
    before, after = text[:start], text[end:]
    if not re.search(r"[A-Za-z]", name):
        return False
    possessive = re.search(r"['’]s$", name) is not None
    if start == 0 or (not _BEFORE_NAME.search(before) and not possessive):
        return False
    modifies = re.match(r"\s+(?:registration|accident|form|number|code|case|id\b|chart|report\b)", after)
    return modifies is None or len(name.split()) > 1


def _trimmed(start: int, end: int, name: str, taken: list[tuple[int, int]]) -> tuple[int, int, str]:
    """Cut a name at the first value inside it, and strip the punctuation around it."""
    for value_start, value_end in taken:
        if _overlap(start, end, value_start, value_end):
            end = max(start, value_start)
    name = re.sub(r"['’]s$", "", name[: end - start])
    stripped = name.rstrip(" ,;:?!-–/(").lstrip(" ,;:([")
    start += len(name) - len(name.lstrip(" ,;:(["))
    if stripped.count(")") > stripped.count("("):
        stripped = stripped.rstrip(")")
    return start, start + len(stripped), stripped


def _overlap(a0: int, a1: int, b0: int, b1: int) -> bool:
    return a0 < b1 and b0 < a1


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    out = list(text)
    for start, end in spans:
        out[start:end] = " " * (end - start)
    return "".join(out)


def _genre(main: str) -> str | None:
    words = re.findall(r"[a-z-]+", main.lower())
    return next((g for g in reversed(words) if g in GENRES or g.rstrip("s") in GENRES), None)


def _target(text: str, values: tuple[Value, ...], names: list[tuple[int, int, str]]) -> str:
    """The content words of the question that are neither a constraint, nor its role, nor the document's genre phrase."""
    spans = [(s, e) for s, e, _ in names]
    for value in values:
        role = re.search(
            r"(?:\b(?:dated|with an?|with the|with|whose|having|for the)\s+)(?:[\w-]+[\s,]+){0,5}?(?:of|is|are|to)?\s*(?:RM|[$€£])?\s*$",
            _without(text[: value.start], [s for s in spans if s[1] <= value.start]),
        )
        spans.append((role.start() if role else value.start, value.end))
    main = _without(text, spans)
    main = re.sub(
        rf"\b(?:on|in|of|from|for|at|according to|as printed on)\s+(?:the|this|its|their|that|an?)\s+(?:[\w/-]+,?\s+){{0,5}}?(?:{'|'.join(GENRES)})s?"
        r"(?:,?\s+(?:or\s+)?(?:" + "|".join(GENRES) + r"))*\b(?!\s+(?:number|no\.|date|total|amount)\b(?!\s*\W*$))",
        " ",
        main,
        flags=re.IGNORECASE,
    )
    main = re.sub(
        rf"\b(?:the|this|its)\s+(?:{'|'.join(GENRES)})\b(?!\s+(?:number|no\.|date|total|amount))",
        " ",
        main,
        flags=re.IGNORECASE,
    )
    words = [w for w in re.findall(r"[^\W_][\w'’/&-]*", _ASKING.sub(" ", main)) if w.lower() not in _STOP]
    return " ".join(words) or " ".join(w for w in re.findall(r"[\w-]+", text) if w.lower() not in _STOP)


def _answer_type(text: str, main: str, target: str) -> AnswerType:
    if _YES_NO.match(text):
        return AnswerType.YES_NO
    opening = _ASKING.match(text)
    asked = f"{opening.group()} {target}" if opening else target
    for kind, pattern in _TYPE_RULES:
        if pattern.search(asked):
            return kind
    return next(
        (kind for kind, pattern in _TYPE_RULES if kind is not AnswerType.DATE and pattern.search(main)), AnswerType.FREE
    )
