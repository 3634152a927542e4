"""What neighbours tell of a page: running lines, sections that go on, tables over a page's end."""

from __future__ import annotations

from collections.abc import Sequence

from layout_support import Text, ending_at, raw_page
from mmrag_ingest.across import settled
from mmrag_ingest.elements import understand

from mmrag.domain.documents import Element, ElementKind, Page


def page_of(number: int, texts: Sequence[Text]) -> Page:
    return understand(raw_page(texts), None, document_id="d", number=number, image=None)


def kinds(page: Page) -> dict[str, ElementKind]:
    return {e.text: e.kind for e in page.elements}


def prose(y: float, *, n: int = 4) -> list[Text]:
    line = "The parties agree that every delivery is checked within ten days of its arrival"
    return [Text(text=f"{line} {k}", x=100, y=y + 30 * k) for k in range(n)]


def row(y: float, name: str, *numbers: str) -> list[Text]:
    return [Text(text=name, x=100, y=y), *(ending_at(n, 500 + 150 * k, y) for k, n in enumerate(numbers))]


def test_lines_at_the_same_place_on_neighbouring_pages_run_over_them() -> None:
    pages = [
        page_of(
            n,
            [
                Text(text=f"Case 12-{700 + n} Docket entry", x=100, y=60),
                *prose(300),
                Text(text="Filed by hand", x=100, y=1320),
            ],
        )
        for n in (1, 2)
    ]
    first, second = settled(pages[0], None, pages[1]), settled(pages[1], pages[0], None)
    assert kinds(first)["Case 12-701 Docket entry"] is ElementKind.HEADER
    assert kinds(second)["Case 12-702 Docket entry"] is ElementKind.HEADER
    assert kinds(second)["Filed by hand"] is ElementKind.FOOTER
    assert [e.ordinal for e in first.elements] == list(range(len(first.elements)))


def test_a_line_that_stands_on_one_page_alone_is_text() -> None:
    pages = [
        page_of(n, [Text(text=t, x=100, y=60), *prose(300)]) for n, t in ((1, "Dear Mr Miller"), (2, "With kind regards"))
    ]
    assert kinds(settled(pages[0], None, pages[1]))["Dear Mr Miller"] is not ElementKind.HEADER


def test_a_section_goes_on_over_the_end_of_a_page() -> None:
    first = page_of(1, [Text(text="Terms of delivery", x=100, y=200, height=40), *prose(300)])
    second = page_of(2, [*prose(300), Text(text="Payment", x=100, y=700, height=40), *prose(800)])
    sections = [e.section for e in settled(second, first, None).elements if e.kind is ElementKind.TEXT]
    assert sections[0] == ("Terms of delivery",)
    assert sections[-1] == ("Payment",)


def table_page(number: int, rows: Sequence[Sequence[str]], *more: Text, y: float = 200) -> Page:
    texts = [t for n, cells in enumerate(rows) for t in row(y + 30 * n, *cells)]
    return page_of(number, [*texts, *more])


def the_table(page: Page) -> Element:
    (found,) = [e for e in page.elements if e.kind is ElementKind.TABLE]
    return found


BODY = [("Rope", "12", "1.50"), ("Nail", "7", "0.05"), ("Pipe", "3", "9.25")]


def test_a_table_over_a_page_end_keeps_its_heads_and_belongs_to_its_beginning() -> None:
    first = table_page(1, [("Item", "Units", "Price"), *BODY])
    second = settled(table_page(2, [("Sail", "1", "80.00"), ("Mast", "2", "410.00"), ("Oar", "8", "22.50")]), first, None)
    table = the_table(second)
    assert table.belongs_to == the_table(first).id
    assert table.text.splitlines()[0] == "| Item | Units | Price |"
    assert [c.text for c in table.cells if c.is_header] == ["Item", "Units", "Price"]
    assert all(not c.words and c.bbox.height == 0 for c in table.cells if c.is_header)
    assert {c.row for c in table.cells} == {0, 1, 2, 3}
    third = settled(table_page(3, [("Flag", "5", "6.00"), ("Buoy", "4", "31.00")]), second, None)
    assert the_table(third).belongs_to == the_table(first).id
    assert settled(second, first, third) == second


def test_a_table_after_other_text_is_another_one() -> None:
    first = table_page(1, [("Item", "Units", "Price"), *BODY], *prose(900))
    second = table_page(2, [("Sail", "1", "80.00"), ("Mast", "2", "410.00")])
    assert the_table(settled(second, first, None)).belongs_to is None
