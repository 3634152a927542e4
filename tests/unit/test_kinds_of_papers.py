"""Statements, payslips, boarding passes, forms, contracts: what each prints, and what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from agent_world import World
from layout_support import Text, ending_at, page_of

from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.reading.boxes import boxes_of
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.over import over_of
from mmrag.agent.tiers import reader_tier
from mmrag.domain.documents import Document, DocumentStatus, Page
from mmrag.domain.plans import AnswerType, ConstraintKind, Reading
from mmrag.domain.values import ValueKind
from mmrag.values import find_values


def row(y: float, *cells: tuple[float, str], height: float = 20.0) -> list[Text]:
    return [Text(text=text, x=x, y=y, height=height) for x, text in cells]


def paper(*lines: Sequence[Text]) -> Page:
    return page_of(text for line in lines for text in line)


async def ask(page: Page, question: str) -> str | None:
    document = Document(
        id=page.document_id,
        name="paper.pdf",
        location="/paper.pdf",
        sha256="0" * 64,
        media_type="application/pdf",
        size=1,
        pages=1,
        status=DocumentStatus.READY,
        recipe="test",
    )
    world = World([Reading(document=document, page=page, match=1.0, relevance=1.0)])
    world.tiers.append(reader_tier("reader", ReaderDrafter(None)))
    return (await (await world.agent()).ask(question)).answer


def statement() -> Page:
    lines = [("02 Jan 2025", "Salary Larch Mills Ltd", "", "2,164.00", "4,112.00")]
    lines += [("09 Jan 2025", "Standing order Rent", "870.00", "", "3,242.00")]
    lines += [("06 Feb 2025", "Salary Larch Mills Ltd", "", "2,214.50", "5,456.50")]
    lines += [("17 Feb 2025", "Card payment Oriel Opticians", "184.00", "", "5,272.50")]
    heads = row(200, (60, "Date"), (220, "Details"), (560, "Paid out"), (700, "Paid in"), (860, "Balance"))
    body = [
        [*row(240 + 34 * n, (60, day), (220, what)), *(ending_at(v, x, 240 + 34 * n) for v, x in cells if v)]
        for n, (day, what, out, paid, left) in enumerate(lines)
        for cells in (((out, 640.0), (paid, 770.0), (left, 940.0)),)
    ]
    end = row(420, (60, "Your arranged overdraft limit is £500.00. Interest is charged at 35.9% a year."))
    more = row(448, (60, "Please check this statement and tell us within 60 days of any entry you do not know."))
    return paper(row(80, (60, "Calder Building Society"), height=30), heads, *body, end, more)


async def test_a_row_of_another_month_is_not_the_entry_asked_for() -> None:
    page = statement()
    assert await ask(page, "How much salary did Larch Mills pay in February 2025?") == "2,214.50"
    assert await ask(page, "How much salary did Larch Mills pay in January 2025?") == "2,164.00"


async def test_whoever_was_paid_names_the_row_and_its_amount_stands_under_paid_out() -> None:
    assert await ask(statement(), "How much was paid to Oriel Opticians?") == "184.00"


async def test_a_sentence_says_its_value_behind_is() -> None:
    assert await ask(statement(), "What is the arranged overdraft limit?") == "£500.00"


def boarding() -> Page:
    return paper(
        row(80, (60, "Larch Airways"), height=30),
        row(150, (60, "FLIGHT"), (260, "DATE"), (460, "DEPARTS"), (660, "CLASS"), height=14),
        row(180, (60, "LA 4712"), (260, "29 JUN 25"), (460, "14:55"), (660, "ECONOMY"), height=22),
        row(240, (60, "GATE"), (260, "BOARDING"), (460, "SEAT"), (660, "BOOKING REF"), height=14),
        row(270, (60, "B17"), (260, "14:15"), (460, "23F"), (660, "QX7RLM"), height=22),
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which seat is booked on flight LA 4712?", "23F"),
        ("When is boarding for flight LA 4712?", "14:15"),
        ("What time does flight LA 4712 depart?", "14:55"),
        ("From which gate does the flight leave?", "B17"),
        ("What time does flight LA 4712 land?", None),
    ],
)
async def test_what_is_filled_in_stands_under_its_small_head(question: str, answer: str | None) -> None:
    assert await ask(boarding(), question) == answer


def wages() -> Page:
    return paper(
        row(60, (40, "Form T-9 Statement of wages"), height=26),
        row(120, (40, "a Employee number"), (440, "1 Gross wages"), (720, "2 Income tax withheld"), height=16),
        row(148, (60, "631-88-2047"), (470, "58,214.70"), (750, "7,406.12")),
        row(200, (40, "b Employer number"), (440, "3 Pension contributions"), (720, "4 Health levy"), height=16),
        row(228, (60, "47-0093361"), (470, "2,910.74"), (750, "1,164.29")),
        row(280, (40, "c Employer's name and address"), (440, "5 Taxable benefits"), (720, "6 Dependants"), height=16),
        row(308, (60, "Copperline Foundry LLC"), (470, "845.00"), (750, "2")),
        row(336, (60, "2 Slag Street, Butte, MT 59701")),
        row(390, (40, "d Employee's name and address"), (440, "7 Overtime in box 1"), (720, "8 Union dues"), height=16),
        row(418, (60, "Marisol Quint"), (470, "3,377.25")),
        row(446, (60, "418 Granite Ave, Butte, MT 59701")),
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What amount is in box 3 of form T-9?", "2,910.74"),
        ("What is in box 4?", "1,164.29"),
        ("How much income tax was withheld from Marisol Quint?", "7,406.12"),
        ("How many dependants does Marisol Quint have?", "2"),
        ("What is Marisol Quint's address?", "418 Granite Ave, Butte, MT 59701"),
        ("What is in box 8?", None),
        ("What is in box 12?", None),
        ("How much union dues did Marisol Quint pay?", None),
    ],
)
async def test_numbered_boxes_hold_what_stands_in_them_and_nothing_else(question: str, answer: str | None) -> None:
    assert await ask(wages(), question) == answer


def test_quantities_before_articles_are_no_numbers_of_boxes() -> None:
    bill = paper(*(row(100 + 40 * n, (60, f"{n % 2 + 1} Oat latte"), (600, "3.20")) for n in range(6)))
    assert not boxes_of(Layout(bill))
    assert set(boxes_of(Layout(wages()))) >= {"1", "2", "3", "8"}


def test_boxes_may_be_numbered_in_a_column_of_their_own() -> None:
    names = ("Total rents received", "Agent fees", "Repairs", "Insurance", "Mortgage interest")
    form = paper(*(row(100 + 40 * n, (60, str(n + 1)), (110, name), (700, f"{n}40.00")) for n, name in enumerate(names)))
    assert [box.head.text for box in boxes_of(Layout(form))["3"]] == ["Repairs"]


def lease() -> Page:
    return paper(
        row(80, (60, "LEASE"), height=30),
        row(140, (60, 'This agreement is made on 3 February 2025 between Fern Estates Limited ("the')),
        row(170, (60, 'Landlord") and Saltmarsh Pottery Cooperative ("the Tenant").')),
        row(240, (60, "The Landlord shall insure the building. The Tenant shall insure its own contents.")),
        row(300, (60, "Signed for the Landlord: Jowan Fern")),
        row(340, (60, "Witness: Edmund Sloane")),
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is the landlord?", "Fern Estates Limited"),
        ("Who is the tenant?", "Saltmarsh Pottery Cooperative"),
        ("Who witnessed the lease?", "Edmund Sloane"),
        ("Who is the sublandlord?", None),
    ],
)
async def test_a_contract_says_whom_it_calls_what(question: str, answer: str | None) -> None:
    assert await ask(lease(), question) == answer


def minutes() -> Page:
    return paper(
        row(80, (60, "Thornfield Allotment Association"), height=30),
        row(140, (60, "Present: Beryl Catter (Chair), Dev Raich (Treasurer), Ines Mata")),
        row(200, (60, "2. Treasurer's report")),
        row(230, (60, "The insurance renewal of £188.50 was paid in February.")),
        row(290, (60, "7 of 11 plots are let. The new shed was paid for by the Moidart Trust.")),
        row(350, (60, "Received in good condition by:"), (420, "D. Ockend")),
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is the treasurer of the Thornfield Allotment Association?", "Dev Raich"),
        ("Who chaired the meeting of the Thornfield Allotment Association?", "Beryl Catter"),
        ("How many plots are let?", "7"),
        ("Who received the goods in good condition?", "D. Ockend"),
    ],
)
async def test_roles_parts_and_hands_are_read_where_they_stand(question: str, answer: str) -> None:
    assert await ask(minutes(), question) == answer


def order() -> Page:
    lines = [
        ("1", "KO-220", "Doublet 220 mm", "2", "$1,845.00", "$3,690.00"),
        ("2", "KO-OIII", "Filter 2 in", "6", "$189.50", "$1,137.00"),
    ]
    lines += [("3", "KO-9", "Mirror cell, 9 point", "1", "$612.00", "$612.00")]
    xs = (60, 120, 280, 560, 660, 820)
    heads = row(240, *zip(xs, ("#", "Part no.", "Description", "Qty", "Unit price", "Amount"), strict=True))
    body = [row(276 + 34 * n, *zip(xs, cells, strict=True)) for n, cells in enumerate(lines)]
    ends = [
        row(410 + 34 * n, (660, a), (820, b))
        for n, (a, b) in enumerate((("Subtotal", "$5,439.00"), ("Shipping", "$96.00"), ("TOTAL", "$5,535.00")))
    ]
    return paper(
        row(80, (60, "Purchase order"), height=30), row(120, (60, "Vendor: Kestrel Optics Inc.")), heads, *body, *ends
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the total of the purchase order to Kestrel Optics?", "$5,535.00"),
        ("How many mirror cells were ordered?", "1"),
        ("What is the weight of the mirror cell?", None),
    ],
)
async def test_the_total_of_a_paper_is_printed_on_it(question: str, answer: str | None) -> None:
    assert await ask(order(), question) == answer


def test_the_total_of_a_paper_is_not_worked_out_over_a_column() -> None:
    assert over_of("What is the total of the purchase order to Kestrel Optics?") is None
    assert over_of("What is the total of the prices of all parts?") is not None


async def test_a_tax_is_that_of_the_rate_asked_for() -> None:
    offer = paper(
        row(80, (60, "Feinkost Larch KG"), height=30),
        row(200, (60, "MwSt. 7 % auf 501,00 €"), (500, "35,07 €")),
        row(240, (60, "MwSt. 19 % auf 489,00 €"), (500, "92,91 €")),
        row(280, (60, "Gesamtsumme"), (500, "1.117,98 €")),
    )
    assert await ask(offer, "How much is the VAT at 19 %?") == "92,91 €"
    assert await ask(offer, "How much is the VAT at 10 %?") is None


async def test_a_unit_price_is_not_what_else_stands_in_the_row() -> None:
    bill = paper(
        row(80, (60, "Energie Larch"), height=30),
        row(200, (60, "Poste"), (400, "Consommation")),
        row(234, (60, "Heures pleines"), (400, "565")),
        row(268, (60, "Heures creuses"), (400, "413")),
    )
    assert await ask(bill, "What is the unit price of Heures pleines?") is None


async def test_another_name_in_brackets_is_looked_for_as_well() -> None:
    slip = paper(
        row(80, (60, "Larch GmbH"), height=30),
        row(160, (60, "Gesamtbrutto"), (500, "3.819,59")),
        row(200, (60, "Nettoverdienst"), (500, "2.688,22")),
    )
    assert await ask(slip, "What is the gross total (Gesamtbrutto) on the payslip?") == "3.819,59"


async def test_the_beginning_of_a_compound_names_no_field() -> None:
    note = paper(
        row(80, (60, "Osterley"), height=30),
        row(160, (60, "Gross weight"), (400, "1,146 kg")),
        row(200, (60, "Carrier"), (400, "Humber Haulage")),
    )
    assert await ask(note, "What is the gross weight of the delivery?") == "1,146 kg"
    assert await ask(note, "Which carrier brought the delivery?") == "Humber Haulage"


def test_forms_of_address_are_no_part_of_a_name() -> None:
    names = [
        c.text for c in make_plan("Who signed the letter to Madame Perrichon?").constraints if c.kind is ConstraintKind.NAME
    ]
    assert names == ["Perrichon"]


def test_to_date_asks_for_no_date() -> None:
    assert make_plan("What is the cost to date of the tramway?").answer_type is AnswerType.AMOUNT


def test_german_nouns_are_no_part_of_the_name_behind_them() -> None:
    plan = make_plan("Wie hoch ist der Auszahlungsbetrag von Wiebke Harmsen?")
    assert [c.text for c in plan.constraints if c.kind is ConstraintKind.NAME] == ["Wiebke Harmsen"]


def test_french_numbers_of_five_pairs_are_telephones() -> None:
    assert [v.kind for v in find_values("au 03 80 22 61 47.")] == [ValueKind.PHONE]
    assert ValueKind.PHONE not in {v.kind for v in find_values("650 12 13 14 15")}


async def test_the_next_label_of_a_list_is_nobody() -> None:
    slip = paper(
        row(80, (60, "Packing slip"), (620, "Ship to"), height=24),
        row(140, (60, "Shipped"), (200, "Mar 7, 2025"), (620, "Odessa Merri")),
        row(172, (60, "Carrier"), (200, "Blue Ridge Parcel"), (620, "611 Quarry Bend")),
    )
    assert await ask(slip, "Who is the parcel shipped to?") != "Carrier"


async def test_a_pair_beside_a_label_is_not_its_value() -> None:
    agm = paper(row(80, (60, "Choir AGM"), height=30), row(140, (60, "Chair: Marcus Oyel"), (420, "Minutes: Fiona Birk")))
    assert await ask(agm, "Who is the chair?") == "Marcus Oyel"


async def test_a_day_without_its_year_is_not_replaced_by_another_date() -> None:
    agm = paper(
        row(80, (60, "Wyeside Choir: AGM"), height=30),
        row(140, (60, "Held at Priory Hall on 22 May 2025")),
        row(220, (60, "The winter concert will be on 13 December at the hall.")),
    )
    assert await ask(agm, "When is the winter concert of the choir?") != "22 May 2025"


async def test_a_tax_code_is_no_tax_and_a_rate_no_amount() -> None:
    slip = paper(
        row(80, (60, "Tax code"), (400, "PAYE tax"), height=18), row(104, (60, "1257L"), (700, "197.80"), height=18)
    )
    assert await ask(slip, "What is the tax code?") != "197.80"
    assert make_plan("What is the VAT rate for loft insulation?").answer_type is AnswerType.PERCENT
