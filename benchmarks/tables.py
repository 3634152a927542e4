"""Cells of tables against drawn tables of known content: ruled or not, with merged headers, with cells of several lines.

A true cell is found when a cell of a table has its words (nine letters in ten) at its place. *precision* and *recall* count
cells with words; *grid* is the share of true cells that were found with the right row, column and spans.

    python benchmarks/tables.py [--tables N] [--quick] [--save DIR]
"""

from __future__ import annotations

import argparse
import os
import random
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from _ingesting import table
from mmrag_ingest.guard import usable_cores
from mmrag_ingest.records import Limits, PageTask
from mmrag_ingest.worker import read_page
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from rapidfuzz.fuzz import ratio

from mmrag.domain.documents import Cell, ElementKind, Page
from mmrag.domain.geometry import BBox

WIDTH, HEIGHT, LETTERS = 1240, 1100, 24
ITEMS = (
    "Copper pipe",
    "Steel bolt",
    "Oak panel",
    "Glass jar",
    "Canvas sail",
    "Brass valve",
    "Paper roll",
    "Linen rope",
    "Cork mat",
)
REMARKS = (
    "delivered in part, rest to follow",
    "returned by the customer unopened",
    "kept in the north store",
    "on order since spring",
)
PLACES = ("North", "South", "Harbour", "Old town", "Airport", "Mill lane", "Riverside")
NUMBERS = ("Units", "Price", "Sales", "Cost", "Share", "Stock")


