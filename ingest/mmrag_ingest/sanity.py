"""Can a text layer be believed? Cheap signs first; ``DOUBT`` asks for a look at the picture (see ``words``)."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from mmrag_ingest.native import TextLayer

_MOJIBAKE = re.compile(r"[ÃÂâ][\u0080-\u00bf€™œžŸ¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾]")
_CID = re.compile(r"\(cid:\d+\)")
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœ")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿ]{4,}")
_WORD = re.compile(r"[^\W\d_]+")
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        "the of and to in is for on by with that this be are as at or an not from you your it was we our have has if "
        "der die das und ist nicht ein eine den dem von mit für auf im zu sich des le la les et est une du dans pour que "
        "pas sur au aux el los las en y un por con del se para il di che per non una sono da do dos não uma em os het een "
        "van niet op te voor dan yang untuk dengan ini pada"
    )
)
_FUNCTION_SHARE = 0.04
"""Running text of European languages has ten times this share of such words. Tables and forms have fewer."""


class Trust(Enum):
    """How far a text layer can be believed. ``DOUBT`` wants a look at the picture."""

    YES = "yes"
    DOUBT = "doubt"
    NO = "no"


def judge(layer: TextLayer) -> tuple[Trust, str]:
    """Judge a text layer that has words. The second value says in a few words what speaks against it."""
    text = layer.text
    total = max(1, sum(not character.isspace() for character in text))
    bad = sum(_is_bad(character) for character in text) / total
    if bad > 0.05:
        return Trust.NO, f"{bad:.0%} of its characters stand for nothing"
    if len(_CID.findall(text)) * 6 > 0.1 * total:
        return Trust.NO, "its fonts do not say which letters they draw"
    if len(_MOJIBAKE.findall(text)) * 2 > 0.05 * total:
        return Trust.NO, "its characters were decoded wrongly"
    if layer.outside > 0.5:
        return Trust.NO, "most of its text lies off the page"
    if _piled_up(layer):
        return Trust.NO, "its words all lie in one place"
    if layer.invisible > 0.5:
        return Trust.DOUBT, "it is an invisible layer under a picture"
    if bad > 0.005 or layer.outside > 0.1 or _unpronounceable(text) or not _is_language(text):
        return Trust.DOUBT, "it does not read like language"
    return Trust.YES, ""


def _is_bad(character: str) -> bool:
    category = unicodedata.category(character)
    return character == "\ufffd" or category in ("Co", "Cn", "Cs") or (category == "Cc" and character not in "\t\n\r")


def _piled_up(layer: TextLayer) -> bool:
    if len(layer.words) < 8:
        return False
    places = {(round(word.polygon.bbox.x0, 2), round(word.polygon.bbox.y0, 2)) for word in layer.words}
    return len(places) <= max(1, len(layer.words) // 8)


def _unpronounceable(text: str) -> bool:
    """More than a third of the longer Latin words have no vowel, as when glyph numbers were taken for letters."""
    words = _LATIN_WORD.findall(text)
    if len(words) < 8:
        return False
    without = sum(not any(letter in _VOWELS for letter in word.lower()) for word in words)
    return without > 0.34 * len(words)


def _is_language(text: str) -> bool:
    """True when the text has the small words that hold a language together; a shifted alphabet has none of them."""
    words = _WORD.findall(text)
    return sum(word.lower() in _FUNCTION_WORDS for word in words) >= max(3.0, _FUNCTION_SHARE * len(words))
