"""Metrics, drift, logs, spans, turns, and the end of a server."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Thread
from types import MappingProxyType

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from server_support import QUESTION, Served

from mmrag.cli.main import run
from mmrag.domain.answers import Abstention, AbstentionReason, Answer, CitedClaim, VerdictKind, VerifyMethod
from mmrag.domain.calibration import Calibration
from mmrag.domain.costs import Bill, Cost, Usage
from mmrag.domain.documents import Element, ElementKind
from mmrag.domain.events import AnswerGiven, CostSoFar, DraftText, EvidenceFound, ToolFinished, ToolStarted
from mmrag.domain.evidence import Hit
from mmrag.domain.geometry import BBox
from mmrag.server import asking
from mmrag.server.asking import kept_alive
from mmrag.server.drift import LEAST, Drift
from mmrag.server.logs import JsonLines
from mmrag.server.metrics import Metrics
from mmrag.server.problems import Problem
from mmrag.server.spans import Tracing
from mmrag.server.turns import Turns

ROOT = Path(__file__).parents[2]
ANSWER = Answer(
    question="q",
    answer="46.65",
    abstention=None,
    confidence=0.9,
    claims=(CitedClaim(text="46.65", verdict=VerdictKind.SUPPORTED, method=VerifyMethod.VALUE, citations=()),),
    evidence=(),
    tier="local",
    tiers_tried=("reader", "local"),
    trace="t",
    bill=Bill(cost=Cost(usd=Decimal("0.01"), unpriced_calls=1), calls=3, cache_hits=1, usage=Usage(input_tokens=70)),
    timings_ms=MappingProxyType({"plan": 1.0, "total": 60.0}),
)
REFUSAL = replace(
    ANSWER, answer=None, abstention=Abstention(reason=AbstentionReason.NO_EVIDENCE, detail="secret"), claims=(), bill=Bill()
)


def samples(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def hit(score: float) -> Hit:
    box = BBox(0.1, 0.1, 0.2, 0.2)
    element = Element(id="e", document_id="d", page=1, ordinal=0, kind=ElementKind.TEXT, bbox=box, text="words")
    return Hit(element=element, document="d.pdf", sha256="0", score=score)


def test_answers_are_counted_by_tier_stage_reason_and_cost() -> None:
    metrics = Metrics()
    metrics.answered(ANSWER)
    metrics.answered(REFUSAL)
    told = samples(metrics.text().decode())
    assert told['mmrag_questions_total{outcome="answered",tier="local"}'] == 1
    assert told['mmrag_refusals_total{reason="no_evidence"}'] == 1
    assert told['mmrag_tiers_tried_total{tier="reader"}'] == 2
    assert told['mmrag_stage_seconds_count{stage="plan"}'] == 2
    assert told['mmrag_stage_seconds_bucket{le="0.1",stage="total"}'] == 2
    assert (told["mmrag_cost_usd_total"], told["mmrag_unpriced_calls_total"]) == (0.01, 1)
    assert told["mmrag_cache_hit_ratio"] == 0.25
    assert "secret" not in metrics.text().decode()


def test_what_is_not_known_is_not_reported() -> None:
    text = Metrics().text().decode()
    assert "mmrag_cache_hit_ratio" not in text
    assert "mmrag_drift" not in text


def test_drift_is_told_against_the_calibration_set_and_never_without_one() -> None:
    alike, apart, without = Drift(), Drift(), Drift()
    kept = Calibration(confidences=tuple(n / 100 for n in range(100)), retrieval_scores=(0.5,) * (LEAST - 1))
    for drift in (alike, apart):
        drift.compare_with(kept)
    without.compare_with(Calibration())
    for n in range(100):
        alike.add(replace(ANSWER, confidence=n / 100, evidence=(hit(0.5),)))
        apart.add(replace(ANSWER, confidence=2.0))
        without.add(ANSWER)
    assert [(m.score, m.questions) for m in alike.measured()] == [("confidence", 100)], "too few retrieval scores are none"
    assert next(alike.measured()).statistic == 0
    assert next(apart.measured()).statistic == 1
    assert list(without.measured()) == []


def test_metrics_of_a_server_count_its_questions(loopback: Served) -> None:
    with loopback.client() as client:
        client.post("/api/ask", json={"question": QUESTION}).raise_for_status()
        text = client.get("/metrics").raise_for_status().text
    told = samples(text)
    assert told['mmrag_questions_total{outcome="answered",tier="reader"}'] >= 1
    assert told['mmrag_http_requests_total{route="/api/ask",status="200"}'] >= 1
    assert not re.search("Fernhill|F-2291|invoice|doc-", text)


def test_logs_are_json_without_words_of_questions_or_documents(loopback: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="mmrag.server")
    with loopback.client() as client:
        client.post("/api/ask", json={"question": QUESTION})
        client.get("/api/search", params={"q": "Fernhill"})
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name == "mmrag.server"]
    asked = next(line for line in lines if line.get("route") == "/api/ask")
    assert (asked["event"], asked["status"], asked["method"], asked["store"]) == ("request", 200, "POST", "default")
    assert not re.search("Fernhill|F-2291|invoice", json.dumps(lines))


def test_an_error_is_logged_by_its_type_and_place() -> None:
    try:
        raise ValueError("words of a document")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info(), "levelno": 40, "levelname": "ERROR"})
    line = json.loads(JsonLines().format(record))
    assert line["error"] == "ValueError"
    assert "test_server_operations.py" in line["at"][-1]
    assert "words" not in json.dumps(line)


def test_spans_follow_the_conventions_and_hold_no_text() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider, models={"local": "openai:qwen2.5-vl-3b", "reader": "reader"})
    paid = Bill(calls=2, usage=Usage(input_tokens=70, output_tokens=9))
    with tracing.question() as span:
        span.hear(EvidenceFound(hits=(hit(1.0),)))
        span.hear(DraftText(tier="reader", attempt=1, text="secret"))
        span.hear(CostSoFar(bill=Bill()))
        span.hear(ToolStarted(call_id="c1", name="search_text", arguments="secret", step=1))
        span.hear(ToolFinished(call_id="c1", name="search_text", text="secret", failed=True))
        span.hear(DraftText(tier="local", attempt=2, text="secret"))
        span.hear(CostSoFar(bill=paid))
        span.hear(AnswerGiven(answer=replace(ANSWER, bill=paid)))
    made = {one.name: dict(one.attributes or {}) for one in exporter.get_finished_spans()}
    assert set(made) == {"invoke_agent mmrag", "execute_tool search_text", "chat qwen2.5-vl-3b"}
    chat = made["chat qwen2.5-vl-3b"]
    assert (chat["gen_ai.operation.name"], chat["gen_ai.provider.name"]) == ("chat", "openai")
    assert (chat["gen_ai.usage.input_tokens"], chat["gen_ai.usage.output_tokens"]) == (70, 9)
    assert made["execute_tool search_text"]["error.type"] == "tool_error"
    assert made["invoke_agent mmrag"]["gen_ai.operation.name"] == "invoke_agent"
    assert "secret" not in str(made)
    root = next(s for s in exporter.get_finished_spans() if s.name.startswith("invoke"))
    assert all(s.parent is not None and s.parent.span_id == root.context.span_id for s in exporter.get_finished_spans()[:2])


async def test_turns_are_taken_in_order_and_the_line_is_bounded() -> None:
    turns, order = Turns(at_once=1, most_waiting=2), list[int]()

    async def ask(number: int) -> None:
        async with turns.turn():
            order.append(number)
            await asyncio.sleep(0.01)

    asked = [asyncio.create_task(ask(n)) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as problem:
        turns.check()
    assert (problem.value.status, problem.value.retry_after_s) == (503, 2)
    asked[1].cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    assert order == [0, 2]
    assert (turns.waiting, turns.inside) == (0, 0)


async def test_a_silent_stream_is_kept_alive_and_closing_it_ends_what_feeds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "KEEP_ALIVE_S", 0.01)
    ended = asyncio.Event()

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            yield b"one"
            await asyncio.sleep(60)
        finally:
            ended.set()

    stream = kept_alive(pieces())
    assert [await anext(stream), (await anext(stream))[:2]] == [b"one", b": "]
    await stream.aclose()
    assert ended.is_set()


async def test_an_error_of_what_feeds_a_stream_comes_through() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"one"
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        _ = [piece async for piece in kept_alive(pieces())]


@contextmanager
def process_over(store: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The command itself, and a client of it."""
    code = "from mmrag.cli.main import main; main()"
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--store", str(store)]
    env = {**os.environ, "MMRAG_INGEST__PAGE_TIMEOUT_S": "300"}  # a busy machine is no reason for quarantine
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=store.parent, env=env) as process:
        assert process.stderr is not None
        try:
            said = process.stderr.readline()
            assert said.startswith("mmrag listens on http://127.0.0.1:")
            Thread(target=process.stderr.read, daemon=True).start()  # or it would stop for a full pipe
            with httpx.Client(base_url=said.split()[-1], timeout=120) as client:
                yield process, client
        finally:
            process.kill()


