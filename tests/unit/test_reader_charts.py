"""The reader on charts whose values were read: a cell that the question names, an extreme, the difference of two cells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_reader import page_of, reading

from mmrag.agent.check import CheckDrafter
from mmrag.agent.claims import split_claims
from mmrag.agent.formulas import number_in
from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.verify import verify
from mmrag.domain.answers import Draft, Formula, VerdictKind
from mmrag.domain.documents import Cell, Element, ElementKind, Page, element_id
from mmrag.domain.geometry import BBox


def chart_page(title: str, series: tuple[str, ...], rows: dict[str, tuple[str, ...]]) -> Page:
    """A page with a title and a chart: the names of the series over their values, the category left of each row."""
    lines = [[(0.05, title)], [(0.3 + 0.2 * n, name) for n, name in enumerate(series) if name]]
    lines += [[(0.05, name), *((0.3 + 0.2 * n, v) for n, v in enumerate(values))] for name, values in rows.items()]
    page = page_of(*[line for line in lines if line])
    texts = {(0, n + 1): s for n, s in enumerate(series) if s}
    texts |= {(r + 1, 0): name for r, name in enumerate(rows)}
    texts |= {(r + 1, n + 1): v for r, values in enumerate(rows.values()) for n, v in enumerate(values)}
    order = sorted(texts)
    words = iter(w for w in page.words if w.index >= len(title.split()))
    cells = []
    for row, column in order:
        own = [next(words) for _ in texts[row, column].split()]
        assert " ".join(w.text for w in own) == texts[row, column]
        cells.append(
            Cell(
                row=row,
                column=column,
                text=texts[row, column],
                bbox=BBox.around(w.bbox for w in own),
                words=tuple(w.index for w in own),
                is_header=not (row and column),
            )
        )
    ordinal = len(page.elements)
    chart = Element(
        id=element_id(page.document_id, 1, ordinal, ElementKind.CHART, title),
        document_id=page.document_id,
        page=1,
        ordinal=ordinal,
        kind=ElementKind.CHART,
        bbox=BBox.around(c.bbox for c in cells),
        text=title,
        words=tuple(i for c in cells for i in c.words),
        cells=tuple(cells),
    )
    return replace(page, elements=(*page.elements, chart))


SALES = chart_page(
    "Sales of boats",
    ("Dinghies", "Canoes"),
    {"2019": ("$4.10", "$1.25"), "2020": ("$3.60", "$2.50"), "2021": ("$5.20", "$2.00")},
)
FISH = chart_page("Fish landed", ("",), {"Cod": ("410",), "Sole": ("95",), "Total": ("505",)})
VIEWS = chart_page(
    "Views of the new pier", ("Bad", "Good"), {"Total": ("53", "41"), "Women": ("48", "49"), "Men": ("61", "36")}
)


async def ask(question: str, page: Page) -> Draft:
    return await ReaderDrafter(None).draft(make_plan(question), [reading(page)])


@pytest.mark.parametrize(
    ("question", "page", "answer"),
    [
        ("What were the sales of canoes in 2020?", SALES, "$2.50"),
        ("What were the sales of dinghies in 2021?", SALES, "$5.20"),
        ("In which year did the sales of dinghies reach their highest value?", SALES, "2021"),
        ("In which year were the sales of canoes lowest?", SALES, "2019"),
        ("How much sole was landed?", FISH, "95"),
        ("What share of women has a good view of the new pier?", VIEWS, "49"),
        ("What share of the people has a bad view of the new pier?", VIEWS, "53"),
    ],
)
async def test_the_cell_that_the_question_names(question: str, page: Page, answer: str) -> None:
    assert (await ask(question, page)).answer == answer


@pytest.mark.parametrize(
    ("question", "answer", "formula"),
    [
        ("By how much did the sales of canoes increase from 2019 to 2021?", "0.75", Formula.DIFFERENCE),
        ("How much higher were the sales of dinghies in 2021 compared to 2020?", "1.60", Formula.DIFFERENCE),
        ("What is the percentage increase in the sales of canoes from 2019 to 2020?", "100.00%", Formula.PERCENT_CHANGE),
    ],
)
async def test_the_difference_of_two_cells_names_both(question: str, answer: str, formula: Formula) -> None:
    draft = await ask(question, SALES)
    assert (draft.answer, draft.formula) == (answer, formula)
    assert len(draft.operands) == 2
    claims = split_claims(make_plan(question), draft)
    verdicts = verify(make_plan(question), claims, [reading(SALES)])
    assert [v.kind for v in verdicts] == [VerdictKind.SUPPORTED] * 3


async def test_a_wrong_result_is_contradicted_by_its_operands() -> None:
    question = "By how much did the sales of canoes increase from 2019 to 2021?"
    plan = make_plan(question)
    draft = replace(await ask(question, SALES), answer="0.85")
    first, *_ = verify(plan, split_claims(plan, draft), [reading(SALES)])
    assert first.kind is VerdictKind.CONTRADICTED
    assert "0.75" in first.detail


async def test_a_series_that_is_not_there_gives_no_cell() -> None:
    draft = await ask("What were the sales of trawlers in 2020?", SALES)
    assert draft.answer not in {"$3.60", "$2.50"}


async def test_of_two_equal_values_none_is_the_largest() -> None:
    page = chart_page("Fish landed", ("",), {"Cod": ("410",), "Sole": ("410",), "Hake": ("95",)})
    assert (await ask("Which fish was landed most?", page)).answer not in {"Cod", "Sole"}


def measured(page: Page, title: str | None) -> Page:
    """``page`` with the values of its chart measured, and a title along their axis."""
    (chart,) = [e for e in page.elements if e.kind is ElementKind.CHART]
    cells = tuple(replace(c, error=1.0, words=()) if c.row and c.column else c for c in chart.cells)
    chart = replace(chart, cells=cells)
    part = replace(
        chart, id="axis-title", kind=ElementKind.AXIS_TITLE, label="values", text=title or "", belongs_to=chart.id
    )
    others = tuple(e for e in page.elements if e.id != chart.id)
    # Nothing prints the values: a dash stands where they stood.
    values = {
        i for e in page.elements if e.kind is ElementKind.CHART for c in e.cells if c.row and c.column for i in c.words
    }
    words = tuple(replace(w, text="-") if w.index in values else w for w in page.words)
    return replace(page, words=words, elements=(*others, chart, *(() if title is None else (part,))))


@pytest.mark.parametrize(
    ("title", "answer"),
    [
        ("Boats (in thousands)", "about 30 (in thousands; estimated from the chart, ± 1)"),
        ("Boats", "about 30 (estimated from the chart, ± 1)"),
        (None, "about 30 (estimated from the chart, ± 1)"),
    ],
)
async def test_the_unit_of_an_axis_reaches_what_is_measured_against_it(title: str | None, answer: str) -> None:
    page = chart_page("Sales of boats", ("Dinghies", "Canoes"), {"2019": ("12", "30"), "2020": ("14", "41")})
    question = make_plan("How many canoes were sold in 2019?")
    draft = await ReaderDrafter(None).draft(question, [reading(measured(page, title))])
    assert draft.answer == answer
    assert number_in(draft.answer) == 30


BOATS = chart_page(
    "Sales of boats", ("Dinghies", "Canoes"), {"2019": ("12", "30"), "2020": ("17", "41"), "2021": ("9", "40")}
)


@pytest.mark.parametrize(
    ("question", "least", "most"),
    [
        ("How many canoes were sold in 2019?", 0.8, 1.0),
        ("How many canoes were sold in 2019 in boats.png?", 0.8, 1.0),
        ("In which year were the most dinghies sold?", 0.8, 1.0),
        ("How many canoes were sold in 2018?", 0.0, 0.3),
        ("How many penguins were counted on canoes in 2019?", 0.0, 0.35),
    ],
)
async def test_a_measured_value_is_given_only_where_its_chart_prints_all_that_is_asked(
    question: str, least: float, most: float
) -> None:
    plan, page = make_plan(question), measured(BOATS, None)
    draft = await ReaderDrafter(None).draft(plan, [reading(page)])
    claims = split_claims(plan, draft)
    verdicts = verify(plan, claims, [reading(page)])
    score = draft.confidence * min((v.confidence for v in verdicts if v.kind is VerdictKind.PARTLY), default=0.0)
    assert least <= score <= most


async def test_a_year_is_the_name_of_what_was_measured() -> None:
    plan, page = make_plan("In which year were the most dinghies sold?"), measured(BOATS, None)
    draft = await ReaderDrafter(None).draft(plan, [reading(page)])
    (verdict,) = verify(plan, split_claims(plan, draft), [reading(page)])
    assert (draft.answer, verdict.kind) == ("2020", VerdictKind.PARTLY)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Did the sales of canoes rise or fall from 2019 to 2020?", "rose by 1.25"),
        ("Did the sales of canoes rise from 2020 to 2021?", "No, it fell by 0.50"),
        ("Did the sales of dinghies fall from 2019 to 2020?", "Yes, it fell by 0.50"),
    ],
)
async def test_which_way_a_series_went(question: str, answer: str) -> None:
    plan, draft = make_plan(question), await ask(question, SALES)
    assert draft.answer == answer
    claims = split_claims(plan, draft)
    assert {v.kind for v in verify(plan, claims, [reading(SALES)])} == {VerdictKind.SUPPORTED}
    turned = answer.replace("rose", "fell") if "rose" in answer else answer.replace("fell", "rose")
    first, *_ = verify(plan, split_claims(plan, replace(draft, answer=turned)), [reading(SALES)])
    assert first.kind is VerdictKind.CONTRADICTED


async def test_two_estimates_that_may_be_equal_went_no_way() -> None:
    plan = make_plan("Did the number of canoes rise or fall from 2020 to 2021?")
    draft = await ReaderDrafter(None).draft(plan, [reading(measured(BOATS, None))])
    assert not {"rose", "fell"} & set((draft.answer or "").split())


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which had more sales in 2020, dinghies or canoes?", "Dinghies"),
        ("Which had fewer sales in 2021, dinghies or canoes?", "Canoes"),
        ("What was the highest value of the sales of canoes?", "$2.50"),
    ],
)
async def test_the_larger_of_two_series_and_the_value_of_an_extreme(question: str, answer: str) -> None:
    plan, draft = make_plan(question), await ask(question, SALES)
    assert draft.answer == answer
    assert {v.kind for v in verify(plan, split_claims(plan, draft), [reading(SALES)])} == {VerdictKind.SUPPORTED}


VISITS = chart_page("Visitors of the mill", ("",), {"Jan": ("120",), "Feb": ("150",), "Mar": ("180",), "Apr": ("210",)})


@pytest.mark.parametrize(
    ("question", "page", "answer", "operands"),
    [
        ("What is the sum of the visitors in all months?", VISITS, "660", ["120", "150", "180", "210"]),
        ("How many visitors came in total from January to March?", VISITS, "450", ["120", "150", "180"]),
        ("What is the average number of visitors per month?", VISITS, "165", ["120", "150", "180", "210"]),
        ("How many visitors came in March and April combined?", VISITS, "390", ["180", "210"]),
        ("What is the total of all fish landed?", FISH, "505", ["410", "95"]),
    ],
)
async def test_values_of_a_chart_are_summed_up(question: str, page: Page, answer: str, operands: list[str]) -> None:
    plan = make_plan(question)
    draft = await ReaderDrafter(None).draft(plan, [reading(page)])
    assert draft.answer == answer
    assert [claim.text for claim in draft.operands] == operands
    verdicts = verify(plan, split_claims(plan, draft), [reading(page)])
    assert {verdict.kind for verdict in verdicts} == {VerdictKind.SUPPORTED}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Did more visitors come in April than in March?", "Yes"),
        ("Did fewer visitors come in April than in March?", "No"),
        ("Were more visitors counted in Jan than in Feb?", "No"),
    ],
)
async def test_two_values_of_a_chart_decide_a_yes_or_a_no(question: str, answer: str) -> None:
    plan = make_plan(question)
    draft = await CheckDrafter(ReaderDrafter(None)).draft(plan, [reading(VISITS)])
    assert draft.answer == answer
    verdicts = verify(plan, split_claims(plan, draft), [reading(VISITS)])
    assert {verdict.kind for verdict in verdicts} == {VerdictKind.SUPPORTED}


async def test_one_value_is_no_sum_where_another_is_measured() -> None:
    whole = VISITS.elements[-1]
    cells = tuple(replace(c, error=4.0) if (c.row, c.column) == (2, 1) else c for c in whole.cells)
    page = replace(VISITS, elements=(*VISITS.elements[:-1], replace(whole, cells=cells)))
    assert (await ask("What is the sum of the visitors in all months?", page)).answer is None
