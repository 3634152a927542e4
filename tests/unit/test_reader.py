"""The extractive reader on small pages written out here: what it finds, what it points at, what it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.domain.answers import Draft
from mmrag.domain.documents import Document, DocumentStatus, Element, ElementKind, Page, TextSource, Word
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.plans import Reading

Row = Sequence[tuple[float, str]]
LETTERS = [f"{a}{b}" for a in "ABCDEF" for b in "GHIJKLM"]
_LETTER, _LINE, _HEIGHT = 0.011, 0.028, 0.018


def page_of(*rows: Row, name: str = "doc", confidence: float = 0.98) -> Page:
    """A page of typewriter print: each row is pieces of text with the x where they start, in page fractions."""
    words: list[Word] = []
    elements: list[Element] = []
    for number, row in enumerate(rows):
        y = 0.04 + number * _LINE
        first = len(words)
        for x, text in row:
            for part in text.split(" "):
                box = BBox(x, y, min(1.0, x + len(part) * _LETTER), y + _HEIGHT)
                words.append(
                    Word(index=len(words), line=number, text=part, polygon=Polygon.from_bbox(box), confidence=confidence)
                )
                x = box.x1 + 0.006
        here = tuple(words[first:])
        if here:
            elements.append(
                Element(
                    id=f"{name}-{number}",
                    document_id=name,
                    page=1,
                    ordinal=number,
                    kind=ElementKind.TEXT,
                    bbox=BBox.around(w.bbox for w in here),
                    text=" ".join(w.text for w in here),
                    words=tuple(w.index for w in here),
                )
            )
    return Page(
        document_id=name,
        number=1,
        width=1000,
        height=1400,
        source=TextSource.OCR,
        confidence=confidence,
        engine="test",
        words=tuple(words),
        elements=tuple(elements),
    )


def reading(page: Page, match: float = 1.0, relevance: float = 1.0) -> Reading:
    document = Document(
        id=page.document_id,
        name=page.document_id,
        location="",
        sha256="",
        media_type="image/png",
        size=1,
        pages=1,
        status=DocumentStatus.READY,
        recipe="r",
    )
    return Reading(document=document, page=page, match=match, relevance=relevance)


async def ask(question: str, *pages: Page | Reading) -> Draft:
    readings = [p if isinstance(p, Reading) else reading(p) for p in pages]
    return await ReaderDrafter(None).draft(make_plan(question), readings)


RECEIPT = page_of(
    [(0.3, "BRIGHT LAMP TRADING SDN BHD")],
    [(0.3, "(1072825-A)")],
    [(0.3, "No: 28, JALAN ASTANA 1C,")],
    [(0.3, "41050 KLANG, SELANGOR")],
    [(0.3, "Tel: 03-7982 7988")],
    [(0.1, "Date"), (0.3, ": 20/11/2017 03:55:07 PM")],
    [(0.1, "Cashier: ANGELA")],
    [(0.1, "BULB 18W"), (0.7, "37.55")],
    [(0.1, "Sub Total"), (0.7, "37.55")],
    [(0.1, "GST 6%"), (0.7, "2.25")],
    [(0.1, "TOTAL"), (0.6, "RM"), (0.7, "39.80")],
    [(0.1, "CASH"), (0.6, "RM"), (0.7, "50.00")],
    [(0.1, "CHANGE"), (0.6, "RM"), (0.7, "10.20")],
)

FORM = page_of(
    [(0.05, "1. Name of Registrant"), (0.6, "2. Registration No.")],
    [(0.08, "Glover Park Group, LLC"), (0.65, "5666")],
    [],
    [(0.05, "Advertiser"), (0.25, "Friends of Andrew Yang"), (0.6, "Order #"), (0.75, "1336165")],
    [(0.05, "INVOICENO:"), (0.25, "W0C12389203"), (0.6, "Flight Dates"), (0.75, "01/28/20 - 02/03/20")],
    [(0.05, "Married"), (0.25, "Yes"), (0.6, "E-mail"), (0.75, "desk@example.org")],
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the total amount on this receipt?", "39.80"),
        ("On what date was this receipt issued?", "20/11/2017"),
        ("Which company issued this receipt?", "BRIGHT LAMP TRADING SDN BHD"),
        ("What is the address of the company on this receipt?", "No: 28, JALAN ASTANA 1C, 41050 KLANG, SELANGOR"),
        ("What is the phone number on this receipt?", "03-7982 7988"),
        ("Who was the cashier?", "ANGELA"),
        ("How much change was given?", "10.20"),
        ("How much was paid in cash?", "50.00"),
        ("What is the subtotal?", "37.55"),
    ],
)
async def test_reads_a_receipt(question: str, answer: str) -> None:
    draft = await ask(question, RECEIPT)
    assert draft.answer is not None
    assert draft.answer.removeprefix("RM ") == answer
    assert draft.confidence > 0.35
    assert draft.tier == "reader"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the name of the registrant on this form?", "Glover Park Group, LLC"),
        ("What is the registration number on this form?", "5666"),
        ("Who is the advertiser?", "Friends of Andrew Yang"),
        ("What is the invoice number?", "W0C12389203"),
        ("What is the order number?", "1336165"),
        ("On what date does the advertising flight start?", "01/28/20"),
        ("On what date does the advertising flight end?", "02/03/20"),
        ("What is the e-mail address on this form?", "desk@example.org"),
        ("Is the person married?", "Yes"),
    ],
)
async def test_reads_a_form(question: str, answer: str) -> None:
    draft = await ask(question, FORM)
    assert draft.answer == answer
    assert draft.confidence > 0.35


@pytest.mark.parametrize(
    "question",
    [
        "What is the fax number on this receipt?",
        "What is the e-mail address on this receipt?",
        "What is the due date?",
        "What is the IBAN?",
        "What is the date of birth of the patient?",
        "How many employees does the company have?",
        "What was the net revenue in 2019?",
    ],
)
async def test_refuses_what_is_not_on_the_page(question: str) -> None:
    draft = await ask(question, RECEIPT)
    assert draft.answer is None or draft.confidence < 0.35
    assert draft.spans == () or draft.answer is not None


@pytest.mark.parametrize(
    "question",
    [
        "Which receipt has the highest total?",
        "Which of the two receipts has the lower total?",
        "Which is higher, the total of the March or the April receipt?",
        "What is the GST number on this receipt?",
    ],
)
async def test_one_value_answers_no_question_for_another_kind_of_thing(question: str) -> None:
    draft = await ask(question, RECEIPT)
    assert draft.answer is None or draft.confidence < 0.3


async def test_points_at_the_words_of_the_answer_only() -> None:
    draft = await ask("What is the total amount on this receipt?", RECEIPT)
    (span,) = draft.spans
    assert [RECEIPT.words[i].text for i in span.words][-1] == "39.80"
    assert {RECEIPT.words[i].line for i in span.words} == {10}
    assert span.element_id == "doc-10"


async def test_an_address_over_several_elements_has_a_span_in_each() -> None:
    draft = await ask("What is the address of the company on this receipt?", RECEIPT)
    assert [s.element_id for s in draft.spans] == ["doc-2", "doc-3"]
    assert " ".join(s.quote for s in draft.spans) == draft.answer


async def test_the_value_given_in_the_question_is_not_the_answer() -> None:
    page = page_of([(0.1, "Date: 01/02/2018")], [(0.1, "Delivered"), (0.4, "05/02/2018")], [(0.1, "Total"), (0.4, "12.00")])
    draft = await ask("On what other date was the receipt dated 01/02/2018 issued?", page)
    assert draft.answer != "01/02/2018"


async def test_cash_less_change_decides_between_two_totals() -> None:
    page = page_of(
        [(0.1, "Total"), (0.7, "41.52")],
        [(0.1, "Rounding"), (0.7, "-0.02")],
        [(0.1, "Total"), (0.7, "41.50")],
        [(0.1, "Cash"), (0.7, "50.00")],
        [(0.1, "Change"), (0.7, "8.50")],
    )
    assert (await ask("What is the total?", page)).answer == "41.50"


async def test_a_total_without_a_label_is_found_by_arithmetic() -> None:
    page = page_of([(0.7, "29.80")], [(0.1, "CASH"), (0.7, "50.00")], [(0.1, "CHANGE"), (0.7, "20.20")], [(0.7, "28.11")])
    draft = await ask("What is the total amount on this receipt?", page)
    assert draft.answer == "29.80"


async def test_quantities_and_taxes_are_no_totals() -> None:
    page = page_of(
        [(0.1, "Total Qty"), (0.7, "12.00")], [(0.1, "Total GST"), (0.7, "3.00")], [(0.1, "TOTAL"), (0.7, "53.00")]
    )
    assert (await ask("What is the total amount?", page)).answer == "53.00"


async def test_the_document_that_matches_wins() -> None:
    other = page_of([(0.1, "TOTAL"), (0.7, "99.00")], name="other")
    draft = await ask("What is the total amount?", reading(other, match=0.3), reading(RECEIPT, match=1.0))
    assert draft.answer is not None
    assert draft.answer.endswith("39.80")


async def test_a_poor_match_lowers_the_confidence() -> None:
    sure = await ask("What is the total amount?", reading(RECEIPT, match=1.0))
    unsure = await ask("What is the total amount?", reading(RECEIPT, match=0.3))
    assert unsure.confidence < sure.confidence


async def test_a_rival_lowers_the_confidence() -> None:
    alone = page_of([(0.1, "Invoice No: 4711")])
    rivals = page_of([(0.1, "Invoice No: 4711")], [(0.1, "Invoice No: 4712")])
    assert (await ask("What is the invoice number?", rivals)).confidence < (
        await ask("What is the invoice number?", alone)
    ).confidence


async def test_ocr_errors_and_lost_spaces_in_labels_are_forgiven() -> None:
    page = page_of([(0.1, "TotaIAmount"), (0.6, "18.20")], [(0.1, "lnvoice N0."), (0.6, "A-771")])
    assert (await ask("What is the total amount?", page)).answer == "18.20"
    assert (await ask("What is the invoice number?", page)).answer == "A-771"


async def test_value_in_the_row_and_column_that_the_question_names() -> None:
    page = page_of(
        [(0.1, "Region"), (0.4, "2019"), (0.6, "2020")],
        [(0.1, "North"), (0.4, "14.5%"), (0.6, "17.0%")],
        [(0.1, "South"), (0.4, "21.5%"), (0.6, "23.0%")],
    )
    assert (await ask("What percentage did the South have in 2020?", page)).answer == "23.0%"


async def test_empty_pages_give_no_answer() -> None:
    draft = await ask("What is the total amount?", page_of())
    assert draft.answer is None
    assert draft.confidence == 0.0


class OneMeaning:
    """An embedder to whom 'Honoraire' and 'remuneration of the lawyer' mean the same."""

    identity = "one-meaning"
    dimension = 2

    def __init__(self) -> None:
        self.batches: list[int] = []

    async def embed(self, texts: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        self.batches.append(len(texts))
        same = [any(w in t.lower() for w in ("honoraire", "remuneration")) for t in texts]
        return np.array([[1.0, 0.0] if s else [0.0, 1.0] for s in same], dtype=np.float32)


async def test_labels_are_found_by_meaning_and_embedded_once() -> None:
    page = page_of([(0.1, "Honoraire"), (0.5, "820.00")], [(0.1, "Porto"), (0.5, "4.10")])
    embedder = OneMeaning()
    drafter = ReaderDrafter(embedder)
    plan = make_plan("How much is the lawyer's remuneration?")
    first = await drafter.draft(plan, [reading(page)])
    assert first.answer == "820.00"
    batches = list(embedder.batches)
    again = await drafter.draft(plan, [reading(page)])
    assert again == first
    assert embedder.batches == batches


async def test_what_was_asked_before_changes_no_answer() -> None:
    """More labels than one question compares: a second time it compares the same ones, not those that were left."""
    rows: list[Row] = [
        [(0.1, f"{name} {part}:"), (0.5, "4.10")] for name in ("Porto", "Auslage", "Kopie") for part in LETTERS
    ]
    pages = [reading(page_of(*rows[at : at + 30], name=f"page-{at}")) for at in range(0, len(rows), 30)]
    last = reading(page_of([(0.1, "Honoraire"), (0.5, "820.00")], name="last"))
    drafter = ReaderDrafter(OneMeaning())
    plan = make_plan("How much is the lawyer's remuneration?")
    first = await drafter.draft(plan, [*pages, last])
    assert await drafter.draft(plan, [*pages, last]) == first
    assert (await drafter.draft(plan, [last])).answer == "820.00", (
        "asked of its page alone, the label is known by its meaning"
    )


async def test_the_amount_that_the_items_add_up_to_is_the_total_beside_another_that_says_so() -> None:
    rows: list[Row] = [[(0.1, "ALPHA TRADING SDN BHD")], [(0.1, "Rope"), (0.7, "12.00")], [(0.1, "Lamp"), (0.7, "8.50")]]
    plain = await ask("What is the total amount?", page_of(*rows, [(0.1, "Total: 20.50")]))
    assert plain.answer == "20.50"
    for at in (1, 2, 3, 4):
        lines = [*rows, [(0.1, "Total: 20.50")]]
        lines.insert(at, [(0.1, "Total: 777.00")])
        assert (await ask("What is the total amount?", page_of(*lines))).answer == "20.50"


async def test_an_item_and_its_subtotal_do_not_add_up_to_what_was_paid_with() -> None:
    rows: list[Row] = [
        [(0.1, "Rope"), (0.7, "25.00")],
        [(0.1, "Sub Total"), (0.7, "25.00")],
        [(0.1, "Total"), (0.7, "25.00")],
    ]
    draft = await ask("What is the total amount?", page_of(*rows, [(0.1, "Given"), (0.7, "50.00")]))
    assert draft.answer == "25.00"


async def test_a_net_amount_is_no_total() -> None:
    page = page_of(
        [(0.05, "INVOICE")],
        [(0.05, "Cable drum"), (0.6, "600.00")],
        [(0.05, "Switch panel"), (0.6, "428.75")],
        [(0.05, "Net amount: 1,028.75")],
        [(0.05, "VAT 20 %: 205.75")],
        [(0.05, "Total: 1,234.50")],
    )
    assert (await ask("What is the total amount?", page)).answer == "1,234.50"


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([[(0.05, "TOTAL"), (0.5, "7.95")], [(0.05, "Paid by"), (0.5, "Cash")], [(0.05, "Thank you")]], "Cash"),
        ([[(0.05, "Payment method: American Express")]], "American Express"),
        ([[(0.05, "TOTAL"), (0.5, "22.10")], [(0.05, "VISA"), (0.5, "22.10")]], "VISA"),
        ([[(0.05, "CASH"), (0.5, "30.00")], [(0.05, "VISA voucher"), (0.5, "2.00")]], None),
        ([[(0.05, "TOTAL"), (0.5, "22.10")]], None),
    ],
)
async def test_how_something_was_paid(rows: Sequence[Row], answer: str | None) -> None:
    assert (await ask("How was it paid?", page_of(*rows))).answer == answer


PRICES = page_of(
    [(0.05, "Item"), (0.5, "Price")],
    [(0.05, "Flat white"), (0.5, "3.20")],
    [(0.05, "Cheese toast"), (0.5, "4.75")],
    [(0.05, "Lemon cake"), (0.5, "2.90")],
    [(0.05, "Plum cake"), (0.5, "2.90")],
    [(0.05, "Total"), (0.5, "13.75")],
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which item costs 4.75?", "Cheese toast"),
        ("What costs 3.20?", "Flat white"),
        ("Which item is priced at 3.20?", "Flat white"),
    ],
)
async def test_a_row_is_found_by_its_value(question: str, answer: str) -> None:
    draft = await ask(question, PRICES)
    assert draft.answer == answer
    assert len(draft.spans) == 2


@pytest.mark.parametrize("question", ["Which item costs 2.90?", "Which item costs 13.75?", "Which item costs 9.99?"])
async def test_no_row_is_told_by_a_value_that_several_print_or_none(question: str) -> None:
    draft = await ask(question, PRICES)
    assert draft.answer is None or draft.confidence < 0.3
