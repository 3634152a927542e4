"""Pictures: boxes where they belong, names of files that no document decides."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from mmrag.cli.pictures import safe_name, write_picture
from mmrag.domain.documents import Element, ElementKind
from mmrag.domain.geometry import BBox
from mmrag.drawing import CITED, KIND_COLOURS, Mark, crop, draw, legend_of, marks_of
from mmrag.errors import UsageError


def page(width: int = 400, height: int = 600, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), "white").save(out, format="PNG")
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    return image


def element(ordinal: int, kind: ElementKind) -> Element:
    box = BBox(0.1, 0.1 + ordinal / 10, 0.5, 0.15 + ordinal / 10)
    return Element(id=str(ordinal), document_id="d", page=1, ordinal=ordinal, kind=kind, bbox=box, text="x")


def coloured(image: Image.Image, colour: tuple[int, int, int]) -> list[tuple[int, int]]:
    return [(x, y) for y in range(image.height) for x in range(image.width) if image.getpixel((x, y)) == colour]


def test_an_outline_goes_around_its_box_and_covers_nothing_inside() -> None:
    image = opened(draw(page(), [Mark(box=BBox(0.25, 0.5, 0.75, 0.6))]))
    assert image.size == (400, 600)
    pixels = coloured(image, CITED)
    xs, ys = [x for x, _ in pixels], [y for _, y in pixels]
    assert 85 <= min(xs) < 100 < 300 < max(xs) <= 315
    assert 285 <= min(ys) < 300 < 360 < max(ys) <= 375
    assert not [1 for x, y in pixels if 100 <= x <= 300 and 300 <= y <= 360]


@pytest.mark.parametrize("box", [BBox(0, 0, 1, 1), BBox(0, 0, 0, 0), BBox(1, 1, 1, 1), BBox(0.5, 0.5, 0.5, 0.9)])
def test_any_box_can_be_drawn_and_cut_out(box: BBox) -> None:
    assert opened(draw(page(), [Mark(box=box, tag="12")])).size == (400, 600)
    piece = opened(crop(page(), box))
    assert piece.width >= 1
    assert piece.height >= 1


def test_a_crop_has_the_box_and_a_margin() -> None:
    piece = opened(crop(page(), BBox(0.25, 0.5, 0.75, 0.6), margin=0.05))
    assert piece.size == (240, 120)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_pictures_of_every_mode_take_colours(mode: str) -> None:
    assert coloured(opened(draw(page(40, 60, mode), [Mark(box=BBox(0.4, 0.4, 0.6, 0.6))])), CITED)


def test_every_kind_has_its_colour_and_the_legend_stands_under_the_page() -> None:
    elements = [element(n, kind) for n, kind in enumerate((ElementKind.TABLE, ElementKind.TEXT, ElementKind.TEXT))]
    assert set(KIND_COLOURS) == set(ElementKind)
    assert [name for name, _ in legend_of(elements)] == ["text 2", "table 1"]
    plain, with_legend = draw(page(), marks_of(elements)), draw(page(), marks_of(elements), legend=legend_of(elements))
    image = opened(with_legend)
    assert image.height > 600
    assert coloured(opened(plain), KIND_COLOURS[ElementKind.TABLE])
    below = [y for _, y in coloured(image, KIND_COLOURS[ElementKind.TABLE]) if y >= 600]
    assert below


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ("receipts/r-12.jpg", "r-12.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..", "document"),
        ("/abs/.hidden", "hidden"),
        ("a\\b\\c d.pdf", "c-d.pdf"),
        ("日本.pdf", "pdf"),
        ("x" * 300, "x" * 80),
        ("-rf\n;$(boo)\x00.pdf", "rf-boo-.pdf"),
        ("", "document"),
    ],
)
def test_a_document_decides_nothing_about_where_a_file_goes(document: str, name: str) -> None:
    assert safe_name(document) == name
    assert os.sep not in name


async def test_a_link_in_place_of_the_picture_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "page.png"
    precious.write_text("keep me")
    link.symlink_to(precious)
    await write_picture(link, b"png")
    assert precious.read_text() == "keep me"
    assert (link.is_symlink(), link.read_bytes()) == (False, b"png")
    assert sorted(os.listdir(tmp_path)) == ["page.png", "precious"]


async def test_a_folder_that_is_not_there_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        await write_picture(tmp_path / "no" / "page.png", b"png")
