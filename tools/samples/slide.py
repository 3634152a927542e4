"""One slide of a talk, exported as a picture: a title, bullets, a big number and a strip of icons."""

from __future__ import annotations

import io

from PIL import Image

from samples.fonts import Face
from samples.records import Ask, PagePicture, Sample
from samples.sheet import Ink, RasterSheet, paragraph

INDIGO: Ink = (46, 42, 107)
CORAL: Ink = (236, 98, 76)
SAND: Ink = (250, 246, 238)
WHITE: Ink = (255, 255, 255)
GREY: Ink = (112, 110, 128)
SIZE = (960.0, 540.0)

BULLETS = (
    "Pilot with [[riders|48 riders]] ran from 5 June to 25 August",
    "9 in 10 parcels arrived within the promised hour",
    "Cost per drop down from [[before|€4.10]] to [[after|€2.85]]",
    "Two minor accidents, no injuries",
    "Next: depots in Aarhus and Odense, decision on [[decision|1 October]]",
)
STEPS = (("March", "Permits"), ("June", "Pilot"), ("October", "Decision"), ("January", "Roll-out"))


def _bicycle(sheet: RasterSheet, x: float, y: float, size: float) -> None:
    s = sheet.scale
    for wheel in (x, x + 2.5 * size):
        box = ((wheel - size) * s, (y - size) * s, (wheel + size) * s, (y + size) * s)
        sheet.draw.ellipse(box, outline=WHITE, width=round(4 * s))
    frame = [(x, y), (x + 0.9 * size, y - 1.3 * size), (x + 2.2 * size, y - 1.3 * size), (x + 1.25 * size, y), (x, y)]
    sheet.draw.line([(a * s, b * s) for a, b in frame], fill=WHITE, width=round(4 * s), joint="curve")
    fork = [(x + 2.5 * size, y), (x + 2.1 * size, y - 1.9 * size), (x + 2.6 * size, y - 2.1 * size)]
    sheet.draw.line([(a * s, b * s) for a, b in fork], fill=WHITE, width=round(4 * s), joint="curve")
    sheet.box(x - 1.1 * size, y - 2.6 * size, x + 0.5 * size, y - 1.4 * size, outline=None, fill=CORAL)


def make() -> Sample:
    sheet = RasterSheet(SIZE, 144, paper=SAND)
    sheet.box(0, 0, 960, 92, outline=None, fill=INDIGO)
    sheet.text(48, 59, "Cargo bikes: what the summer pilot showed", Face.SANS_BOLD, 34, ink=WHITE, mark="title")
    for row, text in enumerate(BULLETS):
        y = 150 + 44 * row
        sheet.draw.ellipse((50 * 2, (y - 11) * 2, 60 * 2, (y - 1) * 2), fill=CORAL)
        paragraph(sheet, 76, y, 560, text, Face.SANS, 21, ink=INDIGO)
    sheet.box(664, 118, 914, 340, outline=None, fill=INDIGO)
    _bicycle(sheet, 766, 196, 20)
    sheet.text(789, 282, "31 %", Face.SANS_BOLD, 62, ink=CORAL, align="center", mark="saving")
    sheet.text(789, 308, "lower cost per delivery", Face.SANS, 17, ink=WHITE, align="center")
    sheet.text(789, 328, "than by van", Face.SANS, 17, ink=WHITE, align="center")
    sheet.rule(90, 424, 870, 424, thick=4, ink=INDIGO)
    for place, (month, what) in enumerate(STEPS):
        x = 130 + 233 * place
        sheet.draw.ellipse(((x - 11) * 2, 413 * 2, (x + 11) * 2, 435 * 2), fill=CORAL if place == 2 else INDIGO)
        sheet.text(x, 402, month, Face.SANS_BOLD, 18, ink=INDIGO, align="center", mark=f"when-{what}")
        sheet.text(x, 460, what, Face.SANS, 18, ink=GREY, align="center")
    sheet.text(48, 520, "Fjordline Logistics · Operations review, 12 September 2024", Face.SANS, 13, ink=GREY)
    sheet.text(912, 520, "7", Face.SANS, 13, ink=GREY, align="right")
    image = sheet.image.resize((1600, 900), Image.Resampling.LANCZOS)
    marks = {name: points * (1600 / sheet.image.width) for name, points in sheet.marks.items()}
    out = io.BytesIO()
    image.quantize(192, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return Sample(
        name="slide-cargo-bikes.png",
        kind="slide",
        data=out.getvalue(),
        pages=(PagePicture(size=(1600, 900), marks=marks),),
        asks=_ASKS,
    )


_THIS = "the Fjordline Logistics slide on cargo bikes"
_ASKS = (
    Ask(
        question="How much lower is the cost per delivery than by van?",
        corpus=f"On {_THIS}, how much lower is the cost per delivery than by van?",
        answers=("31 %", "31%"),
        mark="saving",
    ),
    Ask(
        question="How many riders took part in the pilot?",
        corpus=f"How many riders took part in the pilot on {_THIS}?",
        answers=("48", "48 riders"),
        mark="riders",
    ),
    Ask(
        question="In which month is the roll-out?",
        corpus=f"In which month is the roll-out on {_THIS}?",
        answers=("January",),
        mark="when-Roll-out",
    ),
    Ask(question="Who presented this slide?", corpus=f"Who presented {_THIS}?", answers=()),
)
