"""Boxes on page pictures. Pixels exist here and nowhere else on the answering side.

Pictures come in and go out as encoded bytes; boxes are page fractions as everywhere. Functions block: call them in a thread.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag.domain.documents import Element, ElementKind
from mmrag.domain.geometry import BBox

if TYPE_CHECKING:
    from PIL import Image, ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

CITED = (214, 0, 28)
"""The colour of a cited box: a red that stays apart from all kinds of elements."""

KIND_COLOURS: dict[ElementKind, tuple[int, int, int]] = {
    ElementKind.TITLE: (123, 31, 162),
    ElementKind.TEXT: (25, 103, 210),
    ElementKind.LIST: (0, 137, 123),
    ElementKind.KEY_VALUE: (230, 81, 0),
    ElementKind.CHECKBOX: (255, 160, 0),
    ElementKind.TABLE: (46, 125, 50),
    ElementKind.FIGURE: (194, 24, 91),
    ElementKind.PHOTO: (233, 30, 99),
    ElementKind.CHART: (0, 121, 160),
    ElementKind.AXIS: (0, 151, 167),
    ElementKind.AXIS_TITLE: (77, 208, 225),
    ElementKind.LEGEND: (0, 96, 100),
    ElementKind.DATA_LABELS: (38, 166, 154),
    ElementKind.STAMP: (0, 77, 64),
    ElementKind.SIGNATURE: (49, 27, 146),
    ElementKind.HEADER: (97, 97, 97),
    ElementKind.FOOTER: (97, 97, 97),
    ElementKind.FOOTNOTE: (121, 85, 72),
    ElementKind.FIGURE_CAPTION: (130, 119, 23),
    ElementKind.ANNOTATION: (216, 67, 21),
    ElementKind.CAPTION: (159, 168, 35),
    ElementKind.SUMMARY: (84, 110, 122),
    ElementKind.UNREADABLE: (33, 33, 33),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A box to draw, its colour as RGB from 0 to 255, and a short tag set at its corner (none when empty).

    ``strong`` outlines are thick and stand off their box: a cited place is to be seen at once on a full page.
    """

    box: BBox
    colour: tuple[int, int, int] = CITED
    tag: str = ""
    strong: bool = True


def marks_of(elements: Sequence[Element]) -> tuple[Mark, ...]:
    """One mark an element, in the colour of its kind, tagged with its place in the reading order (from 1)."""
    ordered = sorted(elements, key=lambda e: e.ordinal)
    return tuple(Mark(box=e.bbox, colour=KIND_COLOURS[e.kind], tag=str(n), strong=False) for n, e in enumerate(ordered, 1))


def legend_of(elements: Sequence[Element]) -> tuple[tuple[str, tuple[int, int, int]], ...]:
    """The kinds among ``elements`` with their counts and colours, most frequent first."""
    counts: dict[ElementKind, int] = {}
    for element in elements:
        counts[element.kind] = counts.get(element.kind, 0) + 1
    kinds = sorted(counts, key=lambda kind: (-counts[kind], kind.value))
    return tuple((f"{kind.value.replace('_', ' ')} {counts[kind]}", KIND_COLOURS[kind]) for kind in kinds)


def draw(picture: bytes, marks: Sequence[Mark], *, legend: Sequence[tuple[str, tuple[int, int, int]]] = ()) -> bytes:
    """The picture as PNG with ``marks`` drawn; a legend goes under the page, where it hides nothing."""
    from PIL import ImageDraw

    page = _opened(picture)
    pen = ImageDraw.Draw(page)
    font = _font(max(10, round(max(page.size) / 150)))
    for mark in marks:
        _outline(pen, mark, page.size)
    for mark in marks:  # tags last: a neighbour's outline must not strike them through
        _tag(pen, mark, page.size, font)
    return _png(_with_legend(page, legend) if legend else page)


def crop(picture: bytes, box: BBox, *, margin: float = 0.02) -> bytes:
    """The part of the picture inside ``box`` as PNG, with ``margin`` (a fraction of the page) of its surroundings."""
    page = _opened(picture)
    x0, y0, x1, y1 = box.grown(margin, margin).to_pixels(*page.size)
    left, top = min(int(x0), page.width - 1), min(int(y0), page.height - 1)
    return _png(page.crop((left, top, max(left + 1, round(x1)), max(top + 1, round(y1)))))


def _opened(picture: bytes) -> Image.Image:
    from PIL import Image

    return Image.open(io.BytesIO(picture)).convert("RGB")


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, format="PNG", compress_level=4)
    return out.getvalue()


def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size=size)


def _outline(pen: ImageDraw.ImageDraw, mark: Mark, size: tuple[int, int]) -> None:
    """The outline lies outside the box, so that it covers none of its words; on dark pages a white edge sets it off."""
    thin = max(1, round(max(size) / 1200))
    stroke, gap = (3 * thin, 3) if mark.strong else (thin, 0)
    x0, y0, x1, y1 = mark.box.to_pixels(*size)
    out = gap + stroke
    pen.rectangle((x0 - out, y0 - out, x1 + out, y1 + out), outline=mark.colour, width=stroke)
    if mark.strong:
        pen.rectangle((x0 - out - 1, y0 - out - 1, x1 + out + 1, y1 + out + 1), outline=(255, 255, 255), width=1)


def _tag(pen: ImageDraw.ImageDraw, mark: Mark, size: tuple[int, int], font: FreeTypeFont | ImageFont) -> None:
    if not mark.tag:
        return
    x0, y0, _, _ = mark.box.to_pixels(*size)  # the tag goes left of the box, where it hides no beginning of a line
    left, top, right, bottom = pen.textbbox((0, 0), mark.tag, font=font)
    width, height = right - left + 6, bottom - top + 6
    at_x = min(max(0, x0 - width), size[0] - width)
    at_y = min(max(0, y0), size[1] - height)
    pen.rectangle((at_x, at_y, at_x + width, at_y + height), fill=mark.colour)
    pen.text((at_x + 3 - left, at_y + 3 - top), mark.tag, fill=(255, 255, 255), font=font)


def _with_legend(page: Image.Image, legend: Sequence[tuple[str, tuple[int, int, int]]]) -> Image.Image:
    """``page`` with a white strip under it that names the colours, in as many rows as they need."""
    from PIL import Image, ImageDraw

    size = max(12, round(max(page.size) / 90))
    font, pad = _font(size), size
    pen = ImageDraw.Draw(page)
    rows: list[list[tuple[str, tuple[int, int, int], float]]] = [[]]
    x: float = pad
    for name, colour in legend:
        width = size + size / 2 + pen.textlength(name, font=font) + pad
        if rows[-1] and x + width > page.width:
            rows.append([])
            x = pad
        rows[-1].append((name, colour, x))
        x += width
    row_height = round(size * 1.7)
    out = Image.new("RGB", (page.width, page.height + row_height * len(rows) + pad), (255, 255, 255))
    out.paste(page, (0, 0))
    pen = ImageDraw.Draw(out)
    pen.line((0, page.height, page.width, page.height), fill=(160, 160, 160), width=1)
    for number, row in enumerate(rows):
        top = page.height + pad / 2 + row_height * number
        for name, colour, left in row:
            pen.rectangle((left, top + 2, left + size, top + 2 + size), fill=colour)
            pen.text((left + size * 1.4, top + 2 + size / 2), name, fill=(30, 30, 30), font=font, anchor="lm")
    return out
