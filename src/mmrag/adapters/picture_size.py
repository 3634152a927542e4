"""How a picture is brought to the size that an image model takes, as its folder says: ``preprocessor_config.json``, or
since transformers 5 a part of ``processor_config.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from mmrag.errors import ModelMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from mmrag.ports import Pixels


class _Sides(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    shortest_edge: int | None = None
    max_height: int | None = None
    height: int | None = None
    width: int | None = None


class _Preprocessor(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    size: _Sides | int
    crop_size: _Sides | int | None = None
    do_center_crop: bool = False
    resample: int = 3
    image_mean: tuple[float, float, float]
    image_std: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSize:
    """``side`` pixels square. A picture gets there by a ``way``: ``crop`` brings its shorter side to ``edge`` and cuts the
    middle out, ``fit`` brings the longer side to ``edge`` and fills up with black, ``press`` presses it into the square.
    ``resample`` is Pillow's number; ``mean`` and ``std`` are of values in [0, 1]."""

    side: int
    edge: int
    way: Literal["crop", "fit", "press"]
    resample: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def batch(self, images: Sequence[Pixels]) -> NDArray[np.uint8]:
        """RGB pictures of any size, to shape (pictures, side, side, 3)."""
        import numpy as np

        return np.stack([self._one(image) for image in images])

    def _one(self, pixels: Pixels) -> NDArray[np.uint8]:
        import numpy as np
        from PIL import Image

        picture = Image.fromarray(pixels)
        method = Image.Resampling(self.resample)
        if self.way == "press":
            return np.asarray(_shrunk(picture, self.side).resize((self.side, self.side), method), np.uint8)
        width, height = picture.size
        if self.way == "fit":
            scale = min(self.edge / width, self.edge / height)
            new = (max(1, int(width * scale)), max(1, int(height * scale)))
        elif width <= height:
            new = (self.edge, int(self.edge * height / width))
        else:
            new = (int(self.edge * width / height), self.edge)
        picture = _shrunk(picture, min(new)).resize(new, method)
        # Rounded as transformers does: down where something is cut off, up where something is added.
        left, top = (-((self.side - side + 1) // 2) if side < self.side else (side - self.side) // 2 for side in new)
        return np.asarray(picture.crop((left, top, left + self.side, top + self.side)), np.uint8)


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    """A large picture brought by a whole factor to at least four times the size: a tenth of the time."""
    factor = min(picture.size) // (4 * side)
    return picture.reduce(factor) if factor > 1 else picture


def read_picture_size(folder: Path) -> PictureSize:
    """Raises ``ModelMissingError`` when the folder does not say."""
    try:
        newer = folder / "processor_config.json"
        if newer.is_file():
            found = json.loads(newer.read_bytes())["image_processor"]
        else:
            found = json.loads((folder / "preprocessor_config.json").read_bytes())
        read = _Preprocessor.model_validate(found)
    except (OSError, ValueError, KeyError, ValidationError) as error:
        raise ModelMissingError(
            f"{folder} does not say how pictures are scaled: {' '.join(str(error).split())[:200]}"
        ) from error
    edge, side = _side(read.size), _side(read.size)
    way: Literal["crop", "fit", "press"] = "press"
    if read.do_center_crop and read.crop_size is not None:
        side = _side(read.crop_size)
        way = "fit" if isinstance(read.size, _Sides) and read.size.max_height else "crop"
    return PictureSize(side=side, edge=edge, way=way, resample=read.resample, mean=read.image_mean, std=read.image_std)


def _side(sides: _Sides | int) -> int:
    return sides if isinstance(sides, int) else sides.shortest_edge or sides.max_height or sides.height or sides.width or 224
