"""Models that see, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmrag.domain.pictures import Caption
from mmrag.testing.embedder import HashEmbedder

if TYPE_CHECKING:
    from mmrag.ports import Pixels, Vectors

_NAMES = {
    (True, False, False): "red",
    (False, True, False): "green",
    (False, False, True): "blue",
    (True, True, False): "yellow",
    (True, True, True): "white",
    (False, False, False): "black",
}


def colour_of(pixels: Pixels) -> str:
    """The name of a picture's mean colour; ``grey`` for what has none."""
    red, green, blue = pixels.reshape(-1, 3).mean(axis=0)
    level = (max(red, green, blue) + min(red, green, blue)) / 2
    if max(red, green, blue) - min(red, green, blue) < 40:
        return "white" if level > 160 else "black" if level < 90 else "grey"
    return _NAMES.get((bool(red > level), bool(green > level), bool(blue > level)), "grey")


class ColourEmbedder:
    """``ImageEmbedder`` whose pictures are their mean colour: near the texts that name it. ``seen`` counts pictures."""

    logit_scale = 100.0

    def __init__(self, identity: str = "colours", dimension: int = 64) -> None:
        self.identity = identity
        self.dimension = dimension
        self.seen = 0
        self._texts = HashEmbedder(dimension)

    async def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        self.seen += len(images)
        return await self._texts.embed([colour_of(image) for image in images])

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return await self._texts.embed(texts)


class ColourCaptioner:
    """``Captioner`` that names the mean colour. ``seen`` counts pictures; an ``error`` is raised in place of an answer."""

    def __init__(self, identity: str = "colour-captions", error: Exception | None = None) -> None:
        self.identity = identity
        self.error = error
        self.seen = 0

    async def caption(self, images: Sequence[Pixels], *, prefix: str | None = None) -> tuple[Caption, ...]:
        if self.error is not None:
            raise self.error
        self.seen += len(images)
        opening = prefix or "a picture that is"
        return tuple(Caption(short=f"{opening} {colour_of(i)}", keywords=(colour_of(i),), confidence=0.5) for i in images)
