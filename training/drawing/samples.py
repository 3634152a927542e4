"""One sample: the picture as the models see it, what is true of it, its captions. A pure function of its seed (and of
the fonts and photographs).
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.drawing import (
    bars,
    charts,
    covers,
    decks,
    filings,
    forms,
    offices,
    pages,
    parts,
    photos,
    pictures,
    plots,
    polls,
    receipts,
    reports,
    slides,
    small,
    strips,
    tables,
    tills,
)
from training.drawing.captions import Caption, captions, stated
from training.drawing.fonts import font_files
from training.drawing.pen import Drawn
from training.drawing.scanner import scan

SIDE = 208

_WEIGHTS: tuple[tuple[Callable[[random.Random], Drawn], float], ...] = (
    (receipts.receipt, 3), (strips.strip, 5), (tills.till, 10),
    (receipts.invoice, 4), (forms.government_form, 3), (filings.dense_form, 4), (offices.office_form, 12), (parts.parted, 5),
    (forms.tax_form, 4), (forms.contract, 2), (filings.order, 5), (pages.letter, 3), (pages.report, 6), (pages.case, 3),
    (reports.page, 18), (filings.pleading, 3), (filings.filing, 4), (pages.paper, 3), (tables.statement, 3),
    (tables.table, 2.5), (covers.cover, 2), (covers.title_page, 3),
    (covers.blank, 1), (covers.unreadable, 1), (photos.photo, 10),
    (slides.slide, 5), (decks.picture_slide, 12), (small.ticket, 1), (small.card, 1), (small.flowchart, 2),
    (small.diagram, 2), (small.world, 1.5), (small.note, 2), (small.screenshot, 2), (bars.bars, 6), (bars.lying_bars, 3),
    (polls.published, 8), (charts.lines, 4), (charts.pie, 3), (charts.scatter, 2), (plots.plot, 4),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """`pixels` uint8 RGB of shape (208, 208, 3), squashed to a square; `shape` the (width, height) before."""

    pixels: npt.NDArray[np.uint8]
    shape: tuple[int, int]
    kind: str
    facts: frozenset[str]
    captions: tuple[Caption, ...]


def drawing(seed: int) -> tuple[Drawn, random.Random]:
    """The picture of a seed before it is squashed, with the generator in the state after it."""
    rng = random.Random(seed)
    makers = [maker for maker, _ in _WEIGHTS]
    maker = rng.choices(makers, [weight for _, weight in _WEIGHTS])[0]
    return scan(rng, maker(rng)), rng


def sample(seed: int) -> Sample:
    """The sample of a seed."""
    drawn, rng = drawing(seed)
    squashed = drawn.image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    pixels = np.asarray(squashed, dtype=np.uint8)
    return Sample(
        pixels=pixels, shape=drawn.image.size, kind=drawn.kind, facts=stated(drawn), captions=tuple(captions(rng, drawn))
    )


def fonts_mark() -> str:
    """A short hash of the names of the fonts in use: the same seed draws the same only with the same fonts."""
    names = sorted(path.rsplit("/", 1)[-1] for paths in font_files().values() for path in paths) + pictures.names()
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
