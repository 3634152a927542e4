"""Real pictures read by real processes: the store is the same however many there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from ingest_support import dump, settings_for, writing
from mmrag_ingest.pipeline import ingest
from PIL import Image, ImageDraw, ImageFont

LINES = ("Receipt No. 4711", "Rent for March", "Total due: EUR 512.40")


def scan(number: int) -> Image.Image:
    page = Image.new("RGB", (500, 220), "white")
    draw = ImageDraw.Draw(page)
    for row, line in enumerate(LINES):
        draw.text((20, 20 + 60 * row), f"{line} / {number}", fill="black", font=ImageFont.load_default(26))
    return page


@pytest.mark.timeout(240)
async def test_one_process_and_several_make_the_same_store(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        scan(number).save(folder / f"{number}.png")
    scan(3).save(folder / "fax.tif", save_all=True, append_images=[scan(4), scan(5)])
    stores = []
    for workers in (1, 3):
        settings = settings_for(tmp_path / str(workers), workers=workers, page_timeout_s=100.0)
        async with writing(settings) as app:
            report = await ingest(app, [folder])
        assert [(row.document, row.pages) for row in report.documents] == [
            ("0.png", 1),
            ("1.png", 1),
            ("2.png", 1),
            ("fax.tif", 3),
        ]
        stores.append(await dump(settings))
    assert stores[0] == stores[1]
    assert all("512.40" in page.text for page in stores[0].pages)
