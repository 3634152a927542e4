"""How reading holds out as pages get worse, rung by rung: turned, skewed, few dots, faint, heavy JPEG, shadow, watermark.

Every page is read as it is and on every rung. *words*: share of the page's words that were read, letters and digits
compared; the words are the known ones where somebody wrote them down or the file itself has them (*known*), else the clean
reading's sure ones. *loss*: points lost against the clean reading. *place*: share of the words found again that lie where
the clean page's word went. *pairs*: share of the clean reading's key-value pairs read again. Aim: at most 3 points lost, 10
at 100 dpi.

    python benchmarks/ladder.py [CORPUS] [--full] [--quick] [--ways NAME ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from _ingesting import SAMPLES, table
from mmrag_ingest.guard import usable_cores
from mmrag_ingest.pages import probe, render
from mmrag_ingest.records import Limits, PageTask
from mmrag_ingest.sanity import Trust, judge
from mmrag_ingest.worker import read_page
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mmrag.domain.documents import ElementKind, Page

Points = NDArray[np.float64]
PICKED = 5
"""Pages of each kind taken from a corpus in the small form, spread over the folder."""
STRIP_INCHES, SHEET_INCHES = 3.15, 11.0
"""Width of a till roll of 80 mm; longer side of a sheet of paper."""
STRIP_PIXELS = 1100
"""Receipts narrower than this were cut out of their page."""
SURE = 0.9
ENDINGS = {".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page to read: its file, number, what is known to stand on it, and the longer side of its paper."""

    path: str
    number: int
    known: tuple[str, ...] = ()
    strip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Worse:
    """A page made worse: the picture, the JPEG quality it is kept at, and where the points of the clean page went."""

    picture: Image.Image
    moved: Callable[[Points], Points]
    quality: int = 92


def as_it_is(picture: Image.Image, sheet: Sheet) -> Worse:
    return Worse(picture=picture, moved=lambda p: p)


def turned(picture: Image.Image, sheet: Sheet, *, degrees: float) -> Worse:
    """Turned counter-clockwise about its middle on larger white paper."""
    result = picture.rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    angle = math.radians(degrees)
    matrix = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])

    def moved(points: Points) -> Points:
        away = (points - 0.5) * picture.size
        return np.asarray(away @ matrix.T / result.size + 0.5)

    return Worse(picture=result, moved=moved)


def few_dots(picture: Image.Image, sheet: Sheet) -> Worse:
    """Scanned at 100 dpi."""
    shown = picture.width / STRIP_INCHES if sheet.strip else max(picture.size) / SHEET_INCHES
    scale = min(1.0, 100 / shown)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return Worse(picture=picture.resize(size, Image.Resampling.BOX), moved=lambda p: p)


def faint(picture: Image.Image, sheet: Sheet, *, strength: float) -> Worse:
    """Ink with ``strength`` of its contrast left, on paper that is not white, with the noise of a sensor."""
    pixels = np.asarray(picture, dtype=np.float32)
    noise = np.random.default_rng(7).normal(0, 3, pixels.shape[:2])[:, :, None]
    return Worse(picture=_image(228 - strength * (255 - pixels) + noise), moved=lambda p: p)


def heavy_jpeg(picture: Image.Image, sheet: Sheet) -> Worse:
    return Worse(picture=picture, moved=lambda p: p, quality=10)


def shadowed(picture: Image.Image, sheet: Sheet) -> Worse:
    """Photographed with a shadow over one corner and a dark table around it: the light falls to a quarter."""
    across = np.linspace(0, 1, picture.width)[None, :] + np.linspace(0, 1, picture.height)[:, None]
    light = 0.25 + 0.75 / (1 + np.exp(-(across - 0.9) * 9))
    lit = np.asarray(picture, dtype=np.float32) * light[:, :, None]
    border = round(0.06 * max(picture.size))
    full = np.full((picture.height + 2 * border, picture.width + 2 * border, 3), 38, dtype=np.float32)
    full[border:-border, border:-border] = lit
    size = np.array([full.shape[1], full.shape[0]])
    return Worse(picture=_image(full), moved=lambda p: (p * picture.size + border) / size)


