"""The parts of the reader one by one: words, labels, layout, the question, the letterhead."""

from __future__ import annotations

import pytest

from mmrag.agent.plan import make_plan
from mmrag.agent.reading.labels import LabelIndex
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.letterhead import addresses, issuers
from mmrag.agent.reading.lexicon import lexicon
from mmrag.agent.reading.near import is_label
from mmrag.agent.reading.target import understand
from mmrag.agent.reading.text import blurred, content_words, fold, holds, stem, words
from mmrag.domain.documents import Page, TextSource, Word
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.plans import AnswerType


def page(*lines: tuple[float, float, str], tilt: float = 0.0) -> Page:
    """A page of 1000 by 1000 pixels; each line is (x, y, text) in page fractions. ``tilt`` lowers it to the right."""
    found: list[Word] = []
    for number, (x, y, text) in enumerate(lines):
        for part in text.split(" "):
            width = 0.012 * len(part)
            drop = tilt * (x + width / 2)
            box = BBox.clamped(x, y + drop, x + width, y + 0.02 + drop)
            found.append(Word(index=len(found), line=number, text=part, polygon=Polygon.from_bbox(box), confidence=1.0))
            x += width + 0.006
    return Page(
        document_id="d",
        number=1,
        width=1000,
        height=1000,
        source=TextSource.OCR,
        confidence=1.0,
        engine="test",
        words=tuple(found),
    )


@pytest.mark.parametrize(("a", "b"), [("Invoice No.", "INVOICENO"), ("Grand-Total :", "grand total"), ("Größe", "GROSSE")])
def test_fold_ignores_case_spaces_punctuation_and_accents(a: str, b: str) -> None:
    assert fold(a) == fold(b)


def test_blurred_makes_equal_what_ocr_confuses() -> None:
    assert blurred(fold("T0TA1")) == blurred(fold("total"))
    assert blurred(fold("total")) != blurred(fold("tax"))


def test_words_of_run_together_print() -> None:
    assert words("TotalAmount") == ("total", "amount")
    assert content_words("What is the name of the registrant?") == ("name", "registrant")
    assert stem("numbers") == stem("number")
    assert holds("Please pay by fax: 1", "fax")
    assert not holds("Prefax", "fax")


def test_wide_gaps_part_runs_and_close_words_do_not() -> None:
    layout = Layout(page((0.1, 0.1, "Grand Total"), (0.6, 0.1, "12.00")))
    assert [r.text for r in layout.runs] == ["Grand Total", "12.00"]


def test_columns_part_runs_even_at_a_narrow_gap() -> None:
    crowded = [(0.1, 0.1, "www.example.org/advertising"), (0.436, 0.1, "Peters For Senate")]
    words_of_one_line = page(*crowded, (0.436, 0.06, "Advertiser"), (0.436, 0.14, "Contract"), (0.436, 0.18, "Product"))
    merged = tuple(
        Word(index=w.index, line=0 if w.line == 1 else w.line, text=w.text, polygon=w.polygon, confidence=1.0)
        for w in words_of_one_line.words
    )
    layout = Layout(
        Page(
            document_id="d", number=1, width=1000, height=1000, source=TextSource.OCR, confidence=1, engine="t", words=merged
        )
    )
    assert "Peters For Senate" in [r.text for r in layout.runs]


def test_rows_are_found_on_a_tilted_page() -> None:
    lines = [(0.05, 0.1 + 0.04 * n, f"Label number {n} of them all and more words to lean on") for n in range(5)]
    values = [(0.85, 0.1 + 0.04 * n, f"{n}.50") for n in range(5)]
    layout = Layout(page(*lines, *values, tilt=0.05))
    for run in layout.runs:
        if run.text.startswith("Label"):
            assert [o.text for o in layout.right_of(run)] == [f"{run.text.split()[2]}.50"]
    assert all(len(row) == 2 for row in layout.rows)


@pytest.mark.parametrize(
    ("text", "concept", "found"),
    [
        ("TOTAL", "total", True),
        ("TotalAmount", "total", True),
        ("Tota1 Arnount", "total", True),
        ("Total Qty", "total", False),
        ("Total (Excluding GST)", "total", False),
        ("Total (Inclusive of GST)", "total", True),
        ("INVOICENO", "invoice_number", True),
        ("Rechnungs-Nr.", "invoice_number", True),
        ("Invoice Date", "invoice_number", False),
        ("Due Date", "date", False),
        ("Tarikh", "date", True),
    ],
)
def test_labels(text: str, concept: str, found: bool) -> None:
    index = LabelIndex(Layout(page((0.1, 0.1, text), (0.6, 0.1, "12.00"))))
    asked = lexicon().concepts[concept]
    best = max((label.quality for label in index.find(asked.labels, asked.avoid)), default=0.0)
    assert (best >= 0.5) is found


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Invoice Date:", True),
        ("2. Registration No.", True),
        ("6 City, state, and ZIP code", True),
        ("68 Fremont Lane", False),
        ("Original Date / Revision", True),
        ("Friends of Andrew Yang", False),
    ],
)
def test_what_reads_as_a_label(text: str, label: bool) -> None:
    (run,) = Layout(page((0.1, 0.1, text))).runs
    assert is_label(run, lexicon()) is label


