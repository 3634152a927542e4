"""Captions, notes at the foot, stamps and signatures: print that is about something else, or was put there later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from layout_support import HEIGHT, WIDTH, Text, raw_page
from mmrag_ingest.elements import understand
from mmrag_ingest.records import RawPage, RawWord

from mmrag.domain.documents import Element, ElementKind, Page
from mmrag.domain.geometry import BBox, Polygon

LINE = "The parties agree that every delivery is checked within ten days of its arrival"


def prose(y: float) -> list[Text]:
    return [Text(text=f"{LINE} {k}", x=100, y=y + 30 * k) for k in range(4)]


def page_of(raw: RawPage, *, photo: bool = False) -> Page:
    picture = np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8)
    if photo:
        picture[500:800, 200:700] = np.random.default_rng(7).integers(0, 255, size=(300, 500, 3)).astype(np.uint8)
    return understand(raw, picture, document_id="d", number=1, image=None)


def of_kind(page: Page, kind: ElementKind) -> list[Element]:
    return [e for e in page.elements if e.kind is kind]


def test_a_caption_belongs_to_the_picture_next_to_it() -> None:
    page = page_of(
        raw_page([*prose(200), Text(text="Figure 2. The harbour in 1911", x=200, y=830), *prose(950)]), photo=True
    )
    (caption,) = of_kind(page, ElementKind.FIGURE_CAPTION)
    (photo,) = of_kind(page, ElementKind.PHOTO)
    assert caption.belongs_to == photo.id
    assert caption.text == "Figure 2. The harbour in 1911"


def test_a_sentence_about_a_figure_is_no_caption() -> None:
    texts = [*prose(200), Text(text="Figure 2 shows how the harbour was built in the years before", x=100, y=1150)]
    assert of_kind(page_of(raw_page(texts), photo=True), ElementKind.FIGURE_CAPTION) == []


def test_small_print_with_a_mark_at_the_foot_is_a_note() -> None:
    page = page_of(
        raw_page([*prose(200), *prose(400), Text(text="1 See the minutes of the first of May", x=100, y=1150, height=14)])
    )
    (note,) = of_kind(page, ElementKind.FOOTNOTE)
    assert note.text.startswith("1 See the minutes")


def upright_words(*texts: str, x: float = 850) -> tuple[RawWord, ...]:
    """Words that run up the page, one beside another."""
    return tuple(
        RawWord(
            text=text,
            polygon=Polygon.from_bbox(
                BBox.from_pixels(x + 30 * n, 400, x + 30 * n + 20, 400 + 12 * len(text), width=WIDTH, height=HEIGHT)
            ),
            confidence=0.9,
            line=900 + n,
        )
        for n, text in enumerate(texts)
    )


def test_words_across_the_print_that_say_so_are_a_stamp() -> None:
    raw = raw_page([*prose(200), *prose(600)])
    stamped = replace(raw, words=(*raw.words, *upright_words("RECEIVED", "REGISTRY", "2008")))
    (stamp,) = of_kind(page_of(stamped), ElementKind.STAMP)
    assert set(stamp.text.split()) == {"RECEIVED", "REGISTRY", "2008"}
    sidebar = replace(raw, words=(*raw.words, *upright_words("Print", "instructions")))
    assert of_kind(page_of(sidebar), ElementKind.STAMP) == []


def test_what_nobody_could_read_beside_the_word_signature_is_one() -> None:
    raw = raw_page([*prose(200), Text(text="Signature", x=100, y=900), Text(text="Date 12/05/2021", x=700, y=900)])
    scrawl = BBox.from_pixels(230, 860, 480, 920, width=WIDTH, height=HEIGHT)
    blot = BBox.from_pixels(300, 1200, 420, 1260, width=WIDTH, height=HEIGHT)
    page = page_of(replace(raw, unread=(scrawl, blot)))
    assert [e.bbox for e in of_kind(page, ElementKind.SIGNATURE)] == [scrawl]
    assert [e.bbox for e in of_kind(page, ElementKind.UNREADABLE)] == [blot]
