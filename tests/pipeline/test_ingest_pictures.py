"""Looking at pages while ingesting: captions, image vectors and page kinds, with models that only know colours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from ingest_support import LetterEmbedder, ScriptReaders, dump, settings_for, write_file
from mmrag_ingest.pipeline import ingest
from mmrag_ingest.records import PageRead, PageTask
from mmrag_ingest.report import IngestReport

from mmrag.adapters.sight import Sight
from mmrag.app import App, open_app
from mmrag.domain.documents import Element, ElementKind, Page, element_id
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import sha256_hex
from mmrag.domain.pictures import PageKind
from mmrag.errors import ModelError
from mmrag.ports import PageRef
from mmrag.settings import Settings
from mmrag.testing import ColourCaptioner, ColourEmbedder, inconsistencies

if TYPE_CHECKING:
    from mmrag.ports import Pixels, Vectors

COLOURS = {"red": (220, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 220)}


@dataclass(slots=True)
class ColourReaders(ScriptReaders):
    """Pages that are grey, with a figure of the colour that their text names."""

    async def read(self, task: PageTask, *, timeout_s: float) -> PageRead:
        read = await ScriptReaders.read(self, task, timeout_s=timeout_s)
        colour = read.page.words[0].text
        pixels = np.full((140, 100, 3), 128, np.uint8)
        pixels[90:130, 60:90] = COLOURS[colour]
        done, data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        assert done
        figure = Element(
            id=element_id(task.document_id, task.number, 1, ElementKind.FIGURE, ""),
            document_id=task.document_id,
            page=task.number,
            ordinal=1,
            kind=ElementKind.FIGURE,
            bbox=BBox(0.6, 0.65, 0.9, 0.92),
            text="",
        )
        page = replace(read.page, elements=(*read.page.elements, figure), image=sha256_hex(data.tobytes()))
        return replace(read, page=page, picture=data.tobytes())


@asynccontextmanager
async def opened(settings: Settings, sight: Sight) -> AsyncIterator[App]:
    async with open_app(settings, write=True, sight=sight) as app:
        yield replace(app, embedder=LetterEmbedder(app.embedder.identity))


async def run(settings: Settings, folder: Path, sight: Sight) -> tuple[IngestReport, ScriptReaders]:
    readers = ColourReaders()
    async with opened(settings, sight) as app:
        return await ingest(app, [folder], open_readers=readers), readers


def sight_of(embedder: ColourEmbedder | None = None, captioner: ColourCaptioner | None = None) -> Sight:
    return Sight(embedder=embedder or ColourEmbedder(), captioner=captioner or ColourCaptioner())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_file(tmp_path / "in" / "a.pdf", "red one", "green two")
    write_file(tmp_path / "in" / "b.pdf", "blue three")
    return tmp_path / "in"


async def test_pages_and_figures_are_captioned_and_have_image_vectors(tmp_path: Path, folder: Path) -> None:
    settings, sight = settings_for(tmp_path / "store", images=True), sight_of()
    report, _ = await run(settings, folder, sight)
    assert [row.report.captions for row in report.documents] == [4, 2]
    async with open_app(settings, sight=sight) as app:
        assert sum(row.report.elements for row in report.documents) == (await app.catalog.counts()).elements == 6
        document = (await app.catalog.documents())[0]
        page = await app.catalog.page(PageRef(document_id=document.id, page=1))
        assert page is not None
        whole, figure = (e for e in page.elements if e.kind is ElementKind.CAPTION)
        assert (whole.bbox, figure.bbox) == (BBox(0.0, 0.0, 1.0, 1.0), BBox(0.6, 0.65, 0.9, 0.92))
        assert figure.text == "a picture that is red\nred"
        assert figure.caption is not None
        assert (figure.caption.short, figure.author, figure.words) == ("a picture that is red", "colour-captions", ())
        assert (await app.lexical.search_elements("green", 5))[0].id != figure.id
        assert app.pictures is not None
        assert app.sight.embedder is not None
        counts = await app.catalog.counts()
        assert counts.pictures == await app.pictures.count() == 6
        assert not await app.keeper.verify()
        (asked,) = await app.sight.embedder.embed_texts(["blue"])
        nearest = await app.pictures.query([float(x) for x in asked], 1)
        (picture,) = await app.catalog.pictures([nearest[0].id])
        assert (await app.catalog.documents())[1].id == picture.document_id
        assert picture.element_id is not None
    assert inconsistencies(tmp_path / "store") == ()


class ChartEmbedder(ColourEmbedder):
    """Takes every picture for the word "chart", or for a bit of everything."""

    def __init__(self, text: str) -> None:
        super().__init__(f"chart of {text}")
        self.text = text

    async def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        return np.repeat(await self.embed_texts([self.text]), len(images), axis=0)


@pytest.mark.parametrize(("text", "sure"), [("a bar chart", True), ("nothing that is a kind of page", False)])
async def test_a_page_has_a_kind_where_the_model_is_sure(tmp_path: Path, folder: Path, text: str, sure: bool) -> None:
    settings, sight = settings_for(tmp_path / "store", images=True), sight_of(ChartEmbedder(text))
    await run(settings, folder, sight)
    async with open_app(settings, sight=sight) as app:
        document = (await app.catalog.documents())[0]
        page = await app.catalog.page(PageRef(document_id=document.id, page=1))
        assert page is not None
        assert page.kind is (PageKind.CHART if sure else None)
        assert (0.6 <= (page.kind_probability or 0) <= 1) == sure
        assert bool(await app.catalog.pages_of_kind([PageKind.CHART])) == sure


def printed(page: Page) -> list[Element]:
    return [e for e in page.elements if not e.kind.is_generated]


async def test_another_captioner_looks_again_without_reading_again(tmp_path: Path, folder: Path) -> None:
    settings = settings_for(tmp_path / "store", images=True)
    first, readers = await run(settings, folder, Sight())
    assert (first.documents[0].report.captions, len(readers.log)) == (0, 3)
    before = await dump(settings)

    report, readers = await run(settings, folder, sight_of())
    assert [row.status.value for row in report.documents] == ["replaced", "replaced"]
    assert (readers.log, readers.probed) == ([], [])
    after = await dump(settings)
    assert [page.words for page in after.pages] == [page.words for page in before.pages]
    assert [printed(page) for page in after.pages] == [printed(page) for page in before.pages]

    again, readers = await run(settings, folder, sight_of())
    assert {row.status.value for row in again.documents} == {"unchanged"}
    newer, readers = await run(settings, folder, sight_of(captioner=ColourCaptioner("colours-2")))
    assert (newer.documents[0].report.captions, readers.log) == (4, [])
    authors = {e.author for page in (await dump(settings)).pages for e in page.elements if e.kind is ElementKind.CAPTION}
    assert authors == {"colours-2"}


async def test_where_nothing_can_look_what_was_seen_stands(tmp_path: Path, folder: Path) -> None:
    settings = settings_for(tmp_path / "store", images=True)
    await run(settings, folder, sight_of())
    report, readers = await run(settings, folder, Sight(missing=("There is no image model.",)))
    assert {row.status.value for row in report.documents} == {"unchanged"}
    assert report.notes == ("There is no image model.",)
    assert readers.log == []
    async with open_app(settings, sight=Sight()) as app:
        assert app.pictures is None
        assert (await app.catalog.counts()).pictures == 6
        assert not await app.keeper.verify()


async def test_a_model_that_fails_costs_a_warning_and_no_page(tmp_path: Path, folder: Path) -> None:
    settings = settings_for(tmp_path / "store", images=True)
    broken = ColourCaptioner(error=ModelError("it ran out of memory"))
    report, _ = await run(settings, folder, sight_of(captioner=broken))
    assert [row.status.value for row in report.documents] == ["ingested", "ingested"]
    assert report.documents[1].report.warnings == ("page 1: its pictures were not all looked at: it ran out of memory",)
    async with open_app(settings, sight=sight_of()) as app:
        assert (await app.catalog.counts()).pictures == 6


async def test_pictures_can_be_left_alone(tmp_path: Path, folder: Path) -> None:
    embedder = ColourEmbedder()
    report, _ = await run(settings_for(tmp_path / "store"), folder, sight_of(embedder))
    assert (report.documents[0].report.captions, embedder.seen) == (0, 0)


async def test_the_index_of_pictures_is_made_again_from_the_catalog(tmp_path: Path, folder: Path) -> None:
    settings, sight = settings_for(tmp_path / "store", images=True), sight_of()
    await run(settings, folder, sight)
    async with opened(settings, sight) as app:
        assert app.pictures is not None
        wanted = await app.pictures.ids()
        await app.pictures.delete(sorted(wanted)[:2])
        drift = await app.keeper.verify()
        assert (len(drift.missing), len(drift.surplus)) == (2, 0)
        await app.keeper.rebuild()
        assert not await app.keeper.verify()
        assert await app.pictures.ids() == wanted
        (folder / "b.pdf").unlink()
        await ingest(app, [folder], prune=True, open_readers=ColourReaders())
        assert len(await app.pictures.ids()) == 4
