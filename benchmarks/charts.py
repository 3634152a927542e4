"""Charts that print no values: how many are read, how well, and how many wrongly.

    python benchmarks/charts.py --each 4

Draws charts of known data in many styles, reads each page as ingestion does (OCR included), and compares. A value is false
when it is off by more than three times its stated error and by 5 % of the largest value, or has a name that is not there.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from _charts_drawn import KINDS, REFUSED, DrawnChart, draw
from mmrag_ingest.records import Limits, PageTask
from mmrag_ingest.worker import read_page
from rapidfuzz import fuzz

from mmrag.agent.formulas import number_in
from mmrag.domain.documents import Element, ElementKind

HEAD = "kind             drawn  read false values missing  median     p90 in error"
_ALIKE = 70.0
"""Likeness from which a name that OCR read is the one that was drawn."""


@dataclass(slots=True)
class Row:
    """What became of the charts of one kind. ``errors`` are relative to the true value."""

    drawn: int = 0
    read: int = 0
    false: int = 0
    missing: int = 0
    errors: list[float] = field(default_factory=list)
    inside: list[bool] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=4, help="charts of each kind")
    parser.add_argument("--seed", default="bench")
    arguments = parser.parse_args()
    rows: dict[str, Row] = defaultdict(Row)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for kind in (*KINDS, *REFUSED):
            for n in range(arguments.each):
                chart = draw(random.Random(f"{arguments.seed} {kind} {n}"), kind, Path(folder) / "chart.png")
                task = PageTask(path=chart.file, media_type="image/png", document_id="d", number=1, limits=Limits())
                page = read_page(task, threads=2).page
                measured = [e for e in page.elements if e.kind is ElementKind.CHART and any(c.error for c in e.cells)]
                count(rows[kind], chart, measured)
    print(HEAD)
    for kind, row in rows.items():
        print(line(kind, row))
    told = [row for kind, row in rows.items() if kind in KINDS]
    print(line("all to be read", merged(told)))
    print(line("to be refused", merged([row for kind, row in rows.items() if kind in REFUSED])))
    print(f"{time.perf_counter() - began:.0f} s, reading included")


def count(row: Row, chart: DrawnChart, measured: list[Element]) -> None:
    row.drawn += 1
    if not measured:
        return
    row.read += 1
    heads = {(c.row, c.column): c.text for e in measured for c in e.cells if c.is_header}
    largest = max(chart.values.values(), default=0.0)
    false = not chart.values
    seen = 0
    for cell in (c for e in measured for c in e.cells if c.error is not None):
        named = heads[cell.row, 0], heads.get((0, cell.column), "")
        key = max(chart.values, key=lambda k: fuzz.ratio(k[0], named[0]) + fuzz.ratio(k[1], named[1]), default=None)
        value = number_in(cell.text)
        if key is None or value is None or fuzz.ratio(key[0], named[0]) < _ALIKE or cell.error is None:
            false = True
            continue
        seen += 1
        off = abs(float(value) - chart.values[key])
        row.errors.append(off / abs(chart.values[key]))
        row.inside.append(off <= cell.error)
        false = false or off > max(3 * cell.error, 0.05 * largest)
    row.false += false
    row.missing += len(chart.values) - seen


def merged(rows: list[Row]) -> Row:
    return Row(
        drawn=sum(r.drawn for r in rows),
        read=sum(r.read for r in rows),
        false=sum(r.false for r in rows),
        missing=sum(r.missing for r in rows),
        errors=[e for r in rows for e in r.errors],
        inside=[i for r in rows for i in r.inside],
    )


def line(name: str, row: Row) -> str:
    errors = sorted(row.errors)
    median = f"{statistics.median(errors):.4f}" if errors else "-"
    p90 = f"{errors[int(0.9 * len(errors))]:.4f}" if errors else "-"
    inside = f"{statistics.mean(map(int, row.inside)):.2f}" if row.inside else "-"
    counts = f"{name:16} {row.drawn:5} {row.read:5} {row.false:5} {len(errors):6} {row.missing:7}"
    return f"{counts} {median:>7} {p90:>7} {inside:>8}"


if __name__ == "__main__":
    main()
