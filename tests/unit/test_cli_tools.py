"""``mmrag tools`` and ``mmrag tool``: every tool from the command line, its arguments read by their types."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cli_support import fill, out_json

from mmrag.agent.tools import build_tools
from mmrag.cli.main import run
from mmrag.cli.tool import read_arguments
from mmrag.cli.tools import described
from mmrag.errors import UsageError


def test_every_tool_is_listed_and_its_arguments_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "--json"]) == 0
    told = out_json(capsys)["tools"]
    assert isinstance(told, list)
    assert {tool["name"] for tool in told} == set(build_tools(None))  # type: ignore[arg-type]
    assert run(["tools", "read_table"]) == 0
    assert "Which table of the page" in capsys.readouterr().out
    for args in (["tools", "nonsense"], ["tool", "nonsense"]):
        assert run(args) == 2
        assert "There is no tool 'nonsense': there are search_text" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("open_page", ["document=2024.pdf", "page=2", "picture=true"], {"document": "2024.pdf", "page": 2, "picture": True}),
        ("open_page", ["document=2024"], {"document": "2024"}),
        ("look_at", ["document=a=b.jpg", "bbox=[0, 0, 1, 0.5]"], {"document": "a=b.jpg", "bbox": [0, 0, 1, 0.5]}),
        ("read_again", ["element=el-1", "way=as printed"], {"element": "el-1", "way": "as printed"}),
        ("compare_images", ['first={"document": "a"}'], {"first": {"document": "a"}}),
        ("calculate", ["expression=1 + 1"], {"expression": "1 + 1"}),
        ("calculate", ['{"expression": "1 + 1"}'], {"expression": "1 + 1"}),
        ("list_documents", [], {}),
    ],
)
def test_arguments_are_read_by_what_the_tool_takes(name: str, given: list[str], read: dict[str, object]) -> None:
    assert read_arguments(described()[name], given) == read


@pytest.mark.parametrize("given", [["document"], ["document=a", "page=two"], ["{no json}"], ['{"a": 1', "b=2"]])
def test_arguments_that_are_none_are_told_in_one_line(given: list[str]) -> None:
    with pytest.raises(UsageError):
        read_arguments(described()["open_page"], given)


def test_a_tool_gives_what_agents_get(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    monkeypatch.chdir(tmp_path)
    asyncio.run(fill(store, ["receipts/r-1.jpg", "receipts/r-2.jpg"]))
    assert run(["tool", "calculate", "expression=1.10+2.20", "--store", str(store), "--json"]) == 0
    assert out_json(capsys) == {
        "tool": "calculate",
        "result": {"expression": "1.10+2.20", "value": "3.30"},
        "elements": [],
        "pictures": [],
    }
    assert run(["tool", "list_documents", "limit=1", "--store", str(store)]) == 0
    assert len(json.loads(capsys.readouterr().out)["documents"]) == 1
    assert run(["tool", "open_page", "document=nowhere.pdf", "--store", str(store)]) == 2
    assert "There is no document 'nowhere.pdf'" in capsys.readouterr().err
    assert run(["tool", "open_page", "paeg=1", "--store", str(store)]) == 2
    place = ["document=r-1.jpg", "picture=true", "--save-pictures", str(tmp_path / "seen"), "--json", "--store", str(store)]
    assert run(["tool", "open_page", *place]) == 0
    shown = out_json(capsys)
    assert isinstance(shown["elements"], list)
    assert len(shown["elements"]) == 1
    (picture,) = (tmp_path / "seen").iterdir()
    assert shown["pictures"] == [str(picture)]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_without_a_store_a_tool_says_how_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["tool", "list_documents"]) == 2
    assert "mmrag ingest" in capsys.readouterr().err
