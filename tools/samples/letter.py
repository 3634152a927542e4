"""A letter photographed with the phone held sideways: the pixels lie on their side, an EXIF flag says how to turn them."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from samples import ageing
from samples.fonts import Face
from samples.records import Ask, Sample
from samples.sheet import A4, Corners, Ink, RasterSheet, paragraph

ORIENTATION = 0x0112
TURN_RIGHT = 6
"""EXIF orientation 6: turn by 90 degrees clockwise to display."""
PHOTO = (1300, 1733)
LAY = ((118, 108), (1206, 84), (1246, 1640), (70, 1618))
RUST: Ink = (150, 62, 36)
BODY = (
    "Dear Ms Petrov,",
    "Thank you for your application of 3 February for the post of [[post|assistant conservator]] . The panel was "
    "impressed by your work on the parish maps, and we should like to meet you.",
    "The interview will take place on [[when|Thursday, 14 March 2024]] at [[time|10:45 am]] in the [[room|Cartwright "
    "Room]] , first floor. Please bring your portfolio and one form of identification. It will last about fifty minutes "
    "and includes a practical task on paper repair.",
    "We pay travel costs of up to [[travel|£85.00]] against receipts. If you need help with access, or cannot come on "
    "that day, please ring Joan Whitfield on 01904 555 260 by 8 March.",
    "We look forward to meeting you.",
)


def _page() -> RasterSheet:
    sheet = RasterSheet(A4, 140, paper=(250, 248, 243))
    sheet.text(60, 78, "ST OSWALD'S ARCHIVE", Face.SERIF_BOLD, 22, ink=RUST, mark="sender")
    sheet.text(60, 95, "Monkgate House · 40 Monkgate · York YO31 7PB", Face.SERIF, 11)
    sheet.rule(60, 106, 535, 106, thick=1.2, ink=RUST)
    for row, line in enumerate(("Ms Elena Petrov", "12 Skeldergate", "York YO1 6DG")):
        sheet.text(60, 146 + 16 * row, line, Face.SERIF, 12.5)
    sheet.text(535, 146, "21 February 2024", Face.SERIF, 12.5, align="right", mark="date")
    reference = "SOA/24/117"
    sheet.text(535, 162, reference, Face.SERIF, 12.5, align="right", mark="ref")
    sheet.text(531 - sheet.width(reference, Face.SERIF, 12.5), 162, "Our ref.", Face.SERIF, 12.5, align="right")
    sheet.text(60, 232, "Invitation to interview", Face.SERIF_BOLD, 14)
    y = 262.0
    for text in BODY:
        y = paragraph(sheet, 60, y, 475, text, Face.SERIF, 12.5, leading=1.38) + 9
    sheet.text(60, y + 14, "Yours sincerely,", Face.SERIF, 12.5)
    sheet.text(64, y + 58, "T. Ashdown", Face.HAND, 32, ink=(30, 36, 90))
    sheet.text(60, y + 86, "Thomas Ashdown, Head of Conservation", Face.SERIF, 12.5, mark="signer")
    return sheet


def _photo() -> ageing.Picture:
    rng = np.random.default_rng(24117)
    sheet = _page()
    pixels = np.asarray(sheet.image, dtype=np.float64)
    # Folded twice to go into an envelope.
    high, wide = pixels.shape[:2]
    rows = np.arange(high)[:, None]
    fold = np.ones((high, 1))
    for at in (high / 3, 2 * high / 3):
        fold = fold - 0.16 * np.exp(-(((rows - at) / 5) ** 2)) + 0.07 * np.exp(-(((rows - at - 16) / 12) ** 2))
    third = 1 - 0.035 * np.floor(rows / (high / 3) % 2)
    paper = ageing.shade(sheet.image, np.repeat(fold * third, wide, axis=1))
    target: Corners = np.array(LAY, dtype=np.float64)
    desk = ageing.shade(Image.new("RGB", PHOTO, (70, 82, 92)), 1 + 0.03 * ageing.blotch(rng, PHOTO, (400, 500)))
    laid = ageing.warp(ageing.Picture(image=paper, marks=sheet.marks), target, PHOTO)
    mask, under = Image.new("L", PHOTO, 0), Image.new("L", PHOTO, 0)
    ImageDraw.Draw(mask).polygon(LAY, fill=255)
    ImageDraw.Draw(under).polygon([(x + 10, y + 14) for x, y in LAY], fill=140)
    desk = Image.composite(Image.new("RGB", PHOTO, (12, 14, 18)), desk, under.filter(ImageFilter.GaussianBlur(14)))
    desk.paste(laid.image, (0, 0), mask.filter(ImageFilter.GaussianBlur(1)))
    across = np.linspace(1.02, 0.84, PHOTO[0])[None, :] * np.linspace(0.95, 1.03, PHOTO[1])[:, None]
    scene = ageing.shade(ageing.soften(desk, 0.5), across[..., None] * np.array([1.0, 0.985, 0.95]))
    return laid.seen(ageing.grain(scene, rng, 3.5, coloured=True))


def make() -> Sample:
    shown = _photo()
    exif = Image.Exif()
    exif[ORIENTATION] = TURN_RIGHT
    on_side = shown.seen(shown.image.transpose(Image.Transpose.ROTATE_90))
    return Sample(
        name="letter-rotated.jpg", kind="form", data=on_side.jpeg(78, exif=exif, dpi=72), pages=(shown.page(),), asks=_ASKS
    )


_THIS = "the letter from St Oswald's Archive"
_ASKS = (
    Ask(
        question="On which date is the interview?",
        corpus=f"On which date is the interview in {_THIS}?",
        answers=("Thursday, 14 March 2024", "14 March 2024", "2024-03-14"),
        mark="when",
    ),
    Ask(
        question="In which room is the interview?",
        corpus=f"In which room is the interview according to {_THIS}?",
        answers=("Cartwright Room",),
        mark="room",
    ),
    Ask(
        question="Up to which amount are travel costs paid?",
        corpus=f"Up to which amount does {_THIS} pay travel costs?",
        answers=("£85.00", "85.00", "£85"),
        mark="travel",
    ),
    Ask(
        question="What is the reference of this letter?",
        corpus=f"What is the reference of {_THIS}?",
        answers=("SOA/24/117",),
        mark="ref",
    ),
    Ask(question="What salary is offered?", corpus=f"What salary does {_THIS} offer?", answers=()),
)
