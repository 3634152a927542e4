"""A rental contract as offices send it: the first page born digital, the signed page scanned, the annex born digital."""

from __future__ import annotations

import io

import numpy as np

from samples import ageing
from samples.fonts import Face
from samples.pdf import PdfSheet, put_picture, start_pdf
from samples.records import Ask, Sample
from samples.sheet import A4, Ink, RasterSheet, Sheet, paragraph

DPI = 150
PEN: Ink = (24, 34, 110)
GREY: Ink = (110, 110, 114)

CLAUSES = (
    (
        "1  Object",
        "The owner lets to the tenant the workshop at [[object|9 Tannery Row, Hexley]] , ground floor, 148 square "
        "metres, with the yard behind it and two parking spaces.",
    ),
    (
        "2  Term",
        "The tenancy begins on [[begin|1 July 2022]] and runs for five years. It is renewed for two years at a time "
        "unless one of the parties gives notice [[notice|six months]] before the end.",
    ),
    (
        "3  Rent",
        "The rent is [[rent|£1,380.00]] a month, payable in advance on the third working day of each month. It is "
        "reviewed every two years against the index of consumer prices.",
    ),
    (
        "4  Deposit",
        "The tenant pays a deposit of [[deposit|£4,140.00]] before the keys are handed over. It bears interest at the "
        "rate of the savings bank and is returned within eight weeks after the end of the tenancy.",
    ),
    (
        "5  Use",
        "The workshop is let for joinery and the repair of furniture. Machines may run from 7 am to 7 pm on weekdays; "
        "the tenant sees to the removal of dust and keeps the extinguishers in date.",
    ),
    (
        "6  Upkeep",
        "The owner keeps up roof, walls and mains. The tenant keeps up what is inside and has the boiler serviced once a "
        "year by a registered engineer.",
    ),
)
SIGNED = (
    (
        "7  Insurance",
        "The tenant insures against fire, water and third-party claims for at least [[insured|£2,000,000]] and shows the "
        "policy on request.",
    ),
    (
        "8  Handing back",
        "The workshop is handed back swept and empty, with all keys. Fixtures put in by the tenant stay, unless the owner "
        "asks for their removal in writing.",
    ),
    ("9  Law", "This contract is under the law of England and Wales. Changes need writing and both signatures."),
)
METERS = (
    ("Electricity, kWh", "E-77120", "48,213"),
    ("Gas, m³", "G-03418", "9,067"),
    ("Water, m³", "W-55902", "1,284"),
)


def _clauses(sheet: Sheet, y: float, clauses: tuple[tuple[str, str], ...]) -> float:
    for head, text in clauses:
        sheet.text(60, y, head, Face.SERIF_BOLD, 11.5)
        y = paragraph(sheet, 60, y + 17, 475, text, Face.SERIF, 11, justify=True, leading=1.4) + 10
    return y


def _foot(sheet: Sheet, page: int) -> None:
    sheet.text(60, 806, "Tenancy contract TR-9/2022", Face.SERIF, 9, ink=GREY)
    sheet.text(535, 806, f"Page {page} of 3", Face.SERIF, 9, ink=GREY, align="right")


def _first(sheet: Sheet) -> None:
    sheet.text(297.5, 84, "Tenancy Contract", Face.SERIF_BOLD, 22, align="center")
    sheet.text(297.5, 104, "No. TR-9/2022", Face.SERIF, 12, align="center")
    sheet.text(60, 142, "between", Face.SERIF_ITALIC, 11)
    sheet.text(60, 160, "Aldous Property Partners LLP, 2 Minster Yard, Hexley (the owner)", Face.SERIF, 11, mark="owner")
    sheet.text(60, 178, "and", Face.SERIF_ITALIC, 11)
    sheet.text(60, 196, "Wren & Daughter Joinery, 31 Station Road, Hexley (the tenant)", Face.SERIF, 11, mark="tenant")
    _clauses(sheet, 232, CLAUSES)
    _foot(sheet, 1)


