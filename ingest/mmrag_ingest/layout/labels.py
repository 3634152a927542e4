"""What a label looks like, and what a value looks like, by their letters alone."""

from __future__ import annotations

import re
from functools import lru_cache

_NOUNS = (
    "name|address|date|time|no|nos|number|num|tel|telephone|phone|mobile|fax|e-?mail|website|total|subtotal|sub-?total|amount|"
    "amt|balance|due|cash|change|tax|gst|vat|sst|rounding|discount|price|rate|qty|quantity|payment|paid|invoice|receipt|order|"
    "bill|customer|client|cashier|operator|staff|server|table|member|account|acct|reference|ref|code|id|station|terminal|"
    "counter|till|branch|company|registrant|registration|advertiser|agency|product|salesperson|buyer|estimate|contract|"
    "property|flight|period|month|year|age|sex|gender|title|subject|from|to|attention|attn|city|state|zip|country|county|"
    "street|location|department|type|category|class|status|description|term|terms|currency|signature|signed|charge|charges|"
    "fee|fees|commission|gross|net|revision|version|page|document|issued|issue|expiry|expires|birth|nationality|occupation|"
    "employer|business|model|make|serial|weight|height|length|width|temperature|duration|start|end|departure|arrival|"
    "destination|origin|principal|purpose|owner|operator|aircraft|investigator|visibility|wind|conditions|injuries|spots|region|office|executive|handling|contact|demographic|market|programme?|buying|cycle|calendar|"
    "identification|capacity|quantity|weekdays|airport|registration|pilot|engine|manufacturer"
)
_PROPER = (
    "company|commission|department|agency|branch|business|office|state|county|country|city|street|market|airport|engine"
)
"""Nouns that also end the names of organisations and places: a label only when it is short."""
_NUMBERING = re.compile(r"^\s*\(?(?:\d{1,2}|[a-zA-Z])[.)]\s*(?=[^\W\d])")
_ENTRY = re.compile(r"^\s*\(?\d{1,2}[a-z]?[.)]?\s+([^\W\d].*)$")
_NOUN = re.compile(rf"\b(?:{_NOUNS})s?\b", re.IGNORECASE)
_ENDS_LIKE_NAME = re.compile(rf"\b(?:{_PROPER})\W*$", re.IGNORECASE)
_ENDS_LIKE_LABEL = re.compile(rf"(?:\b(?:{_NOUNS})s?\b[.,]?|#)\s*(?:\([^)]*\))?\s*[:：.#]?$", re.IGNORECASE)
CURRENCY = re.compile(r"^(?:RM|USD|EUR|GBP|MYR|SGD|SR|CHF|JPY|AUD|CAD|INR|Rs\.?|US\$|S\$|[$€£¥₹])[.:]?$", re.IGNORECASE)
_YEARS = re.compile(r"^\W*(?:(?:19|20)\d\d\W*(?:[a-z]{1,3}\W*)?)+$", re.IGNORECASE)
_NUMERIC = re.compile(r"^[^\w\s]*(?:RM|USD|EUR|GBP|MYR|[$€£¥])?\s*[^\w\s]*\d[\d.,:/\-\s%]*\w?[^\w\s]*$", re.IGNORECASE)


@lru_cache(maxsize=8192)
def letters(text: str) -> int:
    return sum(c.isalpha() for c in text)


@lru_cache(maxsize=8192)
def digits(text: str) -> int:
    return sum(c.isdigit() for c in text)


@lru_cache(maxsize=8192)
def is_numeric(text: str) -> bool:
    """True for amounts, counts, dates in digits, and percentages: mostly digits, hardly any letters."""
    if _NUMERIC.match(text):
        return True
    return digits(text) > 0 and digits(text) >= 2 * letters(text)


@lru_cache(maxsize=8192)
def names_years(text: str) -> bool:
    """True for years and no more, as they head columns: ``2017``, ``2017 vs. 2016``."""
    return bool(_YEARS.match(text))


@lru_cache(maxsize=8192)
def is_currency(text: str) -> bool:
    return bool(CURRENCY.match(text.strip()))


@lru_cache(maxsize=8192)
def ends_with_colon(text: str) -> bool:
    return text.rstrip().endswith((":", "："))


@lru_cache(maxsize=8192)
def is_label(text: str) -> bool:
    """True for a short run of words that could name something: letters, few digits, no sentence."""
    words = text.split()
    named = letters(text)
    if not words or named < 2 or len(words) > 8 or len(text) > 60:
        return False
    if digits(text) > 0.4 * named and not ends_with_colon(text):
        return False
    return not re.search(r"[.;,!?]\s+\w+.*[.!]$", text)


@lru_cache(maxsize=8192)
def names_a_field(text: str) -> bool:
    """True for a label by its words: it ends in a noun such as "name", "no." or "total", in a colon, or in ``#``."""
    clean = _NUMBERING.sub("", text).strip()
    if not is_label(clean):
        return False
    if ends_with_colon(clean):
        return True
    proper = len(clean.split()) > 2 and _ENDS_LIKE_NAME.search(clean)
    return bool(_ENDS_LIKE_LABEL.search(clean)) and not proper


@lru_cache(maxsize=8192)
def mentions_a_field(text: str) -> bool:
    return bool(_NOUN.search(text))


@lru_cache(maxsize=8192)
def entry_label(text: str) -> str | None:
    """The name of a numbered entry of a form, without its instructions; None when the text is no such entry.

    ``5 Address (number, street, and apt. or suite no.) See instructions.`` is ``Address``.
    """
    entry = _ENTRY.match(text)
    if entry is None or len(text.split()) > 24:
        return None
    name = re.split(r"\s*\(|[.;]\s|,\s+(?:if|as|when)\b|\s-\s", entry[1], maxsplit=1)[0].strip(" ,:")
    if name == entry[1].strip() and _ENDS_LIKE_NAME.search(name):
        return None  # a street address: "7 Wilson Street"
    return name if len(name) > 3 and mentions_a_field(name) and len(name.split()) <= 6 and is_label(name) else None


@lru_cache(maxsize=8192)
def clean_label(text: str) -> str:
    """A label without the colon, dots or numbering around it: ``2. Registration No. :`` is ``Registration No.``"""
    stripped = _NUMBERING.sub("", text)
    stripped = re.sub(r"[\s:：]*[.…·_\-–—=]{3,}[\s:：]*$", "", stripped)
    return re.sub(r"\s*[:：;>▶]+\s*$", "", stripped).strip()
