"""The agent's tools: typed arguments, bounded results, element ids for whatever may be cited."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from agent_pages import reading
from agent_world import World
from PIL import Image

from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tools import Toolbox, ToolParts, as_text, build_tools
from mmrag.agent.tools.base import MOST_CHARACTERS
from mmrag.agent.tools.calculating import value_of
from mmrag.agent.tools.fields import Extracted, known_schemas
from mmrag.agent.tools.pictures import Compared, Looked
from mmrag.agent.tools.searching import Counted
from mmrag.domain.answers import Draft
from mmrag.domain.documents import Cell, ElementKind
from mmrag.domain.geometry import BBox
from mmrag.domain.plans import Reading
from mmrag.errors import UsageError
from mmrag.testing import MemoryBlobs

RECEIPT = ["ALPHA TRADING SDN BHD", "Date: 03/05/2018", "Total: 39.80"]


def picture() -> bytes:
    page = Image.new("RGB", (400, 600), "white")
    page.paste("black", (0, 0, 200, 300))
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


def with_table(page: Reading) -> Reading:
    first = page.page.elements[0]
    box = BBox(0.1, 0.1, 0.2, 0.2)
    cells = tuple(Cell(row=r, column=c, text=f"{r}/{c}", bbox=box, is_header=r == 0) for r in range(2) for c in range(3))
    table = replace(first, kind=ElementKind.TABLE, cells=cells)
    return replace(page, page=replace(page.page, elements=(table, *page.page.elements[1:])))


@pytest.fixture
async def tools() -> Toolbox:
    blobs = MemoryBlobs()
    digest = await blobs.put(picture())
    pages = [
        reading(RECEIPT, name="receipts/a.jpg"),
        reading(["BETA CAFE", "Total: 12.40"], name="receipts/b.jpg"),
        with_table(reading(["Item Price", "Tea 2.00"], name="menus/b.jpg")),
    ]
    pages = [replace(p, page=replace(p.page, image=digest)) for p in pages]
    world = World(pages)
    world.drafts(lambda _plan, _readings: Draft(answer=None, spans=(), confidence=0.0, tier="none"))
    search = (await world.agent())._parts.search
    return build_tools(ToolParts(search=search, blobs=blobs, reader=ReaderDrafter(None)))


async def called(tools: Toolbox, tool: str, **arguments: object) -> object:
    return await tools[tool].call(json.dumps(arguments))


async def test_every_tool_has_a_schema_that_a_model_can_be_given(tools: Toolbox) -> None:
    assert set(tools) == {
        "search_text", "list_documents", "open_page", "read_table", "count_matches", "extract_fields", "calculate",
        "look_at", "compare_images", "search_images", "classify_image", "read_chart", "read_again",
    }  # fmt: skip
    for tool in tools.values():
        schema = json.loads(tool.spec.parameters)
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        assert tool.description


@pytest.mark.parametrize(
    ("tool", "arguments", "word"),
    [
        ("search_text", {"query": ""}, "query"),
        ("search_text", {"query": "total", "limit": 1000}, "limit"),
        ("search_text", {"query": "total", "path": "/etc/passwd"}, "path"),
        ("open_page", {"document": "nowhere.pdf"}, "no document"),
        ("open_page", {"document": "receipts/a.jpg", "page": 9}, "no page 9"),
        ("open_page", {"document": "b.jpg"}, "whole path"),
        ("read_table", {"element": "el-made-up"}, "no element"),
        ("read_table", {"document": "receipts/a.jpg"}, "no table"),
        ("extract_fields", {"document": "receipts/a.jpg"}, "one of them"),
        ("extract_fields", {"document": "receipts/a.jpg", "schema_name": "passport"}, "no schema"),
        ("look_at", {"document": "receipts/a.jpg", "bbox": [0.5, 0.5, 0.4, 0.6]}, "x0 < x1"),
        ("look_at", {}, "element"),
    ],
)
async def test_wrong_arguments_are_refused_in_one_line(
    tools: Toolbox, tool: str, arguments: dict[str, object], word: str
) -> None:
    with pytest.raises(UsageError, match=word) as caught:
        await tools[tool].call(json.dumps(arguments))
    assert "\n" not in str(caught.value)


async def test_search_gives_elements_of_the_document_asked_for(tools: Toolbox) -> None:
    found = await tools["search_text"].call('{"query": "total", "document": "receipts/b.jpg"}')
    assert found.element_ids
    assert {place["document"] for place in json.loads(as_text(found))["found"]} == {"receipts/b.jpg"}


async def test_listing_counts_what_it_does_not_list(tools: Toolbox) -> None:
    listed = json.loads(as_text(await tools["list_documents"].call('{"name_contains": "receipts", "limit": 1}')))
    assert (listed["total"], len(listed["documents"])) == (2, 1)


async def test_counting_counts_elements_and_documents(tools: Toolbox) -> None:
    counted = await called(tools, "count_matches", words="TOTAL")
    assert isinstance(counted, Counted)
    assert (counted.elements, len(counted.documents)) == (2, 2)


async def test_an_opened_page_shows_its_elements_and_its_picture(tools: Toolbox) -> None:
    page = await tools["open_page"].call('{"document": "receipts/a.jpg", "picture": true}')
    assert [e["text"] for e in json.loads(as_text(page))["elements"]] == RECEIPT
    assert [(p.width, p.height) for p in page.pictures] == [(400, 600)]


async def test_a_table_is_read_cell_by_cell(tools: Toolbox) -> None:
    table = json.loads(as_text(await tools["read_table"].call('{"document": "menus/b.jpg"}')))
    assert (table["rows"], table["columns"]) == (2, 3)
    assert table["cells"][0][:4] == [0, 0, "0/0", "header"]


async def test_fields_come_typed_with_boxes(tools: Toolbox) -> None:
    extracted = await called(tools, "extract_fields", document="a.jpg", schema_name="receipt")
    assert isinstance(extracted, Extracted)
    found = {field.name: field for field in extracted.fields}
    assert (found["total"].text, found["total"].normal) == ("39.80", "39.80")
    assert found["date"].normal == "2018-05-03"
    box = found["total"].bbox
    assert box is not None
    assert box.y0 > 0.1
    assert found["tax"].text is None
    assert found["tax"].bbox is None


async def test_a_schema_of_ones_own(tools: Toolbox) -> None:
    fields = [{"name": "grand_total", "type": "amount", "ask": "total amount"}]
    extracted = await called(tools, "extract_fields", document="receipts/b.jpg", fields=fields)
    assert isinstance(extracted, Extracted)
    assert [field.text for field in extracted.fields] == ["12.40"]


def test_the_known_schemas_load() -> None:
    assert {"receipt", "invoice"} <= set(known_schemas())


async def test_a_region_is_cut_out_and_enlarged(tools: Toolbox) -> None:
    looked = await called(tools, "look_at", document="receipts/a.jpg", bbox=[0.0, 0.0, 0.5, 0.25])
    assert isinstance(looked, Looked)
    with Image.open(io.BytesIO(looked.pictures[0].data)) as cut:
        assert cut.width > 200
        assert cut.convert("L").getpixel((5, 5)) == 0
    assert "Total:" in looked.text


async def test_two_regions_are_two_pictures_with_a_likeness(tools: Toolbox) -> None:
    black = {"document": "receipts/a.jpg", "bbox": [0.1, 0.1, 0.4, 0.4]}
    edge = {"document": "receipts/a.jpg", "bbox": [0.2, 0.2, 0.8, 0.8]}
    same = await called(tools, "compare_images", first=edge, second=edge)
    other = await called(tools, "compare_images", first=black, second=edge)
    assert isinstance(same, Compared)
    assert isinstance(other, Compared)
    assert len(same.pictures) == 2
    assert same.likeness == pytest.approx(1.0)
    assert other.likeness < 0.5


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.1 + 0.2", "0.3"),
        ("(39.80 + 12.40) * 2", "104.40"),
        ("sum(1, 2, 3.50)", "6.50"),
        ("round(mean(1, 2, 2), 2)", "1.67"),
        ("max(3, 7) - -1", "8"),
        ("12345678901234567890.01 + 0", "12345678901234567890.01"),
    ],
)
def test_arithmetic_is_exact(expression: str, value: str) -> None:
    assert value_of(expression) == Decimal(value)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')", "(1).__class__", "open('x')", "'a' * 3", "[1, 2]", "1 if 2 else 3", "x", "1/0",
        "9**9**9", "1 +", "True", "lambda: 1", "1e999", "f'{1}'",
    ],
)  # fmt: skip
def test_nothing_but_arithmetic_is_worked_out(expression: str) -> None:
    with pytest.raises(UsageError):
        value_of(expression)


async def test_a_long_result_is_cut_and_says_so(tools: Toolbox) -> None:
    class Long:
        element_ids = ()
        shows = ()
        pictures = ()

        def to_json(self) -> str:
            return "x" * (2 * MOST_CHARACTERS)

    text = as_text(Long())
    assert len(text) < MOST_CHARACTERS + 100
    assert "cut" in text
