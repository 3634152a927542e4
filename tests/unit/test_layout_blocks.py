"""Blocks: paragraphs, titles, lists, headers and footers; figures, charts and what could not be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from layout_support import HEIGHT, LOREM, WIDTH, Text, columns, ending_at, of_kind, page_of, raw_page, receipt, understood
from mmrag_ingest.elements import understand
from numpy.typing import NDArray

from mmrag.domain.documents import ElementKind, Page, TextSource


def paragraph(y: float, lines: int = 5, x: float = 80) -> list[Text]:
    return [Text(text=LOREM[i % 5], x=x, y=y + 26 * i, height=16) for i in range(lines)]


def paper() -> NDArray[np.uint8]:
    return np.full((HEIGHT, WIDTH, 3), 250, dtype=np.uint8)


def seen(picture: NDArray[np.uint8], texts: list[Text] | None = None) -> Page:
    raw = raw_page(texts or [])
    return understand(raw, picture, document_id="doc-test", number=1, image=None)


def test_paragraphs_are_parted_by_space_and_titles_by_size() -> None:
    title = Text(text="The Eastern Mole", x=80, y=200, height=30)
    page = page_of([title, *paragraph(260), *paragraph(460)])
    kinds = [(e.kind, len(e.text.splitlines())) for e in page.elements]
    assert kinds == [(ElementKind.TITLE, 1), (ElementKind.TEXT, 5), (ElementKind.TEXT, 5)]
    assert page.elements[1].section == ("The Eastern Mole",)


def test_a_long_paragraph_is_cut_into_blocks_that_can_be_cited() -> None:
    blocks = of_kind(page_of(paragraph(200, lines=30)), ElementKind.TEXT)
    assert len(blocks) >= 4
    assert all(len(b.text.splitlines()) <= 8 and len(b.words) <= 120 for b in blocks)


def test_the_name_of_the_issuer_is_a_title_apart_from_its_address() -> None:
    page = page_of(receipt())
    assert page.elements[0].kind is ElementKind.TITLE
    assert page.elements[0].text == "KEDAI KOPI MAJU SDN BHD"


def test_lines_of_a_receipt_are_elements_of_their_own() -> None:
    texts = [e.text for e in of_kind(page_of(receipt()), ElementKind.TEXT)]
    assert "TOTAL 17.05" in texts
    assert "2 x Nasi Lemak 13.00" in texts


def test_lists_and_page_numbers() -> None:
    items = [Text(text=f"({c}) a rope of forty fathoms", x=100, y=600 + 30 * i, height=16) for i, c in enumerate("abc")]
    page = page_of([*paragraph(200), *items, Text(text="Page 3 of 12", x=440, y=1360, height=14)])
    assert [e.kind for e in page.elements] == [ElementKind.TEXT, ElementKind.LIST, ElementKind.FOOTER]


def test_blocks_do_not_reach_across_columns() -> None:
    blocks = of_kind(page_of(columns()), ElementKind.TEXT)
    assert all(b.bbox.width < 0.5 for b in blocks)


def test_a_blank_page_has_no_elements() -> None:
    picture = paper()
    picture[100:102, 100:102] = 0
    page = seen(picture)
    assert page.elements == ()
    assert not page.is_unreadable


def test_ink_without_words_is_unreadable() -> None:
    picture = paper()
    for y in range(200, 1200, 40):
        picture[y : y + 6, 100:900:3] = 30
    page = seen(picture)
    assert page.is_unreadable
    assert page.elements[0].bbox.area == 1.0


def test_words_of_very_low_confidence_make_a_page_unreadable_and_stay_listed() -> None:
    page = page_of(receipt(), confidence=0.2)
    assert page.is_unreadable
    assert set(page.elements[0].words) == {w.index for w in page.words}
    assert page.warnings


def test_a_native_page_is_never_doubted() -> None:
    raw = raw_page(receipt(), confidence=0.2)
    assert not understood(replace(raw, source=TextSource.NATIVE)).is_unreadable


def test_a_photograph_is_one_and_a_drawing_is_a_figure() -> None:
    picture = paper()
    noise = np.random.default_rng(7).integers(0, 255, size=(300, 500, 3))
    picture[700:1000, 200:700] = noise.astype(np.uint8)
    picture[1100:1300, 200:700] = (40, 90, 160)
    page = seen(picture, paragraph(200))
    (photo,) = of_kind(page, ElementKind.PHOTO)
    assert len(of_kind(page, ElementKind.FIGURE)) == 1
    x0, y0, x1, y1 = photo.bbox.to_pixels(WIDTH, HEIGHT)
    assert abs(x0 - 200) < 25
    assert abs(y0 - 700) < 25
    assert abs(x1 - 700) < 25
    assert abs(y1 - 1000) < 25


def test_bars_with_numbers_along_them_are_one_chart() -> None:
    picture = paper()
    texts = []
    for k in range(5):
        x = 250 + 120 * k
        picture[900 - 80 * (k + 1) : 900, x : x + 80] = (20, 60, 140)
        texts += [Text(text=str(2017 + k), x=x + 15, y=930), Text(text=f"{k}.5", x=180, y=880 - 90 * k)]
    page = seen(picture, texts)
    (chart,) = of_kind(page, ElementKind.CHART)
    assert not of_kind(page, ElementKind.FIGURE)
    assert {"2017", "2021", "4.5"} <= set(chart.text.split())
    assert "estimated from the chart" in chart.text  # the numbers stand along the axis, not at the bars


def test_axes_alone_make_a_chart() -> None:
    texts = [ending_at(str(100 - 20 * i), 130, 300 + 80 * i) for i in range(6)]
    texts += [Text(text=month, x=200 + 130 * i, y=745) for i, month in enumerate(["Jan", "Feb", "Mar", "Apr", "May"])]
    assert len(of_kind(seen(paper(), texts), ElementKind.CHART)) == 1


def test_the_shadow_of_a_scanned_edge_is_no_figure() -> None:
    picture = paper()
    picture[:, 900:] = 70
    assert not of_kind(seen(picture, paragraph(200)), ElementKind.FIGURE)
    assert not of_kind(seen(picture, paragraph(200)), ElementKind.CHART)


def test_ruling_lines_are_no_figures() -> None:
    picture = paper()
    picture[200:1200:100, 80:900] = 0
    picture[200:1100, 80:900:200] = 0
    assert not of_kind(seen(picture, paragraph(300)), ElementKind.FIGURE)
