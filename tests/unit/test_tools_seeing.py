"""The tools that look: with and without an image model, and with and without the original files."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from agent_pages import reading
from agent_world import World
from PIL import Image

from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tools import Toolbox, ToolParts, build_tools
from mmrag.agent.tools.charts import ChartRead
from mmrag.agent.tools.pictures import Compared, Judgement
from mmrag.agent.tools.regions import Looked
from mmrag.agent.tools.rereading import ReadOnceMore
from mmrag.agent.tools.seeing import Classified, PicturesFound
from mmrag.domain.answers import Draft
from mmrag.domain.documents import Cell, Document, ElementKind, Word
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.pictures import Picture, picture_id
from mmrag.domain.plans import Reading
from mmrag.domain.rereading import RegionPicture, RegionReading, Reread, Way
from mmrag.errors import ModelMissingError, UsageError
from mmrag.ports import VectorRecord
from mmrag.testing import ColourEmbedder, MemoryBlobs, MemoryVectors

WHOLE = BBox(0.0, 0.0, 1.0, 1.0)


def png(colour: str, size: tuple[int, int] = (400, 600)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


@dataclass
class PlainOriginals:
    """Draws an even blue region and reads what it is told to."""

    says: str = "Total: 39.80"
    asked: list[tuple[str, int, BBox, tuple[Way, ...]]] = field(default_factory=list)

    async def draw(self, document: Document, page: int, box: BBox, *, longest: int, stored: bytes) -> RegionPicture:
        return (await self.read(document, page, box, ways=(), longest=longest, stored=stored)).picture

    async def read(
        self, document: Document, page: int, box: BBox, *, ways: Sequence[Way], longest: int, stored: bytes
    ) -> Reread:
        self.asked.append((document.name, page, box, tuple(ways)))
        words = tuple(
            Word(index=n, line=0, text=text, polygon=Polygon.from_bbox(box), confidence=0.9)
            for n, text in enumerate(self.says.split())
        )
        readings = (RegionReading(way=ways[0], words=words, sure=11),) if ways else ()
        return Reread(picture=RegionPicture(data=png("blue", (1500, 900)), width=1500, height=900), readings=readings)


def with_chart(page: Reading) -> Reading:
    box = BBox(0.1, 0.1, 0.2, 0.2)
    texts = [["", "2022", "2023"], ["North", "$1,200.50", "80"], ["South", "7%", ""]]
    cells = tuple(Cell(row=r, column=c, text=t, bbox=box) for r, row in enumerate(texts) for c, t in enumerate(row))
    first, *rest = page.page.elements
    chart = replace(first, kind=ElementKind.CHART, cells=cells)
    return replace(page, page=replace(page.page, elements=(chart, *rest)))


async def toolbox(*, model: bool = False, originals: PlainOriginals | None = None) -> Toolbox:
    """Three pages: a red and a green one, and one with a chart. With ``model`` their pictures are in an index."""
    blobs = MemoryBlobs()
    pages = [
        reading(["ALPHA TRADING", "Total: 39.80"], name="red.jpg"),
        reading(["ALPHA TRADING", "Total: 12.40"], name="green.jpg"),
        with_chart(reading(["Sales by region", "North and South"], name="chart.jpg", kind=ElementKind.TEXT)),
    ]
    colours = ["red", "green", "white"]
    pages = [replace(p, page=replace(p.page, image=await blobs.put(png(c)))) for p, c in zip(pages, colours, strict=True)]
    world = World(pages)
    world.drafts(lambda _plan, _readings: Draft(answer=None, spans=(), confidence=0.0, tier="none"))
    search = (await world.agent())._parts.search
    if model:
        search = replace(search, pictures=await pictures(pages, colours), image_embedder=ColourEmbedder())
        found = [Picture(id=_id(p), document_id=p.document.id, page=1, bbox=WHOLE) for p in pages]
        search = replace(search, catalog=_WithPictures(search.catalog, found))  # type: ignore[arg-type]
    return build_tools(ToolParts(search=search, blobs=blobs, reader=ReaderDrafter(None), originals=originals))


def _id(page: Reading) -> str:
    return picture_id(page.document.id, 1, WHOLE)


async def pictures(pages: Sequence[Reading], colours: Sequence[str]) -> MemoryVectors:
    vectors = MemoryVectors()
    rows = await ColourEmbedder().embed_texts(colours)
    records = [
        VectorRecord(element_id=_id(p), document_id=p.document.id, page=1, kind="page", vector=[float(x) for x in row])
        for p, row in zip(pages, rows, strict=True)
    ]
    await vectors.upsert(records)
    return vectors


class _WithPictures:
    """A catalog that knows pictures as well."""

    def __init__(self, inner: object, found: Sequence[Picture]) -> None:
        self._inner = inner
        self._found = {picture.id: picture for picture in found}

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def pictures(self, ids: Sequence[str]) -> tuple[Picture, ...]:
        return tuple(self._found[i] for i in ids if i in self._found)


async def test_a_region_comes_from_the_original_file_where_there_is_one() -> None:
    originals = PlainOriginals()
    where = {"document": "red.jpg", "bbox": [0.1, 0.1, 0.5, 0.5]}
    looked = await (await toolbox(originals=originals))["look_at"].call(where)
    stored = await (await toolbox())["look_at"].call(where)
    assert isinstance(looked, Looked)
    assert isinstance(stored, Looked)
    assert (looked.source, looked.pictures[0].width) == ("original file", 1500)
    assert originals.asked[0][2].contains(0.1, 0.1)
    assert stored.source.startswith("from the stored picture")


async def test_reading_again_gives_the_old_and_the_new_reading_with_ids_to_cite() -> None:
    originals = PlainOriginals(says="Total: 38.80")
    tools = await toolbox(originals=originals)
    element = (await tools["open_page"].call({"document": "red.jpg"})).element_ids[1]
    again = await tools["read_again"].call({"element": element})
    assert isinstance(again, ReadOnceMore)
    assert (again.before, again.best.text, again.changed) == ("Total: 39.80", "Total: 38.80", True)
    assert element in again.element_ids
    assert originals.asked[0][3] == (Way.AS_PRINTED, Way.SHADOWS_REMOVED, Way.CONTRAST)
    await tools["read_again"].call({"element": element, "way": "turned left"})
    assert originals.asked[1][3] == (Way.TURNED_LEFT,)


async def test_without_the_files_nothing_is_read_again() -> None:
    with pytest.raises(UsageError, match="mmrag doctor"):
        await (await toolbox())["read_again"].call({"document": "red.jpg"})


async def test_a_chart_is_read_as_points_with_categories_series_and_numbers() -> None:
    chart = await (await toolbox())["read_chart"].call({"document": "chart.jpg"})
    assert isinstance(chart, ChartRead)
    assert chart.categories == ("North", "South")
    assert [(p.category, p.series, p.value) for p in chart.points] == [
        ("North", "2022", "1200.50"), ("North", "2023", "80"), ("South", "2022", "7"),
    ]  # fmt: skip
    assert not chart.pictures


@pytest.mark.parametrize(("document", "word"), [("red.jpg", "0 charts"), (None, "give the id")])
async def test_what_is_no_chart_is_said(document: str | None, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        await (await toolbox())["read_chart"].call({} if document is None else {"document": document})


async def test_without_an_image_model_words_find_the_pictures_of_the_pages_they_are_about() -> None:
    found = await (await toolbox())["search_images"].call({"query": "sales by region"})
    assert isinstance(found, PicturesFound)
    assert (found.by, [p.document for p in found.places]) == ("words on the page", ["chart.jpg"])
    with pytest.raises(ModelMissingError):
        await (await toolbox())["search_images"].call({"like": {"document": "red.jpg"}})


async def test_with_an_image_model_pictures_are_found_by_words_and_by_their_look() -> None:
    tools = await toolbox(model=True)
    by_words = await tools["search_images"].call({"query": "green", "limit": 1, "pictures": True})
    by_place = await tools["search_images"].call({"like": {"document": "red.jpg"}, "limit": 1})
    own = base64.b64encode(png("green")).decode()
    by_picture = await tools["search_images"].call({"picture": own, "limit": 1})
    only = await tools["search_images"].call({"query": "green", "document": "red.jpg", "limit": 5})
    told = [[p.document for p in found.places] for found in (by_words, by_place, by_picture, only)]  # type: ignore[attr-defined]
    assert told == [["green.jpg"], ["red.jpg"], ["green.jpg"], ["red.jpg"]]
    assert len(by_words.pictures) == 1
    with pytest.raises(UsageError, match="cannot be read"):
        await tools["search_images"].call({"picture": base64.b64encode(b"no picture").decode()})


async def test_a_region_is_sorted_by_ones_own_labels() -> None:
    sorted_ = await (await toolbox(model=True))["classify_image"].call(
        {"document": "red.jpg", "bbox": [0.2, 0.2, 0.6, 0.6], "labels": ["red", "blue", "green"]}
    )
    assert isinstance(sorted_, Classified)
    assert sorted_.guesses[0].label == "red"
    with pytest.raises(ModelMissingError):
        await (await toolbox())["classify_image"].call({"document": "red.jpg"})


async def test_comparing_tells_what_is_alike_what_differs_and_how_sure_it_is() -> None:
    tools = await toolbox()
    red, green = {"document": "red.jpg"}, {"document": "green.jpg"}
    compared = await tools["compare_images"].call({"first": red, "second": green})
    same = await tools["compare_images"].call({"first": red, "second": red})
    assert isinstance(compared, Compared)
    assert isinstance(same, Compared)
    assert any("39.80" in line for line in compared.differences)
    assert any("trading" in line for line in compared.similarities)
    assert compared.judgement is not Judgement.SAME
    assert (same.judgement, same.confidence, same.differences) == (Judgement.SAME, 1.0, ())
    assert 0.5 <= compared.confidence <= 1.0
    assert json.dumps(compared.to_json())
