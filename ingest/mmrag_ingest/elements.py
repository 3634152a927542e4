"""From raw words to an understood page, by geometry alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import ElementKind, Page, TextSource, Word
from mmrag.domain.geometry import BBox
from mmrag_ingest.charting.found import charts_on
from mmrag_ingest.charting.items import printed
from mmrag_ingest.charting.parts import Part, axis_in
from mmrag_ingest.layout.assemble import Assembler
from mmrag_ingest.layout.bands import Band, bands_of, words_between
from mmrag_ingest.layout.blocks import Look, blocks_of
from mmrag_ingest.layout.by_hand import signatures_of, stamps_on, without_crossing
from mmrag_ingest.layout.charts import chart_box, has_ticks
from mmrag_ingest.layout.checkboxes import options_on, without_pairs
from mmrag_ingest.layout.colons import Pair
from mmrag_ingest.layout.columns import leaves_of
from mmrag_ingest.layout.figures import figure_regions, ink_of, is_photo
from mmrag_ingest.layout.found import Found
from mmrag_ingest.layout.grids import grids_of
from mmrag_ingest.layout.key_values import pairs_of
from mmrag_ingest.layout.lattice import Lattice, lattices_of
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.notes import with_captions, with_footnotes
from mmrag_ingest.layout.pieces import Piece, canonical, pieces_of, usual_height
from mmrag_ingest.layout.ruled import tabular, words_inside
from mmrag_ingest.layout.rulings import rulings_of
from mmrag_ingest.layout.signing import signings_on
from mmrag_ingest.layout.skew import Frame
from mmrag_ingest.layout.stamps import stamps_by_look
from mmrag_ingest.layout.tables import Grid
from mmrag_ingest.layout.turning import turned_back, turned_page
from mmrag_ingest.layout.unread import unread_regions
from mmrag_ingest.records import RawPage, RawWord

_BLANK = 0.0008
"""Share of dark pixels below which a page without words is blank: specks of dust stay under it."""
_MARGIN = 0.12
"""How far outside the bars of a chart its tick numbers and labels may stand, as a share of the page."""
_BUSY = 60  # words: a photograph read as a heap of numbers is no chart
_FEWEST_PIECES = 4
_SLACK = 0.5
"""Of the usual letter height: ruling lines nearer than this to one another are one."""
_OF_SIGNATURE = 0.3
"""Of a place that gave no text, in the box of a signature from which it is that."""
_DOUBTFUL = 0.4
"""Mean confidence of OCR under which a page counts as unreadable."""


def understand(raw: RawPage, picture: NDArray[np.uint8] | None, *, document_id: str, number: int, image: str | None) -> Page:
    """Put words in reading order and find the elements of the page.

    ``picture`` is the rendered page, RGB, shape (h, w, 3); without it no figures are found and an empty page counts as
    blank. The order of ``raw.words`` does not matter. Every word is in at least one element that is not a pair. A page that
    lies on its side or stands on its head is understood as if it were upright.
    """
    if raw.turn:
        upright = None if picture is None else np.rot90(picture, raw.turn)
        page = understand(turned_page(raw), upright, document_id=document_id, number=number, image=image)
        return turned_back(page, raw)
    signings = [] if picture is None else signings_on(raw, picture)
    made_up = {id(w) for s in signings for w in s.scribble}
    raw = replace(raw, words=tuple(w for w in raw.words if id(w) not in made_up)) if made_up else raw
    source = [w for w in canonical(raw.words) if w.text.strip()]
    pieces, frame = pieces_of(raw, source)
    lattices, bands = _ruled(picture, pieces, frame)
    leaves = leaves_of(pieces, {**words_between(bands, pieces), **words_inside(lattices, pieces)})
    words, final = _reading_order(source, leaves)
    made = Assembler(document_id=document_id, number=number, words=words, final=final)
    warnings = list(raw.warnings)
    if words and _is_doubtful(raw, words):
        text = " ".join(w.text for w in words)
        made.region(ElementKind.UNREADABLE, BBox.around(w.bbox for w in words), text, tuple(range(len(words))))
        warnings.append("the words of this page were read with very low confidence")
    else:
        _add_text(made, leaves, raw, lattices)
    parts: list[tuple[str, Part]] = []
    if picture is not None:
        parts = _add_pictures(made, picture, raw)
        shown = [e.bbox for e in made.elements if e.kind.is_picture]
        _add_stamps(made, picture, raw, shown)
        for option in options_on(made.words, picture, shown):
            made.option(option)
        for signing in signings:
            made.signing(signing)
    if words:
        warnings += _add_unread(made, raw)
    for chart, part in parts:
        made.part(part, chart)
    told = with_captions(without_crossing(without_pairs(made.elements)))
    return Page(
        document_id=document_id,
        number=number,
        width=raw.width,
        height=raw.height,
        source=raw.source,
        confidence=raw.confidence,
        engine=raw.engine,
        image=image,
        words=words,
        elements=with_footnotes(told, [w.bbox.height for w in words]),
        warnings=tuple(warnings),
    )


def _reading_order(source: list[RawWord], leaves: list[list[Row]]) -> tuple[tuple[Word, ...], dict[int, int]]:
    words: list[Word] = []
    final: dict[int, int] = {}
    rows = [row for leaf in leaves for row in leaf]
    for number, row in enumerate(rows):
        for glyphs in (g for piece in row.pieces for g in piece.words):
            raw = source[glyphs.raw]
            final[glyphs.raw] = len(words)
            words.append(Word(index=len(words), line=number, text=raw.text, polygon=raw.polygon, confidence=raw.confidence))
    return tuple(words), final


def _is_doubtful(raw: RawPage, words: tuple[Word, ...]) -> bool:
    return raw.source is TextSource.OCR and sum(w.confidence for w in words) < _DOUBTFUL * len(words)


def _look(leaves: list[list[Row]], raw: RawPage) -> Look:
    pieces = [p for leaf in leaves for row in leaf for p in row.pieces]
    return Look(
        height=usual_height(pieces),
        x0=min(p.x0 for p in pieces),
        x1=max(p.x1 for p in pieces),
        y0=min(p.y0 for p in pieces),
        y1=max(p.y1 for p in pieces),
        page_width=float(raw.width),
        page_height=float(raw.height),
    )


def _ruled(picture: NDArray[np.uint8] | None, pieces: list[Piece], frame: Frame) -> tuple[list[Lattice], list[Band]]:
    """The ruled tables of the page, and those between level lines alone."""
    if picture is None or len(pieces) < _FEWEST_PIECES:
        return [], []
    rulings = rulings_of(picture, frame)
    slack = _SLACK * usual_height(pieces)
    return tabular(lattices_of(rulings, frame.middle, slack), pieces), bands_of(rulings, pieces, slack)


def _add_text(made: Assembler, leaves: list[list[Row]], raw: RawPage, lattices: list[Lattice]) -> None:
    if not leaves:
        return
    look = _look(leaves, raw)
    found = Found()
    for n, rows in enumerate(leaves):
        grids = grids_of(rows, lattices)
        pairs = pairs_of(rows, grids, [r for leaf in leaves[n + 1 :] for r in leaf], found)
        starts = {g.first: g for g in grids}
        i = 0
        while i < len(rows):
            grid = starts.get(i)
            end = grid.last + 1 if grid else min((s for s in starts if s > i), default=len(rows))
            _add_rows(made, rows[i:end], grid, pairs, found.pairs, look)
            i = end


def _add_rows(made: Assembler, rows: list[Row], grid: Grid | None, pairs: list[Pair], known: list[Pair], look: Look) -> None:
    """Add a table with each of its rows, or the blocks of rows outside tables, each followed by its pairs.

    ``known`` are the pairs found so far on the page, whose values may be here.
    """
    if grid is not None:
        made.table(grid)
    paired = {w.raw for p in known for w in p.words}
    values = {w.raw for p in known for w in p.value_words}
    blocks = [] if grid else blocks_of(rows, look, paired, values)
    groups = [((r,), ElementKind.TEXT) for r in rows] if grid else [(b.rows, b.kind) for b in blocks]
    for members, kind in groups:
        glyphs = [g for r in members for p in r.pieces for g in p.words]
        height = max(r.height for r in members)
        made.text(kind, glyphs, "\n".join(r.text for r in members), height)
        inside = {g.raw for g in glyphs}
        for pair in pairs:
            if pair.label_words[0].raw in inside:
                made.pair(pair)


def _add_stamps(made: Assembler, picture: NDArray[np.uint8], raw: RawPage, shown: list[BBox]) -> None:
    across = stamps_on(made.words, raw.height / raw.width, shown)
    known = {i for stamp in across for i in stamp.words}
    seen = stamps_by_look([w for w in made.words if w.index not in known], picture, shown)
    for box, text, indexes in [*((s.box, s.text, s.words) for s in across), *((s.box, s.text, s.words) for s in seen)]:
        made.region(ElementKind.STAMP, box, text, indexes)


def _add_unread(made: Assembler, raw: RawPage) -> list[str]:
    """Add the places that gave no text. Returns the warning that there are some."""
    pictures = [e.bbox for e in made.elements if e.kind.is_picture]
    regions = unread_regions(raw, [w.bbox for w in made.words], pictures)
    signed = [e.bbox for e in made.elements if e.kind is ElementKind.SIGNATURE]
    regions = [r for r in regions if not any(s.intersection(r) > _OF_SIGNATURE * r.area for s in signed)]
    signatures = signatures_of(regions, made.words, made.elements)
    for signature in signatures:
        made.region(signature.kind, signature.box, "")
    regions = [box for box in regions if all(box != s.box for s in signatures)]
    for box in regions:
        made.region(ElementKind.UNREADABLE, box, "")
    if not regions:
        return []
    return ["a place on it could not be read" if len(regions) == 1 else f"{len(regions)} places on it could not be read"]


def _add_pictures(made: Assembler, picture: NDArray[np.uint8], raw: RawPage) -> list[tuple[str, Part]]:
    """Add figures, charts and photographs. Returns the parts of charts, each with its chart's id: they come last of all."""
    ink = ink_of(picture)
    regions = figure_regions(ink, [w.bbox for w in printed(made.words)], raw.figures)
    boxes: list[tuple[BBox, ElementKind]] = []
    for region in regions:
        margin = _MARGIN if region.is_flat else 0.0
        near = [w for w in made.words if region.box.grown(margin, margin).contains(*w.bbox.center)]
        chart = has_ticks(near) and (region.is_flat or len(near) < _BUSY)
        box = BBox.around([region.box, *(w.bbox for w in near)]) if chart else region.box
        boxes.append((box, ElementKind.CHART if chart else ElementKind.FIGURE))
    axes = chart_box(made.words)
    if axes is not None:
        within = [b for b, _ in boxes if b.intersection(axes) > 0.5 * b.area]
        boxes = [(b, k) for b, k in boxes if b not in within]
        boxes.append((BBox.around([axes, *within]), ElementKind.CHART))
    found = charts_on(made.words, [b for b, _ in boxes], picture)
    parts: list[tuple[str, Part]] = []
    for table in found:
        id_ = made.region(ElementKind.CHART, table.box, table.text, table.words, table.cells)
        parts += [(id_, part) for part in table.parts]
    read = [table.box for table in found]
    for box, kind in [(b, k) for b, k in boxes if all(b.intersection(r) < 0.5 * b.area for r in read)]:
        inside = [w for w in made.words if box.contains(*w.bbox.center)]
        if kind is ElementKind.FIGURE and is_photo(picture, box):
            kind = ElementKind.PHOTO
        drawn = made.region(kind, box, " ".join(w.text for w in inside), tuple(w.index for w in inside))
        if kind is ElementKind.CHART:
            parts += [(drawn, part) for part in axis_in(inside, picture.shape[1], picture.shape[0])]
    if not made.words and not boxes and ink.share > _BLANK:
        made.region(ElementKind.UNREADABLE, BBox(0.0, 0.0, 1.0, 1.0), "")
    return parts
