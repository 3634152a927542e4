"""How much faster an unchanged folder is ingested the second time. Aim: 100 times.

The work alone is what the report calls ``seconds``; the whole command adds the start of Python and the opening of the store,
which weigh less the longer the folder is.

    python benchmarks/unchanged.py [FOLDER] [--pages N] [--quick]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from _ingesting import SAMPLES, ingest_json, scans, table

AIM = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES, help="documents to take pages from")
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="24 pages")
    arguments = parser.parse_args()
    pages = 24 if arguments.quick else arguments.pages
    with tempfile.TemporaryDirectory() as place:
        folder, store = Path(place) / "scans", Path(place) / "store"
        scans(arguments.folder, folder, pages)
        first, first_totals = ingest_json(folder, store)
        again = [ingest_json(folder, store) for _ in range(3)]
    command, work = min(run.wall_s for run, _ in again), min(totals["seconds"] for _, totals in again)
    table(
        [
            (f"{pages} pages", "first", "unchanged", "times faster", "aim"),
            ("work", f"{first_totals['seconds']:.2f} s", f"{work:.3f} s", f"{first_totals['seconds'] / work:.0f}", str(AIM)),
            ("whole command", f"{first.wall_s:.2f} s", f"{command:.3f} s", f"{first.wall_s / command:.0f}", ""),
        ]
    )


if __name__ == "__main__":
    main()
