"""Free fonts that come in packages of the dev group; none is committed."""

from __future__ import annotations

from enum import Enum
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont


class Face(Enum):
    """Package and file. Licences: Caladea Apache-2.0, Source Sans Pro and Shadows Into Light OFL-1.1, DejaVu Vera."""

    SERIF = ("font_caladea", "files/Caladea-Regular.ttf")
    SERIF_BOLD = ("font_caladea", "files/Caladea-Bold.ttf")
    SERIF_ITALIC = ("font_caladea", "files/Caladea-Italic.ttf")
    SANS = ("font_source_sans_pro", "files/SourceSansPro-Regular.ttf")
    SANS_BOLD = ("font_source_sans_pro", "files/SourceSansPro-Bold.ttf")
    SANS_LIGHT = ("font_source_sans_pro", "files/SourceSansPro-Light.ttf")
    MONO = ("matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono.ttf")
    MONO_BOLD = ("matplotlib", "mpl-data/fonts/ttf/DejaVuSansMono-Bold.ttf")
    HAND = ("handwriting_generator", "fonts/ShadowsIntoLight.ttf")

    @property
    def path(self) -> Path:
        package, file = self.value
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(f"The font package {package} is missing: run make setup.")
        return Path(spec.submodule_search_locations[0]) / file


@cache
def load(face: Face, pixels: int) -> ImageFont.FreeTypeFont:
    # The basic layout engine: the other one depends on a system library that may or may not be there.
    return ImageFont.truetype(str(face.path), pixels, layout_engine=ImageFont.Layout.BASIC)
