"""The Python session: questions go on while files come in, and what came in is seen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from test_examples import one_page_pdf

import mmrag


async def test_questions_go_on_while_files_come_in(tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "a.pdf").write_bytes(one_page_pdf(["ALPHA TRADING", "Invoice No: A-1001", "Total: 10.50"]))
    question = "What is the invoice number of the invoice from {} Trading?"
    async with mmrag.open(tmp_path / "store") as session:
        with pytest.raises(mmrag.EmptyStoreError):
            await session.ask("anything?")
        await session.ingest([scans])
        first = await session.ask(question.format("Alpha"))
        assert (first.answer, first.claims[0].citations[0].document) == ("A-1001", "a.pdf")
        (scans / "b.pdf").write_bytes(one_page_pdf(["BRAVO TRADING", "Invoice No: B-2002", "Total: 20.50"]))
        summary, *meanwhile = await asyncio.gather(
            session.ingest([scans]), *(session.ask(question.format("Alpha")) for _ in range(3))
        )
        assert [answer.answer for answer in meanwhile] == ["A-1001"] * 3
        assert {file.document: file.status for file in summary.documents} == {"a.pdf": "unchanged", "b.pdf": "ingested"}
        assert (await session.ask(question.format("Bravo"))).answer == "B-2002"
        assert {hit.document for hit in await session.search("invoice trading")} == {"a.pdf", "b.pdf"}
        assert [document.name for document in await session.documents()] == ["a.pdf", "b.pdf"]
        found = await (await session.tools())["list_documents"].call('{"name_contains": "b"}')
        assert "b.pdf" in str(found.to_json())


def test_one_question_from_code_that_is_not_async(tmp_path: Path) -> None:
    with pytest.raises(mmrag.EmptyStoreError, match="mmrag ingest"):
        mmrag.ask_sync("anything?", store=tmp_path / "nowhere")
