"""read_again: OCR of a region once more, from the original file, at higher resolution and with other settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from mmrag.agent.tools.base import ToolParts, box_json, shortened
from mmrag.agent.tools.regions import Region, as_part, spot_of, stored_picture
from mmrag.domain.documents import Word
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.domain.rereading import RegionReading, Way
from mmrag.errors import UsageError
from mmrag.ports import PageRef

_LONGEST = 2400
"""Pixels of the longer side of what is read: an A4 page at 200 dpi has as many, a part of it has more for each letter."""
_BY_ITSELF = (Way.AS_PRINTED, Way.SHADOWS_REMOVED, Way.CONTRAST)
_MOST_TEXT = 2000
_MOST_WORDS = 120


class ReadAgain(Region):
    way: Literal["auto"] | Way = Field(
        default="auto", description="How the region is prepared; auto tries several and gives the best reading first."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOnceMore:
    """A region read again. ``before`` is what the store has of it, ``readings`` what OCR reads now, the best first.

    ``elements`` are the stored ones there: they are what may be cited, a new reading has no id of its own.
    """

    document: str
    page: int
    bbox: BBox
    before: str
    before_confidence: float | None
    readings: tuple[RegionReading, ...]
    elements: tuple[str, ...]
    source: str
    shows: tuple[PageRef, ...]
    pictures: tuple[ImagePart, ...]

    @property
    def element_ids(self) -> tuple[str, ...]:
        return self.elements

    @property
    def best(self) -> RegionReading:
        return self.readings[0]

    @property
    def changed(self) -> bool:
        """True when the best reading has other letters than the stored one."""
        return _bare(self.best.text) != _bare(self.before)

    def to_json(self) -> Json:
        return {
            "document": self.document,
            "page": self.page,
            "bbox": box_json(self.bbox),
            "before": shortened(self.before, _MOST_TEXT),
            "before_confidence": None if self.before_confidence is None else round(self.before_confidence, 3),
            "text": shortened(self.best.text, _MOST_TEXT),
            "confidence": round(self.best.confidence, 3),
            "way": self.best.way.value,
            "changed": self.changed,
            "words": [_word_json(word) for word in self.best.words[:_MOST_WORDS]],
            "other_readings": [
                {"way": r.way.value, "text": shortened(r.text, 400), "confidence": round(r.confidence, 3)}
                for r in self.readings[1:]
            ],
            "elements": list(self.elements),
            "source": self.source,
        }


async def read_again(arguments: ReadAgain, parts: ToolParts) -> ReadOnceMore:
    """Raises ``UsageError`` for a place that is not there, and where nothing here can read."""
    if parts.originals is None:
        raise UsageError("Nothing here can read a page again: install all of mmrag (mmrag doctor says what is missing).")
    spot = await spot_of(arguments, parts)
    stored = await stored_picture(spot.page, parts)
    ways = _BY_ITSELF if arguments.way == "auto" else (arguments.way,)
    again = await parts.originals.read(spot.document, spot.page.number, spot.box, ways=ways, longest=_LONGEST, stored=stored)
    words = spot.words
    return ReadOnceMore(
        document=spot.document.name,
        page=spot.page.number,
        bbox=spot.box,
        before=spot.text,
        before_confidence=min((w.confidence for w in words), default=None),
        readings=again.readings,
        elements=tuple(e.id for e in spot.elements),
        source="original file" if again.picture.is_original else again.picture.note,
        shows=(spot.page.ref,),
        pictures=(as_part(again.picture, f"read again: {spot.document.name} page {spot.page.number}"),),
    )


def _word_json(word: Word) -> Json:
    return [word.text, round(word.confidence, 3), box_json(word.bbox)]


def _bare(text: str) -> str:
    return "".join(text.split())
