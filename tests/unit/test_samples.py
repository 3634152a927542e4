"""The committed samples are what the script draws, and their questions tell the truth about them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

import numpy as np
import pypdfium2 as pdfium
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps, ImageSequence

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "examples" / "samples"


class Row(TypedDict):
    id: str
    file: str | None
    page: int | None
    question: str
    corpus_question: str | None
    answers: list[str]
    bbox: list[int] | None
    page_size: list[int] | None
    kind: str


def rows() -> list[Row]:
    return [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


def place(row: Row) -> tuple[Path, int, list[int], list[int]]:
    """File, page, box and page size of a question that has all of them."""
    file, page, box, size = row["file"], row["page"], row["bbox"], row["page_size"]
    assert file is not None
    assert page is not None
    assert box is not None
    assert size is not None
    return SAMPLES / file, page, box, size


ANSWERED = [row for row in rows() if row["bbox"] is not None]


def page_pictures(path: Path) -> list[NDArray[np.uint8]]:
    """The pages as displayed, grey; PDF pages at 100 dpi."""
    if path.suffix == ".pdf":
        with pdfium.PdfDocument(path) as pdf:
            return [np.asarray(page.render(scale=100 / 72).to_pil().convert("L")) for page in pdf]
    with Image.open(path) as image:
        return [np.asarray(ImageOps.exif_transpose(frame).convert("L")) for frame in ImageSequence.Iterator(image)]


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("samples")
    subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_samples.py"), "--out", str(out)], check=True, capture_output=True
    )
    return out


def test_drawing_again_gives_the_same_files(redrawn: Path) -> None:
    names = sorted(path.name for path in SAMPLES.iterdir())
    assert names == sorted(path.name for path in redrawn.iterdir())
    for name in names:
        committed, fresh = SAMPLES / name, redrawn / name
        if committed.read_bytes() == fresh.read_bytes():
            continue
        # Another build of a codec may round differently: then the pictures have to agree, not the bytes.
        assert committed.suffix != ".jsonl", "the questions differ from what the script writes: run make samples"
        for old, new in zip(page_pictures(committed), page_pictures(fresh), strict=True):
            assert old.shape == new.shape
            assert np.abs(old.astype(np.int16) - new.astype(np.int16)).mean() < 2.0, (
                f"{name} looks different: run make samples"
            )


def test_there_are_enough_questions_and_some_cannot_be_answered() -> None:
    everything = rows()
    assert len({row["id"] for row in everything}) == len(everything) >= 30
    assert sum(not row["answers"] for row in everything) >= 8
    assert {row["kind"] for row in everything} == {"receipt", "form", "chart", "pdf", "slide"}
    for row in everything:
        assert bool(row["answers"]) == (row["bbox"] is not None), row["id"]


def test_every_document_is_asked_about_and_small() -> None:
    files = {path.name for path in SAMPLES.iterdir()} - {"questions.jsonl"}
    assert files == {row["file"] for row in rows()} - {None}
    assert sum((SAMPLES / name).stat().st_size for name in files) < 4_000_000


@pytest.mark.parametrize("row", ANSWERED, ids=lambda row: row["id"])
def test_the_box_lies_on_ink(row: Row) -> None:
    file, page, box, size = place(row)
    picture = page_pictures(file)[page - 1]
    high, wide = picture.shape
    across, down = wide / size[0], high / size[1]
    assert across == pytest.approx(down, rel=0.01)
    x0, y0, x1, y1 = box
    assert 0 <= x0 < x1 <= size[0]
    assert 0 <= y0 < y1 <= size[1]
    inside = picture[round(y0 * down) : round(y1 * down), round(x0 * across) : round(x1 * across)]
    assert inside.std() > 6, "nothing is printed in the box"


@pytest.mark.parametrize(
    "row",
    [row for row in ANSWERED if row["file"] in ("annual-report.pdf", "tenancy-contract.pdf")],
    ids=lambda row: row["id"],
)
def test_native_text_in_the_box_is_the_answer(row: Row) -> None:
    file, number, box, size = place(row)
    with pdfium.PdfDocument(file) as pdf:
        page = pdf[number - 1]
        text_page = page.get_textpage()
        if not text_page.count_chars():
            assert number == 2, "only the signed page is a scan"
            return
        scale = page.get_width() / size[0]
        x0, y0, x1, y1 = (value * scale for value in box)
        found = text_page.get_text_bounded(left=x0, right=x1, bottom=page.get_height() - y1, top=page.get_height() - y0)
    assert found.strip().rstrip(".,") in row["answers"]


def test_scans_have_no_text_layer() -> None:
    with pdfium.PdfDocument(SAMPLES / "invoice-scan.pdf") as pdf:
        assert pdf[0].get_textpage().count_chars() == 0
    with Image.open(SAMPLES / "letter-rotated.jpg") as letter:
        assert letter.getexif()[0x0112] == 6
        assert letter.width > letter.height
    with Image.open(SAMPLES / "fax-order.tif") as fax:
        assert (getattr(fax, "n_frames", 1), fax.mode, fax.info["compression"]) == (3, "1", "group4")
