"""Page crops for the error gallery: the true box green, the cited box red, small enough to stand inside a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

from mmrag.domain.geometry import BBox
from mmrag.evaluation.metrics.boxes import Place
from mmrag.evaluation.scoring import Scored

GREEN, RED = (21, 128, 61), (220, 38, 38)
_WIDTH = 640
_HEIGHT = 480
_MARGIN = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A part of one page as a JPEG data URI."""

    document: str
    page: int
    uri: str


def places_to_show(s: Scored) -> tuple[tuple[str, int], ...]:
    """The pages that explain an outcome: where the answer stands, and the first place that was cited."""
    true = [(t.document, t.page) for t in s.truth.boxes] or sorted(s.truth.pages)
    cited = [(c.document, c.page) for c in s.outcome.citations]
    return tuple(dict.fromkeys([*true[:1], *cited[:1]]))


def boxes_on(s: Scored, document: str, page: int) -> tuple[tuple[BBox, ...], tuple[BBox, ...]]:
    """The true boxes and the cited ones on one page."""
    here = Place(document=document, page=page)
    true = tuple(t.box for t in s.truth.boxes if t.box is not None and (t.document, t.page) == (here.document, here.page))
    return true, tuple(c.box for c in s.outcome.citations if (c.document, c.page) == (document, page))


def crop_uri(picture: bytes, true: Sequence[BBox], cited: Sequence[BBox]) -> str:
    """Cut out what the boxes span, with some margin, draw them and encode it. The whole page when there are none.

    ``picture`` is the stored page image; boxes are fractions of it. Blocks: call it in a worker thread.
    """
    from PIL import Image, ImageDraw

    with Image.open(io.BytesIO(picture)) as opened:
        page = opened.convert("RGB")
    around = BBox.around([*true, *cited]).grown(_MARGIN, _MARGIN) if (true or cited) else BBox(0.0, 0.0, 1.0, 1.0)
    x0, y0, x1, y1 = (round(v) for v in around.to_pixels(page.width, page.height))
    cut = page.crop((x0, y0, max(x0 + 1, x1), max(y0 + 1, y1)))
    scale = min(1.5, _WIDTH / cut.width, _HEIGHT / cut.height)
    cut = cut.resize((max(1, round(cut.width * scale)), max(1, round(cut.height * scale))), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(cut)
    for boxes, color, gap in ((true, GREEN, 3), (cited, RED, 0)):
        for box in boxes:
            left, top, right, bottom = box.to_pixels(page.width, page.height)
            corners = (
                (left - x0) * scale - gap,
                (top - y0) * scale - gap,
                (right - x0) * scale + gap,
                (bottom - y0) * scale + gap,
            )
            pen.rectangle(corners, outline=color, width=3)
    out = io.BytesIO()
    cut.save(out, "JPEG", quality=72, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
