"""The report page: everything of a run is on it, with pictures, and nothing that comes from a file is more than text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from file_makers import picture
from ingest_support import ScriptReaders, settings_for, write_file, writing
from mmrag_ingest.page import collect
from mmrag_ingest.page.collect import DocumentCard, PageCard, cards
from mmrag_ingest.page.html import page_html, runs, write_page
from mmrag_ingest.pipeline import ingest
from mmrag_ingest.report import DocumentRow, IngestReport, Outcome
from test_ingest_command import mmrag

from mmrag.errors import UsageError

CARD = PageCard(
    number=1,
    picture=None,
    source="ocr",
    engine="e",
    confidence=0.95,
    words=3,
    elements=1,
    unreadable=False,
    places=0,
    warnings=(),
)


def card(name: str = "a.pdf", *pages: PageCard, notes: tuple[str, ...] = (), reason: str | None = None) -> DocumentCard:
    status = Outcome.QUARANTINED if reason else Outcome.INGESTED
    row = DocumentRow(document=name, sha256="0" * 64, status=status, pages=len(pages), reason=reason)
    return DocumentCard(row=row, pages=pages, notes=notes)


def page_of(*documents: DocumentCard) -> str:
    return page_html(IngestReport(documents=tuple(d.row for d in documents)), documents)


def test_names_reasons_and_notes_are_text() -> None:
    evil = "<script>alert(1)</script>"
    warned = replace(CARD, warnings=(evil,))
    html = page_of(card(evil, warned, notes=(evil,)), card("b", reason=f"{evil} <img src=x>"))
    assert "<script" not in html
    assert "<img src=x" not in html
    assert html.count("&lt;script&gt;") >= 4


def test_the_page_needs_nobody_else() -> None:
    html = page_of(card("a.pdf", replace(CARD, picture="data:image/jpeg;base64,AAAA")))
    assert not re.search(r"https?:|@import|url\(|<script|<link|src=\"(?!data:)", html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize(
    ("page", "grade"),
    [
        (CARD, "good"),
        (replace(CARD, confidence=0.8), "fair"),
        (replace(CARD, confidence=0.5), "poor"),
        (replace(CARD, source="native", confidence=1.0), "exact"),
        (replace(CARD, source="none", confidence=0.0), "blank"),
        (replace(CARD, unreadable=True), "unreadable"),
    ],
)
def test_a_page_is_graded_by_how_it_was_read(page: PageCard, grade: str) -> None:
    assert f'class="grade {grade}">{grade}</span>' in page_of(card("a.pdf", page)).split("<details", 1)[1]


def test_what_is_to_look_at_comes_first() -> None:
    html = page_of(
        card("fine.pdf", CARD),
        card("bad.pdf", replace(CARD, number=2, confidence=0.5), replace(CARD, number=3, confidence=0.6)),
        card("box.pdf", CARD, notes=("a file is attached",)),
        card("gone.pdf", reason="the file is empty"),
    )
    look = html.split("<h2>To look at</h2>")[1].split("<h2>")[0]
    assert "<b>bad.pdf</b>: page 2-3 was read badly" in look
    assert "<b>box.pdf</b>: a file is attached" in look
    assert "<b>gone.pdf</b>: not stored, the file is empty" in look
    assert "fine.pdf" not in look


def test_runs_of_numbers_are_short() -> None:
    assert runs([7, 1, 2, 3, 9]) == "1-3, 7, 9"


async def test_pages_with_something_to_say_are_never_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MOST_PAGES", 3)
    write_file(tmp_path / "in" / "long.pdf", *(["words"] * 5), "!crash", *(["words"] * 4))
    async with writing(settings_for(tmp_path / "store")) as app:
        report = await ingest(app, [tmp_path / "in"], open_readers=ScriptReaders())
        (found,) = [c async for c in cards(report, app.catalog, app.blobs)]
    assert [p.number for p in found.pages] == [1, 2, 6]
    assert found.left_out == 7
    assert found.pages[2].unreadable


async def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with writing(settings_for(tmp_path / "store")) as app:
        with pytest.raises(UsageError, match="cannot be written"):
            await write_page(IngestReport(documents=()), tmp_path / "file", app.catalog, app.blobs)


def test_the_command_writes_it_for_new_and_for_unchanged_files(tmp_path: Path) -> None:
    picture((600, 400)).save(tmp_path / "a&b.png")
    for said in ("ingested", "unchanged"):
        done = mmrag("ingest", "a&b.png", "--report", "out", "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "out/index.html" in done.stderr
        html = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
        assert html.count('<img src="data:image/jpeg;base64,') == 1
        assert "a&amp;b.png" in html
        assert f'<td class="state">{said}</td>' in html
