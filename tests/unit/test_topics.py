"""What pages show that asks for care, by an image model that never learned it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from agent_pages import reading

from mmrag.domain.documents import Page
from mmrag.errors import StoreDamagedError
from mmrag.retrieval.kinds import templates
from mmrag.retrieval.topics import PageTopics
from mmrag.testing import MemoryBlobs

if TYPE_CHECKING:
    from mmrag.ports import Pixels


class Sees:
    """``ImageEmbedder`` for which a picture shows the phrase that its first pixel counts to."""

    identity = "sees"
    logit_scale = 50.0

    def __init__(self, phrases: list[str]) -> None:
        self._phrases = phrases
        self.looked = 0

    @property
    def dimension(self) -> int:
        return len(self._phrases)

    async def embed_images(self, images: list[Pixels]) -> np.ndarray:
        self.looked += len(images)
        return np.eye(self.dimension, dtype=np.float32)[[int(image[0, 0, 0]) for image in images]]

    async def embed_texts(self, texts: list[str]) -> np.ndarray:
        rows = [next((n for n, p in enumerate(self._phrases) if p in text), 0) for text in texts]
        return np.eye(self.dimension, dtype=np.float32)[rows]


PHRASES = ["a receipt", "a passport", "an x-ray", "the face of a man"]


async def page_showing(blobs: MemoryBlobs, number: int) -> Page:
    return replace(reading(["some words"]).page, image=await blobs.put(bytes([number])))


def decode(data: bytes) -> Pixels:
    return np.full((4, 4, 3), data[0], dtype=np.uint8)


async def test_each_page_is_looked_at_once_and_its_topics_named() -> None:
    blobs = MemoryBlobs()
    embedder = Sees(PHRASES)
    topics = PageTopics(embedder, blobs, decode)  # type: ignore[arg-type]
    pages = [await page_showing(blobs, n) for n in range(4)]
    found = await topics.shown_on(pages)
    assert [sorted(f or "") for f in found] == [[], ["identity"], ["medical"], ["people"]]
    assert await topics.shown_on(pages) == found
    assert embedder.looked == 4


async def test_what_a_page_without_a_picture_shows_cannot_be_told_and_a_lost_one_is_an_error() -> None:
    topics = PageTopics(Sees(PHRASES), MemoryBlobs(), decode)  # type: ignore[arg-type]
    plain = replace(reading(["some words"]).page, image=None)
    assert await topics.shown_on([plain]) == (None,)
    with pytest.raises(StoreDamagedError):
        await topics.shown_on([replace(plain, image="0" * 64)])


def test_the_sentences_are_those_of_page_kinds() -> None:
    assert any("{}" in template for template in templates())
