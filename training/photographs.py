"""Gather photographs for the drawing: `python -m training.photographs --packages FOLDER --out FOLDER`.

FOLDER of `--packages` holds the unpacked Debian packages of `PACKAGES` (`apt-get download NAME`, `dpkg-deb -x FILE FOLDER`).
What comes out is `whole/`, photographs, and `cut/`, things on a transparent ground, both small: set MMRAG_TRAINING_PHOTOS to
it. The pictures are under free licences (public domain, CC0, CC BY, CC BY-SA, GPL: each package's copyright file); none is
part of this repository.
"""

import argparse
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, UnidentifiedImageError

PACKAGES = (
    "gcompris-qt-data",
    "tuxpaint-stamps-default",
    "mate-backgrounds",
    "lomiri-wallpapers-16.04",
    "lomiri-wallpapers-20.04",
    "ukui-wallpapers",
)
_WHOLE, _CUT = 400, 260
_BEGINNING = re.compile(rb"RIFF....WEBP|\xff\xd8\xff[\xe0\xe1\xdb]", re.DOTALL)
_NO_PHOTOGRAPHS = ("abstract", "desktop", "solar", "/symbols/", "cartoon", "naturalforces", "babyshapes")


def _inside(path: Path) -> Iterator[bytes]:
    """The WebP and JPEG pictures in a resource file of Qt, which keeps them as they were."""
    data = path.read_bytes()
    for match in _BEGINNING.finditer(data):
        start = match.start()
        if data[start : start + 4] == b"RIFF":
            yield data[start : start + 8 + int.from_bytes(data[start + 4 : start + 8], "little")]
        else:
            yield data[start : start + 2_000_000]


def _pictures(folder: Path) -> Iterator[Image.Image]:
    """Every picture below the folder that may be a photograph, in a fixed order."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".rcc", ".jpg", ".png")):
        if any(part in path.as_posix() for part in _NO_PHOTOGRAPHS):
            continue
        for data in _inside(path) if path.suffix == ".rcc" else (path.read_bytes(),):
            try:
                image = Image.open(io.BytesIO(data))
                image.load()
            except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
                continue
            yield image


def gather(packages: Path, out: Path) -> tuple[int, int]:
    """Write the small pictures; how many photographs, and how many cut out."""
    (out / "whole").mkdir(parents=True, exist_ok=True)
    (out / "cut").mkdir(exist_ok=True)
    seen: set[str] = set()
    whole = cut = 0
    for image in _pictures(packages):
        clear = image.mode in ("RGBA", "LA", "P") and any(image.convert("RGBA").getchannel("A").histogram()[:200])
        small = image.convert("RGBA" if clear else "RGB")
        box = small.getchannel("A").getbbox() if clear else None
        if box is not None:
            small = small.crop(box)
        if min(small.size) < (60 if clear else 120):
            continue
        small.thumbnail((_CUT, _CUT) if clear else (_WHOLE, _WHOLE))
        mark = hashlib.sha256(small.tobytes()).hexdigest()[:16]
        if mark in seen:
            continue
        seen.add(mark)
        if clear:
            cut += 1
            small.save(out / "cut" / f"{mark}.png")
        else:
            whole += 1
            small.save(out / "whole" / f"{mark}.jpg", quality=88)
    return whole, cut


def main() -> None:
    """Read the options and gather."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    whole, cut = gather(options.packages, options.out)
    print(f"{whole} photographs and {cut} things cut out of their ground, in {options.out}")


if __name__ == "__main__":
    main()
