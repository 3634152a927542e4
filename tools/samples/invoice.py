"""A scanned invoice: skewed, grey, punched, with dust on the glass. The PDF holds a picture and no text."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from samples import ageing
from samples.fonts import Face, load
from samples.pdf import picture_pdf
from samples.records import Ask, Sample
from samples.sheet import A4, Ink, RasterSheet

DPI = 150
NAVY: Ink = (34, 52, 92)
ITEMS = (
    ("A4 copier paper 80 g, box of 5 reams", "12", "18.40", "220.80"),
    ("Lever arch file, black, 75 mm", "40", "2.35", "94.00"),
    ("Toner cartridge HX-410, black", "3", "61.90", "185.70"),
    ("Envelopes C5 with window, 500 pcs", "4", "21.75", "87.00"),
    ("Whiteboard markers, set of 8", "6", "7.60", "45.60"),
)


def _head(sheet: RasterSheet) -> None:
    sheet.box(48, 46, 84, 82, outline=None, fill=NAVY)
    sheet.text(66, 73, "F", Face.SERIF_BOLD, 27, ink=(255, 255, 255), align="center")
    sheet.text(94, 64, "Fernhill Office Supplies Ltd", Face.SERIF_BOLD, 17, ink=NAVY, mark="vendor")
    sheet.text(94, 79, "Unit 6, Mill Race Park · Kettering NN16 8XD", Face.SANS, 9)
    sheet.text(94, 91, "Tel. 01536 555 014 · accounts@fernhill-supplies.example", Face.SANS, 9)
    sheet.text(547, 66, "INVOICE", Face.SANS_BOLD, 23, align="right", ink=NAVY)
    sheet.rule(48, 104, 547, 104, thick=1.4, ink=NAVY)
    sheet.text(48, 138, "Invoice to", Face.SANS_BOLD, 9.5, ink=NAVY)
    for row, line in enumerate(
        ("Bramley & Stone Architects", "Ms Ruth Ainsworth", "14 Castle Street", "Northampton NN1 2EP")
    ):
        sheet.text(48, 153 + 13.5 * row, line, Face.SANS, 10.5, mark="customer" if row == 0 else None)
    facts = (
        ("Invoice no.", "FS-20817", "number"),
        ("Invoice date", "18 April 2024", "date"),
        ("Customer no.", "40952", "customer_number"),
        ("Order reference", "PO 7731", "order"),
        ("Due date", "18 May 2024", "due"),
    )
    for row, (label, value, mark) in enumerate(facts):
        sheet.text(352, 139 + 14.5 * row, label, Face.SANS, 10, ink=(80, 80, 84))
        sheet.text(547, 139 + 14.5 * row, value, Face.SANS_BOLD, 10.5, align="right", mark=mark)


def _table(sheet: RasterSheet) -> float:
    top = 244
    sheet.box(48, top, 547, top + 19, outline=None, fill=(222, 227, 236))
    for x, label, right in (
        (54, "Description", False),
        (368, "Qty", True),
        (452, "Unit price £", True),
        (541, "Amount £", True),
    ):
        sheet.text(x, top + 13.5, label, Face.SANS_BOLD, 9.5, align="right" if right else "left", ink=NAVY)
    y = top + 36.0
    for row, (what, count, price, amount) in enumerate(ITEMS):
        sheet.text(54, y, what, Face.SANS, 10.5)
        sheet.text(368, y, count, Face.SANS, 10.5, align="right")
        sheet.text(452, y, price, Face.SANS, 10.5, align="right", mark=f"price{row}")
        sheet.text(541, y, amount, Face.SANS, 10.5, align="right", mark=f"amount{row}")
        sheet.rule(48, y + 7, 547, y + 7, thick=0.4, ink=(150, 150, 155))
        y += 22
    for label, value, mark in (
        ("Subtotal", "633.10", "subtotal"),
        ("Delivery", "9.50", "delivery"),
        ("VAT 20 %", "128.52", "vat"),
    ):
        sheet.text(452, y, label, Face.SANS, 10.5, align="right")
        sheet.text(541, y, value, Face.SANS, 10.5, align="right", mark=mark)
        y += 16
    sheet.box(352, y - 7, 547, y + 15, outline=None, fill=(222, 227, 236))
    sheet.text(452, y + 8, "Total due", Face.SANS_BOLD, 11.5, align="right", ink=NAVY)
    sheet.text(541, y + 8, "£771.12", Face.SANS_BOLD, 12, align="right", mark="total")
    return y


def _foot(sheet: RasterSheet, y: float) -> None:
    sheet.text(48, y + 62, "Payment", Face.SANS_BOLD, 9.5, ink=NAVY)
    sheet.text(
        48,
        y + 77,
        "Within 30 days to Midland Trade Bank, sort code 60-14-22, account 3195 7720.",
        Face.SANS,
        10,
        mark="bank",
    )
    sheet.text(
        48, y + 91, "Please quote the invoice number. Interest of 1.5 % a month is charged on late payment.", Face.SANS, 10
    )
    sheet.rule(48, 786, 547, 786, thick=0.5, ink=NAVY)
    foot = "Fernhill Office Supplies Ltd · Registered in England no. 05550198 · VAT no. GB 555 0198 42"
    sheet.text(297.5, 799, foot, Face.SANS, 8, align="center", ink=(80, 80, 84))


def _stamp(image: Image.Image) -> None:
    """A rubber stamp set by hand, at a slant, over nothing that is asked for."""
    stamp = Image.new("L", (330, 130), 0)
    draw = ImageDraw.Draw(stamp)
    draw.rounded_rectangle((6, 6, 323, 123), 12, outline=255, width=5)
    draw.text((165, 48), "RECEIVED", fill=255, font=load(Face.SANS_BOLD, 48), anchor="mm")
    draw.text((165, 95), "22 APR 2024", fill=255, font=load(Face.SANS_BOLD, 32), anchor="mm")
    rng = np.random.default_rng(5)
    worn = np.asarray(stamp, dtype=np.float64) * np.clip(0.62 + 0.25 * ageing.blotch(rng, stamp.size, (40, 16)), 0, 1)
    turned = Image.fromarray(worn.astype(np.uint8)).rotate(9, expand=True, resample=Image.Resampling.BICUBIC)
    image.paste((120, 40, 60), (700, 1180), turned)


def make() -> Sample:
    rng = np.random.default_rng(20817)
    sheet = RasterSheet(A4, DPI)
    _head(sheet)
    _foot(sheet, _table(sheet))
    _stamp(sheet.image)
    for y in (600, 1155):
        sheet.draw.ellipse((24, y - 17, 58, y + 17), fill=(52, 52, 54))
    scan = ageing.skew(ageing.Picture.of(sheet), 1.7, around=(70, 70, 72))
    image = ageing.soften(scan.image.convert("L").convert("RGB"), 0.55)
    light = 0.93 + 0.012 * ageing.blotch(rng, image.size, (5, 7))
    light[:, :60] *= np.linspace(0.80, 1.0, 60)
    image = ageing.specks(ageing.grain(ageing.shade(image, light), rng, 7.5), rng, 160)
    scan = scan.seen(image.convert("L"))
    return Sample(
        name="invoice-scan.pdf", kind="form", data=picture_pdf([scan], DPI, title="Scan"), pages=(scan.page(),), asks=_ASKS
    )


_THIS = "the invoice from Fernhill Office Supplies"
_ASKS = (
    Ask(
        question="What is the total due on this invoice?",
        corpus=f"What is the total due on {_THIS}?",
        answers=("£771.12", "771.12"),
        mark="total",
    ),
    Ask(
        question="What is the invoice number?",
        corpus=f"What is the number of {_THIS}?",
        answers=("FS-20817",),
        mark="number",
    ),
    Ask(
        question="When is this invoice due?",
        corpus=f"What is the due date of {_THIS}?",
        answers=("18 May 2024", "2024-05-18"),
        mark="due",
    ),
    Ask(
        question="How much VAT is charged?",
        corpus=f"How much VAT does {_THIS} charge?",
        answers=("128.52", "£128.52"),
        mark="vat",
    ),
    Ask(
        question="What is the unit price of the toner cartridge?",
        corpus=f"What is the unit price of the toner cartridge on {_THIS}?",
        answers=("61.90", "£61.90"),
        mark="price2",
    ),
    Ask(
        question="What discount code was used on this invoice?",
        corpus=f"What discount code was used on {_THIS}?",
        answers=(),
    ),
)
