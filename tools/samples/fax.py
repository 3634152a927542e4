"""A fax of three pages: one bit a pixel, G4 in a TIFF, the sender's line at the top, drop-outs of a bad line."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from samples import ageing
from samples.fonts import Face
from samples.records import Ask, Sample
from samples.sheet import A4, RasterSheet, paragraph

DPI = 200
ORDER = (
    ("BP-112", "Hex bolt M12 x 80, galvanised", "400", "0.62", "248.00"),
    ("BP-209", "Washer M12, form A", "800", "0.07", "56.00"),
    ("CH-040", "Anchor chain 10 mm, per metre", "60", "8.35", "501.00"),
    ("PT-551", "Marine primer, 5 l", "12", "44.90", "538.80"),
    ("RP-018", "Mooring rope 24 mm, coil 100 m", "2", "189.50", "379.00"),
    ("SH-333", "Bow shackle 16 mm", "24", "6.15", "147.60"),
)


def _top(sheet: RasterSheet, page: int) -> None:
    line = f"14-NOV-2019 10:26   FROM: CALDER BOATYARD   +44 1422 555 908   TO: +44 1482 555 077   P.{page}/3"
    sheet.text(30, 18, line, Face.MONO, 8.5)


def _cover(sheet: RasterSheet) -> None:
    sheet.text(60, 96, "FAX", Face.SANS_BOLD, 54)
    sheet.text(535, 76, "Calder Boatyard", Face.SERIF_BOLD, 20, align="right", mark="sender")
    sheet.text(535, 92, "Canal Basin, Sowerby Bridge HX6 2AG", Face.SERIF, 10.5, align="right")
    sheet.rule(60, 112, 535, 112, thick=2)
    rows = (
        ("To:", "Humber Chandlers Ltd", "recipient"),
        ("Attention:", "Mr Peter Oduya, Sales", "attention"),
        ("Fax no.:", "01482 555 077", "fax"),
        ("From:", "Irene Calder", "from"),
        ("Date:", "14 November 2019", "date"),
        ("Pages:", "3 including this one", "pages"),
        ("Subject:", "Order 19-238, delivery before 2 December", "subject"),
    )
    for row, (label, value, mark) in enumerate(rows):
        y = 150 + 30 * row
        sheet.text(60, y, label, Face.SERIF_BOLD, 13)
        sheet.text(160, y, value, Face.SERIF, 13, mark=mark)
        sheet.rule(160, y + 5, 535, y + 5, thick=0.6)
    for place, (label, on) in enumerate((("Urgent", True), ("For review", False), ("Please reply", True))):
        x = 60 + 165 * place
        sheet.box(x, 384, x + 13, 397, thick=1)
        if on:
            sheet.rule(x - 2, 382, x + 15, 399, thick=1.6)
            sheet.rule(x + 15, 382, x - 2, 399, thick=1.6)
        sheet.text(x + 22, 395, label, Face.SERIF, 13)
    text = (
        "This fax is meant for the addressee only. If it has reached you by mistake, please ring us on 01422 555 900 "
        "and destroy it."
    )
    paragraph(sheet, 60, 450, 475, text, Face.SERIF_ITALIC, 11)


def _letter(sheet: RasterSheet) -> None:
    sheet.text(60, 80, "Dear Mr Oduya,", Face.SERIF, 13)
    paragraphs = (
        "Thank you for your quotation of 6 November. Please supply the goods listed on the next page under our order "
        "number [[order|19-238]] . The chain and the rope are for the narrowboat Kittiwake, which has to be back in the "
        "water before the frost.",
        "We need everything at the yard by [[by|Monday, 2 December 2019]] . The lane is closed to lorries over "
        "[[weight|7.5 tonnes]] , so please send a small one; the driver should ring [[contact|Tom Ridley]] on 07700 900 "
        "418 half an hour ahead.",
        "As agreed we take off [[discount|4 per cent]] for payment within ten days. Please send the invoice to the "
        "address on the cover sheet, not to the harbour office.",
    )
    y = 112.0
    for text in paragraphs:
        y = paragraph(sheet, 60, y, 475, text, Face.SERIF, 13) + 12
    sheet.text(60, y + 14, "Yours sincerely,", Face.SERIF, 13)
    sheet.text(66, y + 58, "Irene Calder", Face.HAND, 30)
    sheet.text(60, y + 92, "Irene Calder, Calder Boatyard", Face.SERIF, 13)


def _order(sheet: RasterSheet) -> None:
    sheet.text(60, 80, "Order 19-238", Face.SERIF_BOLD, 17)
    edges = (60, 118, 330, 390, 460, 535)
    heads = ("Item no.", "Description", "Quantity", "Price £", "Sum £")
    top = 100.0
    for row in range(len(ORDER) + 2):
        sheet.rule(60, top + 24 * row, 535, top + 24 * row, thick=0.9)
    for x in edges:
        sheet.rule(x, top, x, top + 24 * (len(ORDER) + 1), thick=0.9)
    for row, cells in enumerate((heads, *ORDER)):
        face = Face.SERIF_BOLD if row == 0 else Face.SERIF
        for column, cell in enumerate(cells):
            right = column >= 2
            x = edges[column + 1] - 5 if right else edges[column] + 5
            mark = f"{cells[0]}-{heads[column]}" if row else None
            sheet.text(x, top + 24 * row + 16, cell, face, 11, align="right" if right else "left", mark=mark)
    y = top + 24 * (len(ORDER) + 1) + 26
    for label, value, mark in (
        ("Sum", "1,870.40", "sum"),
        ("less 4 %", "74.82", "less"),
        ("Order total £", "1,795.58", "total"),
    ):
        sheet.text(455, y, label, Face.SERIF_BOLD, 12, align="right")
        sheet.text(530, y, value, Face.SERIF_BOLD, 12, align="right", mark=mark)
        y += 21


def _send(sheet: RasterSheet, rng: np.random.Generator, degrees: float) -> ageing.Picture:
    """What arrives: skewed, every edge ragged, a few lines lost, pepper on the paper."""
    page = ageing.skew(ageing.Picture.of(sheet), degrees)
    grey = np.asarray(ageing.soften(page.image.convert("L"), 0.7), dtype=np.float64)
    black = grey + rng.normal(0, 16, grey.shape) < 138
    high, wide = black.shape
    for y in rng.integers(120, high - 120, 2):
        start = int(rng.integers(0, wide // 2))
        black[y, start : start + wide // 3] = True
    pepper = rng.random(grey.shape) < 0.00022
    black |= pepper | np.roll(pepper, 1, axis=1)
    return page.seen(Image.fromarray(~black))


def make() -> Sample:
    rng = np.random.default_rng(19238)
    pages = []
    for number, (draw, degrees) in enumerate(((_cover, 0.4), (_letter, -0.5), (_order, 0.7)), 1):
        sheet = RasterSheet(A4, DPI)
        draw(sheet)
        sent = _send(sheet, rng, degrees)
        stamped = RasterSheet(A4, DPI)
        _top(stamped, number)
        # The receiving machine prints the top line itself: it stands straight on a skewed page.
        both = np.asarray(sent.image.convert("L")) & np.asarray(
            stamped.image.convert("L").point(lambda v: 255 if v > 140 else 0)
        )
        pages.append(sent.seen(Image.fromarray(both).convert("1", dither=Image.Dither.NONE)))
    out = io.BytesIO()
    first, *rest = (page.image for page in pages)
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="group4", dpi=(DPI, DPI))
    return Sample(
        name="fax-order.tif", kind="form", data=out.getvalue(), pages=tuple(page.page() for page in pages), asks=_ASKS
    )


_THIS = "the fax from Calder Boatyard"
_ASKS = (
    Ask(
        question="What is the order total?",
        corpus=f"What is the order total in {_THIS}?",
        answers=("1,795.58", "1795.58"),
        mark="total",
        page=3,
    ),
    Ask(
        question="By which date must everything be at the yard?",
        corpus=f"By which date does {_THIS} need everything at the yard?",
        answers=("2 December 2019", "Monday, 2 December 2019", "2019-12-02"),
        mark="by",
        page=2,
    ),
    Ask(
        question="To whose attention was the fax sent?",
        corpus=f"To whose attention is {_THIS}?",
        answers=("Mr Peter Oduya, Sales", "Mr Peter Oduya", "Peter Oduya"),
        mark="attention",
    ),
    Ask(
        question="How many bow shackles are ordered?",
        corpus=f"How many bow shackles does {_THIS} order?",
        answers=("24",),
        mark="SH-333-Quantity",
        page=3,
    ),
    Ask(
        question="Who should the driver ring?",
        corpus=f"Who should the driver ring according to {_THIS}?",
        answers=("Tom Ridley",),
        mark="contact",
        page=2,
    ),
    Ask(
        question="What is the price of a life jacket?", corpus=f"What is the price of a life jacket in {_THIS}?", answers=()
    ),
)
