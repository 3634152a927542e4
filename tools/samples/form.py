"""A membership form: printed boxes, filled in by hand with a blue pen, scanned in colour."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from samples import ageing
from samples.fonts import Face, load
from samples.records import Ask, Sample
from samples.sheet import A4, Ink, RasterSheet, corners, paragraph

DPI = 150
GREEN: Ink = (28, 84, 66)
PEN: Ink = (28, 44, 132)
GREY: Ink = (96, 100, 98)


class _Pen:
    """Writes with an uneven hand: words dance on the line and slant a little."""

    def __init__(self, sheet: RasterSheet, rng: np.random.Generator) -> None:
        self.sheet = sheet
        self.rng = rng

    def write(self, x: float, y: float, text: str, *, size: float = 17, mark: str | None = None) -> None:
        sheet, s = self.sheet, self.sheet.scale
        at, left = x * s, x * s
        top, bottom = float("inf"), 0.0
        for word in text.split(" "):
            font = load(Face.HAND, round(size * s * self.rng.uniform(0.96, 1.05)))
            wide, high = int(font.getlength(word)) + 12, round(size * s * 2)
            ink = Image.new("L", (wide, high), 0)
            ImageDraw.Draw(ink).text((4, high * 0.7), word, fill=235, font=font, anchor="ls", stroke_width=0)
            ink = ink.rotate(float(self.rng.normal(0, 0.9)), Image.Resampling.BICUBIC, center=(4, high * 0.7))
            down = y * s - high * 0.7 + float(self.rng.normal(0, 1.2))
            sheet.image.paste(PEN, (round(at) - 4, round(down)), ink)
            used = ink.getbbox()
            if used is not None:
                top, bottom = min(top, down + used[1]), max(bottom, down + used[3])
            at += font.getlength(word) + size * s * 0.30
        if mark is not None:
            sheet.marks[mark] = corners(left, top, at - size * s * 0.30, bottom)

    def tick(self, x: float, y: float, mark: str | None = None) -> None:
        """A cross in the box whose lower left corner is at ``x, y``."""
        s = self.sheet.scale
        j = self.rng.normal(0, 0.8, 8)
        self.sheet.draw.line(
            [((x - 1 + j[0]) * s, (y + 1 + j[1]) * s), ((x + 11 + j[2]) * s, (y - 12 + j[3]) * s)], fill=PEN, width=3
        )
        self.sheet.draw.line(
            [((x + j[4]) * s, (y - 11 + j[5]) * s), ((x + 10 + j[6]) * s, (y + j[7]) * s)], fill=PEN, width=3
        )
        if mark is not None:
            self.sheet.marks[mark] = corners((x - 3) * s, (y - 14) * s, (x + 13) * s, (y + 3) * s)


def _field(sheet: RasterSheet, x: float, y: float, wide: float, label: str) -> None:
    sheet.text(x, y, label, Face.SANS, 9, ink=GREY)
    sheet.box(x, y + 4, x + wide, y + 30, outline=(120, 140, 132), fill=(255, 255, 255))


def _choices(sheet: RasterSheet, x: float, y: float, labels: tuple[str, ...], step: float) -> None:
    for place, label in enumerate(labels):
        sheet.box(x + step * place, y - 10, x + 10 + step * place, y, outline=(60, 70, 66), fill=(255, 255, 255), thick=0.9)
        sheet.text(x + 16 + step * place, y - 1, label, Face.SANS, 10.5, mark=label)


def _printed(sheet: RasterSheet) -> None:
    sheet.box(0, 0, 595, 78, outline=None, fill=GREEN)
    sheet.text(48, 42, "Millbrook Community Library", Face.SERIF_BOLD, 21, ink=(255, 255, 255))
    sheet.text(48, 61, "Membership application", Face.SANS, 13, ink=(220, 236, 228))
    sheet.text(547, 42, "Form ML-3", Face.SANS_BOLD, 11, ink=(255, 255, 255), align="right")
    sheet.text(547, 58, "rev. 02/2023", Face.SANS, 9, ink=(220, 236, 228), align="right")
    sheet.text(48, 102, "Please write clearly in ink. Fields marked * are required.", Face.SANS, 9.5, ink=GREY)
    sheet.text(48, 128, "1  About you", Face.SANS_BOLD, 12, ink=GREEN)
    _field(sheet, 48, 147, 240, "Surname *")
    _field(sheet, 306, 147, 241, "First name *")
    _field(sheet, 48, 195, 150, "Date of birth *")
    _field(sheet, 216, 195, 331, "E-mail")
    _field(sheet, 48, 243, 330, "Address *")
    _field(sheet, 396, 243, 151, "Postcode *")
    _field(sheet, 48, 291, 180, "Telephone")
    _field(sheet, 246, 291, 301, "Occupation")
    sheet.text(48, 350, "2  Membership", Face.SANS_BOLD, 12, ink=GREEN)
    sheet.text(48, 371, "Type of membership *", Face.SANS, 9, ink=GREY)
    _choices(sheet, 48, 391, ("Adult", "Student", "Senior", "Family"), 92)
    sheet.text(48, 414, "How would you like to hear from us?", Face.SANS, 9, ink=GREY)
    _choices(sheet, 48, 434, ("Post", "E-mail", "Text message", "Not at all"), 110)
    _field(sheet, 48, 461, 150, "Annual fee paid (£)")
    _field(sheet, 216, 461, 150, "Start of membership")
    _field(sheet, 384, 461, 163, "Card number (staff)")
    sheet.text(48, 528, "3  Declaration", Face.SANS_BOLD, 12, ink=GREEN)
    text = (
        "I agree to keep the rules of the library, to bring back what I borrow by the date printed on the receipt and to "
        "pay for what I lose or damage. My details are kept for as long as I am a member and for twelve months after "
        "that."
    )
    paragraph(sheet, 48, 547, 499, text, Face.SANS, 10)
    sheet.rule(48, 632, 290, 632)
    sheet.text(48, 644, "Signature", Face.SANS, 9, ink=GREY)
    sheet.rule(340, 632, 547, 632)
    sheet.text(340, 644, "Date", Face.SANS, 9, ink=GREY)
    sheet.rule(48, 792, 547, 792, thick=0.4, ink=GREY)
    sheet.text(
        297,
        806,
        "Millbrook Community Library · 2 Church Walk · Millbrook SO15 4QR",
        Face.SANS,
        8.5,
        ink=GREY,
        align="center",
    )


def _filled(pen: _Pen) -> None:
    pen.write(56, 170, "Holloway", mark="surname")
    pen.write(314, 171, "Marguerite Anne", mark="first_name")
    pen.write(56, 219, "14 / 03 / 1987", mark="birth")
    pen.write(224, 218, "m.holloway@post.example", mark="email")
    pen.write(56, 266, "27 Quarry Lane, Millbrook", mark="address")
    pen.write(404, 267, "SO15 8TN", mark="postcode")
    pen.write(56, 315, "023 8055 5127", mark="phone")
    pen.write(254, 314, "Stonemason", mark="occupation")
    pen.tick(48 + 92 * 3, 391, "family_tick")
    pen.tick(48 + 110, 434, "email_tick")
    pen.write(56, 484, "24.00", mark="fee")
    pen.write(224, 485, "2 May 2023", mark="start")
    pen.write(392, 485, "ML 60318", mark="card")
    pen.write(70, 626, "M. A. Holloway", size=24)
    pen.write(352, 626, "28 April 2023", mark="signed")


def make() -> Sample:
    rng = np.random.default_rng(60318)
    sheet = RasterSheet(A4, DPI, paper=(252, 252, 249))
    _printed(sheet)
    _filled(_Pen(sheet, rng))
    scan = ageing.skew(ageing.Picture.of(sheet), -0.6, around=(226, 226, 222))
    image = ageing.soften(scan.image, 0.45)
    light = 0.985 + 0.006 * ageing.blotch(rng, image.size, (4, 6))
    image = ageing.specks(ageing.grain(ageing.shade(image, light), rng, 3.2), rng, 30)
    scan = scan.seen(image)
    return Sample(name="membership-form.jpg", kind="form", data=scan.jpeg(78, dpi=DPI), pages=(scan.page(),), asks=_ASKS)


_THIS = "the Millbrook Community Library membership application"
_ASKS = (
    Ask(
        question="What is the surname of the applicant?",
        corpus=f"What is the surname of the applicant on {_THIS}?",
        answers=("Holloway",),
        mark="surname",
    ),
    Ask(
        question="What is the applicant's date of birth?",
        corpus=f"What is the date of birth on {_THIS}?",
        answers=("14 / 03 / 1987", "14/03/1987", "1987-03-14"),
        mark="birth",
    ),
    Ask(
        question="What is the postcode?",
        corpus=f"What is the postcode of the applicant on {_THIS}?",
        answers=("SO15 8TN",),
        mark="postcode",
    ),
    Ask(
        question="What is the applicant's occupation?",
        corpus=f"What occupation is given on {_THIS}?",
        answers=("Stonemason",),
        mark="occupation",
    ),
    Ask(
        question="How much was paid as annual fee?",
        corpus=f"What annual fee was paid on {_THIS}?",
        answers=("24.00", "£24.00"),
        mark="fee",
    ),
    Ask(question="Which type of membership is ticked?", corpus=None, answers=("Family",), mark="Family"),
    Ask(
        question="What is the applicant's passport number?", corpus=f"What passport number is given on {_THIS}?", answers=()
    ),
)