def test_a_server_that_is_told_to_stop_ends_its_streams_and_ends_in_order(filled: Path) -> None:
    with process_over(filled) as (process, client), client.stream("GET", "/api/uploads/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        process.send_signal(signal.SIGTERM)
        assert next(line for line in lines if line).startswith('data: {"files":')
        assert process.wait(timeout=60) == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_server_goes_on_reading_at_its_next_start(tmp_path: Path) -> None:
    store, sample = tmp_path / "store", ROOT / "examples" / "samples" / "receipt-cafe-march.jpg"
    with process_over(store) as (process, client):
        sent = client.post("/api/uploads", files={"file": (sample.name, sample.read_bytes())})
        assert sent.status_code == 202
        process.kill()
        process.wait()
    with process_over(store) as (_, client):
        (file,) = client.get("/api/uploads").json()["files"]
        assert file["name"] == sample.name
        while file["state"] in ("waiting", "reading"):
            time.sleep(0.5)
            (file,) = client.get("/api/uploads").json()["files"]
        assert file["state"] == "ingested"
        assert [one["name"] for one in client.get("/api/documents").json()["documents"]] == [sample.name]


def test_a_store_that_cannot_be_used_is_one_line_and_no_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"not a database, but long enough to be taken for one" * 100)
    assert run(["serve", "--port", "0", "--store", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "Traceback" not in said


def test_an_address_that_is_taken_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["serve", "--port", port, "--store", str(tmp_path)]) == 2
    assert "Name another --host or --port" in capsys.readouterr().err