@dataclass(frozen=True, slots=True, kw_only=True)
class True_:
    """A drawn cell: its place in the grid, its text, and its box in page fractions."""

    row: int
    column: int
    text: str
    box: BBox
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a table is like. ``rules``: ``all``, ``header`` (three rules across), or ``none``.

    In ruled tables text stands in the middle of its cell, in others at its top and heads at their foot, as is usual.
    """

    rules: str
    merged: bool
    lines: bool
    noise: bool
    seed: int

    @property
    def name(self) -> str:
        rules = {"all": "ruled", "header": "three rules", "none": "no rules"}[self.rules]
        return " ".join([rules, *(["merged header"] * self.merged), *(["several lines"] * self.lines)])


@dataclass(slots=True)
class Drawing:
    """A page being drawn."""

    image: Image.Image
    pen: ImageDraw.ImageDraw
    font: ImageFont.FreeTypeFont
    cells: list[True_] = field(default_factory=list)


def bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def drawn(plan: Plan) -> tuple[Image.Image, list[True_]]:
    """A page with one table between two lines of text, and the cells of the table that have words."""
    chance = random.Random(plan.seed)
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    font = ImageFont.load_default(LETTERS)
    assert isinstance(font, ImageFont.FreeTypeFont)
    page = Drawing(image, ImageDraw.Draw(image), font)
    page.pen.text((100, 60), "The following table lists what was counted in the past two years.", fill="black", font=font)
    low = _table(page, plan, chance)
    page.pen.text((100, low + 70), "All amounts are given in thousands and were rounded.", fill="black", font=font)
    result = page.image
    if plan.noise:
        pixels = np.asarray(result.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32)
        grain = np.random.default_rng(plan.seed).normal(0, 14, pixels.shape[:2])[:, :, None]
        result = Image.fromarray(np.clip(pixels * 0.86 + 10 + grain, 0, 255).astype(np.uint8))
        result = result.rotate(chance.uniform(-1.2, 1.2), fillcolor=(228, 228, 228), resample=Image.Resampling.BICUBIC)
    return result, page.cells


def _table(page: Drawing, plan: Plan, chance: random.Random) -> int:
    """Draw the table and note its cells. Returns its foot in pixels."""
    groups = chance.sample(["2022", "2023", "2024"], 2) if plan.merged else []
    numbers = chance.sample(NUMBERS, 2 if plan.merged else chance.randint(2, 4))
    heads = ["Item", "Place", *(numbers * 2 if plan.merged else numbers)]
    if plan.lines:
        heads.insert(2, "Remark")
    edges = _edges(heads, chance)
    rows = _rows(heads, plan, chance)
    head_rows = 2 if plan.merged else 1
    y = top = 150
    pitch = LETTERS + chance.choice((14, 18, 24))
    ys = [y]
    for row in rows:
        y += pitch + (max(len(t.split("\n")) for t in row) - 1) * (LETTERS + 6)
        ys.append(y)
    offset = 0
    if plan.merged:
        ys = [top, *(v + pitch for v in ys)]
        offset = 1
        first = len(heads) - 4
        for n, group in enumerate(groups):
            _put(page, plan, group, (0, 1), (first + 2 * n, first + 2 * n + 2), edges, ys, "middle")
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            spans_rows = plan.rules == "all" and plan.merged and r == 0 and c < len(heads) - 4
            start = 0 if spans_rows else r + offset
            side = "left" if c < len(heads) - len(heads[2:]) or heads[c] == "Remark" else "right"
            _put(page, plan, text, (start, r + offset + 1), (c, c + 1), edges, ys, side)
    if plan.rules == "header":
        for y in (ys[0], ys[head_rows], ys[-1]):
            page.pen.line((edges[0], y, edges[-1], y), fill="black", width=2)
    return ys[-1]


def _edges(heads: Sequence[str], chance: random.Random) -> list[int]:
    edges = [90]
    for head in heads:
        wide = {"Item": 190, "Place": 150, "Remark": 290}.get(head, chance.randint(105, 135))
        edges.append(edges[-1] + wide)
    return edges


def _rows(heads: Sequence[str], plan: Plan, chance: random.Random) -> list[list[str]]:
    rows = [list(heads)]
    for item in chance.sample(ITEMS, chance.randint(4, 8)):
        row = []
        for head in heads:
            if head == "Item":
                row.append(item)
            elif head == "Place":
                row.append(chance.choice(PLACES))
            elif head == "Remark":
                words = chance.choice(REMARKS).split()
                row.append(" ".join(words[:3]) + "\n" + " ".join(words[3:]) if chance.random() < 0.6 else words[0])
            else:
                row.append("" if chance.random() < 0.1 else f"{chance.uniform(1, 4000):,.{chance.choice((0, 1, 2))}f}")
        rows.append(row)
    return rows


def _put(
    page: Drawing,
    plan: Plan,
    text: str,
    rows: tuple[int, int],
    columns: tuple[int, int],
    xs: list[int],
    ys: list[int],
    side: str,
) -> None:
    x0, x1, y0, y1 = xs[columns[0]], xs[columns[1]], ys[rows[0]], ys[rows[1]]
    if plan.rules == "all":
        page.pen.rectangle((x0, y0, x1, y1), outline="black", width=2)
    if not text:
        return
    anchor, x = {"left": ("lm", x0 + 14), "right": ("rm", x1 - 14), "middle": ("mm", (x0 + x1) // 2)}[side]
    lines = text.split("\n")
    for n, part in enumerate(lines):
        y = (y0 + y1) / 2 + (n - (len(lines) - 1) / 2) * (LETTERS + 6)
        if plan.rules != "all":
            y = y0 + LETTERS / 2 + 7 + n * (LETTERS + 6)
        page.pen.text((x, y), part, fill="black", font=page.font, anchor=anchor)
    page.cells.append(
        True_(
            row=rows[0],
            column=columns[0],
            text=text.replace("\n", " "),
            box=BBox.from_pixels(x0, y0, x1, y1, width=WIDTH, height=HEIGHT),
            row_span=rows[1] - rows[0],
            column_span=columns[1] - columns[0],
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    plan: Plan
    true: int
    given: int
    found: int
    placed: int


def score_of(plan: Plan, save: Path | None = None) -> Score:
    """Draw, read and compare one table."""
    image, cells = drawn(plan)
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        image.save(file, format="PNG")
        file.flush()
        task = PageTask(path=Path(file.name), media_type="image/png", document_id="d", number=1, limits=Limits())
        page = read_page(task).page
    score = compared(plan, cells, page)
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        name = f"{plan.name.replace(' ', '-')}-{plan.seed}{'-noise' if plan.noise else ''}-{score.placed}-of-{score.true}"
        image.save(save / f"{name}.png")
        text = "\n\n".join(e.text for e in page.elements if e.kind is ElementKind.TABLE)
        (save / f"{name}.md").write_text(text, encoding="utf-8")
    return score


def compared(plan: Plan, cells: Sequence[True_], page: Page) -> Score:
    tables = [e for e in page.elements if e.kind is ElementKind.TABLE]
    left: list[tuple[int, Cell]] = [(n, cell) for n, e in enumerate(tables) for cell in e.cells if bare(cell.text)]
    given = len(left)
    pairs: list[tuple[True_, int, Cell]] = []
    for cell in cells:
        fits = [(n, c) for n, c in left if cell.box.grown(0.02, 0.02).contains(*c.bbox.center)]
        best = max(fits, key=lambda f: ratio(bare(f[1].text), bare(cell.text)), default=None)
        if best is not None and ratio(bare(best[1].text), bare(cell.text)) >= 90:
            left.remove(best)
            pairs.append((cell, *best))
    # A table whose first row or column was missed is shifted as a whole, which is one mistake and not one a cell.
    shifts = Counter((n, t.row - c.row, t.column - c.column) for t, n, c in pairs)
    shift = shifts.most_common(1)[0][0] if shifts else (0, 0, 0)
    placed = sum(
        (n, t.row - c.row, t.column - c.column) == shift and (t.row_span, t.column_span) == (c.row_span, c.column_span)
        for t, n, c in pairs
    )
    return Score(plan=plan, true=len(cells), given=given, found=len(pairs), placed=placed)


def plans(count: int) -> list[Plan]:
    return [
        Plan(rules=rules, merged=merged, lines=lines, noise=bool(seed % 2), seed=seed)
        for rules in ("all", "header", "none")
        for merged in (False, True)
        for lines in (False, True)
        for seed in range(count)
    ]


def show(scores: Sequence[Score]) -> None:
    rows: list[tuple[str, ...]] = [("tables", "n", "cells", "precision", "recall", "grid")]
    names = list(dict.fromkeys(s.plan.name for s in scores))
    groups = [(name, [s for s in scores if s.plan.name == name]) for name in names]
    groups += [(label, [s for s in scores if s.plan.noise is noisy]) for label, noisy in (("clean", False), ("noisy", True))]
    for name, of in [*groups, ("all", list(scores))]:
        true, found = sum(s.true for s in of), sum(s.found for s in of)
        given, placed = sum(s.given for s in of), sum(s.placed for s in of)
        shares = (found / max(1, given), found / max(1, true), placed / max(1, true))
        rows.append((name, str(len(of)), str(true), *(f"{share:.3f}" for share in shares)))
    table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=4, help="of each of the twelve kinds; every second is noisy")
    parser.add_argument("--quick", action="store_true", help="one of each kind")
    parser.add_argument("--save", type=Path, help="keep the pictures and what was read here")
    arguments = parser.parse_args()
    os.nice(5)
    chosen = plans(1 if arguments.quick else arguments.tables)
    with ProcessPoolExecutor(usable_cores()) as pool:
        scores = list(pool.map(partial(score_of, save=arguments.save), chosen))
    show(scores)


if __name__ == "__main__":
    main()
