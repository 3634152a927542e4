"""Tools that look: look_at, compare_images."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import anyio.to_thread

from mmrag.agent.tools.base import Arguments, ToolParts, shortened
from mmrag.agent.tools.regions import Looked, Region, look
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.errors import UsageError
from mmrag.ports import PageRef
from mmrag.values import find_values

if TYPE_CHECKING:
    from mmrag.ports import Pixels

_SIDE = 32
_WORDS = 3
"""Words that a region must have in it before its text says anything about how alike two regions are."""
_SAME, _SIMILAR = 0.9, 0.6
_MOST_LISTED = 20
_MOST_PIXELS = 60_000_000


class Judgement(StrEnum):
    SAME = "same"
    SIMILAR = "similar"
    DIFFERENT = "different"


class LookAt(Region):
    pass


class CompareImages(Arguments):
    first: Region
    second: Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two regions as two pictures, and how they compare.

    ``likeness`` is the Pearson correlation of their grey values at 32 by 32 pixels, in [-1, 1]; ``text_likeness`` how much
    of their text agrees, in [0, 1] (``rapidfuzz.fuzz.token_sort_ratio``), None where one has hardly any; ``meaning`` the
    cosine of their image vectors, None without an image model. The judgement is drawn from their mean: ``same`` from 0.9
    and where the same values are printed, ``similar`` from 0.6. ``confidence`` says how far that mean is from the next
    border, in [0.5, 1]: how clear the case is, not a calibrated probability.
    """

    first: Looked
    second: Looked
    likeness: float
    text_likeness: float | None
    meaning: float | None
    similarities: tuple[str, ...]
    differences: tuple[str, ...]
    judgement: Judgement
    confidence: float

    @property
    def element_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.first.element_ids, *self.second.element_ids)))

    @property
    def shows(self) -> tuple[PageRef, ...]:
        return (*self.first.shows, *self.second.shows)

    @property
    def pictures(self) -> tuple[ImagePart, ...]:
        return (*self.first.pictures, *self.second.pictures)

    def to_json(self) -> Json:
        return {
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "likeness": round(self.likeness, 3),
            "text_likeness": None if self.text_likeness is None else round(self.text_likeness, 3),
            "meaning": None if self.meaning is None else round(self.meaning, 3),
            "similarities": list(self.similarities),
            "differences": list(self.differences),
            "judgement": self.judgement.value,
            "confidence": round(self.confidence, 3),
        }


async def look_at(arguments: LookAt, parts: ToolParts) -> Looked:
    """The region enlarged, from the original file. Raises ``UsageError`` for a place that is not there."""
    return await look(arguments, parts, "region")


async def compare_images(arguments: CompareImages, parts: ToolParts) -> Compared:
    """Two regions side by side, as separate pictures: what is alike in them, what differs, and a judgement."""
    first = await look(arguments.first, parts, "first")
    second = await look(arguments.second, parts, "second")
    pictures = first.pictures[0].data, second.pictures[0].data
    likeness = await anyio.to_thread.run_sync(_likeness, *pictures)
    text = _text_likeness(first.text, second.text)
    meaning = await _meaning(pictures, parts)
    alike, differing = _values(first.text), _values(second.text)
    similarities, differences = _told(first, second, likeness)
    judgement, confidence = _judged([likeness, text, meaning], agree=alike == differing)
    return Compared(
        first=first,
        second=second,
        likeness=likeness,
        text_likeness=text,
        meaning=meaning,
        similarities=similarities,
        differences=differences,
        judgement=judgement,
        confidence=confidence,
    )


def _told(first: Looked, second: Looked, likeness: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is alike and what differs, a line each. Values come first: they are what people compare documents for."""
    similarities: list[str] = []
    differences: list[str] = []
    one, other = _values(first.text), _values(second.text)
    if shared := one & other:
        similarities.append(f"both show {_listed(shared)}")
    if only := one - other:
        differences.append(f"only the first shows {_listed(only)}")
    if only := other - one:
        differences.append(f"only the second shows {_listed(only)}")
    here, there = _words(first.text), _words(second.text)
    if shared := here & there:
        similarities.append(f"{len(shared)} words in both: {_listed(shared)}")
    if only := here - there:
        differences.append(f"{len(only)} words only in the first: {_listed(only)}")
    if only := there - here:
        differences.append(f"{len(only)} words only in the second: {_listed(only)}")
    looks = f"they look alike to {likeness:.2f} as small grey pictures"
    (similarities if likeness >= _SIMILAR else differences).append(looks)
    return tuple(similarities), tuple(differences)


def _judged(measures: Sequence[float | None], *, agree: bool) -> tuple[Judgement, float]:
    known = [max(0.0, measure) for measure in measures if measure is not None]
    mean = sum(known) / len(known)
    if mean >= _SAME and agree:
        return Judgement.SAME, 0.5 + 0.5 * (mean - _SAME) / (1.0 - _SAME)
    if mean >= _SIMILAR:
        border = min(abs(mean - _SIMILAR), abs(mean - _SAME) if agree else 1.0)
        return Judgement.SIMILAR, min(1.0, 0.5 + border)
    return Judgement.DIFFERENT, 0.5 + 0.5 * (_SIMILAR - mean) / _SIMILAR


def _values(text: str) -> frozenset[str]:
    return frozenset(value.text.strip() for value in find_values(text))


def _words(text: str) -> frozenset[str]:
    bare = ("".join(c for c in word.casefold() if c.isalnum()) for word in text.split())
    return frozenset(word for word in bare if len(word) > 2 and not word.isdigit())


def _listed(texts: frozenset[str]) -> str:
    more = len(texts) - _MOST_LISTED
    named = ", ".join(shortened(text, 60) for text in sorted(texts)[:_MOST_LISTED])
    return f"{named} and {more} more" if more > 0 else named


def _text_likeness(first: str, second: str) -> float | None:
    from rapidfuzz import fuzz

    if min(len(first.split()), len(second.split())) < _WORDS:
        return None
    return fuzz.token_sort_ratio(first.casefold(), second.casefold()) / 100


async def _meaning(pictures: Sequence[bytes], parts: ToolParts) -> float | None:
    if parts.search.image_embedder is None:
        return None
    pixels = [await anyio.to_thread.run_sync(decoded, data) for data in pictures]
    one, other = await parts.search.image_embedder.embed_images(pixels)
    return float(one @ other)


def decoded(data: bytes) -> Pixels:
    """An encoded picture as RGB, shape ``(h, w, 3)``. Blocks. Raises ``UsageError`` when it is none, or far too large."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise UsageError(f"The picture has {opened.width} x {opened.height} pixels, which is too large.")
            return np.asarray(opened.convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UsageError("The picture cannot be read: give a PNG, JPEG or WebP file.") from error


def _likeness(first: bytes, second: bytes) -> float:
    """Pearson correlation of the two pictures' grey values at 32 by 32 pixels; 1 for two even areas of one grey."""
    import numpy as np
    from PIL import Image

    grey = []
    for data in (first, second):
        with Image.open(io.BytesIO(data)) as picture:
            grey.append(np.asarray(picture.convert("L").resize((_SIDE, _SIDE)), np.float64).ravel())
    a, b = (g - g.mean() for g in grey)
    spread = float(np.linalg.norm(a) * np.linalg.norm(b))
    if spread == 0.0:
        return 1.0 if np.allclose(grey[0], grey[1]) else 0.0
    return float(a @ b) / spread
