"""Cells of real tables against annotations made by hand: 20 tables of the development corpus, ruled and not.

What was read off the pictures is in ``annotations/tables.jsonl``: row, column and spans of each cell, its box (that of the
words that spell its text), and the text as a digest, since most of the documents may not be copied. A digest is of letters
and digits alone, with those that OCR does not tell apart made one (``0`` and ``O``, ``1`` and ``l``).

A cell is found when a cell that was read has its text at its place. *precision* and *recall* count cells with words; *grid*
is the share of true cells found with the right row, column and spans; *place* is the same share when only the places count,
whatever was read there.

    python benchmarks/real_tables.py CORPUS [--save DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from _ingesting import table
from mmrag_ingest.guard import usable_cores
from mmrag_ingest.pages import probe
from mmrag_ingest.records import Limits, PageTask
from mmrag_ingest.worker import read_page

from mmrag.domain.documents import Cell, ElementKind, Page
from mmrag.domain.geometry import BBox

ANNOTATIONS = Path(__file__).parent / "annotations" / "tables.jsonl"
_ALIKE = str.maketrans("oiljsbzq", "01115829")
_SHARED = 0.5
"""Of the smaller of two boxes, from which they are one place."""


def folded(text: str) -> str:
    """Letters and digits, those that OCR takes for one another made one."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("×", "x")
    return re.sub(r"[^a-z0-9]", "", plain).translate(_ALIKE)


def digest(text: str) -> str:
    return hashlib.sha256(folded(text).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueCell:
    row: int
    column: int
    row_span: int
    column_span: int
    box: BBox
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueTable:
    """A table as a person sees it; ``box`` is around all of it, in page fractions, and ``page`` counts from 1."""

    file: str
    page: int
    kind: str
    box: BBox
    cells: tuple[TrueCell, ...]


def annotated(path: Path = ANNOTATIONS) -> list[TrueTable]:
    tables = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        cells = tuple(
            TrueCell(
                row=c["row"],
                column=c["column"],
                row_span=c["row_span"],
                column_span=c["column_span"],
                box=BBox(*c["box"]),
                digest=c.get("digest") or digest(c["text"]),
            )
            for c in row["cells"]
        )
        tables.append(TrueTable(file=row["file"], page=row["page"], kind=row["kind"], box=BBox(*row["box"]), cells=cells))
    return tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    table: TrueTable
    true: int
    given: int
    found: int
    grid: int
    placed: int

    @property
    def name(self) -> str:
        return f"{Path(self.table.file).stem[:12]} p. {self.table.page}"


def score_of(true: TrueTable, page: Page) -> Score:
    """Compare one table with the tables that were found where it stands."""
    here = [e for e in page.elements if e.kind is ElementKind.TABLE and _shares(e.bbox, true.box)]
    given = [
        (n, c)
        for n, e in enumerate(here)
        for c in e.cells
        if folded(c.text) and true.box.grown(0.01, 0.01).contains(*c.bbox.center)
    ]
    places: list[tuple[TrueCell, int, Cell]] = []
    found: list[tuple[TrueCell, int, Cell]] = []
    for cell in true.cells:
        fits = [(n, c) for n, c in given if _shares(c.bbox, cell.box)]
        if fits:
            places.append((cell, *max(fits, key=lambda f: f[1].bbox.iou(cell.box))))
        same = [(n, c) for n, c in fits if digest(c.text) == cell.digest]
        if same:
            found.append((cell, *same[0]))
    return Score(
        table=true,
        true=len(true.cells),
        given=len(given),
        found=len(found),
        grid=_in_grid(found),
        placed=_in_grid(places),
    )


def _shares(a: BBox, b: BBox) -> bool:
    return a.intersection(b) >= _SHARED * min(a.area, b.area) > 0


def _in_grid(pairs: Sequence[tuple[TrueCell, int, Cell]]) -> int:
    """How many stand in the right row and column with the right spans.

    A table whose first row or column was missed is shifted as a whole, which is one mistake and not one a cell.
    """
    shifts = Counter((n, t.row - c.row, t.column - c.column) for t, n, c in pairs)
    shift = shifts.most_common(1)[0][0] if shifts else (0, 0, 0)
    return sum(
        (n, t.row - c.row, t.column - c.column) == shift and (t.row_span, t.column_span) == (c.row_span, c.column_span)
        for t, n, c in pairs
    )


def scores_of(corpus: Path, tables: Sequence[TrueTable], save: Path | None = None) -> list[Score]:
    """Read the page that these tables stand on, and compare."""
    path, number = corpus / tables[0].file, tables[0].page
    media = probe(path, Limits()).media_type
    page = read_page(PageTask(path=path, media_type=media, document_id="d", number=number, limits=Limits())).page
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        text = "\n\n".join(e.text for e in page.elements if e.kind is ElementKind.TABLE)
        (save / f"{path.stem}-{number}.md").write_text(text, encoding="utf-8")
    return [score_of(t, page) for t in tables]


def by_page(tables: Iterable[TrueTable]) -> list[list[TrueTable]]:
    ordered = sorted(tables, key=lambda t: (t.file, t.page))
    return [list(group) for _, group in groupby(ordered, key=lambda t: (t.file, t.page))]


def show(scores: Sequence[Score]) -> None:
    rows: list[tuple[str, ...]] = [("table", "kind", "cells", "precision", "recall", "grid", "place")]
    rows.extend((score.name, score.table.kind, str(score.true), *_shares_of([score])) for score in scores)
    rows.append((f"all {len(scores)}", "", str(sum(s.true for s in scores)), *_shares_of(scores)))
    table(rows)


def _shares_of(scores: Sequence[Score]) -> list[str]:
    true, given = sum(s.true for s in scores), sum(s.given for s in scores)
    shares = (
        sum(s.found for s in scores) / max(1, given),
        sum(s.found for s in scores) / max(1, true),
        sum(s.grid for s in scores) / max(1, true),
        sum(s.placed for s in scores) / max(1, true),
    )
    return [f"{share:.3f}" for share in shares]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="the folder that the annotated files are in")
    parser.add_argument("--save", type=Path, help="keep what was read here, as Markdown")
    arguments = parser.parse_args()
    os.nice(5)
    here = [group for group in by_page(annotated()) if (arguments.corpus / group[0].file).is_file()]
    with ProcessPoolExecutor(usable_cores()) as pool:
        read = pool.map(partial(scores_of, arguments.corpus, save=arguments.save), here)
        show([score for scores in read for score in scores])


if __name__ == "__main__":
    main()
