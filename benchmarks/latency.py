"""How long a person waits: for the help, for a first answer in a new process, for the next one in the same process.

The store is synthetic: receipts laid out by a seeded generator, understood by the real pipeline (10,000 elements and more),
with random unit vectors in place of computed ones, since how long a search takes does not depend on what they mean.

Aims: help under 0.4 s, a cold question under 2.5 s, p50 in one process at most 80 ms. ``--quick`` repeats less.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from mmrag_ingest.elements import understand
from mmrag_ingest.records import RawPage, RawWord
from mmrag_ingest.values import values_of

import mmrag
from mmrag.app import open_app
from mmrag.domain.documents import Document, DocumentStatus, Page, ReadReport, TextSource, document_id
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.hashing import sha256_hex
from mmrag.ports import VectorRecord
from mmrag.settings import load_settings

ELEMENTS, SEED = 10_000, 20_261_121
SHOPS = [
    f"{a} {b}" for a in ("GOLDEN", "LUCKY", "NORTH", "RIVER", "BLUE", "ROYAL") for b in ("KEY", "MART", "BAKERY", "PHARMACY")
]
GOODS = ["RICE 5KG", "MILK 1L", "BREAD", "BATTERY AA", "NOTEBOOK", "LED LIGHT", "SOAP", "TEA", "CABLE 2M", "PAINT WHITE"]


def document_of(page: Page, name: str, sha: str) -> Document:
    """The document whose only page is ``page``; ``sha`` is its SHA-256 in hex."""
    return Document(
        id=page.document_id,
        name=name,
        location=f"/bench/{name}",
        sha256=sha,
        media_type="image/jpeg",
        size=1,
        pages=1,
        status=DocumentStatus.READY,
        recipe="bench",
        report=ReadReport(pages_ocr=1, elements=len(page.elements)),
    )


def receipt(rng: random.Random) -> tuple[str, str, list[str]]:
    """A receipt: its shop, its date, and its lines of fixed pitch."""
    shop, date = rng.choice(SHOPS), f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/{rng.randint(2017, 2025)}"
    lines = [
        f"{shop} SDN BHD",
        f"NO {rng.randint(1, 99)}, JALAN {rng.randint(1, 30)}",
        f"TEL: 03-{rng.randint(10**7, 10**8 - 1)}",
    ]
    lines += ["", "TAX INVOICE", f"Bill No: {rng.randint(10**5, 10**6)}", f"Date: {date} {rng.randint(8, 21):02d}:15:00", ""]
    total = 0.0
    for good in rng.sample(GOODS, rng.randint(3, 8)):
        price = rng.randint(100, 9999) / 100
        total += price
        lines.append(f"{good:<30}{price:>10.2f}")
    tax = round(total * 0.06, 2)
    lines += ["", f"{'Sub Total':<30}{total:>10.2f}", f"{'GST 6%':<30}{tax:>10.2f}", f"{'TOTAL':<30}{total + tax:>10.2f}"]
    return shop, date, [*lines, "", f"Cashier: {rng.choice(['ANGELA', 'SITI', 'RAJ'])}", "THANK YOU, PLEASE COME AGAIN"]


def page_of(lines: list[str], doc: str) -> Page:
    words = []
    for number, line in enumerate(lines):
        column = 0
        for text in line.split():
            column = line.index(text, column)
            top, left = 0.03 + number * 0.03, 0.05 + column * 0.02
            box = BBox.clamped(left, top, left + len(text) * 0.02, top + 0.018)
            words.append(RawWord(text=text, polygon=Polygon.from_bbox(box), confidence=0.98, line=number))
            column += len(text)
    raw = RawPage(
        width=800, height=1600, source=TextSource.OCR, engine="synthetic", confidence=0.98, words=tuple(words), figures=()
    )
    return understand(raw, None, document_id=doc, number=1, image=None)


async def build(store: Path) -> list[str]:
    """Fill a store; returns questions about what is in it."""
    rng, directions = random.Random(SEED), np.random.default_rng(SEED)
    questions, elements, count = [], 0, 0
    async with open_app(load_settings(store=store), write=True) as app:
        assert app.writer is not None
        while elements < ELEMENTS:
            shop, date, lines = receipt(rng)
            name, sha = f"receipt-{count:05d}.jpg", sha256_hex(f"{count} {lines}".encode())
            page = page_of(lines, doc := document_id(name, sha))
            random_rows = directions.normal(size=(len(page.elements), app.embedder.dimension)).astype(np.float32)
            random_rows /= np.linalg.norm(random_rows, axis=1, keepdims=True)
            vectors = [
                VectorRecord(element_id=e.id, document_id=doc, page=1, kind=e.kind.value, vector=row.tolist())
                for e, row in zip(page.elements, random_rows, strict=True)
            ]
            await app.writer.stage_page(page, recipe="bench", vectors=vectors, values=values_of(page))
            await app.writer.publish(document_of(page, name, sha))
            questions.append(f"What is the total on the receipt from {shop} dated {date}?")
            questions.append(f"Which bill number has the receipt from {shop} of {date}?")
            elements, count = elements + len(page.elements), count + 1
        await app.keeper.drain()
    print(f"store: {count} documents, {elements} elements")
    return rng.sample(questions, 120)


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def in_new_process(args: list[str], repeats: int, allowed: tuple[int, ...] = (0,)) -> tuple[float, float]:
    """Median seconds of running ``args`` to its end, and of processor time in it: on a busy machine they differ."""
    times, cpu = [], []
    for _ in range(repeats):
        began, used = time.perf_counter(), children_cpu()
        done = subprocess.run(args, capture_output=True, check=False)
        times.append(time.perf_counter() - began)
        cpu.append(children_cpu() - used)
        assert done.returncode in allowed, done.stderr.decode()
    return statistics.median(times), statistics.median(cpu)


async def in_one_process(store: Path, questions: list[str]) -> tuple[list[float], list[float], int]:
    """Milliseconds of each question, of processor time in each, and how many were answered."""
    times, cpu, answered = [], [], 0
    async with mmrag.open(store) as session:
        for warm in questions[:5]:
            await session.ask(warm)
        for question in questions[5:]:
            began, used = time.perf_counter(), time.process_time()
            answer = await session.ask(question)
            times.append(1000 * (time.perf_counter() - began))
            cpu.append(1000 * (time.process_time() - used))
            answered += answer.answered
    return times, cpu, answered


def against(label: str, value: float, aim: float, unit: str) -> None:
    print(f"{label:<44}{value:>9.3f} {unit:<3} aim {aim:g} {unit}: {'met' if value <= aim else 'MISSED'}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long a person waits for the help and for answers.")
    parser.add_argument("--quick", action="store_true", help="repeat less")
    quick = parser.parse_args().quick
    command = str(Path(sys.executable).with_name("mmrag"))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")

    click_alone, _ = in_new_process([sys.executable, "-c", "import click"], 5)
    help_s, _ = in_new_process([command, "--help"], 5)
    against("mmrag --help, median of 5", help_s, 0.4, "s")
    print(f"{'  against importing click alone':<44}{help_s / click_alone:>9.2f} x")

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "store")
        began = time.perf_counter()
        questions = asyncio.run(build(store))
        print(f"{'  built in':<44}{time.perf_counter() - began:>9.1f} s")
        repeats = 3 if quick else 7
        cold, cold_cpu = in_new_process(
            [command, "ask", questions[0], "--json", "--store", str(store)], repeats, allowed=(0, 4)
        )
        against(f"cold mmrag ask, median of {repeats}", cold, 2.5, "s")
        print(f"{'  of it processor time':<44}{cold_cpu:>9.3f} s")
        times, cpu, answered = asyncio.run(in_one_process(store, questions[: 45 if quick else 105]))
    ms = sorted(times)
    p50, p95 = statistics.median(ms), ms[round(0.95 * (len(ms) - 1))]
    against(f"one process, p50 of {len(ms)} questions", p50, 80, "ms")
    print(f"{'  p95':<44}{p95:>9.1f} ms")
    print(f"{'  processor time, p50':<44}{statistics.median(cpu):>9.1f} ms")
    print(f"{'  cold start costs as much as':<44}{1000 * cold / p50:>9.1f} warm questions")
    print(f"{'  answered':<44}{answered:>9} of {len(ms)}")


if __name__ == "__main__":
    main()
