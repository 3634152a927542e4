"""A delivery note from a dot-matrix printer with a tired ribbon: the third, yellow copy, faint and uneven."""

from __future__ import annotations

import numpy as np
from PIL import Image

from samples import ageing
from samples.fonts import Face
from samples.records import Ask, Sample
from samples.sheet import Ink, RasterSheet

SIZE = (595.0, 420.0)
DPI = 160
FORM: Ink = (176, 96, 84)
TOP = 168.0
ROWS = (
    ("1", "3301-25", "CEMENT CEM II 25 KG BAG", "64", "BAG"),
    ("2", "1180-04", "SHARP SAND, BULK BAG", "6", "BAG"),
    ("3", "7742-90", "STEEL MESH A142 4.8X2.4 M", "15", "SHEET"),
    ("4", "2055-12", "DAMP PROOF MEMBRANE 4X25 M", "2", "ROLL"),
)


def _form(sheet: RasterSheet) -> None:
    """What the printer of the pad put there: in red, sharp."""
    sheet.text(40, 44, "GARTSIDE BUILDING MATERIALS", Face.SANS_BOLD, 17, ink=FORM, mark="vendor")
    sheet.text(40, 58, "Yard 3, Canal Wharf, Oldmere OM4 2TT · Tel. 0161 555 0733", Face.SANS, 9, ink=FORM)
    sheet.text(555, 44, "DELIVERY NOTE", Face.SANS_BOLD, 15, ink=FORM, align="right")
    sheet.text(555, 58, "Copy 3 - customer", Face.SANS, 9, ink=FORM, align="right")
    for x, label in ((40, "Deliver to"), (330, "Note no."), (330, "Date"), (330, "Vehicle")):
        y = {"Deliver to": 84, "Note no.": 84, "Date": 106, "Vehicle": 128}[label]
        sheet.text(x, y, label, Face.SANS, 9, ink=FORM)
    sheet.box(40, TOP - 16, 555, TOP + 24 * 5 + 4, outline=FORM)
    sheet.rule(40, TOP + 4, 555, TOP + 4, ink=FORM)
    for x in (72, 146, 412, 480):
        sheet.rule(x, TOP - 16, x, TOP + 24 * 5 + 4, ink=FORM)
    for x, label in ((46, "Pos."), (78, "Article"), (152, "Description"), (418, "Quantity"), (486, "Unit")):
        sheet.text(x, TOP - 2, label, Face.SANS, 9, ink=FORM)
    sheet.text(40, 332, "Received in good order", Face.SANS, 9, ink=FORM)
    sheet.rule(150, 334, 350, 334, ink=FORM)
    sheet.text(40, 392, "Goods stay our property until paid for in full.", Face.SANS, 8, ink=FORM)


def _typed(sheet: RasterSheet) -> None:
    size = 11.0

    def put(x: float, y: float, text: str, mark: str | None = None) -> None:
        sheet.text(x, y, text, Face.MONO, size, mark=mark)

    for row, line in enumerate(("HALLAM & SONS LTD", "SITE: OLD BREWERY", "BRIDGE ST, OLDMERE")):
        put(100, 84 + 16 * row, line, "site" if row == 1 else None)
    put(392, 84, "LS-55218", "number")
    put(392, 106, "07.10.2021", "date")
    put(392, 128, "GK21 PVX", "vehicle")
    for row, (pos, article, what, count, unit) in enumerate(ROWS):
        y = TOP + 22 + 24 * row
        put(50, y, pos)
        put(80, y, article, f"article{row}")
        put(154, y, what)
        put(440, y, count, f"count{row}")
        put(486, y, unit)
    put(154, TOP + 22 + 24 * 4, "TOTAL WEIGHT 8,412 KG", "weight")


def _dots(typed: Image.Image, rng: np.random.Generator) -> ageing.Pixels:
    """Ink of a nine-needle printer: the letters broken into dots, some needles weak, the ribbon dry in places. 0 to 1."""
    ink = 1 - np.asarray(typed.convert("L"), dtype=np.float64) / 255
    ys, xs = np.mgrid[0 : ink.shape[0], 0 : ink.shape[1]]
    dots = 0.62 + 0.38 * np.cos(2 * np.pi * xs / 2.9) * np.cos(2 * np.pi * ys / 2.9)
    ribbon = np.clip(0.58 + 0.14 * ageing.blotch(rng, typed.size, (9, 14)), 0.34, 0.95)
    printed: ageing.Pixels = np.clip(ink * dots * ribbon, 0, 1)
    return printed


def make() -> Sample:
    rng = np.random.default_rng(55218)
    sheet = RasterSheet(SIZE, DPI, paper=(248, 238, 186))
    _form(sheet)
    typed = RasterSheet(SIZE, DPI)
    _typed(typed)
    paper = np.asarray(sheet.image, dtype=np.float64)
    ink = _dots(typed.image, rng)[..., None]
    mixed = paper * (1 - ink) + np.array([74.0, 78.0, 112.0]) * ink
    image = Image.fromarray(mixed.round().astype(np.uint8))
    pen = RasterSheet(SIZE, DPI)
    pen.text(168, 330, "D. Hallam", Face.HAND, 26)
    signed = np.asarray(pen.image.convert("L").point(lambda v: 255 - v))
    image.paste((40, 60, 150), (0, 0), Image.fromarray(signed))
    page = ageing.Picture(image=image, marks={**sheet.marks, **typed.marks})
    page = ageing.skew(page, 0.9, around=(210, 208, 204))
    worn = ageing.shade(page.image, ageing.creases(rng, page.image.size, 5, 0.06))
    worn = ageing.grain(ageing.soften(worn, 0.5), rng, 4.0)
    page = page.seen(worn)
    return Sample(name="delivery-note.jpg", kind="form", data=page.jpeg(80, dpi=DPI), pages=(page.page(),), asks=_ASKS)


_THIS = "the delivery note from Gartside Building Materials"
_ASKS = (
    Ask(
        question="What is the number of this delivery note?",
        corpus=f"What is the number of {_THIS}?",
        answers=("LS-55218",),
        mark="number",
    ),
    Ask(
        question="What is the date of this delivery note?",
        corpus=f"What is the date of {_THIS}?",
        answers=("07.10.2021", "2021-10-07", "7 October 2021"),
        mark="date",
    ),
    Ask(
        question="How many sheets of steel mesh were delivered?",
        corpus=f"How many sheets of steel mesh A142 were delivered according to {_THIS}?",
        answers=("15",),
        mark="count2",
    ),
    Ask(question="What is the price of the cement?", corpus=f"What is the price of the cement on {_THIS}?", answers=()),
)
