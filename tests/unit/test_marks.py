"""Form fields and annotations of PDFs: values become words and pairs, annotations elements, and no note becomes print."""

from __future__ import annotations

from pathlib import Path

import pytest
from file_makers import marked_pdf, task
from mmrag_ingest import elements
from mmrag_ingest.engines.rapidocr import RapidOcrEngine
from mmrag_ingest.mark_records import MarkKind
from mmrag_ingest.marks import with_marks
from mmrag_ingest.pages import render
from mmrag_ingest.words import find_words

from mmrag.domain.documents import Element, ElementKind, Page

PRINTED = "Rent due on the first of the month"
EMPTY = "/AP << /N 5 0 R >>"


def widget(kind: str, name: str, entries: str, *, rect: str = "200 100 380 120", described: str = "") -> str:
    said = f"/TU ({described})" if described else ""
    return f"/Subtype /Widget /FT /{kind} /T ({name}) {said} /Rect [{rect}] /F 4 /P 3 0 R {entries}"


def read(path: Path, *, number: int = 1) -> Page:
    """The page as a worker reads it."""
    rendered = render(task(path, number=number))
    raw = find_words(rendered, RapidOcrEngine())
    page = elements.understand(raw, rendered.picture, document_id="d", number=number, image=None)
    return with_marks(page, rendered.marks)


def of_kind(page: Page, kind: ElementKind) -> list[Element]:
    return [e for e in page.elements if e.kind is kind]


def test_a_value_that_is_not_drawn_becomes_words_in_its_box(tmp_path: Path) -> None:
    field = widget("Tx", "rent_total", f"/V (EUR 512.40) {EMPTY}", described="Total rent")
    page = read(marked_pdf(tmp_path / "a.pdf", [field], printed=PRINTED))
    found = [w for w in page.words if w.text in ("EUR", "512.40")]
    assert [w.text for w in found] == ["EUR", "512.40"]
    for word in found:
        x0, y0, x1, y1 = word.bbox.as_tuple()
        assert 0.49 < x0 < x1 <= 0.96
        assert 0.59 < y0 < y1 < 0.68
    assert [w for w in page.warnings if "not drawn" in w] == [
        "a form field holds a value that is not drawn on it: it was taken from the file"
    ]
    (pair,) = [e for e in of_kind(page, ElementKind.KEY_VALUE) if e.label == "Total rent"]
    assert (pair.value, [page.words[i].text for i in pair.words]) == ("EUR 512.40", ["EUR", "512.40"])


def test_a_value_that_is_drawn_is_not_added_again(tmp_path: Path) -> None:
    page = read(
        marked_pdf(tmp_path / "a.pdf", [widget("Tx", "Text1", "/V (Lovelace) /DA (/F1 12 Tf 0 g)")], printed=PRINTED)
    )
    assert sum(w.text == "Lovelace" for w in page.words) == 1
    assert not page.warnings


def test_lines_of_a_value_stand_below_one_another(tmp_path: Path) -> None:
    field = widget("Tx", "Text1", f"/Ff 4096 /V (first line\\rsecond) {EMPTY}", rect="200 60 380 120")
    page = read(marked_pdf(tmp_path / "a.pdf", [field], printed=PRINTED))
    at = {w.text: w.bbox for w in page.words}
    assert at["first"].y1 <= at["second"].y0
    assert at["first"].x1 < at["line"].x0


def test_what_is_hidden_or_secret_is_left_alone(tmp_path: Path) -> None:
    secret = widget("Tx", "pin", f"/Ff 8192 /V (1234) {EMPTY}")
    hidden = widget("Tx", "a", f"/V (unseen) {EMPTY}").replace("/F 4", "/F 2")
    note = "/Subtype /Text /Rect [10 10 30 30] /F 2 /Contents (unseen note)"
    page = read(marked_pdf(tmp_path / "a.pdf", [secret, hidden, note], printed=PRINTED))
    assert not {"1234", "unseen"} & {w.text for w in page.words}
    assert not of_kind(page, ElementKind.ANNOTATION)


@pytest.mark.parametrize(("state", "said"), [("/V /Yes /AS /Yes", "ticked"), ("/V /Off /AS /Off", "unticked")])
def test_check_boxes_have_the_state_of_the_file(tmp_path: Path, state: str, said: str) -> None:
    box = widget(
        "Btn", "member", f"{state} /AP << /N << /Yes 5 0 R /Off 5 0 R >> >>", rect="50 100 64 114", described="Member"
    )
    page = read(marked_pdf(tmp_path / "a.pdf", [box], printed=PRINTED))
    (found,) = of_kind(page, ElementKind.CHECKBOX)
    assert (found.label, found.value) == ("Member", said)
    assert found.bbox.contains(57 / 400, 1 - 107 / 300)


def test_a_note_is_found_and_is_no_print(tmp_path: Path) -> None:
    note = "/Subtype /Text /Rect [350 250 370 270] /Contents (Paid twice, ask Bob) /T (Ada)"
    page = read(marked_pdf(tmp_path / "a.pdf", [note], printed=PRINTED))
    (found,) = of_kind(page, ElementKind.ANNOTATION)
    assert found.text == "Note (Ada): Paid twice, ask Bob"
    assert found.words == ()
    assert "Bob" not in page.text
    assert found.bbox.contains(360 / 400, 1 - 260 / 300)
    assert not found.kind.is_generated


def test_a_highlight_leads_to_the_words_below_it(tmp_path: Path) -> None:
    quad = "/QuadPoints [50 216 80 216 50 196 80 196]"
    mark = f"/Subtype /Highlight /Rect [45 190 330 220] /C [1 1 0] {quad} /Contents (check this)"
    page = read(marked_pdf(tmp_path / "a.pdf", [mark], printed=PRINTED))
    (found,) = of_kind(page, ElementKind.ANNOTATION)
    assert found.text == "Highlighted: Rent\nNote: check this"
    assert [page.words[i].text for i in found.words] == ["Rent"]


def test_marks_follow_a_page_that_is_turned(tmp_path: Path) -> None:
    note = "/Subtype /Text /Rect [350 250 370 270] /Contents (look)"
    (mark,) = render(task(marked_pdf(tmp_path / "a.pdf", [note], printed=PRINTED, rotation=90))).marks.annotations
    assert mark.kind is MarkKind.NOTE
    assert mark.box.contains(260 / 300, 360 / 400)


def test_an_attached_file_is_named_where_it_is(tmp_path: Path) -> None:
    spec = "/FS << /Type /Filespec /F (accounts.xls) /UF (accounts.xls) >>"
    mark = f"/Subtype /FileAttachment /Rect [350 250 370 270] {spec} /Contents (the figures)"
    (found,) = of_kind(read(marked_pdf(tmp_path / "a.pdf", [mark], printed=PRINTED)), ElementKind.ANNOTATION)
    assert found.text.startswith("Attached file: ")
