"""Regions drawn and read again: from the original file, as displayed, and from the store where the file is gone."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from file_makers import pdf
from mmrag_ingest import images
from mmrag_ingest.guard import WorkerPool
from mmrag_ingest.originals import OriginalFiles
from mmrag_ingest.pages import render
from mmrag_ingest.records import Limits, PageTask, RegionTask
from mmrag_ingest.regions import reread
from PIL import Image, ImageDraw, ImageFont

from mmrag.domain.documents import Document, DocumentStatus
from mmrag.domain.geometry import BBox
from mmrag.domain.rereading import Way
from mmrag.errors import UnreadableFileError

QUARTER = BBox(0.5, 0.0, 1.0, 0.5)


def striped(path: Path, size: tuple[int, int] = (4800, 3600)) -> Path:
    """A picture whose upper right quarter has lines one pixel wide, which any smaller copy turns into grey."""
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    pixels[: size[1] // 2, size[0] // 2 :: 2] = 0
    Image.fromarray(pixels).save(path)
    return path


def task(path: Path, media_type: str, box: BBox = QUARTER, *, longest: int = 4000, **more: object) -> RegionTask:
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "0" * 64
    return RegionTask(
        path=path, sha256=digest, media_type=media_type, number=1, box=box, longest=longest, limits=Limits(), **more
    )  # type: ignore[arg-type]


def pixels_of(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB"))


def test_a_region_has_all_the_pixels_of_its_file(tmp_path: Path) -> None:
    path = striped(tmp_path / "a.png")
    stored, _ = images.decode(path, "image/png", 1, Limits())
    part = pixels_of(reread(task(path, "image/png")).picture.data)
    assert stored.shape[1] < 4800
    assert part.shape[:2] == (1800, 2400)
    assert set(np.unique(part)) == {0, 255}  # the lines, not the grey of a smaller copy


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_region_of_a_pdf_is_that_of_the_page_as_displayed(tmp_path: Path, turn: int) -> None:
    places = [(x, y, "TOTAL 46.65") for x in (20.0, 180.0, 280.0) for y in (40.0, 150.0, 260.0)]
    turned = pdf(tmp_path / "a.pdf", [places], rotation=turn)
    page = PageTask(path=turned, media_type="application/pdf", document_id="d", number=1, limits=Limits())
    whole = Image.fromarray(render(page).picture)
    box = BBox(0.25, 0.0, 1.0, 0.75)
    x0, y0, x1, y1 = (round(v) for v in box.to_pixels(*whole.size))
    part = Image.fromarray(pixels_of(reread(task(turned, "application/pdf", box)).picture.data))
    assert part.width > 1.5 * (x1 - x0)
    seen = np.asarray(whole.crop((x0, y0, x1, y1)).convert("L").resize((96, 96), Image.Resampling.BOX), np.float64)
    same = np.asarray(part.convert("L").resize((96, 96), Image.Resampling.BOX), np.float64)
    assert np.abs(seen - same).mean() < 3.0
    assert seen.min() < 250  # there is something to compare


def test_a_photo_is_turned_as_it_is_displayed_before_it_is_cut(tmp_path: Path) -> None:
    upright = Image.new("RGB", (200, 400), "white")
    upright.paste("red", (100, 0, 200, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise for display
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.jpg", exif=exif, quality=95)
    part = pixels_of(reread(task(tmp_path / "a.jpg", "image/jpeg")).picture.data)
    assert part.shape[:2] == (200, 100)
    assert part[..., 0].mean() > 240
    assert part[..., 1].mean() < 20


def test_a_file_that_has_changed_is_another_one(tmp_path: Path) -> None:
    path = striped(tmp_path / "a.png", (40, 40))
    order = task(path, "image/png")
    Image.new("RGB", (40, 40), "black").save(path)
    with pytest.raises(UnreadableFileError, match="has changed"):
        reread(order)
    path.unlink()
    with pytest.raises(UnreadableFileError, match="not there any more"):
        reread(order)


def printed(text: str, size: int) -> Image.Image:
    page = Image.new("RGB", (1000, 1400), "white")
    draw = ImageDraw.Draw(page)
    for row in range(12):
        draw.text((80, 60 + 100 * row), text if row == 6 else "some other line of print", "black", _font(size))
    return page


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def test_words_are_read_again_with_boxes_on_the_page(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    printed("Total 46.65", 40).save(path)
    again = reread(task(path, "image/png", BBox(0.0, 0.45, 1.0, 0.51), longest=2400, ways=tuple(Way)))
    best = again.readings[0]
    assert best.text == "Total 46.65"
    assert best.confidence > 0.9
    assert len(again.readings) < len(tuple(Way))  # what was read without a doubt is not read again
    box = best.words[1].bbox
    assert 0.45 < box.center[1] < 0.51
    assert 0.15 < box.center[0] < 0.35


def document(path: Path, sha256: str) -> Document:
    return Document(
        id="d", name=path.name, location=str(path), sha256=sha256, media_type="image/png", size=1, pages=1,
        status=DocumentStatus.READY, recipe="r",
    )  # fmt: skip


async def test_the_stored_picture_takes_the_place_of_a_file_that_is_gone(tmp_path: Path) -> None:
    path = striped(tmp_path / "a.png", (400, 300))
    stored = path.read_bytes()
    there = document(path, hashlib.sha256(stored).hexdigest())
    pool = WorkerPool(workers=1, limits=Limits())
    try:
        files = OriginalFiles(pool, Limits(), timeout_s=60)
        first = await files.draw(there, 1, QUARTER, longest=1000, stored=b"")
        path.unlink()
        second = await files.draw(there, 1, QUARTER, longest=1000, stored=stored)
        with pytest.raises(UnreadableFileError):
            await files.draw(there, 1, QUARTER, longest=1000, stored=b"no picture")
    finally:
        await pool.close()
    assert first.is_original
    assert not second.is_original
    assert "not there any more" in second.note
    assert np.array_equal(pixels_of(first.data), pixels_of(second.data))
