"""Files made worse at random, for fuzzing the loaders: good and hostile seeds, and Hypothesis strategies that break them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from file_makers import HEIC, email, marked_pdf, pdf, picture, portfolio, zip_bytes
from hypothesis import strategies as st
from PIL import features

HOSTILE = Path(__file__).parents[2] / "shared" / "hostile"
MOST_SEED_BYTES = 200_000
_MAGIC = 8

_NUMBERS = (b"0", b"-1", b"1", b"2147483647", b"-2147483648", b"4294967296", b"99999999999", b"1e30", b"0.0000001", b"nan")
_WORDS = (b"/Page", b"/Pages", b"/Annot", b"/Widget", b"/Form", b"/Image", b"/Catalog", b"/XObject", b"null", b"true", b"[]")
_BYTES = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
)


def made_seeds() -> dict[str, bytes]:
    """Small good files of every format, made here."""
    seeds = {"photo.heic": HEIC, "mail.eml": email(), "archive.zip": zip_bytes("a", "b")}
    kinds: list[tuple[str, str, dict[str, object]]] = [
        ("png", "RGB", {}),
        ("png", "P", {}),
        ("png", "I;16", {}),
        ("jpeg", "RGB", {}),
        ("jpeg", "CMYK", {"progressive": True}),
        ("tiff", "1", {"compression": "group4"}),
        ("tiff", "RGB", {"compression": "tiff_lzw"}),
        ("tiff", "RGB", {"compression": "jpeg"}),
        ("gif", "P", {}),
        ("webp", "RGB", {}),
        ("bmp", "P", {}),
        ("jpeg2000", "RGB", {}),
        ("ppm", "RGB", {}),
        *([("avif", "RGB", {})] if features.check("avif") else []),
    ]
    for number, (kind, mode, options) in enumerate(kinds):
        out = BytesIO()
        more = {"save_all": True, "append_images": [picture(mode=mode)]} if kind in ("tiff", "gif", "webp") else {}
        picture(mode=mode).save(out, format=kind, **options, **more)
        seeds[f"{number}.{kind}"] = out.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        seeds |= _pdfs(Path(folder))
    return seeds


def _pdfs(folder: Path) -> dict[str, bytes]:
    text = [(50.0, 200.0, "The rent is due on the first of the"), (50.0, 150.0, "month and is to be paid")]
    field = "/Subtype /Widget /FT /Tx /T (name) /V (Ada Lovelace) /Rect [200 100 380 120] /F 4 /P 3 0 R /AP << /N 5 0 R >>"
    tick = (
        "/Subtype /Widget /FT /Btn /T (b) /TU (Member) /V /Yes /AS /Yes /Rect [50 100 64 114] /AP << /N << /Yes 5 0 R >> >>"
    )
    mark = "/Subtype /Highlight /Rect [45 190 330 220] /QuadPoints [50 216 80 216 50 196 80 196] /Contents (look) /T (Ada)"
    paths = [
        pdf(folder / "text.pdf", [text, text]),
        pdf(folder / "turned.pdf", [text], rotation=90, crop=(20, 20, 300, 280)),
        pdf(folder / "scan.pdf", [text], image=(picture((300, 200)), (20, 20, 360, 260))),
        pdf(folder / "locked.pdf", [text], password="key"),  # noqa: S106 - of a made file
        marked_pdf(folder / "marked.pdf", [field, tick, mark], printed="Rent due on the first"),
        portfolio(folder / "portfolio.pdf", ["a.xls", "b.doc"]),
    ]
    return {path.name: path.read_bytes() for path in paths}


def all_seeds() -> dict[str, bytes]:
    """Those made here, and the smaller files of the hostile collection where it is there."""
    seeds = made_seeds()
    if HOSTILE.is_dir():
        files = [path for path in sorted(HOSTILE.iterdir()) if path.suffix not in (".md", ".jsonl")]
        seeds |= {path.name: path.read_bytes() for path in files if path.stat().st_size <= MOST_SEED_BYTES}
    return seeds


@st.composite
def broken_files(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """A seed with up to twelve changes: bytes, pieces, and what numbers and names of a PDF mean."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 12))):
        if data:
            data = draw(st.sampled_from(_CHANGES))(draw, data, seeds)
    return data


def _at(draw: st.DrawFn, data: bytes) -> int:
    """A place behind the first bytes: a file that is not even taken for what it was tries nothing."""
    return draw(st.integers(min(_MAGIC, len(data) - 1), len(data) - 1))


def _flip(draw: st.DrawFn, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    at = _at(draw, data)
    return data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]


def _overwrite(draw: st.DrawFn, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    at, new = _at(draw, data), draw(st.sampled_from(_BYTES))
    return data[:at] + new + data[at + len(new) :]


def _early(draw: st.DrawFn, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    """Headers are where sizes and offsets are."""
    at, new = min(_at(draw, data), draw(st.integers(_MAGIC, 64))), draw(st.sampled_from(_BYTES))
    return data[:at] + new + data[at + len(new) :]


def _cut_off(draw: st.DrawFn, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    return data[: draw(st.integers(1, len(data)))]


def _leave_out(draw: st.DrawFn, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    at, length = _at(draw, data), draw(st.integers(1, 200))
    return data[:at] + data[at + length :]


def _repeat(draw: st.DrawFn, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    at, length = _at(draw, data), draw(st.integers(1, 200))
    return data[: at + length] + data[at : at + length] * draw(st.integers(1, 40)) + data[at + length :]


def _splice(draw: st.DrawFn, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = draw(st.sampled_from(seeds))
    at, start = _at(draw, data), draw(st.integers(0, max(0, len(other) - 1)))
    return data[:at] + other[start : start + draw(st.integers(1, 2_000))] + data[at:]


def _token(pattern: bytes, choices: Sequence[bytes]) -> Callable[[st.DrawFn, bytes, Sequence[bytes]], bytes]:
    def change(draw: st.DrawFn, data: bytes, _seeds: Sequence[bytes]) -> bytes:
        found = list(re.finditer(pattern, data))
        if not found:
            return data
        at = found[draw(st.integers(0, len(found) - 1))]
        return data[: at.start()] + draw(st.sampled_from(choices)) + data[at.end() :]

    return change


_CHANGES = (
    _flip,
    _overwrite,
    _early,
    _cut_off,
    _leave_out,
    _repeat,
    _splice,
    _token(rb"-?\d+(?:\.\d+)?", _NUMBERS),
    _token(rb"/[A-Za-z]+", _WORDS),
    _token(rb"\d+ 0 R", (b"1 0 R", b"2 0 R", b"3 0 R", b"4 0 R", b"99 0 R")),
)
