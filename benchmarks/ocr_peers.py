"""Reading scans beside others: pages a second, peak memory and word error rate on the same pages, one after the other.

    python benchmarks/ocr_peers.py CORPUS [--pages 40] [--rounds 1] [--docling PYTHON]

The pages are those of CORPUS whose text somebody wrote down (``page_text.jsonl``, ``ocr_lines.jsonl``), as JPEG in one PDF
without a text layer. *WER*: word error rate (jiwer) over letters and digits, so order counts; *found*: share of the words
that were read wherever they stand. ``ocrmypdf`` runs with Tesseract and as many jobs as there are cores; it makes a
searchable PDF, mmrag a store with elements, vectors and an index. ``--docling`` names the interpreter of an environment
that has docling.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
from _ingesting import MMRAG, MemoryWatch, table
from mmrag_ingest.guard import usable_cores
from mmrag_ingest.pages import probe, render
from mmrag_ingest.records import Limits, PageTask
from PIL import Image

MB = 1_000_000
WIDTH_INCHES = 8.27
"""Of the PDF's pages: what Tesseract takes the dots per inch from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A page of the corpus and its words as somebody wrote them down, bare."""

    path: Path
    number: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one reader took for all pages: wall and processor seconds, peak memory in bytes, and the text of each page."""

    wall_s: float
    cpu_s: float
    peak: int
    texts: tuple[str, ...]


def bare(text: str) -> list[str]:
    return [word for raw in text.split() if (word := re.sub(r"[\W_]+", "", raw).casefold())]


def known_pages(corpus: Path, most: int) -> list[Known]:
    """Pages of whole documents first, then receipts spread over the folder."""
    rows = [json.loads(line) for line in (corpus / "page_text.jsonl").read_text(encoding="utf-8").splitlines()]
    pages = [Known(path=corpus / r["file"], number=r["page"], words=tuple(bare(r["text"]))) for r in rows]
    lines = [json.loads(line) for line in (corpus / "ocr_lines.jsonl").read_text(encoding="utf-8").splitlines()]
    room = most - len(pages)
    chosen = lines[:: max(1, len(lines) // room)][:room] if room > 0 else []
    for row in chosen:
        text = " ".join(line["text"] for line in row["lines"])
        pages.append(Known(path=corpus / row["file"], number=1, words=tuple(bare(text))))
    return pages[:most]


def one_pdf(pages: Sequence[Known], target: Path) -> None:
    """The pages as displayed, in one PDF without a text layer."""
    pictures = []
    for page in pages:
        media = probe(page.path, Limits()).media_type
        task = PageTask(path=page.path, media_type=media, document_id="d", number=page.number, limits=Limits())
        pictures.append(Image.fromarray(render(task).picture))
    dots = statistics.median(picture.width for picture in pictures) / WIDTH_INCHES
    pictures[0].save(target, save_all=True, append_images=pictures[1:], resolution=dots, quality=92)


def watched(command: Sequence[str | Path]) -> tuple[float, float, int, str]:
    """Run ``command``: wall and processor seconds and peak memory of it and its children, and its standard output."""
    began = time.perf_counter()
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        MemoryWatch(process.pid) as watch,
    ):
        out, errors = process.communicate()
    wall = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{command[0]}: exit {process.returncode}: {errors[-400:]}")
    return wall, watch.cpu_s, watch.peak, out


def by_mmrag(pdf: Path, place: Path) -> Run:
    store = place / "store"
    shutil.rmtree(store, ignore_errors=True)
    wall, cpu, peak, _ = watched([MMRAG, "ingest", pdf, "--store", store, "--json"])
    return Run(wall_s=wall, cpu_s=cpu, peak=peak, texts=asyncio.run(_stored(store)))


async def _stored(store: Path) -> tuple[str, ...]:
    from mmrag.app import open_app
    from mmrag.ports import PageRef
    from mmrag.settings import load_settings

    async with open_app(load_settings(store=store)) as app:
        (document,) = await app.catalog.documents()
        pages = [await app.catalog.page(PageRef(document_id=document.id, page=n + 1)) for n in range(document.pages)]
    return tuple("" if page is None else page.text for page in pages)


def by_ocrmypdf(pdf: Path, place: Path) -> Run:
    text, jobs = place / "sidecar.txt", str(usable_cores())
    command: list[str | Path] = [
        "ocrmypdf",
        "--jobs",
        jobs,
        "--output-type",
        "pdf",
        "--optimize",
        "0",
        "--sidecar",
        text,
        pdf,
        place / "out.pdf",
    ]
    wall, cpu, peak, _ = watched(command)
    return Run(wall_s=wall, cpu_s=cpu, peak=peak, texts=tuple(text.read_text(encoding="utf-8").split("\f")))


def by_docling(python: Path) -> Callable[[Path, Path], Run]:
    def run(pdf: Path, place: Path) -> Run:
        child = Path(__file__).with_name("_docling_child.py")
        wall, cpu, peak, out = watched([python, child, pdf, str(usable_cores())])
        return Run(wall_s=wall, cpu_s=cpu, peak=peak, texts=tuple(json.loads(out.splitlines()[-1])))

    return run


def row_of(name: str, runs: Sequence[Run], pages: Sequence[Known], speed: float | None) -> tuple[list[str], float]:
    """The row of one reader, and its pages a second (the median of its rounds)."""
    mine = len(pages) / statistics.median(run.wall_s for run in runs)
    read = [bare(text) for text in runs[-1].texts[: len(pages)]]
    wer = jiwer.wer([" ".join(page.words) for page in pages], [" ".join(words) for words in read])
    found = sum((Counter(p.words) & Counter(words)).total() for p, words in zip(pages, read, strict=True))
    return [
        name,
        f"{mine:.3f}",
        "1.00" if speed is None else f"{mine / speed:.2f}",
        f"{statistics.median(run.cpu_s for run in runs) / len(pages):.2f}",
        f"{statistics.median(run.cpu_s / run.wall_s for run in runs):.2f}",
        f"{max(run.peak for run in runs) / MB:.0f}",
        f"{wer:.3f}",
        f"{found / sum(len(page.words) for page in pages):.3f}",
    ], mine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--docling", type=Path, metavar="PYTHON")
    arguments = parser.parse_args()
    pages = known_pages(arguments.corpus, arguments.pages)
    readers: dict[str, Callable[[Path, Path], Run]] = {"mmrag ingest": by_mmrag}
    if shutil.which("ocrmypdf"):
        readers["ocrmypdf"] = by_ocrmypdf
    if arguments.docling:
        readers["docling"] = by_docling(arguments.docling)
    runs: dict[str, list[Run]] = {name: [] for name in readers}
    notes = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pdf = place / "scan.pdf"
        one_pdf(pages, pdf)
        for _ in range(arguments.rounds):
            for name, reader in readers.items():
                try:
                    runs[name].append(reader(pdf, place))
                except RuntimeError as error:
                    notes.append(f"{name} could not read: {error}")
    rows, speed = [], None
    for name in readers:
        if runs[name]:
            row, mine = row_of(name, runs[name], pages, speed)
            rows.append(row)
            speed = mine if speed is None else speed
    known = sum(len(page.words) for page in pages)
    head = [f"{len(pages)} pages, {known} words, {usable_cores()} cores", "pages/s", "ratio", "CPU s a page", "cores busy"]
    table([[*head, "peak MB", "WER", "found"], *rows])
    for note in notes:
        print(note, file=sys.stderr)


if __name__ == "__main__":
    main()
