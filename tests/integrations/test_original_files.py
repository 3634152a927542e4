"""The files that were ingested, opened again by the part that the installation registers for it, as users have it."""

from __future__ import annotations

from pathlib import Path

from mmrag.api import open_session
from mmrag.settings import load_settings


async def test_tools_and_the_verifier_open_original_files(store: Path) -> None:
    """Without the entry point ``mmrag.originals`` pictures would come from the stored pages and nothing be read again."""
    async with open_session(settings=load_settings(store=store)) as session:
        tools = await session.tools()
        found = (await tools["search_text"].call({"query": "total", "limit": 1})).to_json()
        element = found["found"][0]["element"]  # type: ignore[call-overload, index]
        looked = (await tools["look_at"].call({"element": element})).to_json()
        again = (await tools["read_again"].call({"element": element, "way": "as printed"})).to_json()
        parts = await session._parts()
    assert looked["source"] == "original file"  # type: ignore[call-overload, index]
    assert again["source"] == "original file"  # type: ignore[call-overload, index]
    assert "".join(str(again["text"]).split())  # type: ignore[call-overload, index]
    assert parts.rereader is not None
