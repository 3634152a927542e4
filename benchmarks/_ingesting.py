"""What the benchmarks of ingestion share: scanned pages to read, and processes measured from outside."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from mmrag_ingest.pages import probe, render
from mmrag_ingest.records import Limits, PageTask
from PIL import Image

SAMPLES = Path(__file__).parents[1] / "examples" / "samples"
MMRAG = Path(sys.executable).with_name("mmrag")
QUALITY = 92


def sample_pages(folder: Path) -> Iterator[Image.Image]:
    """Every page of the documents in ``folder`` as a picture, in a fixed order."""
    limits = Limits()
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in {".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}:
            continue
        found = probe(path, limits)
        for number in range(1, found.pages + 1):
            task = PageTask(path=path, media_type=found.media_type, document_id="bench", number=number, limits=limits)
            yield Image.fromarray(render(task).picture)


def scans(source: Path, target: Path, count: int) -> list[Path]:
    """``count`` scans of one page (JPEG) in ``target``, from the documents of ``source``, repeated when they are fewer."""
    target.mkdir(parents=True)
    first: list[Path] = []
    for page in sample_pages(source):
        if len(first) == count:
            break
        path = target / f"{len(first):04}.jpg"
        page.convert("RGB").save(path, quality=QUALITY)
        first.append(path)
    for number in range(len(first), count):
        again = first[number % len(first)].read_bytes()
        (target / f"{number:04}.jpg").write_bytes(again)
    return sorted(target.iterdir())


@dataclass(slots=True, kw_only=True)
class Measured:
    """A process that ran to its end: seconds of wall time, seconds of all cores, its standard output."""

    wall_s: float
    cpu_s: float
    output: str

    @property
    def cores(self) -> float:
        """Cores that were busy on average."""
        return self.cpu_s / self.wall_s


def measured(command: Sequence[str | Path], *, env: dict[str, str] | None = None) -> Measured:
    """Run ``command`` and its children. Raises ``RuntimeError`` with what it said when it fails (exit 3 is no failure)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"{command}: exit {done.returncode}: {done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall_s=wall, cpu_s=cpu, output=done.stdout)


def ingest_json(folder: Path, store: Path, *flags: str) -> tuple[Measured, dict[str, float]]:
    """``mmrag ingest --json`` and its totals."""
    run = measured([MMRAG, "ingest", folder, "--store", store, "--json", *flags])
    return run, json.loads(run.output)["totals"]


@dataclass(slots=True)
class MemoryWatch:
    """Samples the resident memory of a process and all its children, in bytes, ten times a second, and their CPU time.

    Pages that processes share are counted once for each: the true need is lower. What a process did in its last tenth of a
    second is missing from ``cpu_s``.
    """

    pid: int
    samples: list[tuple[float, int]] = field(default_factory=list)
    spent: list[tuple[float, float]] = field(default_factory=list)
    _cpu: dict[int, float] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> MemoryWatch:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        root = psutil.Process(self.pid)
        while not self._over.wait(0.1):
            now, processes = time.perf_counter(), _tree(root)
            self.samples.append((now, sum(_resident(p) for p in processes)))
            for process in processes:
                self._cpu[process.pid] = max(_cpu_s(process), self._cpu.get(process.pid, 0.0))  # 0 when it has just ended
            self.spent.append((now, sum(self._cpu.values())))

    @property
    def cpu_s(self) -> float:
        """Processor seconds of the whole tree so far."""
        return self.spent[-1][1] if self.spent else 0.0

    def cores(self, begin: float, end: float) -> float:
        """Cores that the tree kept busy on average within a time span (of ``time.perf_counter``)."""
        within = [(at, spent) for at, spent in self.spent if begin <= at <= end]
        (first, before), (last, after) = within[0], within[-1]
        return (after - before) / (last - first)

    @property
    def peak(self) -> int:
        return max(size for _, size in self.samples)

    def highest(self, begin: float, end: float) -> int:
        """The most within a time span (of ``time.perf_counter``)."""
        return max((size for at, size in self.samples if begin <= at <= end), default=0)


def _tree(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def table(rows: Sequence[Sequence[str]], say: Callable[[str], None] = print) -> None:
    """Rows in aligned columns."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
