"""The names that a question says: quoted titles, capitals in a row, and what follows 'receipt from'."""

from __future__ import annotations

import re

from mmrag.agent.planwords import PlanWords
from mmrag.agent.saying import IN_A_MONTH
from mmrag.domain.values import Value
from mmrag.values.months import MONTH_PATTERN

Span = tuple[int, int]
"""Where something begins in the text, and where it ends."""

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
_QUESTION_BEHIND = re.compile(r"[:,]\s+(?:What|Which|Who|Whose|How|When|Where|Why|Is|Are)\b.*$")
PERIOD = re.compile(r"(?:FY|CY|[QH][1-4])[\s'’/-]?(?:(?:19|20)?\d\d)?", re.IGNORECASE)
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


def names_in(text: str, values: tuple[Value, ...], words: PlanWords) -> list[tuple[int, int, str]]:
    """Names in the question as (start, end, name): quoted titles, capitalised runs, and what follows 'receipt from'."""
    found = [(m.start(), m.end(), (m.group(1) or m.group(2)).strip()) for m in _QUOTED.finditer(text)]
    found = [(start, end, name) for start, end, name in found if _is_title(name)]
    # A "?" ends a run: names do not go on across a value.
    periods = [m.span() for m in re.finditer(rf"\b{PERIOD.pattern}\b|{_UNIT.pattern}|{_RATE}", text, re.IGNORECASE)]
    masked = blanked(text, [*((v.start, v.end) for v in values), *_abbreviations(text), *periods], by="?")
    runs = [m.span() for m in words.name_run.finditer(masked) if _is_name_here(text, *m.span(), beside_title=bool(found))]
    runs += [m.span(1) for m in words.after_genre.finditer(masked)]
    for start, end in runs:
        start, end = _trimmed(text, start, end, words)
        name = text[start:end]
        known = any(overlap((start, end), (s, e)) for s, e, _ in found) or _heads_code(name, text[end:])
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


def overlap(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def blanked(text: str, spans: list[Span], *, by: str = " ") -> str:
    for start, end in spans:
        text = text[:start] + by * (end - start) + text[end:]
    return text
