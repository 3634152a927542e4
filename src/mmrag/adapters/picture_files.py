"""Picture files that a person names on the command line or from Python."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag.errors import UsageError

if TYPE_CHECKING:
    from mmrag.ports import Pixels


def decode_picture(data: bytes) -> Pixels:
    """A page picture of the store. Blocks."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    with Image.open(BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB"), np.uint8)


def read_picture(path: Path, *, max_pixels: int) -> Pixels:
    """The first picture of the file, turned as its EXIF data say. Blocks.

    Raises ``UsageError`` when it is no picture, is larger than ``max_pixels``, or cannot be read.
    """
    import numpy as np
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is looked at here, before decoding
            with Image.open(path) as opened:
                if opened.width * opened.height > max_pixels:
                    raise UsageError(f"{path} has {opened.width} x {opened.height} pixels, which is too large.")
                return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"), np.uint8)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UsageError(f"{path} cannot be read as a picture ({' '.join(str(error).split())[:120]}).") from error
