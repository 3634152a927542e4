"""Stamps by their ink, their frame and their tilt; and coloured print that is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from layout_support import HEIGHT, LOREM, WIDTH, Text, of_kind, raw_page
from mmrag_ingest.elements import understand
from PIL import Image, ImageDraw, ImageFont

from mmrag.domain.documents import ElementKind, Page
from mmrag.domain.geometry import Polygon

RED, BLACK = (190, 20, 30), (0, 0, 0)
Draw = Callable[[ImageDraw.ImageDraw], None]
LETTER = [Text(text=line, x=100, y=200 + 40 * n) for n, line in enumerate(LOREM * 3)]


def page_of(marks: Sequence[Text], draw: Draw, *, ink: tuple[int, int, int] = RED, degrees: float = 0.0) -> Page:
    """A black letter with ``marks`` in another ink, and what ``draw`` puts around them; OCR says their words are tilted by
    ``degrees``."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    raw = raw_page([*LETTER, *marks])
    words = []
    for word in raw.words:
        box = word.polygon.bbox
        mark = word.line >= len(LETTER)
        font = ImageFont.load_default(size=round(box.height * HEIGHT * 0.8))
        pen.text((box.x0 * WIDTH, box.y0 * HEIGHT), word.text, fill=ink if mark else BLACK, font=font)
        if mark and degrees:
            rise = math.tan(math.radians(degrees)) * box.width * WIDTH / HEIGHT
            corners = ((box.x0, box.y0), (box.x1, box.y0 + rise), (box.x1, box.y1 + rise), (box.x0, box.y1))
            word = replace(word, polygon=Polygon(corners))
        words.append(word)
    draw(pen)
    return understand(replace(raw, words=tuple(words)), np.asarray(image), document_id="d", number=1, image=None)


def stamps(page: Page) -> list[str]:
    return [e.text for e in of_kind(page, ElementKind.STAMP)]


def ring(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((560, 900, 860, 1200), outline=RED, width=6)


def frame(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle((560, 980, 860, 1100), outline=RED, width=5)


RECEIVED = [Text(text="RECEIVED", x=630, y=1030), Text(text="19 SEP 2024", x=630, y=1062, height=16)]


@pytest.mark.parametrize("around", [ring, frame])
def test_words_in_a_coloured_frame_are_a_stamp_with_the_box_of_the_frame(around: Draw) -> None:
    page = page_of(RECEIVED, around)
    (stamp,) = of_kind(page, ElementKind.STAMP)
    assert stamp.text == "RECEIVED 19 SEP 2024"
    x0, _, x1, _ = stamp.bbox.to_pixels(WIDTH, HEIGHT)
    assert (x0, x1) == (pytest.approx(560, abs=6), pytest.approx(860, abs=6))
    assert [page.words[i].text for i in stamp.words] == ["RECEIVED", "19", "SEP", "2024"]


def test_a_ring_low_on_the_page_needs_no_word_that_stamps_say() -> None:
    assert stamps(page_of([Text(text="Town Clerk", x=650, y=1050)], ring)) == ["Town Clerk"]


def test_tilted_words_that_say_so_are_a_stamp_in_any_ink() -> None:
    marks = [Text(text="APPROVED", x=600, y=1000, height=30)]
    assert stamps(page_of(marks, lambda _: None, ink=BLACK, degrees=12.0)) == ["APPROVED"]
    assert stamps(page_of(marks, lambda _: None, ink=BLACK)) == []


def test_coloured_headings_links_and_logos_are_no_stamps() -> None:
    heading = [Text(text="Terms of payment", x=100, y=900, height=30), Text(text="see www.example.org", x=100, y=1200)]
    assert stamps(page_of(heading, lambda _: None)) == []
    logo = [Text(text="Harbour Mills", x=420, y=80)]
    assert stamps(page_of(logo, lambda pen: pen.ellipse((390, 10, 590, 150), outline=RED, width=4))) == []
    paid = [Text(text="Total paid in 2023", x=100, y=1000)]
    assert stamps(page_of(paid, lambda _: None)) == []
