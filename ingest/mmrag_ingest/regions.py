"""A part of a page drawn and read once more. Runs inside a reading process, like everything that opens a file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import Word
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.rereading import RegionPicture, RegionReading, Reread, Way
from mmrag.errors import DamagedFileError, UnreadableFileError
from mmrag_ingest import images, pdf
from mmrag_ingest.engines.lines import OcrEngine, OcrLine
from mmrag_ingest.ocr_words import words_of
from mmrag_ingest.records import RegionTask
from mmrag_ingest.seeing.judging import letter_height, quality, sure_letters
from mmrag_ingest.seeing.views import View
from mmrag_ingest.sniff import PDF
from mmrag_ingest.worker import engine

_DPI: Final = 600.0
"""Of a PDF page, at most: letters of 6 points are 50 pixels high then, and scans have no more."""
_READABLE: Final = 30.0
"""Pixels of a line's height, margin included, to which small print is enlarged before it is read."""
_MOST_ENLARGED: Final = 3.0
_AROUND: Final = (0.05, 0.02)
"""Fractions of the page, across and down, read around a region."""
_CLEAR: Final = 0.97
"""The share of sure characters from which a reading leaves no doubt."""
_SURE: Final = 0.8
_QUARTERS: Final = {Way.TURNED_LEFT: 1, Way.UPSIDE_DOWN: 2, Way.TURNED_RIGHT: 3}


def reread(task: RegionTask, *, threads: int = 1) -> Reread:
    """Draw the region of ``task`` and read it in its ways, until a reading leaves no doubt; the best reading comes first.

    More is read than the box, and the words in it are kept: cut letters are read wrongly. Raises ``UnreadableFileError``:
    the file is gone, has changed, or cannot be drawn any more.
    """
    around = task.box.grown(*_AROUND) if task.ways else task.box
    picture = _scaled(_drawn(replace(task, box=around)), task.longest)
    readings: list[RegionReading] = []
    for way in task.ways:
        reading, share = _read(picture, around, way, engine(threads))
        readings.append(_inside(reading, task.box))
        if share >= _CLEAR and readings[-1].words:
            break
    part = _part(picture, around, task.box)
    return Reread(picture=_encoded(part), readings=tuple(sorted(readings, key=lambda r: -r.sure)))


def _inside(reading: RegionReading, box: BBox) -> RegionReading:
    """The reading of the words whose middle lies in ``box``, numbered anew."""
    kept = [word for word in reading.words if box.contains(*word.bbox.center)]
    words = tuple(replace(word, index=index) for index, word in enumerate(kept))
    sure = sum(len(word.text) for word in words if word.confidence >= _SURE)
    return RegionReading(way=reading.way, words=words, sure=sure)


def _part(picture: NDArray[np.uint8], around: BBox, box: BBox) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    across, down = width / around.width, height / around.height
    left, top = int((box.x0 - around.x0) * across), int((box.y0 - around.y0) * down)
    right, low = round((box.x1 - around.x0) * across), round((box.y1 - around.y0) * down)
    return np.ascontiguousarray(picture[top : max(top + 1, low), left : max(left + 1, right)])


def _drawn(task: RegionTask) -> NDArray[np.uint8]:
    if task.stored is not None:
        return _cut(task.stored, task.box)
    _check(task.path, task.sha256)
    if task.media_type != PDF:
        return images.decode_part(task.path, task.media_type, task.number, task.limits, task.box)
    with pdf.page_of(task.path, task.number, task.passwords) as page:
        return pdf.draw_part(page, task.limits, task.box, dpi=_DPI, longest=task.longest)


def _check(path: Path, sha256: str) -> None:
    try:
        status = path.stat()
        digest = _digest(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise UnreadableFileError("the file is not there any more") from error
    if digest != sha256:
        raise UnreadableFileError("the file has changed since it was ingested")


@lru_cache(maxsize=64)
def _digest(path: Path, _modified: int, _size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cut(stored: bytes, box: BBox) -> NDArray[np.uint8]:
    import cv2

    decoded = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise DamagedFileError("the stored picture of the page cannot be decoded")
    x0, y0, x1, y1 = box.to_pixels(decoded.shape[1], decoded.shape[0])
    left, top = min(int(x0), decoded.shape[1] - 1), min(int(y0), decoded.shape[0] - 1)
    part = decoded[top : max(top + 1, round(y1)), left : max(left + 1, round(x1))]
    return np.ascontiguousarray(part[:, :, ::-1]).astype(np.uint8)


def _scaled(picture: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    import cv2

    scale = longest / max(picture.shape[:2])
    if scale >= 1.0:
        return picture
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return cast("NDArray[np.uint8]", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _encoded(picture: NDArray[np.uint8]) -> RegionPicture:
    import cv2

    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise DamagedFileError("the region cannot be encoded")
    return RegionPicture(data=data.tobytes(), width=picture.shape[1], height=picture.shape[0])


def _read(picture: NDArray[np.uint8], box: BBox, way: Way, ocr: OcrEngine) -> tuple[RegionReading, float]:
    """The reading of ``picture``, which shows ``box``, and the share of its characters that are sure."""
    view = _prepared(View.as_displayed(picture), way)
    lines = ocr.read(view.picture)
    times = min(_MOST_ENLARGED, _READABLE / max(1.0, letter_height(lines))) if lines else _MOST_ENLARGED
    if times > 1.2:  # small print, or none found at all
        larger = view.enlarged(times)
        found = ocr.read(larger.picture)
        if sure_letters(found) > sure_letters(lines):
            view, lines = larger, found
    placed = [line for line in view.on_page(lines) if line.is_read]
    words = _words(placed, box, width=picture.shape[1], height=picture.shape[0])
    return RegionReading(way=way, words=tuple(words), sure=sure_letters(placed)), quality(lines)


def _prepared(view: View, way: Way) -> View:
    match way:
        case Way.AS_PRINTED:
            return view
        case Way.SHADOWS_REMOVED:
            return view.evened()
        case Way.CONTRAST:
            return view.equalised()
        case _:
            return view.turned(_QUARTERS[way])


def _words(lines: Sequence[OcrLine], box: BBox, *, width: int, height: int) -> Iterator[Word]:
    """The words from top to bottom and left to right, on the page."""
    rows = _rows(lines)
    row_of = [number for number, row in enumerate(rows) for _ in row]
    raw = words_of([line for row in rows for line in row], width=width, height=height)
    for index, word in enumerate(raw):
        points = tuple((box.x0 + x * box.width, box.y0 + y * box.height) for x, y in word.polygon.points)
        polygon = Polygon(points)
        yield Word(index=index, line=row_of[word.line], text=word.text, polygon=polygon, confidence=word.confidence)


def _rows(lines: Sequence[OcrLine]) -> list[list[OcrLine]]:
    """Lines that stand beside each other are a row, from left to right; rows go from top to bottom."""
    rows: list[list[OcrLine]] = []
    for line in sorted(lines, key=lambda li: _middle(li)[1]):
        last = rows[-1][-1] if rows else None
        if last is not None and math.fabs(_middle(line)[1] - _middle(last)[1]) < 0.5 * min(line.height, last.height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda li: _middle(li)[0]) for row in rows]


def _middle(line: OcrLine) -> tuple[float, float]:
    return sum(x for x, _ in line.quad) / 4, sum(y for _, y in line.quad) / 4
