"""From files to upright RGB pictures, and one honest line for each file that cannot be drawn."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from file_makers import HEIC, NO_PAGES, PAGE, pdf, picture, png_bytes, portfolio, task
from mmrag_ingest import images
from mmrag_ingest.pages import Rendered, probe, render
from mmrag_ingest.pictures import encode
from mmrag_ingest.records import Limits, Probe
from PIL import Image, features

from mmrag.errors import (
    DamagedFileError,
    EmptyFileError,
    EncryptedFileError,
    TooLargeError,
    UnreadableFileError,
    UnsupportedFormatError,
)

LIMITS = Limits()
KEY = "open sesame"
LOCKED = "the PDF needs a password: give it with --password or ingest.passwords_file, or save a copy without one"


def dark_corner(rendered: Rendered) -> str:
    """In which quarter of the page the black square is."""
    h, w = rendered.picture.shape[:2]
    quarters = {
        "top left": rendered.picture[: h // 2, : w // 2],
        "top right": rendered.picture[: h // 2, w // 2 :],
        "bottom left": rendered.picture[h // 2 :, : w // 2],
        "bottom right": rendered.picture[h // 2 :, w // 2 :],
    }
    return min(quarters, key=lambda name: float(quarters[name].mean()))


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_an_upright_picture_comes_as_it_is(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", picture())
    assert probe(path, LIMITS).media_type == "image/png"
    rendered = render(task(path, "image/png"))
    assert rendered.size == (120, 80)
    assert rendered.layer is None
    assert dark_corner(rendered) == "top left"


@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [
        (1, (120, 80), "top left"),
        (2, (120, 80), "top right"),
        (3, (120, 80), "bottom right"),
        (4, (120, 80), "bottom left"),
        (5, (80, 120), "top left"),
        (6, (80, 120), "top right"),
        (7, (80, 120), "bottom right"),
        (8, (80, 120), "bottom left"),
    ],
)
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, size: tuple[int, int], corner: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    rendered = render(task(save(tmp_path / "a.jpg", picture(), exif=exif, quality=95), "image/jpeg"))
    assert (rendered.size, dark_corner(rendered)) == (size, corner)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16", "I", "F"])
def test_every_mode_becomes_rgb_with_the_same_look(tmp_path: Path, mode: str) -> None:
    if mode in ("I;16", "I", "F"):
        grey = np.asarray(picture().convert("L"))
        wide = {"I;16": grey.astype(np.uint16) * 257, "I": grey.astype(np.int32) * 257, "F": grey.astype(np.float32) / 255}[
            mode
        ]
        image = Image.fromarray(wide)
    else:
        image = picture(mode=mode)
    rendered = render(task(save(tmp_path / "a.tif", image), "image/tiff"))
    assert rendered.picture.dtype == np.uint8
    assert rendered.picture.shape == (80, 120, 3)
    assert rendered.picture[70, 110].tolist() == [255, 255, 255]
    assert rendered.picture[15, 20].max() < 60  # CMYK black is no full black in RGB


def test_transparency_is_white_paper(tmp_path: Path) -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert render(task(save(tmp_path / "a.png", image), "image/png")).picture.min() == 255


def test_all_frames_of_a_tiff_are_pages(tmp_path: Path) -> None:
    first, rest = picture(), [picture((60, 90)), picture((30, 30))]
    path = save(tmp_path / "fax.tif", first, save_all=True, append_images=rest)
    assert probe(path, LIMITS).pages == 3
    assert [render(task(path, "image/tiff", n)).size for n in (1, 3, 2)] == [(120, 80), (30, 30), (60, 90)]


def test_an_animation_is_its_first_frame_with_a_warning(tmp_path: Path) -> None:
    path = save(tmp_path / "a.gif", picture(), save_all=True, append_images=[picture((120, 80)).rotate(180)])
    assert probe(path, LIMITS).pages == 1
    rendered = render(task(path, "image/gif"))
    assert dark_corner(rendered) == "top left"
    assert "only its first frame" in rendered.warnings[0]


def test_large_pictures_are_scaled_down(tmp_path: Path) -> None:
    path = save(tmp_path / "large.png", picture((7000, 1000)))
    assert render(task(path, "image/png")).size == (3500, 500)


def test_a_decompression_bomb_is_never_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "bomb.png", Image.new("1", (9000, 9000)))
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(images, "_load", lambda image: pytest.fail("it was decoded"))
    for attempt in (lambda: probe(path, LIMITS), lambda: render(task(path, "image/png"))):
        with pytest.raises(TooLargeError, match=r"9000 x 9000 pixels.*ingest\.max_pixels"):
            attempt()


def test_a_bomb_in_a_later_frame_is_found(tmp_path: Path) -> None:
    path = save(tmp_path / "a.tif", picture(), save_all=True, append_images=[Image.new("1", (9000, 9000))])
    assert probe(path, LIMITS).pages == 2
    with pytest.raises(TooLargeError):
        render(task(path, "image/tiff", 2))


def test_a_cut_off_picture_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    whole = png_bytes(Image.fromarray(noise))
    path = tmp_path / "cut.png"
    path.write_bytes(whole[: int(len(whole) * 0.7)])
    assert "cut off" in render(task(path, "image/png")).warnings[0]
    path.write_bytes(whole[: int(len(whole) * 0.1)])
    with pytest.raises(DamagedFileError, match="cut off"):
        render(task(path, "image/png"))


def test_a_wrong_ending_does_not_matter(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", picture())
    assert probe(path.rename(tmp_path / "a.pdf"), LIMITS).media_type == "image/png"


@pytest.mark.parametrize(("rotation", "turned"), [(0, False), (90, True), (180, False), (270, True)])
def test_pdf_pages_are_drawn_as_displayed(tmp_path: Path, rotation: int, turned: bool) -> None:
    path = pdf(tmp_path / "a.pdf", [[(50, 50, "Hello")]], rotation=rotation)
    assert probe(path, LIMITS).pages == 1
    width, height = render(task(path)).size
    long, short = (round(side * 200 / 72) for side in PAGE)
    assert (width, height) == pytest.approx((short, long) if turned else (long, short), abs=1)


def test_an_enormous_page_is_scaled_to_the_limits(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [[(100, 100, "Plan")]], size=(14_000, 7_000))
    assert render(task(path)).size == (3500, 1750)
    width, height = render(task(path, limits=Limits(max_pixels=1_000_000))).size
    assert width * height == pytest.approx(1_000_000, rel=0.01)


def test_a_pdf_stays_open_between_its_pages(tmp_path: Path) -> None:
    from mmrag_ingest import pdf as reading

    path = pdf(tmp_path / "a.pdf", [[(50, 50, "One")], [(50, 50, "Two")]])
    document = reading.opened(path)
    render(task(path, number=2))
    assert reading.opened(path) is document
    pdf(path, [[(50, 50, "Three")], [], []])
    assert reading.opened(path) is not document
    reading.close()


def test_a_long_pdf_is_opened_anew_now_and_then(tmp_path: Path) -> None:
    from mmrag_ingest import pdf as reading

    path = pdf(tmp_path / "a.pdf", [[]])
    held = []
    for _ in range(130):
        with reading.page_of(path, 1):
            held.append(reading.opened(path))
    assert len({id(document) for document in held}) == 3
    reading.close()


@pytest.mark.parametrize(
    ("name", "error", "line"),
    [
        ("locked", EncryptedFileError, LOCKED),
        ("no pages", DamagedFileError, "the PDF is damaged or empty: no page can be found in it"),
        ("no bytes", EmptyFileError, "the file is empty"),
        ("damaged", DamagedFileError, "the PDF is damaged or empty: no page can be found in it"),
        ("text", UnsupportedFormatError, "it is not a PDF or image: its content is of no format read here"),
        ("missing", DamagedFileError, "it cannot be read: no such file or directory"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, error: type[UnreadableFileError], line: str) -> None:
    path = tmp_path / "a.pdf"
    if name == "locked":
        pdf(path, [[(50, 50, "Secret")]], password=KEY)
    elif name != "missing":
        content = {"no pages": NO_PAGES, "no bytes": b"", "damaged": b"%PDF-1.7\n rubbish", "text": b"plain text"}
        path.write_bytes(content[name])
    with pytest.raises(error) as caught:
        probe(path, LIMITS)
    assert str(caught.value) == line


@pytest.mark.parametrize("key", [KEY, "geheim und süß"])
def test_a_password_opens_a_locked_pdf(tmp_path: Path, key: str) -> None:
    path = pdf(tmp_path / "a.pdf", [[(50, 50, "Secret")]], password=key)
    keys = ("wrong", key, "unused")
    assert probe(path, LIMITS, keys).pages == 1
    layer = render(replace(task(path), passwords=keys)).layer
    assert layer is not None
    assert layer.text == "Secret"


@pytest.mark.parametrize(
    ("keys", "said"),
    [(("no",), "the password given does not open the PDF: "), (("a", "b"), "none of the 2 passwords given opens")],
)
def test_wrong_passwords_are_told_and_not_shown(tmp_path: Path, keys: tuple[str, ...], said: str) -> None:
    path = pdf(tmp_path / "a.pdf", [[(50, 50, "Secret")]], password=KEY)
    with pytest.raises(EncryptedFileError, match=said) as caught:
        probe(path, LIMITS, keys)
    assert "--password" in str(caught.value)
    assert not any(f"'{key}'" in repr(replace(task(path), passwords=keys)) for key in keys)


def test_files_in_a_portfolio_are_named(tmp_path: Path) -> None:
    names = ["accounts.xls", "odd\u202ename.doc", *(f"p{n}.txt" for n in range(5))]
    (note,) = probe(portfolio(tmp_path / "a.pdf", names), LIMITS).notes
    assert note.startswith("7 files are attached to it and not read (accounts.xls, odd\\u202ename.doc, p0.txt, ")
    assert "and 2 more" in note


FORMATS: list[tuple[str, str, dict[str, object]]] = [
    ("PNG", "image/png", {}),
    ("JPEG", "image/jpeg", {"quality": 95}),
    ("WEBP", "image/webp", {"lossless": True}),
    ("GIF", "image/gif", {}),
    ("BMP", "image/bmp", {}),
    ("TIFF", "image/tiff", {}),
    ("TIFF", "image/tiff", {"compression": "group4"}),
    ("TIFF", "image/tiff", {"compression": "group3"}),
    ("TIFF", "image/tiff", {"compression": "tiff_lzw"}),
    ("TIFF", "image/tiff", {"compression": "jpeg"}),
    ("JPEG2000", "image/jp2", {}),
    ("PPM", "image/x-portable-anymap", {}),
    ("AVIF", "image/avif", {"quality": 95}),
]


@pytest.mark.parametrize(("kind", "media_type", "options"), FORMATS)
def test_every_format_is_drawn(tmp_path: Path, kind: str, media_type: str, options: dict[str, object]) -> None:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("Pillow has no AVIF here")
    bilevel = str(options.get("compression", "")).startswith("group")
    path = tmp_path / "scan"
    picture(mode="1" if bilevel else "RGB").save(path, format=kind, **options)
    assert probe(path, LIMITS) == Probe(media_type=media_type, pages=1)
    rendered = render(task(path, media_type))
    assert rendered.size == (120, 80)
    assert dark_corner(rendered) == "top left"


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw"])
def test_faxes_of_several_pages(tmp_path: Path, compression: str) -> None:
    first, second = picture(mode="1"), picture(mode="1").rotate(180)
    first.save(tmp_path / "fax.tif", save_all=True, append_images=[second], compression=compression)
    assert probe(tmp_path / "fax.tif", LIMITS).pages == 2
    assert dark_corner(render(task(tmp_path / "fax.tif", "image/tiff", 2))) == "bottom right"


def test_a_heic_photo_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif")
    (tmp_path / "photo.jpg").write_bytes(HEIC)
    assert probe(tmp_path / "photo.jpg", LIMITS) == Probe(media_type="image/heic", pages=1)
    rendered = render(task(tmp_path / "photo.jpg", "image/heic"))
    assert rendered.size == (64, 48)
    assert dark_corner(rendered) == "top left"


def test_limits_of_bytes_and_pages(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [[], [], []])
    with pytest.raises(TooLargeError, match=r"3 pages.*ingest\.max_pages"):
        probe(path, Limits(max_pages=2))
    with pytest.raises(TooLargeError, match=r"bytes.*ingest\.max_file_bytes"):
        probe(path, Limits(max_file_bytes=100))


def test_a_missing_page_is_told_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match="page 7"):
        render(task(pdf(tmp_path / "a.pdf", [[]]), number=7))


@pytest.mark.parametrize(
    ("colours", "kind", "mode"), [("bilevel", "PNG", "1"), ("grey", "JPEG", "L"), ("colour", "JPEG", "RGB")]
)
def test_pictures_are_kept_small_and_alike(colours: str, kind: str, mode: str) -> None:
    rng = np.random.default_rng(3)
    page = np.repeat(rng.integers(0, 255, (90, 70, 1), dtype=np.uint8), 3, axis=2)
    if colours == "bilevel":
        page = np.where(page > 128, np.uint8(255), np.uint8(0))
    elif colours == "colour":
        page[5, 5] = (200, 10, 10)
    data = encode(page)
    assert data == encode(page.copy())
    with Image.open(BytesIO(data)) as kept:
        assert (kept.format, kept.mode, kept.size) == (kind, mode, (70, 90))
        if colours == "bilevel":
            assert np.array_equal(np.asarray(kept.convert("RGB")), page)
