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
from mmrag.agent.planwords import PlanWords, plan_words
from mmrag.agent.saying import IN_A_MONTH, in_plain_words, months_behind, short_codes
from mmrag.agent.tongues import in_english
from mmrag.domain.aggregates import Aggregate, Giving, Operation, Quantity
from mmrag.domain.plans import AnswerType, Constraint, ConstraintKind, Plan
from mmrag.domain.values import Value, ValueKind
from mmrag.retrieval.broad import is_broad
from mmrag.values import find_values
from mmrag.values.months import MONTH_PATTERN

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
_QUOTED = re.compile(r"[\"“”„«]([^\"“”„«»]{2,160})[\"“”»]|(?<!\w)['‘]([^'’]{2,160})['’](?!\w)")
_BEFORE_NAME = re.compile(
    r"(?:\b(?:from|of|by|for|at|to|with|named|called|titled|about|between|and|is|was|did|does|in|on|mention(?:s|ing)?)\s+(?:the\s+|an?\s+)?"
    r"|[(:/]\s*)$",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(r"^\W*(?:who|what|which)\s+(?:is|was|are|were)\s+the\s+$", re.IGNORECASE)
"""Before capitals that are asked for: 'Who was the Investigator In Charge (IIC) of ...' names no document."""
_TITLE = re.compile(
    r"^(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Fräulein|Madame|Mademoiselle|Monsieur|Mme|Mlle|M|Me|Señora?|Sra?|Don|Doña|Signora?|Sig"
    r"|Docteur|Doctor|Professor)\.?\s+)+(?=[^\W\d_])"
)
"""Forms of address before a name: a letter to 'Madame Solange Perrichon' is one to Madame Perrichon."""
_AFTER_PAPER = re.compile(r"\b(?:invoice|receipt|bill|quotation|quote|statement|payslip|contract)\s+$", re.IGNORECASE)
"""'the bill Brook Energy': whose it is, without a word between."""
_HOW_MUCH = re.compile(r"^\W*how\s+much\s+(?:(?:is|was)\s+(?:the\s+)?)?$", re.IGNORECASE)
_ABBREVIATION = 4
_AFTER_NOUN = re.compile(r"[a-zà-ÿ]\s+$")
_AFTER_MODIFIER = re.compile(r"\s+(?:registration|accident|form|number|code|case|id\b|chart|report\b)")
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
_QUESTION_BEHIND = re.compile(r"[:,]\s+(?:What|Which|Who|Whose|How|When|Where|Why|Is|Are)\b.*$")
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
_PERIOD = re.compile(r"(?:FY|CY|[QH][1-4])[\s'’/-]?(?:(?:19|20)?\d\d)?", re.IGNORECASE)
"""'FY2019', 'Q3': which column of a document is meant, and no number that has to stand on it."""
_RATE = r"\d+(?:[.,]\d+)?\s*%"
_UNIT = re.compile(
    r"\(?\bin\s+(?:(?:USD|US\$|EUR|GBP|INR|[$€£])\s*)?(?:thousand|million|billion|lakh|lac|crore)s?\b\)?", re.IGNORECASE
)
"""'(in USD millions)': how the answer is counted, and no name."""
_IN_A_YEAR = re.compile(
    r"\s+(?:in|for|of|during|since|until|by|from|to|and|before|after)(?:\s+the\s+year)?\s+(?:19|20)\d\d(?:\W.*)?$"
)
"""'Oslo in 2021' is a place and a year; 'Expo 2020' is one name."""
_FIELDS = frozenset(
    ("VAT", "GST", "SST", "TVA", "IVA", "MwSt", "USt", "IBAN", "BIC", "SWIFT", "ISBN", "ISSN", "EAN", "SKU", "VIN", "PIN")
)
"""What is asked for by its initials: 'how much is the VAT' names no document."""
_ONLY_MONTHS = re.compile(rf"(?:(?:{MONTH_PATTERN}|and|or|to|of|in|through|until)\b[\s.,]*)+", re.IGNORECASE)
"""'January to March' names no document."""
_MONTH_DAY = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*\.?(?:\s+\d{1,2})?$")
_FILE = re.compile(
    r"(?<![\w/.-])[\w(][\w/.()+-]*\.(?:pdf|png|jpe?g|jpe|tiff?|bmp|gif|webp|hei[cf]|avif|jp2|j2k|pn?m|p[bgp]m|eml|zip)(?![\w-])",
    re.IGNORECASE,
)
"""'delivery-note.jpg', 'scans/2019/a.pdf': a file by its whole name."""
_QUOTED_FILE = re.compile(r"[\"“'‘`]([^\"“”'‘’`]{1,120}?\.[A-Za-z0-9]{2,4})[\"”'’`]")
_CONSTRAINT_OF_VALUE = {ValueKind.DATE: ConstraintKind.DATE, ValueKind.AMOUNT: ConstraintKind.AMOUNT}


Span = tuple[int, int]


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
    without_files = _blanked(text, [(s, e) for s, e, _ in files])
    codes = short_codes(without_files)
    found = [v for v in find_values(without_files) if not any(_overlap((v.start, v.end), (c.start, c.end)) for c in codes)]
    values = _agreeing_dates((*codes, *(v for v in found if _tells_documents_apart(v, without_files))))
    names = _names(without_files, values, words)
    without_names = _blanked(without_files, [(s, e) for s, e, _ in names])
    main = _blanked(without_names, [(v.start, v.end) for v in values])
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
    if _PERIOD.fullmatch(value.text.strip()):
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
    plain = [(m.start(), m.end(), m.group()) for m in _FILE.finditer(_blanked(text, [(s, e) for s, e, _ in quoted]))]
    return sorted([*quoted, *plain])


def _names(text: str, values: tuple[Value, ...], words: PlanWords) -> list[tuple[int, int, str]]:
    """Names in the question as (start, end, name): quoted titles, capitalised runs, and what follows 'receipt from'."""
    found = [(m.start(), m.end(), (m.group(1) or m.group(2)).strip()) for m in _QUOTED.finditer(text)]
    found = [(start, end, name) for start, end, name in found if _is_title(name)]
    # A "?" ends a run: names do not go on across a value.
    periods = [m.span() for m in re.finditer(rf"\b{_PERIOD.pattern}\b|{_UNIT.pattern}|{_RATE}", text, re.IGNORECASE)]
    masked = _blanked(text, [*((v.start, v.end) for v in values), *_abbreviations(text), *periods], by="?")
    runs = [m.span() for m in words.name_run.finditer(masked) if _is_name_here(text, *m.span(), beside_title=bool(found))]
    runs += [m.span(1) for m in words.after_genre.finditer(masked)]
    for start, end in runs:
        start, end = _trimmed(text, start, end, words)
        name = text[start:end]
        known = any(_overlap((start, end), (s, e)) for s, e, _ in found) or _heads_code(name, text[end:])
        if (
            not known
            and len(re.sub(r"\W", "", name)) >= 3
            and name.lower().removesuffix("s") not in words.genres
            and not _MONTH_DAY.match(name)
            and not _ONLY_MONTHS.fullmatch(name)
            and name not in _FIELDS
        ):
            found.append((start, end, name))
    return sorted(found)


def _heads_code(name: str, behind: str) -> bool:
    """True for what a code is called: 'the plant with the EAN 5012340035' names no EAN."""
    return re.fullmatch(r"[A-Z]{2,5}", name) is not None and re.match(r"[\s:.#]*[A-Z]*[-/]?\d", behind) is not None


def _abbreviations(text: str) -> list[Span]:
    """Brackets with the initials of the words before them: 'investigator in charge (IIC)' names no document."""
    found: list[Span] = []
    for match in re.finditer(r"\(([A-Z]{2,6})\)", text):
        before = re.findall(r"[^\W\d_]+", text[: match.start()])[-len(match.group(1)) :]
        if "".join(word[0] for word in before).upper() == match.group(1):
            found.append(match.span())
    return found


def _is_title(quoted: str) -> bool:
    """A quoted title names a document; a quoted sentence describes something."""
    words = quoted.split()
    capital = sum(w[0].isupper() or not w[0].isalpha() for w in words)
    return len(words) <= 5 or (len(words) <= 16 and capital >= 0.4 * len(words) and not quoted.rstrip().endswith(" ."))


def _is_name_here(text: str, start: int, end: int, *, beside_title: bool) -> bool:
    """Capitals make a name after a preposition or before 's; beside a quoted title only its author is one as well."""
    name = text[start:end]
    if re.match(r"\s+(?:receipt|invoice|bill|contract|letter)s?\b", text[end:]) and re.search(
        r"\b(?:the|both|two|all|every|each|of)\s+$", text[:start]
    ):
        return True  # 'the Corner Deli receipt'
    if start == 0 or not re.search(r"[^\W\d_]{2}", name) or _ASKED_FOR.match(text[:start]):
        return False
    if beside_title:
        return re.search(r"\b(?:by|from)\s+(?:the\s+)?$", text[:start]) is not None
    if name.isupper() and len(name) <= _ABBREVIATION and _HOW_MUCH.match(text[:start]):
        return False  # 'How much is the VAT at 7 %?'
    if text[start] == "(" and " " not in name and _AFTER_NOUN.search(text[:start]):
        return False  # 'the gross total (Gesamtbrutto)': another name of what is asked
    if " " in name and not _AFTER_MODIFIER.match(f" {name.split()[0].lower()}") and _AFTER_PAPER.search(text[:start]):
        return True
    if text[start] not in "([" and not _BEFORE_NAME.search(text[:start]) and not re.search(r"['’]s$", name):
        return False
    return _AFTER_MODIFIER.match(text[end:]) is None or len(name.split()) > 1


def _trimmed(text: str, start: int, end: int, words: PlanWords) -> Span:
    """Take question words, small words at the end and punctuation off a name."""
    name = words.leading.sub("", text[start:end])
    start = end - len(name)
    name = _QUESTION_BEHIND.sub("", name)
    name = _IN_A_YEAR.sub("", name)
    month = IN_A_MONTH.search(name)
    name = name if month is None else name[: month.start()]
    name = words.trailing.sub("", re.sub(r"['’]s$", "", name)).rstrip(" ,;:?!-–/([")
    if name.count(")") > name.count("(") or (name.startswith("(") and name.endswith(")")):
        name = name.removesuffix(")").rstrip()
    core = name.lstrip(" ,;:([") if name.count("(") > name.count(")") else name.lstrip(" ,;:")
    core = _TITLE.sub("", core)
    start += len(name) - len(core)
    return start, start + len(core)


def _overlap(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _blanked(text: str, spans: list[Span], *, by: str = " ") -> str:
    for start, end in spans:
        text = text[:start] + by * (end - start) + text[end:]
    return text


def _target(text: str, values: tuple[Value, ...], names: list[Span], words: PlanWords) -> str:
    """The content words of the question that are neither a constraint, nor its role, nor the document's genre phrase."""
    spans = list(names)
    for value in values:
        role = _ROLE_PHRASE.search(_blanked(text[: value.start], [s for s in names if s[1] <= value.start]))
        kind = _OF_KIND.search(text[: value.start]) if value.kind is ValueKind.IDENTIFIER else None
        spans.append((role.start() if role else kind.start(1) if kind else value.start, value.end))
    asked = _SAYS.sub(r"\g<before> ", _blanked(text, spans))
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
