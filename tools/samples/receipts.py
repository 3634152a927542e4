"""Two receipts of one café, photographed with a phone on a table: perspective, crumpled paper, the shadow of a hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from samples import ageing
from samples.fonts import Face
from samples.records import Ask, Sample
from samples.sheet import Corners, Ink, RasterSheet

WIDTH = 227.0
VENDOR = "Harbour Light Café"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What is printed, and how the photo was taken. ``lay``: the corners of the paper in a photo of ``photo`` pixels."""

    file: str
    seed: int
    number: str
    date: str
    time: str
    table: str
    items: tuple[tuple[str, str, str], ...]
    vat: str
    total: str
    paid: tuple[tuple[str, str], ...]
    photo: tuple[int, int]
    lay: tuple[tuple[int, int], ...]
    wood: Ink
    shadow: tuple[tuple[int, int], ...]


MARCH = Bill(
    file="receipt-cafe-march.jpg",
    seed=312,
    number="004417",
    date="12/03/2024",
    time="13:42",
    table="7",
    items=(
        ("2", "Flat white", "6.80"),
        ("1", "Pot of tea", "2.90"),
        ("1", "Crab sandwich", "9.50"),
        ("1", "Leek & potato soup", "6.25"),
        ("2", "Lemon drizzle cake", "7.60"),
    ),
    vat="5.51",
    total="33.05",
    paid=(("CASH", "40.00"), ("CHANGE", "6.95")),
    photo=(1200, 1600),
    lay=((262, 96), (905, 142), (978, 1490), (196, 1452)),
    wood=(139, 98, 62),
    shadow=((1200, 620), (700, 1020), (620, 1600), (1200, 1600)),
)
APRIL = Bill(
    file="receipt-cafe-april.jpg",
    seed=419,
    number="005260",
    date="19/04/2024",
    time="09:18",
    table="2",
    items=(
        ("1", "Cappuccino", "3.60"),
        ("1", "Orange juice", "3.20"),
        ("2", "Eggs on toast", "15.80"),
        ("1", "Granola bowl", "6.75"),
    ),
    vat="4.89",
    total="29.35",
    paid=(("VISA ****6031", "29.35"), ("AUTH CODE", "018842")),
    photo=(1180, 1500),
    lay=((236, 170), (940, 92), (1010, 1362), (300, 1436)),
    wood=(92, 88, 84),
    shadow=((0, 0), (560, 0), (330, 420), (0, 640)),
)


def _print(bill: Bill) -> RasterSheet:
    sheet = RasterSheet((WIDTH, 286 + 14.0 * len(bill.items) + 13.5 * len(bill.paid)), 230, paper=(247, 245, 240))
    ink: Ink = (52, 50, 56)

    def line(
        y: float, left: str, right: str = "", *, size: float = 8.6, bold: bool = False, mark: str | None = None
    ) -> None:
        face = Face.MONO_BOLD if bold else Face.MONO
        sheet.text(16, y, left, face, size, ink=ink, mark=None if right else mark)
        sheet.text(WIDTH - 16, y, right, face, size, ink=ink, align="right", mark=mark if right else None)

    sheet.text(WIDTH / 2, 36, "HARBOUR LIGHT CAFÉ", Face.MONO_BOLD, 12.5, ink=ink, align="center", mark="vendor")
    for row, text in enumerate(("3 Quay Street, Whitby YO22 4DB", "Tel 01947 555 381", "VAT Reg 317 5550 26")):
        sheet.text(WIDTH / 2, 51 + 11.5 * row, text, Face.MONO, 8, ink=ink, align="center")
    y = 97.0
    line(y, "-" * 37)
    line(y + 13, f"Receipt {bill.number}", f"Table {bill.table}")
    sheet.text(16, y + 26, f"Date {bill.date}", Face.MONO, 8.6, ink=ink)
    at = 16 + sheet.width("Date ", Face.MONO, 8.6)
    sheet.text(at, y + 26, bill.date, Face.MONO, 8.6, ink=ink, mark="date")
    line(y + 26, "", bill.time, mark="time")
    line(y + 38, "-" * 37)
    y += 53
    for count, what, price in bill.items:
        line(y, f"{count} {what}", price, mark=what)
        y += 14
    line(y, "-" * 37)
    line(y + 15, "TOTAL", f"£{bill.total}", size=12, bold=True, mark="total")
    y += 31
    for label, value in bill.paid:
        line(y, label, value, mark=label)
        y += 13.5
    line(y, "-" * 37)
    line(y + 13, "VAT 20% included", bill.vat, mark="vat")
    sheet.text(WIDTH / 2, y + 42, "Thank you - mind the gulls!", Face.MONO, 8.6, ink=ink, align="center")
    sheet.text(WIDTH / 2, y + 56, "Open daily 8.30 am - 5 pm", Face.MONO, 8.6, ink=ink, align="center")
    return sheet


