"""A part of a page, drawn and read once more from the file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mmrag.domain.documents import Word


class Way(StrEnum):
    """How a region is prepared before it is read again."""

    AS_PRINTED = "as printed"
    SHADOWS_REMOVED = "shadows removed"
    CONTRAST = "contrast"
    TURNED_LEFT = "turned left"
    TURNED_RIGHT = "turned right"
    UPSIDE_DOWN = "upside down"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPicture:
    """A region as PNG, ``width`` by ``height`` pixels.

    ``note`` says why it was cut from the stored page picture, and is empty when it comes from the original file.
    """

    data: bytes = field(repr=False)
    width: int
    height: int
    note: str = ""

    @property
    def is_original(self) -> bool:
        return not self.note


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionReading:
    """What OCR reads in a region that was prepared one ``way``.

    ``words`` count from 0 in the order from top to bottom and left to right; their polygons are in fractions of the whole
    page. ``sure`` counts the characters that were read with confidence: of two readings the one with more is the better.
    """

    way: Way
    words: tuple[Word, ...]
    sure: int

    @property
    def text(self) -> str:
        """One printed line a line."""
        lines: dict[int, list[str]] = {}
        for word in self.words:
            lines.setdefault(word.line, []).append(word.text)
        return "\n".join(" ".join(words) for words in lines.values())

    @property
    def confidence(self) -> float:
        """The mean over letters, in ``[0, 1]``; 0 for nothing read."""
        letters = sum(len(word.text) for word in self.words)
        return sum(word.confidence * len(word.text) for word in self.words) / letters if letters else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A region read again: its picture, and one reading for each way that was tried, the best first."""

    picture: RegionPicture
    readings: tuple[RegionReading, ...]
