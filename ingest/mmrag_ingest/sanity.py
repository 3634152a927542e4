"""Can a text layer be believed? Cheap signs first; where they leave doubt, a few words are read from the picture."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

from mmrag_ingest.native import TextLayer

_MOJIBAKE = re.compile(r"[ÃÂâ][\u0080-\u00bf€™œžŸ¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾]")
_CID = re.compile(r"\(cid:\d+\)")
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœ")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿ]{4,}")


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
    if bad > 0.005 or _unpronounceable(text) or _few_letters(text) or layer.outside > 0.1:
        return Trust.DOUBT, "it does not look like written language"
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


def _few_letters(text: str) -> bool:
    """Fewer than a third of the characters are letters or digits."""
    solid = [character for character in text if not character.isspace()]
    return len(solid) >= 20 and sum(character.isalnum() for character in solid) < 0.34 * len(solid)