def _table_top(bill: Bill, rng: np.random.Generator) -> Image.Image:
    """Wood: long fibres along the boards, dark joints between them."""
    wide, high = bill.photo
    fibres = 0.55 * ageing.blotch(rng, bill.photo, (5, 420)) + 0.6 * ageing.blotch(rng, bill.photo, (3, 60))
    tone = 1 + 0.09 * fibres
    for y in range(int(rng.integers(80, 160)), high, 330):
        tone[y : y + 5] *= 0.45
        tone[y + 5 : y + 330] *= 1 + float(rng.normal(0, 0.06))
    return ageing.shade(Image.new("RGB", (wide, high), bill.wood), tone)


def _photo(bill: Bill) -> ageing.Picture:
    rng = np.random.default_rng(bill.seed)
    sheet = _print(bill)
    # Thermal print fades unevenly, in bands across the paper.
    fade = np.clip(0.10 * ageing.blotch(rng, sheet.image.size, (2, 26)), -0.1, 0.22)
    pixels = np.asarray(sheet.image, dtype=np.float64)
    faded = pixels + (247 - pixels) * np.clip(fade + 0.06, 0, 1)[..., None]
    paper = Image.fromarray(np.clip(faded, 0, 255).astype(np.uint8))
    paper = ageing.shade(paper, ageing.creases(rng, paper.size, 16, 0.20))
    target: Corners = np.array(bill.lay, dtype=np.float64)
    laid = ageing.warp(ageing.Picture(image=paper, marks=sheet.marks), target, bill.photo)
    mask = Image.new("L", bill.photo, 0)
    ImageDraw.Draw(mask).polygon([tuple(point) for point in bill.lay], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(1.0))
    scene = _table_top(bill, rng)
    under = Image.new("L", bill.photo, 0)
    ImageDraw.Draw(under).polygon([(x + 14, y + 18) for x, y in bill.lay], fill=150)
    scene = Image.composite(Image.new("RGB", bill.photo, (18, 12, 8)), scene, under.filter(ImageFilter.GaussianBlur(16)))
    scene.paste(laid.image, (0, 0), mask)
    shadow = Image.new("L", bill.photo, 255)
    ImageDraw.Draw(shadow).polygon(bill.shadow, fill=150)
    light = np.asarray(shadow.filter(ImageFilter.GaussianBlur(70)), dtype=np.float64) / 255
    falloff = np.linspace(1.04, 0.86, bill.photo[0])[None, :] * np.linspace(1.02, 0.93, bill.photo[1])[:, None]
    warm = np.array([1.0, 0.972, 0.915])
    scene = ageing.shade(ageing.soften(scene, 0.7), (light * falloff)[..., None] * warm)
    return laid.seen(ageing.grain(scene, rng, 4.0, coloured=True))


def _ask(question: str, corpus: str, *answers: str, mark: str | None = None) -> Ask:
    return Ask(question=question, corpus=corpus, answers=answers, mark=mark)


def make() -> tuple[Sample, ...]:
    march, april = _photo(MARCH), _photo(APRIL)
    first = f"the receipt from {VENDOR} dated 12/03/2024"
    second = f"the receipt from {VENDOR} dated 19/04/2024"
    asks = (
        _ask("What is the total on this receipt?", f"What is the total on {first}?", "£33.05", "33.05", mark="total"),
        _ask("How much change was given?", f"How much change was given on {first}?", "6.95", "£6.95", mark="CHANGE"),
        _ask(
            "How much was the crab sandwich?",
            f"How much was the crab sandwich on {first}?",
            "9.50",
            "£9.50",
            mark="Crab sandwich",
        ),
        _ask(
            "What is the date of this receipt?",
            f"On what date was the receipt from {VENDOR} with a total of 33.05 issued?",
            "12/03/2024",
            "2024-03-12",
            "12 March 2024",
            mark="date",
        ),
        _ask("Which tip was left?", f"Which tip was left on {first}?"),
    )
    more = (
        _ask("What is the total on this receipt?", f"What is the total on {second}?", "£29.35", "29.35", mark="total"),
        _ask("What is the authorisation code?", f"What is the auth code on {second}?", "018842", mark="AUTH CODE"),
        _ask("How much VAT is included?", f"How much VAT is included on {second}?", "4.89", "£4.89", mark="vat"),
        _ask("At what time was it issued?", f"At what time was {second} issued?", "09:18", mark="time"),
    )
    return (
        Sample(name=MARCH.file, kind="receipt", data=march.jpeg(80), pages=(march.page(),), asks=asks),
        Sample(name=APRIL.file, kind="receipt", data=april.jpeg(80), pages=(april.page(),), asks=more),
    )
