"""A canvas with a pen: text, filler paragraphs, lines, boxes, in the style chosen for one page."""

import random
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

from training.drawing import lexicon
from training.drawing.fonts import font_files, load

Colour = tuple[int, int, int]

COLOURS: dict[str, tuple[Colour, ...]] = {
    "blue": ((31, 119, 180), (20, 60, 140), (70, 130, 220), (0, 110, 190), (130, 180, 230)),
    "red": ((200, 40, 40), (160, 20, 30), (230, 80, 70)),
    "green": ((44, 140, 60), (20, 100, 50), (110, 190, 90), (0, 150, 120)),
    "orange": ((240, 130, 20), (250, 160, 60), (220, 110, 0)),
    "purple": ((120, 60, 160), (90, 40, 120), (160, 110, 200)),
    "brown": ((130, 90, 20), (110, 70, 40), (170, 130, 60)),
    "grey": ((110, 110, 110), (70, 70, 70), (160, 160, 160)),
    "teal": ((0, 128, 128), (40, 160, 170), (10, 90, 100)),
    "yellow": ((235, 200, 40), (250, 215, 90)),
    "pink": ((225, 90, 150), (240, 150, 190)),
    "black": ((20, 20, 20), (40, 40, 45)),
}
_WIDTHS = {"mono": 0.6, "hand": 0.45, "serif": 0.45, "sans": 0.48}


@dataclass(slots=True, kw_only=True)
class Drawn:
    """A picture, its kind, and what is true of it by name ("bars": "5", "trend": "rises")."""

    kind: str
    image: Image.Image
    facts: dict[str, str] = field(default_factory=dict)


class Pen:
    """Draws on one page in one style. Coordinates are pixels from the top left."""

    def __init__(
        self, rng: random.Random, width: int, height: int, *, paper: Colour = (255, 255, 255), face: str | None = None
    ) -> None:
        self.rng = rng
        self.width = width
        self.height = height
        self.image = Image.new("RGB", (width, height), paper)
        self.draw = ImageDraw.Draw(self.image)
        self.face = face or rng.choice(("sans", "sans", "serif"))
        files = font_files()
        self.regular = rng.choice(files[self.face, False])
        self.bold = rng.choice(files[self.face, True])
        self.hand = rng.choice(files["hand", False])
        self.ink: Colour = rng.choice(((0, 0, 0), (20, 20, 20), (45, 45, 50), (10, 10, 40)))

    def font(self, size: float, *, bold: bool = False, hand: bool = False) -> ImageFont.FreeTypeFont:
        """The font of the style at a size in pixels."""
        path = self.hand if hand else self.bold if bold else self.regular
        return load(path, int(size))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        hand: bool = False,
        fill: Colour | None = None,
        anchor: str = "la",
    ) -> float:
        """Write one line; the width in pixels."""
        font = self.font(size, bold=bold, hand=hand)
        self.draw.text((x, y), text, font=font, fill=fill or self.ink, anchor=anchor)
        return float(font.getlength(text))

    def fitted(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        room: float,
        *,
        bold: bool = False,
        fill: Colour | None = None,
        anchor: str = "la",
    ) -> float:
        """Write one line no wider than `room`, smaller where it must be; the size used."""
        wide = self.font(size, bold=bold).getlength(text)
        used = size if wide <= room else max(5.0, size * room / wide)
        self.text(x, y, text, used, bold=bold, fill=fill, anchor=anchor)
        return used

    def paragraph(
        self,
        x: float,
        y: float,
        width: float,
        lines: int,
        size: float,
        *,
        language: str = "en",
        fill: Colour | None = None,
        hand: bool = False,
        leading: float = 1.3,
    ) -> float:
        """Lines of filler, the last one short; the y below them."""
        per_line = width / (size * _WIDTHS["hand" if hand else self.face])
        font = self.font(size, hand=hand)
        for index in range(lines):
            letters = per_line * (self.rng.uniform(0.2, 0.9) if index == lines - 1 else self.rng.uniform(0.93, 1.0))
            filler = lexicon.words(self.rng, max(1, int(letters / 4.5)), language)[: int(letters) + 1]
            self.draw.text((x, y), filler.capitalize() if index == 0 else filler, font=font, fill=fill or self.ink)
            y += size * leading
        return y

    def line(self, x0: float, y0: float, x1: float, y1: float, *, fill: Colour | None = None, width: int = 1) -> None:
        """A straight line."""
        self.draw.line((x0, y0, x1, y1), fill=fill or self.ink, width=width)

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        fill: Colour | None = None,
        outline: Colour | None = None,
        width: int = 1,
    ) -> None:
        """A rectangle, whichever corners are given."""
        corners = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        self.draw.rectangle(corners, fill=fill, outline=outline, width=width)

    def done(self, kind: str, **facts: str) -> Drawn:
        """What was drawn."""
        return Drawn(kind=kind, image=self.image, facts=facts)


def colour(rng: random.Random, *, but: tuple[str, ...] = ("yellow", "pink", "black")) -> tuple[str, Colour]:
    """A colour with its name."""
    name = rng.choice([name for name in COLOURS if name not in but])
    return name, rng.choice(COLOURS[name])


def pale(base: Colour, share: float = 0.8) -> Colour:
    """The colour mixed with white."""
    return (
        int(base[0] + (255 - base[0]) * share),
        int(base[1] + (255 - base[1]) * share),
        int(base[2] + (255 - base[2]) * share),
    )


def signature(pen: Pen, x: float, y: float, width: float, height: float) -> None:
    """A scribble as a signature, in blue or black."""
    rng = pen.rng
    ink = rng.choice(((20, 30, 120), (10, 10, 10), (40, 40, 150)))
    points = [
        (x + width * step / 14 + rng.uniform(-4, 4), y + height * (0.5 + rng.uniform(-0.5, 0.5))) for step in range(15)
    ]
    pen.draw.line(points, fill=ink, width=rng.choice((1, 2)), joint="curve")


def stamp(pen: Pen, x: float, y: float, size: float) -> None:
    """A round or square rubber stamp, turned a little."""
    rng = pen.rng
    ink = rng.choice(((180, 30, 40), (40, 50, 150), (90, 40, 120), (30, 110, 60)))
    side = int(size)
    layer = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    word = rng.choice(("PAID", "RECEIVED", "APPROVED", "COPY", "VOID", "BEZAHLT", "PAGADO", "REÇU"))
    if rng.random() < 0.5:
        draw.ellipse((2, 2, side - 3, side - 3), outline=(*ink, 210), width=3)
        draw.ellipse((side * 0.14, side * 0.14, side * 0.86, side * 0.86), outline=(*ink, 200), width=1)
    else:
        draw.rectangle((2, side * 0.3, side - 3, side * 0.7), outline=(*ink, 210), width=3)
    draw.text((side / 2, side / 2), word, font=load(pen.bold, int(side * 0.17)), fill=(*ink, 210), anchor="mm")
    turned = layer.rotate(rng.uniform(-35, 35), resample=Image.Resampling.BILINEAR)
    pen.image.paste(turned, (int(x), int(y)), turned)