@pytest.mark.parametrize(
    ("question", "concept", "kind"),
    [
        ("What is the total amount on this receipt?", "total", AnswerType.AMOUNT),
        ("What is the total gross amount?", "gross_amount", AnswerType.AMOUNT),
        ("On what date was it issued?", "date", AnswerType.DATE),
        ("When is the payment due?", "due_date", AnswerType.DATE),
        ("Which company issued this receipt?", "issuer", AnswerType.NAME),
        ("Who is the advertiser on contract number 515500?", "advertiser", AnswerType.NAME),
        ("What is the GST registration number?", "tax_number", AnswerType.IDENTIFIER),
        ("What is the fax number?", "fax", AnswerType.PHONE),
        ("What street address is on the form?", "street", AnswerType.ADDRESS),
        ("On what date does the flight end?", "period_end", AnswerType.DATE),
    ],
)
def test_the_field_that_a_question_asks_for(question: str, concept: str, kind: AnswerType) -> None:
    asked = understand(make_plan(question), lexicon())
    assert asked.concept is not None
    assert asked.concept.id == concept
    assert asked.type is kind


def test_fields_asked_for_in_one_breath() -> None:
    asked = understand(make_plan("What is the contract, order or invoice number?"), lexicon())
    assert {c.id for c, _ in asked.concepts} == {"contract_number", "order_number", "invoice_number"}


@pytest.mark.parametrize("question", ["How many employees does the company have?", "What is the colour of the roof?"])
def test_a_question_about_no_known_field(question: str) -> None:
    asked = understand(make_plan(question), lexicon())
    assert not [c for c, weight in asked.concepts if weight > 0.6]


def test_what_has_to_be_worked_out() -> None:
    assert understand(make_plan("How many more tickets were sold in 2019?"), lexicon()).computes
    assert not understand(make_plan("How many tickets were sold in 2019?"), lexicon()).computes


LETTERHEAD = page(
    (0.3, 0.05, "LIAN CHI VEGETARIAN"),
    (0.3, 0.08, "RESTAURANT SDN BHD"),
    (0.3, 0.11, "(1095514-X)"),
    (0.3, 0.14, "54, JALAN SS23/11"),
    (0.3, 0.17, "47400 PETALING JAYA, SELANGOR"),
    (0.3, 0.20, "Te1: 03-7805 7889"),
    (0.3, 0.24, "TAX INVOICE"),
)


def test_a_name_over_two_lines_is_one_name() -> None:
    best = max(issuers(Layout(LETTERHEAD), lexicon()), key=lambda c: c.score)
    assert best.text == "LIAN CHI VEGETARIAN RESTAURANT SDN BHD"


@pytest.mark.parametrize("title", ["INVOICE", "Purchase order", "FACTURE", "Delivery note"])
def test_the_kind_of_paper_beside_a_name_is_no_part_of_it(title: str) -> None:
    head = page((0.1, 0.05, "Larkspur Garden Tools Ltd"), (0.75, 0.05, title), (0.1, 0.09, "4 Weir Lane, Otley LS21 3AB"))
    best = max(issuers(Layout(head), lexicon()), key=lambda c: c.score)
    assert best.text == "Larkspur Garden Tools Ltd"
    assert best.score > 0.5


def test_the_address_ends_before_the_telephone() -> None:
    best = max(addresses(Layout(LETTERHEAD), lexicon()), key=lambda c: c.score)
    assert best.text == "54, JALAN SS23/11 47400 PETALING JAYA, SELANGOR"


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("MENTAI INITIAL SDN BHD (1206674-T)", "MENTAI INITIAL SDN BHD"),
        ("BEMED (SP) SDN. BHD.", "BEMED (SP) SDN. BHD."),
        ("DIMILIKI OLEH : DOVE HOLDINGS SDN BHD", "DOVE HOLDINGS SDN BHD"),
    ],
)
def test_register_numbers_and_owners_are_cut_off_a_name(printed: str, name: str) -> None:
    found = issuers(Layout(page((0.2, 0.05, printed), (0.2, 0.09, "12, JALAN BESAR"))), lexicon())
    assert max(found, key=lambda c: c.score).text == name


def test_every_field_of_the_lexicon_can_be_asked_for_and_found() -> None:
    for concept in lexicon().concepts.values():
        assert concept.ask
        assert concept.labels
        assert all(0.0 < weight <= 1.0 for weight in concept.labels.values())
        assert all(key == fold(key) for key in concept.labels)
