"""One long scan from end to end: memory at its start and end and at most, cores busy, and going on after kill -9 and Ctrl-C.

A PDF of pictures is made from the pages of FOLDER, over and over, each page with its number. With ``--interrupt``,
``mmrag ingest`` is ended by SIGKILL once a few pages are stored, started again, ended by SIGINT some later, and started
again; that third run goes to the end and is the one that is measured. Aims: the last hundred pages in at most 1.05 times
the memory of the second hundred, at most 2 GB, each core busy for 0.9 of the time. Memory is the resident memory of all
processes added up; what they share is counted once for each.

    python benchmarks/memory.py [FOLDER] [--pages 1000] [--interrupt] [--quick]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pypdfium2 as pdfium
from _ingesting import MMRAG, SAMPLES, MemoryWatch, sample_pages, table
from mmrag_ingest.guard import usable_cores
from PIL import ImageDraw

AIM_BYTES = 2_000_000_000
AIM_GROWTH = 1.05
AIM_BUSY = 0.9
MB = 1_000_000
DPI = 200
KILLED_AT, STOPPED_AT = 20, 40
"""Pages that are stored when the run is killed, and stopped."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES, help="documents to take pages from")
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--interrupt", action="store_true", help="kill it and stop it first")
    parser.add_argument("--quick", action="store_true", help="50 pages, drawn smaller")
    arguments = parser.parse_args()
    pages = 50 if arguments.quick else arguments.pages
    with tempfile.TemporaryDirectory() as place:
        scan, store = Path(place) / "scan.pdf", Path(place) / "store"
        long_scan(arguments.folder, scan, pages, side=1100 if arguments.quick else 2200)
        print(f"{pages} pages, {scan.stat().st_size / MB:.0f} MB")
        if arguments.interrupt:
            interrupt(scan, store)
        tell(ingest(scan, store), pages, store)


def long_scan(source: Path, target: Path, pages: int, *, side: int) -> None:
    """A PDF of ``pages`` pictures of at most ``side`` pixels: the pages of ``source`` over and over, with numbers."""
    few = []
    for page in sample_pages(source):
        page.thumbnail((side, side))
        few.append(page.convert("RGB"))

    document = pdfium.PdfDocument.new()
    for number in range(1, pages + 1):
        picture = few[(number - 1) % len(few)].copy()
        ImageDraw.Draw(picture).text((12, 12), f"Page {number} of {pages}", fill=(0, 0, 0), font_size=28)
        data = io.BytesIO()
        picture.save(data, format="JPEG", quality=85)
        size = (picture.width * 72 / DPI, picture.height * 72 / DPI)
        image = pdfium.PdfImage.new(document)
        image.load_jpeg(data, inline=True)
        image.set_matrix(pdfium.PdfMatrix().scale(*size))
        page = document.new_page(*size)
        page.insert_obj(image)
        page.gen_content()
        page.close()
    document.save(target)
    document.close()


@dataclass(slots=True, kw_only=True)
class Ingestion:
    """A run of ``mmrag ingest``: when so many pages were in the store, and what it said when it ended."""

    watch: MemoryWatch
    stored: dict[int, float] = field(default_factory=dict)
    busy: dict[int, tuple[float, float]] = field(default_factory=dict)
    code: int = 0
    output: str = ""
    errors: str = ""

    def reached(self, count: int) -> float:
        """The time (of ``time.perf_counter``) at which ``count`` pages were in the store."""
        return min(at for pages, at in self.stored.items() if pages >= count)

    def machine(self, begin: int, end: int) -> float:
        """The share of all cores' time that anything at all ran, between two counts of pages."""
        first = self.busy[min(n for n in self.busy if n >= begin)]
        last = self.busy[max(n for n in self.busy if n <= end)]
        return (last[0] - first[0]) / (last[1] - first[1])


