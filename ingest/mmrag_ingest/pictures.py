"""How a page picture is kept: PNG where few colours make it small and exact, JPEG for the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_JPEG_QUALITY = 88


def encode(picture: NDArray[np.uint8]) -> bytes:
    """Encode an RGB picture of shape ``(h, w, 3)`` as PNG (pure black and white) or JPEG. Equal pictures, equal bytes."""
    import cv2

    grey = _grey(picture)
    if grey is not None and _is_bilevel(grey):
        done, data = cv2.imencode(".png", grey, [cv2.IMWRITE_PNG_COMPRESSION, 3, cv2.IMWRITE_PNG_BILEVEL, 1])
    else:
        image = grey if grey is not None else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError("the page picture cannot be encoded")
    return data.tobytes()


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The one channel of a picture without colours, else None. A sample of rows is looked at first."""
    if not _is_grey(picture[:: max(1, picture.shape[0] // 64)]):
        return None
    return np.ascontiguousarray(picture[:, :, 0]) if _is_grey(picture) else None


def _is_grey(picture: NDArray[np.uint8]) -> bool:
    return bool(np.array_equal(picture[:, :, 0], picture[:, :, 1]) and np.array_equal(picture[:, :, 1], picture[:, :, 2]))


def _is_bilevel(grey: NDArray[np.uint8]) -> bool:
    return not bool(np.any((grey != 0) & (grey != 255)))
