"""The unit that the title of an axis or of a column says its numbers are in."""

from __future__ import annotations

import re
from typing import Final

_SIZE: Final = r"(?:hundreds?|thousands?|millions?|billions?|trillions?|crores?|lakhs?)"
_KIND: Final = (
    r"(?:per\s?cent(?:age)?s?|%|[$€£¥]|(?:u\.?s\.? )?dollars?|euros?|pounds?|yen|usd|eur|gbp|inr|chf|jpy|cny"
    r"|tons?|tonnes?|kt|kg|km|miles?|met(?:er|re)s?|hours|minutes|seconds|people|persons|units"
    r"|[kmg]wh?|°\s?[cf]|bps|mm|cm|lit(?:er|re)s?)"
)
_UNIT: Final = re.compile(
    rf"^(?:in |us\$ ?|[$€£¥] ?)*(?:{_SIZE}|{_KIND})(?: (?:of )?(?:{_SIZE}|{_KIND}|\w+))?$", re.IGNORECASE
)
_BRACKETED: Final = re.compile(r"[(\[]([^()\[\]]{1,40})[)\]]\s*$")
_BEHIND: Final = re.compile(r"^.+?(?:,| [-–—:]| in(?= ))\s*(.{1,40})$", re.IGNORECASE)


def unit_in(title: str) -> str | None:
    """What a title says its numbers count, as printed: ``in millions`` of ``Revenue (in millions)``; None when it says none.

    What stands in brackets at its end is a unit; so is the rest behind a comma, a dash or "in", and a whole title, where it
    reads like one.
    """
    text = " ".join(title.split())
    bracketed = _BRACKETED.search(text)
    if bracketed is not None:
        return bracketed[1].strip() or None
    if is_unit(text):
        return text
    behind = _BEHIND.match(text)
    if behind is None or not is_unit(behind[1]):
        return None
    return f"in {behind[1]}" if re.search(rf" in {re.escape(behind[1])}$", text, re.IGNORECASE) else behind[1]


def is_unit(text: str) -> bool:
    """True for a text that is a unit and nothing else: "Billions", "in INR thousands", "%"."""
    return _UNIT.match(text.strip("()[] ")) is not None