def ingest(scan: Path, store: Path, *, until: int | None = None, by: signal.Signals = signal.SIGKILL) -> Ingestion:
    """Run it to its end, or until so many pages are stored and then end it by a signal."""
    command: list[str | Path] = [MMRAG, "ingest", scan, "--store", store, "--json"]
    with (
        # What a shell started in the background ignores, its children ignore as well.
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process,
        MemoryWatch(process.pid) as watch,
    ):
        run = Ingestion(watch=watch)
        while process.poll() is None:
            time.sleep(0.1)
            pages = stored_pages(store)
            if pages not in run.stored:
                run.stored[pages] = time.perf_counter()
                run.busy[pages] = machine_time()
            if until is not None and pages >= until:
                os.kill(process.pid, by)
                break
        run.output, run.errors = process.communicate()
        run.stored.setdefault(stored_pages(store), time.perf_counter())  # what came since the last look
        run.busy.setdefault(stored_pages(store), machine_time())
    run.code = process.returncode
    return run


def stored_pages(store: Path) -> int:
    """Pages in the catalog, published or only staged."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{store / 'catalog.sqlite'}?mode=ro", uri=True)) as catalog:
        return int(catalog.execute("SELECT count(*) FROM page").fetchone()[0])
    return 0


def machine_time() -> tuple[float, float]:
    """Seconds that the cores of this machine were busy, and all of their seconds, since it was started."""
    times = psutil.cpu_times()
    total = float(sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0))
    return total - float(times.idle) - float(getattr(times, "iowait", 0.0)), total


def interrupt(scan: Path, store: Path) -> None:
    killed = ingest(scan, store, until=KILLED_AT)
    time.sleep(1)
    kept = stored_pages(store)
    print(f"kill -9 with {kept} pages stored: exit {killed.code}, {readers()} reading processes left")
    stopped = ingest(scan, store, until=kept + STOPPED_AT - KILLED_AT, by=signal.SIGINT)
    again = min(pages for pages in stopped.stored if pages)
    print(
        f"started again with {again} pages stored; Ctrl-C: exit {stopped.code}, {readers()} reading processes left; it said"
    )
    print("  " + "\n  ".join(stopped.errors.strip().splitlines()))


def readers() -> int:
    """Reading processes on this machine whose parent is gone."""
    found = 0
    for process in psutil.process_iter(["cmdline", "ppid"]):
        line = process.info["cmdline"] or []
        found += any("mmrag_ingest.child" in part for part in line) and process.info["ppid"] == 1
    return found


def tell(run: Ingestion, pages: int, store: Path) -> None:
    if run.code:
        raise RuntimeError(f"exit {run.code}: {run.errors}")
    report = json.loads(run.output)
    kept = pages - int(report["totals"]["pages_read"])
    first = max(min(100, pages // 5), kept + 3)
    span = min(100, pages // 5)
    begin, second, late, end = (run.reached(n) for n in (first, first + span, pages - span, pages))
    early, last = run.watch.highest(begin, second), run.watch.highest(late, end)
    cores = usable_cores()
    took = float(report["totals"]["seconds"])
    (document,) = report["documents"]
    table(
        [
            (f"pages {kept + 1} to {pages} read in {took:.0f} s", "", "aim"),
            ("pages in the store, unreadable", f"{document['pages']}, {len(document['unreadable_pages'])}", f"{pages}, 0"),
            ("pages/s", f"{(pages - first) / (end - begin):.2f}", ""),
            (f"most MB, pages {first + 1} to {first + span}", f"{early / MB:.0f}", ""),
            (f"most MB, pages {pages - span + 1} to {pages}", f"{last / MB:.0f}", ""),
            ("growth", f"{last / early:.3f}", f"{AIM_GROWTH}"),
            ("peak MB", f"{run.watch.peak / MB:.0f}", f"{AIM_BYTES / MB:.0f}"),
            ("busy with this, of each core", f"{run.watch.cores(begin, end) / cores:.2f}", f"{AIM_BUSY}"),
            ("busy with anything, of each core", f"{run.machine(first, pages):.2f}", ""),
        ]
    )


if __name__ == "__main__":
    main()
