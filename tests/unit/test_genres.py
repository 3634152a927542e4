"""A question about a receipt is answered from receipts: what is said of one stands together, and kinds of pages count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from store_support import make_document, make_page, open_parts, put
from test_reader import page_of

from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.reading.genres import OTHER_GENRE, genre_shares
from mmrag.agent.reading.labels import LabelIndex
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.lexicon import lexicon
from mmrag.domain.documents import Document, DocumentStatus, ElementKind, Page
from mmrag.domain.pictures import PageKind
from mmrag.domain.plans import Constraint, ConstraintKind, Reading
from mmrag.retrieval.matching import match_constraints
from mmrag.retrieval.search import meant_documents

ASKED = "Which company issued the {} dated 12/01/2018 with a total of 100.00?"


@pytest.mark.parametrize(("genre", "meant"), [("receipt", ["slip"]), ("report", ["filing", "slip"])])
async def test_what_is_said_of_a_receipt_stands_on_a_few_pages_in_a_row(
    tmp_path: Path, genre: str, meant: list[str]
) -> None:
    lines = {2: "Deposit 40.00", 11: "Balance 100.00"}
    asked = (
        Constraint(kind=ConstraintKind.AMOUNT, text="100.00", normals=("100.00",)),
        Constraint(kind=ConstraintKind.AMOUNT, text="40.00", normals=("40.00",)),
        Constraint(kind=ConstraintKind.GENRE, text=genre),
    )
    with open_parts(tmp_path) as parts:
        long = [make_page("filing", n, lines.get(n, f"Sheet {n}")) for n in range(1, 13)]
        await put(parts.writer, make_document("filing", pages=12), long)
        sheet = make_page("slip", 1, "HARBOUR WORKS LTD", "Deposit 40.00", "Total 100.00")
        await put(parts.writer, make_document("slip", pages=1), [sheet])
        assert parts.lexical is not None
        matches = await match_constraints(asked, parts.lexical, parts.catalog)
    assert sorted(meant_documents(matches)) == meant


def _page(name: str, number: int, kind: PageKind | None) -> Page:
    return replace(page_of([(0.1, "Harbour Works")], name=name), number=number, kind=kind)


def test_pages_of_quite_another_kind_count_half_and_unsorted_ones_go_with_their_document() -> None:
    pages = [
        _page("filing", 1, PageKind.REPORT),
        _page("filing", 2, None),
        _page("filing", 3, PageKind.REPORT),
        _page("slip", 1, PageKind.RECEIPT),
        _page("scan", 1, None),
        _page("filled", 1, PageKind.FORM),
    ]
    half = OTHER_GENRE
    assert genre_shares(make_plan(ASKED.format("receipt")), pages) == [half, half, half, 1.0, 1.0, 1.0]
    assert genre_shares(make_plan("What is the total?"), pages) == [1.0] * 6
    assert genre_shares(make_plan("What is on the report dated 12/01/2018?"), pages) == [1.0] * 6


def test_a_label_that_goes_on_behind_a_wide_space_is_another_label() -> None:
    layout = Layout(page_of([(0.1, "Advertiser"), (0.245, "Code"), (0.6, "Brand")], [(0.1, "Harbour Works"), (0.4, "1798")]))
    assert len(layout.runs) == 5
    (label,) = LabelIndex(layout).of_concept(lexicon().concepts["advertiser"])[:1] or (None,)
    assert label is None or label.quality < 0.2


def test_two_words_around_an_ampersand_are_one_run_where_a_column_might_begin() -> None:
    rows = [[(0.1, "Lee"), (0.145, "& Kim")], [(0.145, "Box two")], [(0.145, "Box three")], [(0.145, "Box four")]]
    assert Layout(page_of(*rows)).runs[0].text == "Lee & Kim"


async def test_a_date_is_asked_for_and_the_name_of_a_ticked_box_is_none() -> None:
    page = page_of([(0.1, "Received by"), (0.3, "06/23/2015")], [(0.1, "Amendment to statement")])
    box = replace(
        page.elements[1],
        kind=ElementKind.CHECKBOX,
        label="to statement",
        value="ticked",
        section=("Amendment received date",),
    )
    page = replace(page, elements=(page.elements[0], box))
    plan = make_plan("On what date was the amendment to the statement received?")
    document = Document(
        id="doc", name="doc", location="/doc", sha256="0" * 64, media_type="image/png", size=1, pages=1,
        status=DocumentStatus.READY, recipe="test",
    )  # fmt: skip
    draft = await ReaderDrafter(None).draft(plan, [Reading(document=document, page=page, match=1.0, relevance=1.0)])
    assert draft.answer == "06/23/2015"