def watermarked(picture: Image.Image, sheet: Sheet) -> Worse:
    """A large grey word across the page, over and under the print."""
    layer = Image.new("L", picture.size, 255)
    font = ImageFont.load_default(max(picture.size) / 7)
    stamp = Image.new("L", (max(picture.size), round(max(picture.size) / 5)), 255)
    ImageDraw.Draw(stamp).text((stamp.width // 2, stamp.height // 2), "COPY COPY", fill=150, font=font, anchor="mm")
    stamp = stamp.rotate(45, expand=True, fillcolor=255)
    layer.paste(stamp, ((picture.width - stamp.width) // 2, (picture.height - stamp.height) // 2))
    mixed = np.asarray(picture, dtype=np.float32) * (np.asarray(layer, dtype=np.float32) / 255)[:, :, None]
    return Worse(picture=_image(mixed), moved=lambda p: p)


def _image(values: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


WAYS: dict[str, Callable[[Image.Image, Sheet], Worse]] = {
    "clean": as_it_is,
    "turned by 90": partial(turned, degrees=90),
    "turned by 180": partial(turned, degrees=180),
    "turned by 270": partial(turned, degrees=270),
    "skewed by 7": partial(turned, degrees=7),
    "skewed by -7": partial(turned, degrees=-7),
    "100 dpi": few_dots,
    "faint, a fifth": partial(faint, strength=0.2),
    "faint, a tenth": partial(faint, strength=0.1),
    "JPEG quality 10": heavy_jpeg,
    "shadow and border": shadowed,
    "watermark": watermarked,
}
QUICK = ("clean", "turned by 90", "skewed by 7", "faint, a fifth")


@dataclass(slots=True, kw_only=True)
class Reading:
    """What was read of one page on one rung; words are bare (letters and digits), places are centres in page fractions."""

    words: list[str] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    sure: list[bool] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    unreadable: int = 0
    confidence: float = 0.0
    seconds: float = 0.0


def bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def reading_of(page: Page, seconds: float) -> Reading:
    words = [w for w in page.words if bare(w.text)]
    return Reading(
        words=[bare(w.text) for w in words],
        places=[w.bbox.center for w in words],
        boxes=[w.bbox.as_tuple() for w in words],
        sure=[w.confidence >= SURE for w in words],
        pairs=[(bare(e.label or ""), bare(e.value or "")) for e in page.elements if e.kind is ElementKind.KEY_VALUE],
        unreadable=sum(e.kind is ElementKind.UNREADABLE for e in page.elements),
        confidence=page.confidence,
        seconds=seconds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    way: str
    path: str
    number: int
    known: bool
    words: float
    true_words: int
    place: float | None
    pairs: float | None
    true_pairs: int
    unreadable: int
    confidence: float
    seconds: float


def scores_of(sheet: Sheet, ways: Sequence[str]) -> list[Score]:
    """Read one page on every rung, in this process."""
    media = probe(Path(sheet.path), Limits()).media_type
    task = PageTask(path=Path(sheet.path), media_type=media, document_id="d", number=sheet.number, limits=Limits())
    picture = Image.fromarray(render(task).picture)
    clean = _read(as_it_is(picture, sheet))
    truth = list(sheet.known) or [w for w, sure in zip(clean.words, clean.sure, strict=True) if sure]
    result = []
    for way in ways:
        worse = WAYS[way](picture, sheet)
        read = clean if way == "clean" else _read(worse)
        places, pairs = _placed(clean, read, worse.moved), Counter(clean.pairs)
        result.append(
            Score(
                way=way,
                path=sheet.path,
                number=sheet.number,
                known=bool(sheet.known),
                words=(Counter(truth) & Counter(read.words)).total() / max(1, len(truth)),
                true_words=len(truth),
                place=places,
                pairs=(pairs & Counter(read.pairs)).total() / pairs.total() if pairs else None,
                true_pairs=pairs.total(),
                unreadable=read.unreadable,
                confidence=read.confidence,
                seconds=read.seconds,
            )
        )
    return result


def _read(worse: Worse) -> Reading:
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        worse.picture.save(file, format="JPEG", quality=worse.quality)
        file.flush()
        task = PageTask(path=Path(file.name), media_type="image/jpeg", document_id="d", number=1, limits=Limits())
        began = time.process_time()
        page = read_page(task).page
        return reading_of(page, time.process_time() - began)


def _placed(clean: Reading, read: Reading, moved: Callable[[Points], Points]) -> float | None:
    """Of the clean words that were read again just once, the share whose moved centre lies in the box read."""
    once = {w for w, n in Counter(clean.words).items() if n == 1} & {w for w, n in Counter(read.words).items() if n == 1}
    if not once:
        return None
    went: dict[str, list[float]] = dict(zip(clean.words, moved(np.array(clean.places)).tolist(), strict=True))
    box_of = dict(zip(read.words, read.boxes, strict=True))
    inside = [b[0] <= went[w][0] <= b[2] and b[1] <= went[w][1] <= b[3] for w in once for b in [box_of[w]]]
    return sum(inside) / len(inside)


def sheets_of(corpus: Path | None, *, full: bool) -> list[Sheet]:
    """Pages of the samples, and of a corpus's receipts and forms: the first page of each document there."""
    sheets = list(_pages(sorted(SAMPLES.iterdir()), {}, first_only=False))
    if corpus is None:
        return sheets
    lines = corpus / "ocr_lines.jsonl"
    rows = [json.loads(row) for row in lines.read_text(encoding="utf-8").splitlines()] if lines.is_file() else []
    known = {row["file"]: tuple(bare(w) for line in row["lines"] for w in line["text"].split()) for row in rows}
    for folder in ("receipts", "forms"):
        files = sorted((corpus / folder).glob("*"))
        step = 1 if full else max(1, len(files) // PICKED)
        by_path = {str(corpus / name): words for name, words in known.items()}
        sheets += _pages(files[::step] if full else files[::step][:PICKED], by_path, first_only=True)
    return sheets


def _pages(files: Iterable[Path], known: dict[str, tuple[str, ...]], *, first_only: bool) -> Iterator[Sheet]:
    for path in files:
        if path.suffix.lower() not in ENDINGS:
            continue
        found = probe(path, Limits())
        for number in range(1, 2 if first_only else found.pages + 1):
            task = PageTask(path=path, media_type=found.media_type, document_id="d", number=number, limits=Limits())
            drawn = render(task)
            words = known.get(str(path), ())
            if drawn.layer is not None and drawn.layer.words and judge(drawn.layer)[0] is Trust.YES:
                words = tuple(w.text for w in drawn.layer.words)
            strip = path.parent.name == "receipts" and drawn.size[0] < STRIP_PIXELS
            yield Sheet(path=str(path), number=number, known=tuple(b for w in words if (b := bare(w))), strip=strip)


def show(scores: Sequence[Score], ways: Sequence[str], say: Callable[[str], None] = print) -> None:
    head = (
        "way",
        "pages",
        "words known",
        "loss",
        "words others",
        "loss",
        "worst page",
        "place",
        "pairs",
        "unreadable",
        "CPU s",
    )
    rows = [list(head)]
    clean = {known: _words([s for s in scores if s.way == "clean" and s.known == known]) for known in (True, False)}
    at_first = {(s.path, s.number): s.words for s in scores if s.way == "clean"}
    for way in ways:
        of = [s for s in scores if s.way == way]
        row = [way, str(len(of))]
        for known in (True, False):
            share = _words([s for s in of if s.known == known])
            row += [_figure(share), _figure(None if share is None else 100 * ((clean[known] or 0.0) - share), 1)]
        row.append(_figure(max((100 * (at_first[s.path, s.number] - s.words) for s in of), default=None), 0))
        row.append(_figure(_mean([s.place for s in of if s.place is not None])))
        pairs = sum(s.true_pairs for s in of)
        row.append(_figure(sum((s.pairs or 0.0) * s.true_pairs for s in of) / pairs if pairs else None))
        row += [str(sum(s.unreadable for s in of)), _figure(_mean([s.seconds for s in of]), 2)]
        rows.append(row)
    table(rows, say)


def _words(scores: Sequence[Score]) -> float | None:
    total = sum(s.true_words for s in scores)
    return sum(s.words * s.true_words for s in scores) / total if total else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _figure(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, help="a folder with receipts/ and forms/")
    parser.add_argument("--full", action="store_true", help="every receipt and form")
    parser.add_argument("--quick", action="store_true", help="four rungs, every third page")
    parser.add_argument("--ways", nargs="+", choices=sorted(WAYS), help="these rungs only, and the clean one")
    parser.add_argument("--json", type=Path, help="write the score of every page here")
    arguments = parser.parse_args()
    os.nice(5)
    named = arguments.ways or (QUICK if arguments.quick else tuple(WAYS))
    ways = ("clean", *(w for w in named if w != "clean"))
    sheets = sheets_of(arguments.corpus, full=arguments.full)[:: 3 if arguments.quick else 1]
    with ProcessPoolExecutor(usable_cores()) as pool:
        scores = [score for of in pool.map(partial(scores_of, ways=ways), sheets) for score in of]
    show(scores, ways)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(s) for s in scores]), encoding="utf-8")


if __name__ == "__main__":
    main()
