"""Signatures: told by their strokes, with the label that asks for them and whether it was signed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from layout_support import HEIGHT, WIDTH, Text, of_kind, raw_page
from mmrag_ingest.elements import understand
from PIL import Image, ImageDraw, ImageFont

from mmrag.domain.documents import Element, ElementKind, Page

Draw = Callable[[ImageDraw.ImageDraw], None]


def scribble(pen: ImageDraw.ImageDraw, x: float, y: float) -> None:
    """A line that never stops, some 240 pixels long around ``y``."""
    points = [(x + 6 * i, y + 18 * math.sin(0.7 * i) * math.cos(0.23 * i)) for i in range(40)]
    pen.line(points, fill=(20, 20, 20), width=3)


def page_of(texts: Sequence[Text], draw: Draw, *, unsure: Sequence[str] = (), blue: Sequence[str] = ()) -> Page:
    """A page with ``texts`` set in black; those words in ``unsure`` were only strokes and are not drawn."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    raw = raw_page(texts)
    for word in raw.words:
        if word.text not in unsure:
            box = word.polygon.bbox
            font = ImageFont.load_default(size=round(box.height * HEIGHT * 0.8))
            ink = (20, 30, 150) if word.text in blue else "black"
            pen.text((box.x0 * WIDTH, box.y0 * HEIGHT), word.text, fill=ink, font=font)
    draw(pen)
    words = tuple(replace(w, confidence=0.55) if w.text in unsure else w for w in raw.words)
    return understand(replace(raw, words=words), np.asarray(image), document_id="d", number=1, image=None)


def signatures(page: Page) -> list[Element]:
    return of_kind(page, ElementKind.SIGNATURE)


NAME = Text(text="Name: Edwina Larkspur", x=100, y=200)


def test_strokes_that_ocr_took_for_letters_are_a_signature_and_no_words() -> None:
    texts = [NAME, Text(text="Signature:", x=100, y=300), Text(text="mwwm", x=320, y=300)]
    page = page_of(texts, lambda pen: scribble(pen, 320, 300), unsure=["mwwm"])
    (found,) = signatures(page)
    assert (found.label, found.value, found.text) == ("Signature", "signed", "Signature: signed")
    assert [page.words[i].text for i in found.words] == ["Signature:"]
    x0, y0, x1, y1 = found.bbox.to_pixels(WIDTH, HEIGHT)
    assert (x0, x1) == (pytest.approx(320, abs=12), pytest.approx(556, abs=12))
    assert 275 < y0 < 290 < 310 < y1 < 325
    assert "mwwm" not in page.text
    assert [e.label for e in of_kind(page, ElementKind.KEY_VALUE)] == ["Name"]


def test_strokes_that_ocr_did_not_see_are_a_signature() -> None:
    texts = [NAME, Text(text="Unterschrift:", x=100, y=300)]
    (found,) = signatures(page_of(texts, lambda pen: scribble(pen, 320, 300)))
    assert found.value == "signed"


@pytest.mark.parametrize("label", ["Signature:", "Signature of the tenant:", "Customer signature:"])
def test_an_empty_place_is_unsigned(label: str) -> None:
    texts = [NAME, Text(text=label, x=100, y=300), Text(text="Date:", x=720, y=300)]
    page = page_of(texts, lambda pen: pen.line((400, 310, 680, 310), fill="black", width=2))
    (found,) = signatures(page)
    assert (found.label, found.value) == (label.rstrip(":"), "unsigned")
    assert found.bbox.x1 * WIDTH < 720


def test_a_typed_name_is_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of([NAME, Text(text="Signed by: Ada Moss", x=100, y=300)], lambda _: None)
    assert signatures(page) == []


def test_a_name_in_another_ink_over_a_line_is_the_signature_of_the_label_below() -> None:
    texts = [
        NAME,
        Text(text="G. Aldous", x=110, y=400, height=34),
        Text(text="Signature for the owner", x=100, y=440, height=16),
        Text(text="Signature for the tenant", x=540, y=440, height=16),
    ]

    def lines(pen: ImageDraw.ImageDraw) -> None:
        pen.line((100, 424, 420, 424), fill="black", width=2)
        pen.line((540, 424, 860, 424), fill="black", width=2)

    page = page_of(texts, lines, blue=["G.", "Aldous"])
    assert {(e.label, e.value) for e in signatures(page)} == {
        ("Signature for the owner", "signed"),
        ("Signature for the tenant", "unsigned"),
    }
    pairs = {e.label: e.value for e in of_kind(page, ElementKind.KEY_VALUE)}
    assert pairs == {"Name": "Edwina Larkspur", "Signature for the owner": "G. Aldous"}


def test_running_text_and_headings_ask_for_nothing() -> None:
    texts = [
        Text(text="Changes need writing and both signatures.", x=100, y=300),
        Text(text="SIGNATURES", x=100, y=400),
        Text(text="signed on 3 May 2024 in Leeds by all who were there", x=100, y=500),
    ]
    assert signatures(page_of(texts, lambda _: None)) == []
