"""Whatever words stand wherever on a page, it is understood: every word is in an element, and nothing fails."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from mmrag_ingest.elements import understand
from mmrag_ingest.records import RawPage, RawWord

from mmrag.domain.documents import ElementKind, TextSource
from mmrag.domain.geometry import BBox, Polygon

_TEXTS = ["Total", "Date:", "12.50", "RM", "1,204", "2019", "Q3", "Name", "%", "—", "a", "Invoice No.", "$4.20", "38%", "x"]
_ROWS, _COLUMNS = 14, 9


@st.composite
def pages(draw: st.DrawFn) -> RawPage:
    """A page of words in the cells of a grid, each moved a little: what tables, forms and charts look like."""
    cells = draw(
        st.lists(
            st.tuples(
                st.integers(0, _ROWS - 1),
                st.integers(0, _COLUMNS - 1),
                st.sampled_from(_TEXTS),
                st.integers(0, 12),
                st.integers(0, 10),
            ),
            max_size=60,
            unique_by=lambda cell: cell[:2],
        )
    )
    words = []
    for line, (row, column, text, right, down) in enumerate(cells):
        x0, y0 = 0.05 + 0.1 * column + 0.004 * right, 0.04 + 0.065 * row + 0.003 * down
        box = BBox.clamped(x0, y0, x0 + 0.009 * len(text), y0 + 0.018)
        words.append(RawWord(text=text, polygon=Polygon.from_bbox(box), confidence=0.95, line=line))
    return RawPage(width=800, height=1100, source=TextSource.OCR, engine="drawn", confidence=0.95, words=tuple(words))


@given(raw=pages(), shade=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_every_arrangement_of_words_is_understood(raw: RawPage, shade: int) -> None:
    picture = np.full((1100, 800, 3), 255, dtype=np.uint8)
    for word in raw.words[::3]:
        box = word.polygon.bbox
        picture[int(box.y0 * 1100) : int(box.y1 * 1100) + 60, int(box.x0 * 800) : int(box.x1 * 800)] = (shade, 90, 200)
    page = understand(raw, picture, document_id="doc", number=1, image=None)
    held = {i for e in page.elements if e.kind is not ElementKind.KEY_VALUE for i in e.words}
    assert held == set(range(len(page.words)))
    assert sorted(w.text for w in page.words) == sorted(w.text for w in raw.words)
