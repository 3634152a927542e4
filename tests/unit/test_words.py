"""Where the words of a page come from, and that their boxes lie on the ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from file_makers import PAGE, pdf, picture, task
from mmrag_ingest.engines.lines import Glyph, OcrLine
from mmrag_ingest.native import TextLayer
from mmrag_ingest.pages import Rendered, render
from mmrag_ingest.records import RawPage, RawWord
from mmrag_ingest.sanity import Trust, judge
from mmrag_ingest.words import find_words
from numpy.typing import NDArray
from PIL import Image

from mmrag.domain.documents import TextSource
from mmrag.domain.geometry import BBox, Polygon

PROSE = "The rent is due on the first of the month and is to be paid by the tenant"
START, END = PROSE[:35], PROSE[36:]


@dataclass
class Scripted:
    """An engine that finds one line over the whole picture. ``strips`` says what it reads where a word is checked."""

    line: str = ""
    strips: Sequence[str] = ()
    calls: list[str] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return "scripted"

    def read(self, picture: NDArray[np.uint8]) -> tuple[OcrLine, ...]:
        self.calls.append("read")
        self.shapes.append(picture.shape)
        height, width = picture.shape[:2]
        if not self.line:
            return ()
        glyphs = tuple(Glyph(c, (i + 0.5) / len(self.line), 0.9) for i, c in enumerate(self.line))
        return (OcrLine(quad=((0, 0), (width, 0), (width, height), (0, height)), glyphs=glyphs),)

    def read_strips(self, strips: Sequence[NDArray[np.uint8]]) -> tuple[str, ...]:
        self.calls.append(f"check {len(strips)}")
        return tuple(self.strips[i % len(self.strips)] if self.strips else "" for i in range(len(strips)))


def layer(text: str, **facts: float) -> TextLayer:
    words = [
        RawWord(text=t, polygon=Polygon.from_bbox(BBox(0.1, 0.02 * i, 0.3, 0.02 * i + 0.01)), confidence=1.0, line=i)
        for i, t in enumerate(text.split()[:48])
    ]
    return TextLayer(words=tuple(words), invisible=facts.get("invisible", 0.0), outside=facts.get("outside", 0.0))


def page(text_layer: TextLayer | None, warnings: tuple[str, ...] = ()) -> Rendered:
    return Rendered(picture=np.full((400, 300, 3), 255, dtype=np.uint8), layer=text_layer, warnings=warnings)


def texts(raw: RawPage) -> list[str]:
    return [word.text for word in raw.words]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (30, 20, 390, 280)])
def test_native_boxes_lie_on_the_ink(tmp_path: Path, rotation: int, crop: tuple[float, float, float, float] | None) -> None:
    path = pdf(tmp_path / "a.pdf", [[(60, 200, "Invoice"), (250, 60, "total")]], rotation=rotation, crop=crop)
    rendered = render(task(path))
    assert rendered.layer is not None
    assert [word.text for word in rendered.layer.words] == ["Invoice", "total"]
    width, height = rendered.size
    ink = rendered.picture.max(axis=2) < 128
    for word in rendered.layer.words:
        x0, y0, x1, y1 = word.polygon.bbox.grown(0.003, 0.003).to_pixels(width, height)
        inside = ink[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1]
        assert inside.mean() > 0.1
        ink[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] = False
    assert not ink.any(), "there is ink outside the boxes"


def test_words_are_cut_at_spaces_and_gaps_and_lines_are_kept(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [[(20, 200, "Amount due"), (300, 200, "12.50"), (20, 150, "Thank you")]])
    rendered = render(task(path))
    assert rendered.layer is not None
    assert [word.text for word in rendered.layer.words] == ["Amount", "due", "12.50", "Thank", "you"]
    lines = [word.line for word in rendered.layer.words]
    assert lines[0] == lines[1] == lines[2] < lines[3] == lines[4]


def test_values_of_form_fields_are_words(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    path = tmp_path / "form.pdf"
    canvas = Canvas(str(path), pagesize=PAGE)
    canvas.drawString(30, 200, "Name")
    canvas.acroForm.textfield(name="who", value="Ada", x=100, y=190, width=120, height=24)
    canvas.save()
    rendered = render(task(path))
    assert rendered.layer is not None
    assert [word.text for word in rendered.layer.words] == ["Name", "Ada"]


def test_a_page_of_prose_needs_no_engine(tmp_path: Path) -> None:
    engine = Scripted()
    raw = find_words(render(task(pdf(tmp_path / "a.pdf", [[(5, 200, START), (5, 150, END)]]))), engine)
    assert engine.calls == []
    assert (raw.source, raw.engine, raw.confidence) == (TextSource.NATIVE, "pdfium", 1.0)
    assert " ".join(texts(raw)) == PROSE


def test_a_picture_is_read_by_ocr() -> None:
    raw = find_words(page(None, ("a note",)), Scripted(line="Hello world"))
    assert texts(raw) == ["Hello", "world"]
    assert (raw.source, raw.engine, raw.warnings) == (TextSource.OCR, "scripted", ("a note",))
    assert raw.confidence == pytest.approx(0.9)


def test_a_page_without_a_word_has_no_source() -> None:
    raw = find_words(page(TextLayer()), Scripted())
    assert (raw.source, raw.words, raw.confidence) == (TextSource.NONE, (), 0.0)


@pytest.mark.parametrize(
    ("text", "facts", "trust", "why"),
    [
        (PROSE, {}, Trust.YES, ""),
        ("Die Miete ist am ersten des Monats fällig und vom Mieter zu zahlen", {}, Trust.YES, ""),
        ("\ufffd\ufffd\ufffd total \ue001\ue002 12", {}, Trust.NO, "stand for nothing"),
        ("(cid:12)(cid:7)(cid:99) (cid:4)", {}, Trust.NO, "fonts do not say"),
        ("FranÃ§ais trÃ¨s cÃ´tÃ© Ã©tÃ©", {}, Trust.NO, "decoded wrongly"),
        (PROSE, {"outside": 0.9}, Trust.NO, "off the page"),
        (PROSE, {"invisible": 1.0}, Trust.DOUBT, "invisible layer"),
        ("Uif sfou jt evf po uif gjstu pg uif npoui boe jt up cf qbje", {}, Trust.DOUBT, "like language"),
        ("12.50 99.10 47 Qty 3 Pcs SKU 1182", {}, Trust.DOUBT, "like language"),
    ],
)
def test_signs_that_speak_against_a_text_layer(text: str, facts: dict[str, float], trust: Trust, why: str) -> None:
    verdict, reason = judge(layer(text, **facts))
    assert verdict is trust
    assert why in reason


def test_words_in_one_place_are_no_text_layer() -> None:
    word = RawWord(text="the", polygon=Polygon.from_bbox(BBox(0.5, 0.5, 0.5, 0.5)), confidence=1.0, line=0)
    assert judge(TextLayer(words=(word,) * 20))[0] is Trust.NO


def test_garbage_is_read_by_ocr_with_a_warning() -> None:
    engine = Scripted(line="Rent due")
    raw = find_words(page(layer("\ufffd\ufffd\ufffd\ufffd \ufffd\ufffd\ufffd\ufffd")), engine)
    assert texts(raw) == ["Rent", "due"]
    assert raw.source is TextSource.OCR
    assert "the text layer was not used" in raw.warnings[0]


def test_a_doubtful_layer_is_believed_when_the_picture_agrees() -> None:
    numbers = layer("12.50 99.10")
    raw = find_words(page(numbers), Scripted(line="no", strips=("12.50", "99.10")))
    assert (raw.source, texts(raw)) == (TextSource.NATIVE, ["12.50", "99.10"])


def test_a_doubtful_layer_is_dropped_when_the_picture_says_otherwise() -> None:
    shifted = layer("Uif sfou jt evf po uif gjstu pg uif npoui")
    engine = Scripted(line="The rent", strips=("rent",))
    raw = find_words(page(shifted), engine)
    assert engine.calls == ["check 7", "read"]
    assert texts(raw) == ["The", "rent"]
    assert "agrees with the picture by only" in raw.warnings[0]


def test_an_invisible_layer_carries_how_far_it_agrees() -> None:
    hidden = layer("alpha alpha alpha alpha alpha", invisible=1.0)
    raw = find_words(page(hidden), Scripted(strips=("alpha", "alpha", "alpha", "alpha", "alphc")))
    assert raw.source is TextSource.NATIVE
    assert [word.confidence for word in raw.words] == pytest.approx([0.96] * 5)
    assert raw.confidence == pytest.approx(0.96)


def test_a_scan_pasted_under_a_typed_line_is_read_too(tmp_path: Path) -> None:
    image = (picture((300, 200)), (50.0, 20.0, 300.0, 200.0))
    path = pdf(tmp_path / "a.pdf", [[(5, 250, START)]], image=image)
    engine = Scripted(line="TOTAL 46.65")
    raw = find_words(render(task(path)), engine)
    assert engine.shapes == [(pytest.approx(555, abs=2), pytest.approx(833, abs=2), 3)]
    assert texts(raw) == [*START.split(), "TOTAL", "46.65"]
    assert raw.source is TextSource.NATIVE
    assert raw.engine == "pdfium and scripted"
    assert raw.words[-1].polygon.bbox.x1 == pytest.approx(350 / PAGE[0], abs=0.02)
    assert raw.words[-1].line > raw.words[0].line
    assert raw.warnings == ("text in large images was read by OCR",)
    assert raw.figures[0].as_tuple() == pytest.approx((50 / 400, 80 / 300, 350 / 400, 280 / 300), abs=0.01)


def test_ocr_of_an_image_does_not_repeat_the_words_of_the_layer(tmp_path: Path) -> None:
    stamp = [(100.0, 150.0, "Received by the office on 4 May")]
    path = pdf(tmp_path / "a.pdf", [stamp], image=(Image.new("RGB", (40, 30), "white"), (0.0, 0.0, 400.0, 300.0)))
    rendered = render(task(path))
    assert rendered.layer is not None
    box = BBox.around(word.polygon.bbox for word in rendered.layer.words)

    class OnTheStamp(Scripted):
        def read(self, picture: NDArray[np.uint8]) -> tuple[OcrLine, ...]:
            height, width = picture.shape[:2]
            x0, y0, x1, y1 = box.to_pixels(width, height)
            (again,) = super().read(picture)
            below = OcrLine(quad=((0, height - 9), (99, height - 9), (99, height), (0, height)), glyphs=again.glyphs)
            return OcrLine(quad=((x0, y0), (x1, y0), (x1, y1), (x0, y1)), glyphs=again.glyphs), below

    raw = find_words(rendered, OnTheStamp(line="Received"))
    assert texts(raw) == [*stamp[0][2].split(), "Received"]
    assert raw.figures == (), "the scan of the page itself is no figure"
