"""From recognised characters to words with polygons, and what the driver of the engine does with lines."""

from __future__ import annotations

import numpy as np
import pytest
from mmrag_ingest.engines import rapidocr
from mmrag_ingest.engines.lines import Glyph, OcrLine
from mmrag_ingest.engines.rapidocr import RapidOcrEngine
from mmrag_ingest.ocr_words import words_of
from PIL import Image, ImageDraw, ImageFont

UPRIGHT = ((100.0, 50.0), (300.0, 50.0), (300.0, 70.0), (100.0, 70.0))


def line(text: str, quad: tuple[tuple[float, float], ...] = UPRIGHT) -> OcrLine:
    return OcrLine(quad=quad, glyphs=tuple(Glyph(c, (i + 0.5) / len(text), 0.5 + i / 100) for i, c in enumerate(text)))


def test_words_are_what_spaces_part_with_boxes_in_proportion() -> None:
    first, second = words_of([line("Total 46.65")], width=400, height=100)
    assert (first.text, second.text) == ("Total", "46.65")
    assert first.polygon.bbox.x0 == pytest.approx(100 / 400, abs=0.005)
    assert first.polygon.bbox.x1 == pytest.approx((100 + 200 * 5 / 11) / 400, abs=0.005)
    assert second.polygon.bbox.x1 == pytest.approx(300 / 400, abs=0.005)
    assert 0.50 < first.polygon.bbox.y0 < 0.54
    assert 0.66 < first.polygon.bbox.y1 < 0.70
    assert first.confidence == pytest.approx(0.52)


def test_characters_of_one_token_stay_together() -> None:
    words = words_of([line("10:42:22 東京 A-1/b")], width=400, height=100)
    assert [word.text for word in words] == ["10:42:22", "東京", "A-1/b"]


def test_a_line_that_runs_down_the_page_keeps_its_direction() -> None:
    # The text's top left is the upper right corner of a line turned clockwise.
    down = ((70.0, 100.0), (70.0, 300.0), (50.0, 300.0), (50.0, 100.0))
    first, second = words_of([line("AB CD", down)], width=100, height=400)
    assert first.polygon.bbox.y1 <= second.polygon.bbox.y0 + 1e-9
    assert first.polygon.points[0] == pytest.approx(((70 - 20 * 0.12) / 100, 100 / 400), abs=0.01)
    assert first.polygon.bbox.width == pytest.approx(0.2 * 0.76, abs=0.01)


def test_empty_lines_give_no_words() -> None:
    assert words_of([OcrLine(quad=UPRIGHT, glyphs=()), line("   ")], width=400, height=100) == ()


CHARACTERS = ["blank", "a", "b", " "]


def steps(*rows: tuple[float, float, float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(rows, dtype=np.float32)


BLANK, A, B, SPACE = (1.0, 0, 0, 0), (0, 1.0, 0, 0), (0, 0, 1.0, 0), (0, 0, 0, 1.0)


def decoded(*rows: tuple[float, float, float, float]) -> str:
    return "".join(g.text for g in rapidocr._decode(steps(*rows), CHARACTERS, 1.0))


def test_decoding_drops_blanks_and_repeats() -> None:
    assert decoded(A, A, BLANK, A, B, B, SPACE, B) == "aab b"


def test_decoding_writes_a_space_that_came_close() -> None:
    doubt = (0.9, 0, 0, 0.09)
    assert decoded(A, doubt, B) == "a b"
    assert decoded(A, (0.97, 0, 0, 0.02), B) == "ab"
    assert decoded(A, doubt, SPACE, B) == "a b", "no second space beside one that is there"
    assert decoded(doubt, A, doubt) == "a", "none at the ends"


def test_decoding_keeps_the_place_of_each_character() -> None:
    glyphs = rapidocr._decode(steps(BLANK, A, BLANK, B, BLANK, BLANK, BLANK, BLANK), CHARACTERS, 0.5)
    assert [g.at for g in glyphs] == [pytest.approx(1.5 / 4), pytest.approx(3.5 / 4)]
    assert rapidocr._decode(steps(BLANK, BLANK), CHARACTERS, 1.0) == ()


def test_batches_hold_lines_of_like_length() -> None:
    ratios = [3.0, 3.0, 3.3, 9.0, 30.0, 90.0]
    order, batches = list(range(6)), []
    while order:
        batch, order = rapidocr._next_batch(order, ratios)
        batches.append(batch)
    assert batches == [[0, 1, 2], [3], [4], [5]]


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (3, 5000), (590, 88), (3500, 3500), (1700, 2200)])
def test_the_detector_never_gets_a_picture_of_odd_or_enormous_size(size: tuple[int, int]) -> None:
    tensor, shape = rapidocr._detector_input(np.zeros((size[1], size[0], 3), dtype=np.uint8))
    _, _, height, width = tensor.shape
    assert height % 32 == width % 32 == 0
    assert height * width <= 1.15 * rapidocr.DETECT_AREA
    assert shape[0] >= size[1]
    assert shape[1] >= size[0]


@pytest.fixture(scope="module")
def engine() -> RapidOcrEngine:
    return RapidOcrEngine(1)


def printed(*rows: str) -> Image.Image:
    font = ImageFont.load_default(30)
    image = Image.new("RGB", (640, 60 + 60 * len(rows)), "white")
    for number, row in enumerate(rows):
        ImageDraw.Draw(image).text((40, 30 + 60 * number), row, fill="black", font=font)
    return image


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_lines_are_read_whichever_way_the_page_lies(engine: RapidOcrEngine, turn: int) -> None:
    image = printed("Invoice number 48213", "Total amount 1,204.50", "Payable within 30 days").rotate(turn, expand=True)
    lines = engine.read(np.asarray(image))
    assert {found.text for found in lines} == {"Invoice number 48213", "Total amount 1,204.50", "Payable within 30 days"}
    words = words_of(lines, width=image.width, height=image.height)
    ink = np.asarray(image).max(axis=2) < 128
    for word in words:
        x0, y0, x1, y1 = (int(v) for v in word.polygon.bbox.to_pixels(image.width, image.height))
        assert ink[y0:y1, x0:x1].mean() > 0.08, word.text


def test_single_digits_are_not_taken_for_turned_lines(engine: RapidOcrEngine) -> None:
    read = {found.text for found in engine.read(np.asarray(printed("Quantity", "7", "Price in euros")))}
    assert read == {"Quantity", "7", "Price in euros"}


def test_a_blank_page_costs_nothing(engine: RapidOcrEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RapidOcrEngine, "_detect", lambda self, image: pytest.fail("the detector ran"))
    assert engine.read(np.full((300, 200, 3), 250, dtype=np.uint8)) == ()


def test_strips_are_read_without_looking_for_lines(engine: RapidOcrEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RapidOcrEngine, "_detect", lambda self, image: pytest.fail("the detector ran"))
    strip = np.asarray(printed("Balance").crop((30, 20, 180, 75)))
    assert engine.read_strips([strip, strip]) == ("Balance", "Balance")
    assert engine.read_strips([]) == ()
