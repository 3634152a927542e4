"""``ingest.summaries = "local"`` from end to end: a compatible server at loopback writes them once everything is read."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ingest_support import ScriptReaders, dump, settings_for, write_file, writing
from kill_support import MMRAG, text_pdf
from mmrag_ingest.pipeline import ingest
from mmrag_ingest.report import IngestReport
from mmrag_ingest.summaries import AUTHOR

from mmrag.domain.documents import Element, ElementKind
from mmrag.errors import SettingsError
from mmrag.settings import CascadeSettings, LocalSettings, Settings
from mmrag.testing import inconsistencies

PAGES = (
    "The first page of the report is about harbours and the ships that were repaired there by the yard.",
    "The second page of the report is about railways and the bridges that were built by the railway company.",
)


@dataclass
class Llm:
    """A server with the OpenAI wire format that says of each text its first words. ``hold`` keeps replies back from the
    second on; ``status`` is what it answers with."""

    status: int = 200
    reply: str | None = None
    asked: list[str] = field(default_factory=list)
    hold: bool = False
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode().lower().split("\r\n")
            length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
            text = json.loads(await reader.readexactly(length))["messages"][-1]["content"]
            text = text if isinstance(text, str) else text[0]["text"]
            self.asked.append(text)
            if self.hold and len(self.asked) > 1:
                await asyncio.sleep(600)
            shown = text.split("<text>")[-1].split("</text>")[0].split()
            said = self.reply or json.dumps({"summary": "Retold: " + " ".join(shown[:12]), "topics": []})
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
            usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
            body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
            data = json.dumps(body).encode()
            answer = f"HTTP/1.1 {self.status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
            writer.write(answer.encode() + b"Connection: close\r\n\r\n" + data)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.port = self.port  # the client was killed, as a test wants it to be
        finally:
            writer.close()

    async def listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server


def local(store: Path, port: int, *, summaries: str = "local") -> Settings:
    settings = settings_for(store)
    own = LocalSettings(model="openai:m", base_url=f"http://127.0.0.1:{port}/v1")
    section = settings.ingest.model_copy(update={"summaries": summaries})
    return settings.model_copy(update={"ingest": section, "cascade": CascadeSettings(local=own)})


async def run(settings: Settings, folder: Path) -> tuple[IngestReport, ScriptReaders]:
    readers = ScriptReaders()
    async with writing(settings) as app:
        return await ingest(app, [folder], open_readers=readers), readers


async def summaries(settings: Settings) -> list[Element]:
    return [e for page in (await dump(settings)).pages for e in page.elements if e.kind is ElementKind.SUMMARY]


async def test_summaries_are_written_once_and_anew_only_when_the_setting_changes(tmp_path: Path) -> None:
    folder, store, llm = tmp_path / "in", tmp_path / "store", Llm()
    write_file(folder / "a.pdf", *PAGES)
    async with await llm.listen():
        settings = local(store, llm.port)
        report, readers = await run(settings, folder)
        assert (report.summaries_written, report.summaries_kept, len(readers.log)) == (3, 0, 2)
        found = await summaries(settings)
        assert [e.text.startswith("Retold: ") for e in found] == [True] * 3
        assert all(e.cells for e in found), "what is shown to people are the sentences that are printed"
        assert len(llm.asked) == 3
        assert inconsistencies(settings.store.path) == ()
        async with writing(settings) as app:
            entries = await app.ledger.entries()
        assert [(e.stage, e.tier) for e in entries] == [("summary", "local")] * 3
        report, readers = await run(settings, folder)
        assert (report.summaries_written, report.pages_read, readers.log, len(llm.asked)) == (0, 0, [], 3)
        report, readers = await run(local(store, llm.port, summaries="extractive"), folder)
        assert (readers.log, {e.author for e in await summaries(settings)}) == ([], {AUTHOR})
        report, readers = await run(settings, folder)
        assert (report.summaries_written, readers.log) == (3, [])
        assert len(llm.asked) == 3, "replies are kept: the same page, prompt and model are not asked again"


async def test_a_server_that_is_away_costs_summaries_alone(tmp_path: Path) -> None:
    folder, store, llm = tmp_path / "in", tmp_path / "store", Llm()
    write_file(folder / "a.pdf", PAGES[0])
    async with await llm.listen():
        port = llm.port
    settings = local(store, port)
    settings = settings.model_copy(update={"ask": settings.ask.model_copy(update={"timeout_s": 2.0})})
    report, _ = await run(settings, folder)
    assert [(row.status.value, row.report.warnings) for row in report.documents] == [
        ("ingested", ("1 summaries quote the page: the local model gave none that could be used",))
    ]
    assert (report.summaries_written, report.summaries_kept) == (0, 1)
    assert {e.author for e in await summaries(settings)} == {AUTHOR}


async def test_no_local_model_is_said_before_anything_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_file(folder / "a.pdf", PAGES[0])
    settings = local(tmp_path / "store", 1).model_copy(update={"cascade": CascadeSettings()})
    readers = ScriptReaders()
    async with writing(settings) as app:
        with pytest.raises(SettingsError, match=r"cascade\.local"):
            await ingest(app, [folder], open_readers=readers)
    assert readers.log == []


@pytest.mark.timeout(120)
async def test_kill_while_summaries_are_written_loses_none(tmp_path: Path) -> None:
    folder, store, llm = tmp_path / "in", tmp_path / "store", Llm(hold=True)
    folder.mkdir()
    text_pdf(folder / "a.pdf", [[page[:50], page[50:]] for page in PAGES])
    environment = os.environ | {
        "MMRAG_INGEST__SUMMARIES": "local",
        "MMRAG_INGEST__IMAGES": "false",
        "MMRAG_CASCADE__LOCAL__MODEL": "openai:m",
    }
    async with await llm.listen():
        environment["MMRAG_CASCADE__LOCAL__BASE_URL"] = f"http://127.0.0.1:{llm.port}/v1"
        command = [str(MMRAG), "ingest", str(folder), "--store", str(store), "--workers", "1", "--json"]

        async def start() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *command, env=environment, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )

        process = await start()
        try:
            while not (llm.asked and len(llm.asked) > 1):
                assert process.returncode is None, await process.communicate()
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)  # the first reply is written meanwhile
        finally:
            os.kill(process.pid, signal.SIGKILL)
            await process.communicate()
        settings = settings_for(store)
        async with writing(settings) as app:
            assert len(await app.catalog.documents()) == 1, "it can be asked about before its summaries are written"
        llm.hold = False
        asked = len(llm.asked)
        process = await start()
        out, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        totals = json.loads(out)["totals"]
        assert (totals["pages_read"], totals["summaries_written"]) == (0, 2)
        assert len(llm.asked) == asked + 2, "the one that was told before is not asked for again"
        assert all(e.text.startswith("Retold: ") for e in await summaries(settings))
