"""Memory of ingesting one long scan: the whole tree of processes, at the start, at the end, and at most.

Aims: under 1.5 GB, and flat, so that the last pages cost what the third did. Resident memory of all processes is added up;
what they share is counted once for each.

    python benchmarks/memory.py [FOLDER] [--pages N] [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _ingesting import SAMPLES, MemoryWatch, sample_pages, table
from PIL import Image, ImageDraw

AIM_BYTES = 1_500_000_000
AIM_GROWTH = 1.1
MB = 1_000_000
SPAN = 10
"""Pages over which the most is taken at each end."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES, help="documents to take pages from")
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--quick", action="store_true", help="50 pages, drawn smaller")
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.store:
        asyncio.run(ingest_and_tell(arguments.folder, arguments.store))
        return
    pages = 50 if arguments.quick else arguments.pages
    with tempfile.TemporaryDirectory() as place:
        scan = Path(place) / "scan.pdf"
        long_scan(arguments.folder, scan, pages, side=1100 if arguments.quick else 2200)
        watch_it(scan, Path(place) / "store", pages)


def long_scan(source: Path, target: Path, pages: int, *, side: int) -> None:
    """A PDF of ``pages`` pictures of at most ``side`` pixels: a few sample pages again and again, each with its number."""
    few = []
    for page in sample_pages(source):
        page.thumbnail((side, side))
        few.append(page.convert("RGB"))
        if len(few) == 8:
            break

    def numbered(number: int) -> Image.Image:
        page = few[number % len(few)].copy()
        ImageDraw.Draw(page).text((12, 12), f"Page {number} of {pages}", fill=(0, 0, 0), font_size=28)
        return page

    numbered(1).save(
        target, save_all=True, append_images=(numbered(n) for n in range(2, pages + 1)), resolution=200, quality=85
    )


def watch_it(scan: Path, store: Path, pages: int) -> None:
    stored: dict[int, float] = {}
    command = [sys.executable, __file__, str(scan), "--store", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, MemoryWatch(process.pid) as watch:
        assert process.stdout is not None
        for line in process.stdout:
            stored[int(line)] = time.perf_counter()
    if process.returncode or len(stored) != pages:
        raise RuntimeError(f"only {len(stored)} of {pages} pages were stored, exit {process.returncode}")
    early = watch.highest(stored[2], stored[2 + SPAN])
    late = watch.highest(stored[pages - SPAN], stored[pages])
    speed = (pages - 3) / (stored[pages] - stored[3])
    table(
        [
            (f"{pages} pages, {speed:.2f} pages/s", "MB", "aim"),
            (f"pages 3 to {2 + SPAN}", f"{early / MB:.0f}", ""),
            (f"pages {pages - SPAN + 1} to {pages}", f"{late / MB:.0f}", ""),
            ("growth", f"{late / early:.2f}", f"{AIM_GROWTH}"),
            ("peak", f"{watch.peak / MB:.0f}", f"{AIM_BYTES / MB:.0f}"),
        ]
    )


async def ingest_and_tell(scan: Path, store: Path) -> None:
    """Ingest, and print the number of each page as it is stored."""
    from mmrag_ingest.pipeline import ingest
    from mmrag_ingest.report import Event, PageStored

    from mmrag.app import open_app
    from mmrag.settings import load_settings

    def tell(event: Event) -> None:
        if isinstance(event, PageStored):
            print(event.page, flush=True)

    async with open_app(load_settings(store=store), write=True) as app:
        await ingest(app, [scan], on_event=tell)


if __name__ == "__main__":
    main()
