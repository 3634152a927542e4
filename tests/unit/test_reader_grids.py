"""The reader on recognised tables: rows by their code, one of several tables with the same heads, whole columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from test_reader import page_of, reading

from mmrag.agent.claims import split_claims
from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.verify import verify
from mmrag.domain.answers import Draft, VerdictKind
from mmrag.domain.documents import Cell, Element, ElementKind, Page
from mmrag.domain.geometry import BBox
from mmrag.domain.plans import Reading

_COLUMNS = (0.05, 0.27, 0.49, 0.66, 0.82)


def table_page(*tables: tuple[str, Sequence[Sequence[str]]], name: str = "list") -> Page:
    """A page of tables, each with its title over it; the first row of each are its heads. Empty cells are left out."""
    lines: list[list[tuple[float, str]]] = []
    for title, rows in tables:
        lines += [[(0.05, title)]] if title else []
        lines += [[(x, text) for x, text in zip(_COLUMNS, row, strict=False) if text] for row in rows]
        lines.append([])
    page = page_of(*lines, name=name)
    words = iter(page.words)
    elements = list(page.elements)
    for title, rows in tables:
        for _ in title.split():
            next(words)
        cells: list[Cell] = []
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                own = [next(words) for _ in text.split()]
                if own:
                    box = BBox.around(w.bbox for w in own)
                    indexes = tuple(w.index for w in own)
                    cells.append(Cell(row=number, column=column, text=text, bbox=box, words=indexes, is_header=number == 0))
        elements.append(
            Element(
                id=f"{name}-table-{len(elements)}",
                document_id=name,
                page=1,
                ordinal=len(elements),
                kind=ElementKind.TABLE,
                bbox=BBox.around(c.bbox for c in cells),
                text=title,
                words=tuple(i for c in cells for i in c.words),
                cells=tuple(cells),
            )
        )
    return replace(page, elements=tuple(elements))


PARTS = [
    ["Name", "SKU", "Quantity", "Price", "Amount"],
    ["Brass hinge", "TR-2041", "6", "18.40", "110.40"],
    ["Oak knob", "TR-2014", "25", "3.20", "80.00"],
    ["Door stay", "TR-2047", "1", "412.00", "412.00"],
    ["Felt pad", "TR-5120", "40", "1.15", "46.00"],
    ["Total", "", "72", "", "648.40"],
]
PRICES = table_page(("Price list of Tarn Ironmongers", PARTS))
HALLS = table_page(
    (
        "Upper hall",
        [["Item", "Number", "Daily fee"], ["Trestle", "14", "2.00"], ["Urn", "3", "5.00"], ["Piano", "1", "30.00"]],
    ),
    (
        "Lower hall",
        [["Item", "Number", "Daily fee"], ["Trestle", "9", "1.50"], ["Urn", "2", "4.00"], ["Easel", "8", "2.50"]],
    ),
)
FERRY = table_page(
    (
        "Ferry to Skarvoy",
        [
            ["Pier", "Sailing 101", "Sailing 103"],
            ["Holm", "06:10", "07:40"],
            ["Vik", "06:31", "08:03"],
            ["Nes", "06:58", "08:35"],
        ],
    )
)


async def ask(question: str, *pages: Page | Reading) -> Draft:
    return await ReaderDrafter(None).draft(make_plan(question), [p if isinstance(p, Reading) else reading(p) for p in pages])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the price of TR-2014?", "3.20"),
        ("What does SKU TR-2041 cost?", "18.40"),
        ("How many of TR-5120 were delivered?", "40"),
        ("Which item has the SKU TR-2047?", "Door stay"),
        ("What is TR-2047?", "Door stay"),
        ("What is the price of the item with the SKU TR-2041?", "18.40"),
    ],
)
async def test_a_row_is_found_by_its_code_wherever_the_code_stands(question: str, answer: str) -> None:
    draft = await ask(question, PRICES)
    assert draft.answer == answer
    assert draft.confidence > 0.7


@pytest.mark.parametrize(
    "question",
    ["What is the price of TR-2044?", "What does SKU TR-204 cost?", "What is the discount of TR-2014?"],
)
async def test_a_code_that_is_no_row_and_a_column_that_is_not_there_have_no_answer(question: str) -> None:
    draft = await ask(question, PRICES)
    assert draft.confidence < 0.3


async def test_another_firms_list_is_not_asked_for_its_article() -> None:
    draft = await ask("What is the price of TR-2014 at Mill Hardware?", reading(PRICES, match=0.55))
    assert draft.confidence < 0.3


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many trestles are in the lower hall?", "9"),
        ("How many trestles are in the upper hall?", "14"),
        ("What is the daily fee of the urn in the upper hall?", "5.00"),
    ],
)
async def test_of_two_tables_with_the_same_heads_the_one_that_is_told(question: str, answer: str) -> None:
    assert (await ask(question, HALLS)).answer == answer


@pytest.mark.parametrize("question", ["How many easels are in the upper hall?", "How many trestles are in the hall?"])
async def test_of_two_tables_the_other_does_not_answer(question: str) -> None:
    assert (await ask(question, HALLS)).answer is None


async def test_a_timetable_is_read_by_stop_and_trip() -> None:
    assert (await ask("When does sailing 103 leave Vik?", FERRY)).answer == "08:03"
    assert (await ask("When does sailing 105 leave Vik?", reading(FERRY, match=0.4))).confidence < 0.3


@pytest.mark.parametrize(
    ("question", "page", "answer"),
    [
        ("Which item has the highest price on the price list of Tarn Ironmongers?", PRICES, "Door stay"),
        ("Which item is the cheapest?", PRICES, "Felt pad"),
        ("Which SKU is the most expensive?", PRICES, "TR-2047"),
        ("How many items cost more than 3?", PRICES, "3"),
        ("How many items cost at most 3.20?", PRICES, "2"),
        ("What is the average price of all items?", PRICES, "108.69"),
        ("What is the total number of trestles in both halls?", HALLS, "23"),
        ("Which item has the lowest daily fee in the lower hall?", HALLS, "Trestle"),
    ],
)
async def test_a_whole_column_is_worked_out_and_every_cell_is_shown(question: str, page: Page, answer: str) -> None:
    plan, draft = make_plan(question), await ask(question, page)
    assert draft.answer == answer
    verdicts = verify(plan, split_claims(plan, draft), [reading(page)])
    assert {v.kind for v in verdicts} == {VerdictKind.SUPPORTED}
    assert all(v.claim.spans for v in verdicts)


@pytest.mark.parametrize(
    "question",
    ["Which item is the heaviest?", "How many bolts cost more than 3?", "What is the total price of all screws?"],
)
async def test_what_the_table_does_not_tell_is_not_worked_out(question: str) -> None:
    draft = await ask(question, PRICES)
    assert not draft.expression
    assert draft.confidence < 0.3


async def test_the_name_of_an_extreme_is_checked_against_what_it_was_compared_with() -> None:
    question = "Which item is the cheapest?"
    plan, draft = make_plan(question), await ask(question, PRICES)
    named, value, *others = draft.operands
    wrong = replace(draft, operands=(named, others[0], value, *others[1:]))
    first, *_ = verify(plan, split_claims(plan, wrong), [reading(PRICES)])
    assert first.kind is VerdictKind.CONTRADICTED


async def test_two_rows_that_share_the_first_place_are_no_answer() -> None:
    page = table_page(("Races", [["Team", "Points"], ["Elder", "12"], ["Alder", "12"], ["Aspen", "9"]]))
    assert (await ask("Which team has the most points?", page)).answer is None


async def test_a_table_that_goes_on_over_a_page_not_read_is_not_summed_up() -> None:
    whole = reading(PRICES)
    table = PRICES.elements[-1]
    rest = replace(table, id="rest", page=2, belongs_to=table.id)
    second = replace(PRICES, number=2, elements=(*PRICES.elements[:-1], rest))
    of_two = replace(whole.document, pages=2)
    pages = [replace(whole, document=of_two), replace(whole, document=of_two, page=second)]
    question = "How many items cost more than 3?"
    assert (await ask(question, *pages)).answer == "6"
    draft = await ask(question, pages[1])
    assert draft.answer is None
    assert "not read" in draft.why


@pytest.mark.parametrize(
    "question",
    [
        "Which invoice has the highest amount?",
        "Which of the two invoices has the lower amount?",
        "Which bill is the cheapest?",
    ],
)
async def test_a_row_of_one_paper_is_no_paper(question: str) -> None:
    draft = await ask(question, PRICES)
    assert draft.answer is None
    assert "not compared" in draft.why


async def test_one_cell_is_no_answer_to_which_of_two_is_larger() -> None:
    assert (await ask("What is the amount of TR-2014?", PRICES)).answer == "80.00"
    assert (await ask("Which is higher, the amount of TR-2014 or the budget?", PRICES)).answer is None
