"""Pages a second of ``mmrag ingest`` against RapidOCR alone, on the same page pictures with the same number of cores.

RapidOCR has its models loaded and the pictures decoded before its time starts; the time of ``ingest`` holds everything, from
starting the processes to the finished vector index. Both run in turn, and the table has the medians. Aim: a ratio of 0.9.

    python benchmarks/ingest_speed.py [FOLDER] [--pages N] [--rounds N] [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from _ingesting import SAMPLES, ingest_json, measured, scans, table
from mmrag_ingest.guard import usable_cores

AIM = 0.9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES, help="documents to take pages from")
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="16 pages, one round")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        read_alone(arguments.folder)
        return
    pages, rounds = (16, 1) if arguments.quick else (arguments.pages, arguments.rounds)
    with tempfile.TemporaryDirectory() as place:
        compare(arguments.folder, Path(place), pages, rounds)


def compare(source: Path, place: Path, pages: int, rounds: int) -> None:
    folder = place / "scans"
    scans(source, folder, pages)
    scans(source, place / "warm", 1)
    ingest_json(place / "warm", place / "store-warm")  # the text model's ONNX form is made once for a machine, not here
    alone: list[Result] = []
    whole: list[Result] = []
    for _ in range(rounds):
        alone.append(Result(**json.loads(measured([sys.executable, __file__, folder, "--alone"]).output)))
        run, totals = ingest_json(folder, place / f"store-{len(whole)}")
        if totals["pages_read"] != pages:
            raise RuntimeError(f"{totals['pages_read']} of {pages} pages were read")
        whole.append(Result(wall_s=run.wall_s, cpu_s=run.cpu_s))
    rows = [("RapidOCR alone", alone), ("mmrag ingest", whole)]
    speeds = [pages / statistics.median(r.wall_s for r in results) for _, results in rows]
    table(
        [
            (f"{pages} pages, {usable_cores()} cores", "pages/s", "CPU s a page", "cores busy"),
            *(
                (
                    name,
                    f"{speed:.2f}",
                    f"{statistics.median(r.cpu_s for r in results) / pages:.2f}",
                    f"{statistics.median(r.cpu_s / r.wall_s for r in results):.2f}",
                )
                for (name, results), speed in zip(rows, speeds, strict=True)
            ),
            ("ratio", f"{speeds[1] / speeds[0]:.2f}", f"aim {AIM}", ""),
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Seconds of wall time, and of all cores."""

    wall_s: float
    cpu_s: float


def read_alone(folder: Path) -> None:
    """Read the pictures with nothing but RapidOCR, and print the seconds as JSON."""
    import logging

    from mmrag_ingest.pages import render
    from mmrag_ingest.records import Limits, PageTask
    from rapidocr import RapidOCR

    logging.disable(logging.INFO)
    cores = usable_cores()
    engine = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": cores})
    files = sorted(folder.iterdir())
    order = [PageTask(path=f, media_type="image/jpeg", document_id="bench", number=1, limits=Limits()) for f in files]
    pictures = [render(task).picture[:, :, ::-1] for task in order]
    engine(pictures[0])
    began, cpu_began = time.perf_counter(), time.process_time()
    for picture in pictures:
        engine(picture)
    print(json.dumps({"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu_began}))


if __name__ == "__main__":
    main()
