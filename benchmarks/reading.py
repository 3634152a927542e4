"""Words, places and fields of real receipts and forms, with seeing and with layout switched off and on.

Receipts have their true lines with boxes, both have true answers to questions for one field. Each page is read as it
is and made worse (turned by 90 degrees, leaning by 5, or faint, in turn). *seeing* off is one reading of the picture as
displayed; *layout* off is each line of the engine as an element of its own, in the engine's order.

*words*: share of the true words that were read, letters and digits compared. *IoU*: mean intersection over union of a true
line's box with that around the words read inside it (pages as they are). *fields*: share of the questions that the reader
answers right from that page; *placed*: share of those with a true box where a cited word lies in it (pages as they are).

    python benchmarks/reading.py CORPUS [--pages N] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from itertools import zip_longest
from pathlib import Path

import numpy as np
from _ingesting import table
from _worse import Sheet, Worse, as_it_is, faint, turned
from mmrag_ingest.elements import understand
from mmrag_ingest.engines.lines import OcrEngine, OcrLine
from mmrag_ingest.engines.rapidocr import RapidOcrEngine
from mmrag_ingest.guard import usable_cores
from mmrag_ingest.ocr_words import words_of
from mmrag_ingest.pages import probe, render
from mmrag_ingest.records import Limits, PageTask, RawPage
from mmrag_ingest.seeing.see import Sight, see
from numpy.typing import NDArray
from PIL import Image

from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.domain.documents import Document, DocumentStatus, Element, ElementKind, Page, TextSource, Word
from mmrag.domain.geometry import BBox
from mmrag.domain.plans import Reading
from mmrag.evaluation.metrics.text import is_right

FOLDERS = ("receipts", "forms")
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    question: str
    answers: tuple[str, ...]
    box: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A picture of one page: its true lines with boxes in pixels, where known, and questions for its fields."""

    path: str
    folder: str
    lines: tuple[tuple[str, tuple[float, float, float, float]], ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts for one page, read one way. ``ious`` is the sum over ``boxes`` lines."""

    path: str
    folder: str
    worse: bool
    seeing: bool
    layout: bool
    words: int
    read: int
    ious: float
    boxes: int
    asked: int
    right: int
    placeable: int
    placed: int


def bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def truths_of(corpus: Path, pages: int | None) -> list[Truth]:
    """``pages`` of each folder, spread over it; pictures only, so that every page is read by OCR."""
    rows = [json.loads(row) for row in (corpus / "ocr_lines.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = {row["file"]: tuple((line["text"], tuple(line["bbox"])) for line in row["lines"]) for row in rows}
    asked: dict[str, list[Asked]] = defaultdict(list)
    for row in map(json.loads, (corpus / "questions.jsonl").read_text(encoding="utf-8").splitlines()):
        if row["file"] and row["answers"] and row.get("field"):
            box = tuple(row["bbox"]) if row["bbox"] else None
            asked[row["file"]].append(Asked(question=row["question"], answers=tuple(row["answers"]), box=box))
    found: list[list[Truth]] = []
    for folder in FOLDERS:
        names = sorted(n for n in asked if n.startswith(folder) and not n.endswith(".pdf"))
        step = 1 if pages is None else max(1, len(names) // pages)
        found.append(
            [
                Truth(path=str(corpus / n), folder=folder, lines=lines.get(n, ()), asked=tuple(asked[n]))
                for n in names[::step][:pages]
            ]
        )
    # One of each in turn: a run that is stopped has some of both.
    return [truth for row in zip_longest(*found) for truth in row if truth is not None]


@lru_cache(maxsize=1)
def engine() -> OcrEngine:
    return RapidOcrEngine(1)


def scores_of(numbered: tuple[int, Truth]) -> list[Score]:
    """Read one page in all ways."""
    number, truth = numbered
    path = Path(truth.path)
    media = probe(path, Limits()).media_type
    clean = render(PageTask(path=path, media_type=media, document_id="d", number=1, limits=Limits())).picture
    spoil = (partial(turned, degrees=90), partial(turned, degrees=5), partial(faint, strength=0.2))[number % 3]
    sheet, found = Sheet(path=truth.path, number=1), []
    for worse, change in ((False, as_it_is), (True, spoil)):
        made: Worse = change(Image.fromarray(clean), sheet)
        picture = np.ascontiguousarray(np.asarray(made.picture))
        for seeing in (False, True):
            sight = see(picture, engine()) if seeing else _once(engine().read(picture))
            raw = _raw(sight, picture)
            for layout in (False, True):
                page = understand(raw, picture, document_id="d", number=1, image=None) if layout else _flat(raw)
                found.append(_score(truth, page, clean.shape, worse=worse, seeing=seeing, layout=layout))
    return found


def _once(lines: Sequence[OcrLine]) -> Sight:
    return Sight(lines=tuple(line for line in lines if line.is_read))


def _raw(sight: Sight, picture: Picture) -> RawPage:
    height, width = picture.shape[:2]
    words = words_of(sight.lines, width=width, height=height)
    return RawPage(
        width=width, height=height, source=TextSource.OCR, engine="x", confidence=1.0, words=words, turn=sight.turn
    )


def _flat(raw: RawPage) -> Page:
    """The page without layout: an element for each line of the engine."""
    words = tuple(
        Word(index=n, line=w.line, text=w.text, polygon=w.polygon, confidence=w.confidence) for n, w in enumerate(raw.words)
    )
    by_line: dict[int, list[Word]] = defaultdict(list)
    for word in words:
        by_line[word.line].append(word)
    elements = tuple(
        Element(
            id=f"e{n}",
            document_id="d",
            page=1,
            ordinal=n,
            kind=ElementKind.TEXT,
            bbox=BBox.around(w.bbox for w in line),
            text=" ".join(w.text for w in line),
            words=tuple(w.index for w in line),
        )
        for n, line in enumerate(by_line.values())
    )
    page = Page(document_id="d", number=1, width=raw.width, height=raw.height, source=raw.source, confidence=1.0, engine="x")
    return replace(page, words=words, elements=elements)


def _score(truth: Truth, page: Page, shape: tuple[int, ...], *, worse: bool, seeing: bool, layout: bool) -> Score:
    height, width = shape[:2]
    true = [b for text, _ in truth.lines for word in text.split() if (b := bare(word))]
    read = (Counter(true) & Counter(bare(w.text) for w in page.words)).total()
    ious = [] if worse else [iou for _, box in truth.lines if (iou := _iou(box, page, width, height)) is not None]
    right = placeable = placed = 0
    for asked in truth.asked:
        answer, boxes = asyncio.run(_answer(asked.question, page))
        good = is_right(answer, asked.answers) if answer is not None else False
        right += good
        if asked.box is not None and not worse:
            at = BBox.from_pixels(*asked.box, width=width, height=height)
            placeable += 1
            placed += good and any(at.grown(0.005, 0.005).contains(*b.center) for b in boxes)
    return Score(
        path=truth.path, folder=truth.folder, worse=worse, seeing=seeing, layout=layout, words=len(true), read=read,
        ious=sum(ious), boxes=len(ious), asked=len(truth.asked), right=right, placeable=placeable, placed=placed,
    )  # fmt: skip


def _iou(box: Sequence[float], page: Page, width: int, height: int) -> float | None:
    at = BBox.from_pixels(*box, width=width, height=height)
    inside = [w.bbox for w in page.words if at.contains(*w.bbox.center)]
    return at.iou(BBox.around(inside)) if inside else None


async def _answer(question: str, page: Page) -> tuple[str | None, list[BBox]]:
    document = Document(
        id="d", name="d", location="d", sha256="0", media_type="x", size=1, pages=1, status=DocumentStatus.READY, recipe="r"
    )
    draft = await ReaderDrafter(None).draft(
        make_plan(question, document="d"), [Reading(document=document, page=page, match=1.0, relevance=1.0)]
    )
    return draft.answer, [page.words[i].bbox for span in draft.spans for i in span.words]


def show(scores: Sequence[Score]) -> None:
    rows: list[tuple[str, ...]] = [("pages", "n", "seeing", "layout", "words", "IoU", "fields", "placed")]
    for worse in (False, True):
        for folder in FOLDERS:
            for seeing, layout in ((False, False), (True, False), (False, True), (True, True)):
                key = (worse, folder, seeing, layout)
                of = [s for s in scores if (s.worse, s.folder, s.seeing, s.layout) == key]
                rows.append(
                    (
                        f"{folder}, {'made worse' if worse else 'as they are'}",
                        str(len(of)),
                        "on" if seeing else "off",
                        "on" if layout else "off",
                        _share(sum(s.read for s in of), sum(s.words for s in of)),
                        _share(sum(s.ious for s in of), sum(s.boxes for s in of)),
                        _share(sum(s.right for s in of), sum(s.asked for s in of)),
                        _share(sum(s.placed for s in of), sum(s.placeable for s in of)),
                    )
                )
    table(rows)


def _share(part: float, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="a folder with receipts/, forms/ and their truth")
    parser.add_argument("--pages", type=int, help="of each folder; all without")
    parser.add_argument("--json", type=Path, help="write the counts of every page here, as they come")
    arguments = parser.parse_args()
    os.nice(5)
    truths = truths_of(arguments.corpus, arguments.pages)
    scores: list[Score] = []
    with ProcessPoolExecutor(usable_cores()) as pool:
        for of in pool.map(scores_of, enumerate(truths)):
            scores += of
            if arguments.json:
                arguments.json.write_text(json.dumps([asdict(s) for s in scores]), encoding="utf-8")
    show(scores)


if __name__ == "__main__":
    main()
