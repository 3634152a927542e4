"""One sample: the picture as the models see it, what is true of it, its captions. A pure function of its seed (and of
the fonts).
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.drawing import bars, charts, covers, forms, pages, photos, plots, receipts, slides, small, tables
from training.drawing.captions import Caption, captions, stated
from training.drawing.fonts import font_files
from training.drawing.pen import Drawn
from training.drawing.scanner import scan

SIDE = 208

_WEIGHTS: tuple[tuple[Callable[[random.Random], Drawn], float], ...] = (
    (receipts.receipt, 8), (receipts.invoice, 5), (forms.government_form, 6), (forms.tax_form, 4),
    (forms.contract, 5), (pages.letter, 4), (pages.report, 8), (pages.case, 4), (pages.paper, 4),
    (tables.statement, 4), (tables.table, 3), (covers.cover, 3), (covers.blank, 1), (covers.unreadable, 1.5),
    (photos.photo, 11), (slides.slide, 11), (small.ticket, 1.5), (small.card, 1.5), (small.flowchart, 2.5),
    (small.diagram, 2.5), (small.world, 2), (small.note, 3), (small.screenshot, 2.5), (bars.bars, 6),
    (bars.lying_bars, 5), (charts.lines, 5), (charts.pie, 3.5), (charts.scatter, 2.5), (plots.plot, 5),
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
    names = sorted(path.rsplit("/", 1)[-1] for paths in font_files().values() for path in paths)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
