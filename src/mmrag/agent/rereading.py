"""Reading a cited place again, from the file that was ingested: for a claim whose words were hardly readable."""

from __future__ import annotations

from mmrag.domain.documents import Document, Page
from mmrag.domain.geometry import BBox
from mmrag.domain.rereading import Way
from mmrag.ports import Blobs, Originals

_WAYS = (Way.AS_PRINTED, Way.SHADOWS_REMOVED, Way.CONTRAST)
_LONGEST = 1568
_MARGIN = 0.01
"""Of the page, around the words: letters at the edge are to be whole."""


class FileRereader:
    """``Rereader`` over the files that were ingested; the stored picture takes the place of one that is gone."""

    def __init__(self, originals: Originals, blobs: Blobs) -> None:
        self._originals = originals
        self._blobs = blobs

    async def read(self, document: Document, page: Page, place: BBox) -> tuple[str, float]:
        """The best reading's text and confidence; nothing with no confidence for a page without a picture. Raises
        ``UnreadableFileError`` and ``StoreDamagedError``."""
        if page.image is None:
            return "", 0.0
        again = await self._originals.read(
            document,
            page.number,
            place.grown(_MARGIN, _MARGIN),
            ways=_WAYS,
            longest=_LONGEST,
            stored=await self._blobs.get(page.image),
        )
        best = again.readings[0] if again.readings else None
        return ("", 0.0) if best is None else (best.text, best.confidence)
