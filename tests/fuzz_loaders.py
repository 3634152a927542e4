"""Fuzz the loaders: broken files through everything that opens them, in a process that may die.

    python tests/fuzz_loaders.py [--seconds 600] [--examples N] [--seed S] [--keep DIR]

Each file is sniffed, probed, its first and last page drawn, its text layer judged, its marks read and the page understood;
only OCR is left out. A finding is a crash, more than ``MOST_CPU_S`` seconds, an error that is none of ours, a reason that is
no line for a person, or a page that cannot be true. Findings are kept in ``--keep`` and end the run with exit code 1.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from mmrag_ingest.records import Probe

MOST_CPU_S = 20.0
MEMORY = 1_000_000_000
BATCH = 500
"""Files that one process opens before it is replaced."""


def check(path: Path) -> str:
    """Open ``path`` as a reading process does. Returns how it ended; raises ``AssertionError`` for what must not be."""
    from mmrag_ingest.pages import probe
    from mmrag_ingest.records import Limits

    from mmrag.errors import UnreadableFileError

    limits = Limits(dpi=72, max_pixels=4_000_000)
    try:
        found = probe(path, limits, ("key",))
    except UnreadableFileError as error:
        return _reason(error)
    outcomes = [_page(path, found, number) for number in {1, found.pages}]
    return outcomes[0]


def _page(path: Path, found: Probe, number: int) -> str:
    from mmrag_ingest import elements, words
    from mmrag_ingest.marks import with_marks
    from mmrag_ingest.pages import render
    from mmrag_ingest.records import Limits, PageTask

    from mmrag.errors import UnreadableFileError

    limits = Limits(dpi=72, max_pixels=4_000_000)
    task = PageTask(
        path=path, media_type=found.media_type, document_id="d", number=number, limits=limits, passwords=("key",)
    )
    try:
        drawn = render(task)
    except UnreadableFileError as error:
        return _reason(error)
    height, width, channels = drawn.picture.shape
    assert height > 0
    assert width > 0
    assert channels == 3
    assert width * height <= limits.max_pixels * 1.02
    raw = words.find_words(drawn, _Blind())
    page = elements.understand(raw, drawn.picture, document_id="d", number=number, image=None)
    page = with_marks(page, drawn.marks)
    assert {i for e in page.elements for i in e.words} <= set(range(len(page.words)))
    return f"read {found.media_type}"


class _Blind:
    """An OCR engine that reads nothing."""

    identity = "blind"

    def read(self, picture: object) -> tuple[()]:
        return ()

    def read_at(self, picture: object, lines: Sequence[object]) -> tuple[()]:
        return ()

    def read_strips(self, strips: Sequence[object]) -> tuple[str, ...]:
        return ("",) * len(strips)


def _reason(error: Exception) -> str:
    said = str(error)
    assert len(said.split()) >= 4, f"no line for a person: {said!r}"
    assert "\n" not in said, f"more than one line: {said!r}"
    assert not any(sign in said for sign in ("Traceback", "0x", "Errno", 'File "')), f"not for a person: {said!r}"
    return type(error).__name__


def kept(data: bytes, keep: Path) -> str:
    """Keep a file that was found. Returns its name."""
    name = f"{hashlib.sha256(data).hexdigest()[:12]}.bin"
    (keep / name).write_bytes(data)
    return name


def child(place: Path, seed: int, examples: int, keep: Path) -> None:
    """Open ``examples`` broken files. Says on standard output what came of each; the file at work is ``place``."""
    from fuzzing import all_seeds, broken_files
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from mmrag_ingest.child import limit_memory

    seeds = list(all_seeds().values())
    limit_memory(MEMORY)
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    @seeded(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(broken_files(seeds))
    def run(data: bytes) -> None:
        place.write_bytes(data)
        print("start", file=replies)
        try:
            outcome = check(place)
        except MemoryError:
            outcome = "MemoryError"
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            outcome = f"! {kept(data, keep)}: {type(error).__name__}: {error}".replace("\n", " ")[:300]
        print(outcome, file=replies)

    run()


def watch(place: Path, seed: int, examples: int, keep: Path, outcomes: Counter[str], until: float) -> list[str]:
    """Run one child to its end, or until time is up. Returns the findings; their files are in ``keep``."""
    command = [sys.executable, __file__, "--child", place, "--seed", str(seed), "--examples", str(examples), "--keep", keep]
    findings: list[str] = []

    def died(how: str) -> None:
        name = kept(place.read_bytes() if place.exists() else b"", keep)
        findings.append(f"{name}: {how}")

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        began, over = _cpu(process.pid), False
        rest = b""
        while not over:
            over = process.poll() is not None
            rest += process.stdout.read() or b""
            *lines, rest = rest.split(b"\n")
            for line in (raw.decode("utf-8", errors="replace") for raw in lines):
                if line == "start":
                    continue
                outcomes["finding" if line.startswith("! ") else line] += 1
                if line.startswith("! "):
                    findings.append(line[2:])
            if lines:
                began = _cpu(process.pid)
            elif _cpu(process.pid) - began > MOST_CPU_S:
                died(f"took more than {MOST_CPU_S:.0f} s")
                process.kill()
            if time.monotonic() > until:
                process.kill()
                return findings
            if not over:
                time.sleep(0.02)
    if process.returncode < 0 and process.returncode != -signal.SIGKILL:
        died(f"crashed: {signal.Signals(-process.returncode).name}")
    elif process.returncode > 0:
        findings.append(f"the child itself failed with exit code {process.returncode}: run it by hand with --child")
    return findings


def _cpu(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--examples", type=int, help="stop after so many files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.seed, arguments.examples or BATCH, arguments.keep)
        return
    arguments.keep.mkdir(parents=True, exist_ok=True)
    until, seed = time.monotonic() + arguments.seconds, arguments.seed
    outcomes: Counter[str] = Counter()
    findings: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < until and outcomes.total() < (arguments.examples or sys.maxsize):
            size = min(BATCH, (arguments.examples or sys.maxsize) - outcomes.total())
            findings += watch(Path(folder) / "file", seed, size, arguments.keep, outcomes, until)
            seed += 1
    lines = [f"{outcomes.total()} files, seeds {arguments.seed} to {seed - 1}"]
    lines += [f"{count:7} {outcome}" for outcome, count in outcomes.most_common()]
    lines += [f"finding {finding}" for finding in findings]
    sys.stdout.write("\n".join(lines) + "\n")
    raise SystemExit(1 if findings else 0)


if __name__ == "__main__":
    main()