def _second() -> ageing.Picture:
    rng = np.random.default_rng(92022)
    sheet = RasterSheet(A4, DPI, paper=(250, 249, 245))
    y = _clauses(sheet, 84, SIGNED) + 60
    for x, place, name, role, mark in (
        (60, "Hexley, 14 June 2022", "G. Aldous", "for the owner", "owner_signed"),
        (325, "Hexley, 16 June 2022", "Katharine Wren", "for the tenant", "tenant_signed"),
    ):
        sheet.text(x, y, place, Face.HAND, 19, ink=PEN, mark=mark)
        sheet.rule(x, y + 6, x + 200, y + 6)
        sheet.text(x, y + 18, "Place and date", Face.SERIF, 9, ink=GREY)
        sheet.text(x + 8, y + 78, name, Face.HAND, 34, ink=PEN)
        sheet.rule(x, y + 86, x + 200, y + 86)
        sheet.text(x, y + 98, f"Signature {role}", Face.SERIF, 9, ink=GREY)
    _foot(sheet, 2)
    scan = ageing.skew(ageing.Picture.of(sheet), -1.1, around=(92, 92, 94))
    image = ageing.soften(scan.image, 0.5)
    light = 0.97 + 0.01 * ageing.blotch(rng, image.size, (4, 5))
    light[:, -70:] *= np.linspace(1.0, 0.82, 70)
    return scan.seen(ageing.specks(ageing.grain(ageing.shade(image, light), rng, 4.5), rng, 60))


def _third(sheet: Sheet) -> None:
    sheet.text(60, 84, "Annex: meters and keys on the day of handing over", Face.SERIF_BOLD, 15)
    sheet.text(60, 108, "Read together on 1 July 2022 at 9 am.", Face.SERIF, 11)
    top = 128.0
    for row, cells in enumerate((("Meter", "Number", "Reading"), *METERS)):
        face = Face.SERIF_BOLD if row == 0 else Face.SERIF
        sheet.box(60, top + 22 * row, 535, top + 22 * (row + 1), fill=(236, 236, 240) if row == 0 else None, thick=0.6)
        for x, cell, align in ((68.0, cells[0], "left"), (300.0, cells[1], "left"), (527.0, cells[2], "right")):
            mark = f"{cells[0]} reading" if row and align == "right" else None
            sheet.text(x, top + 22 * row + 15, cell, face, 11, align="right" if align == "right" else "left", mark=mark)
    keys = "Handed over: [[keys|four keys]] to the front door, two to the yard gate, one to the electricity cupboard."
    paragraph(sheet, 60, top + 118, 475, keys, Face.SERIF, 11)
    _foot(sheet, 3)


def make() -> Sample:
    out = io.BytesIO()
    canvas = start_pdf(out, "Tenancy contract TR-9/2022")
    first = PdfSheet(canvas)
    _first(first)
    pages = [first.done()]
    scan = _second()
    put_picture(canvas, scan, DPI)
    pages.append(scan.page())
    third = PdfSheet(canvas)
    _third(third)
    pages.append(third.done())
    canvas.save()
    return Sample(name="tenancy-contract.pdf", kind="pdf", data=out.getvalue(), pages=tuple(pages), asks=_ASKS)


_THIS = "tenancy contract TR-9/2022"
_ASKS = (
    Ask(
        question="What is the monthly rent?",
        corpus=f"What is the monthly rent in {_THIS}?",
        answers=("£1,380.00", "1380.00", "£1,380"),
        mark="rent",
    ),
    Ask(
        question="For how much must the tenant insure?",
        corpus=f"For how much must the tenant insure under {_THIS}?",
        answers=("£2,000,000", "2000000"),
        mark="insured",
        page=2,
    ),
    Ask(
        question="When does the tenancy begin?",
        corpus=f"When does the tenancy begin under {_THIS}?",
        answers=("1 July 2022", "2022-07-01"),
        mark="begin",
    ),
    Ask(
        question="What was the reading of the gas meter?",
        corpus=f"What was the reading of the gas meter in the annex of {_THIS}?",
        answers=("9,067", "9067"),
        mark="Gas, m³ reading",
        page=3,
    ),
    Ask(
        question="How much is the agent's commission?", corpus=f"How much is the agent's commission in {_THIS}?", answers=()
    ),
)
