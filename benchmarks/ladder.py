"""How reading holds out as pages get worse, rung by rung: turned, skewed, few dots, faint, heavy JPEG, shadow, watermark.

Every page is read as it is and on every rung. *words*: share of the page's words that were read, letters and digits
compared; the words are the known ones where somebody wrote them down or the file itself has them (*known*), else the clean
reading's sure ones. *fields*: share of the answers in ``questions.jsonl`` that stand in what was read of their page. *loss*:
points lost against the clean reading. *place*: share of the words found again that lie where the clean page's word went.
*pairs*: share of the clean reading's key-value pairs read again. Aim: at most 3 points lost, 10 at 100 dpi.

    python benchmarks/ladder.py [CORPUS] [--pick N] [--seed S] [--all-ways] [--quick] [--ways NAME ...] [--json FILE]

Of a corpus N receipts and forms are drawn by the seed, their first pages; of the samples all pages are taken.
"""

from __future__ import annotations

import argparse
import json
import random
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
from _worse import QUICK, REQUIRED, WAYS, Points, Sheet, Worse, as_it_is
from mmrag_ingest.guard import usable_cores
from mmrag_ingest.pages import probe, render
from mmrag_ingest.records import Limits, PageTask
from mmrag_ingest.sanity import Trust, judge
from mmrag_ingest.worker import read_page
from PIL import Image

from mmrag.domain.documents import ElementKind, Page

PICKED = 25
"""Documents taken from a corpus."""
SHORT = 3
"""Letters and digits of an answer under which it has to be a word of its own to count."""
STRIP_PIXELS = 1100
"""Receipts narrower than this were cut out of their page."""
SURE = 0.9
ENDINGS = {".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}


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
    fields: float | None
    true_fields: int
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
                fields=_found(sheet.fields, read.words) if sheet.fields else None,
                true_fields=len(sheet.fields),
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


def _found(fields: Sequence[tuple[str, ...]], words: Sequence[str]) -> float:
    """The share of the fields of which an accepted answer stands in the words, wherever they are cut."""
    run, whole = "".join(words), set(words)
    return sum(any(a in whole or (len(a) >= SHORT and a in run) for a in of) for of in fields) / len(fields)


def _placed(clean: Reading, read: Reading, moved: Callable[[Points], Points]) -> float | None:
    """Of the clean words that were read again just once, the share whose moved centre lies in the box read."""
    once = {w for w, n in Counter(clean.words).items() if n == 1} & {w for w, n in Counter(read.words).items() if n == 1}
    if not once:
        return None
    went: dict[str, list[float]] = dict(zip(clean.words, moved(np.array(clean.places)).tolist(), strict=True))
    box_of = dict(zip(read.words, read.boxes, strict=True))
    inside = [b[0] <= went[w][0] <= b[2] and b[1] <= went[w][1] <= b[3] for w in once for b in [box_of[w]]]
    return sum(inside) / len(inside)


def sheets_of(corpus: Path | None, *, pick: int, seed: int) -> list[Sheet]:
    """Pages of the samples, and of ``pick`` receipts and forms of a corpus: the first page of each document there."""
    sheets = list(_pages(sorted(SAMPLES.iterdir()), {}, _fields_of(SAMPLES), first_only=False))
    if corpus is None:
        return sheets
    lines = corpus / "ocr_lines.jsonl"
    rows = [json.loads(row) for row in lines.read_text(encoding="utf-8").splitlines()] if lines.is_file() else []
    known = {str(corpus / row["file"]): tuple(w for line in row["lines"] for w in line["text"].split()) for row in rows}
    files = sorted(path for folder in ("receipts", "forms") for path in (corpus / folder).glob("*"))
    chosen = sorted(random.Random(seed).sample(files, min(pick, len(files))))
    return sheets + list(_pages(chosen, known, _fields_of(corpus), first_only=True))


def _fields_of(folder: Path) -> dict[tuple[str, int], list[tuple[str, ...]]]:
    """By file and page, the accepted answers (bare) of every question that can be answered from that one page."""
    fields: dict[tuple[str, int], list[tuple[str, ...]]] = {}
    for row in map(json.loads, (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()):
        if row["file"] and row["answers"] and not row.get("needs_arithmetic"):
            answers = tuple(b for answer in row["answers"] if (b := bare(answer)))
            fields.setdefault((str(folder / row["file"]), row.get("page") or 1), []).append(answers)
    return fields


def _pages(
    files: Iterable[Path],
    known: dict[str, tuple[str, ...]],
    fields: dict[tuple[str, int], list[tuple[str, ...]]],
    *,
    first_only: bool,
) -> Iterator[Sheet]:
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
            yield Sheet(
                path=str(path),
                number=number,
                known=tuple(b for w in words if (b := bare(w))),
                fields=tuple(fields.get((str(path), number), ())),
                strip=path.parent.name == "receipts" and drawn.size[0] < STRIP_PIXELS,
            )


def show(scores: Sequence[Score], ways: Sequence[str], say: Callable[[str], None] = print) -> None:
    head = ["way", "pages", "words known", "loss", "words others", "loss", "fields", "loss", "worst page", "place", "pairs"]
    rows = [[*head, "unreadable", "CPU s"]]
    kinds = (_known_words, _other_words, _fields)
    clean = [kind([s for s in scores if s.way == "clean"]) for kind in kinds]
    at_first = {(s.path, s.number): s.words for s in scores if s.way == "clean"}
    for way in ways:
        of = [s for s in scores if s.way == way]
        row = [way, str(len(of))]
        for kind, before in zip(kinds, clean, strict=True):
            share = kind(of)
            row += [_figure(share), _figure(None if share is None else 100 * ((before or 0.0) - share), 1)]
        row.append(_figure(max((100 * (at_first[s.path, s.number] - s.words) for s in of), default=None), 0))
        row.append(_figure(_mean([s.place for s in of if s.place is not None])))
        row.append(_figure(_share([(s.pairs or 0.0, s.true_pairs) for s in of])))
        row += [str(sum(s.unreadable for s in of)), _figure(_mean([s.seconds for s in of]), 2)]
        rows.append(row)
    table(rows, say)


def _known_words(scores: Sequence[Score]) -> float | None:
    return _share([(s.words, s.true_words) for s in scores if s.known])


def _other_words(scores: Sequence[Score]) -> float | None:
    return _share([(s.words, s.true_words) for s in scores if not s.known])


def _fields(scores: Sequence[Score]) -> float | None:
    return _share([(s.fields or 0.0, s.true_fields) for s in scores])


def _share(parts: Sequence[tuple[float, int]]) -> float | None:
    """The mean of shares, each counted as many times as it has members."""
    total = sum(n for _, n in parts)
    return sum(share * n for share, n in parts) / total if total else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _figure(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, help="a folder with receipts/ and forms/")
    parser.add_argument("--pick", type=int, default=PICKED, help="receipts and forms of the corpus")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--all-ways", action="store_true", help="the rungs without an aim as well")
    parser.add_argument("--quick", action="store_true", help="four rungs, every third page")
    parser.add_argument("--ways", nargs="+", choices=sorted(WAYS), help="these rungs only, and the clean one")
    parser.add_argument("--json", type=Path, help="write the score of every page here, as they come")
    arguments = parser.parse_args()
    named = arguments.ways or (QUICK if arguments.quick else tuple(WAYS) if arguments.all_ways else REQUIRED)
    ways = ("clean", *(w for w in named if w != "clean"))
    sheets = sheets_of(arguments.corpus, pick=arguments.pick, seed=arguments.seed)[:: 3 if arguments.quick else 1]
    scores: list[Score] = []
    with ProcessPoolExecutor(usable_cores()) as pool:
        for of in pool.map(partial(scores_of, ways=ways), sheets):
            scores += of
            if arguments.json:
                arguments.json.write_text(json.dumps([asdict(s) for s in scores]), encoding="utf-8")
    show(scores, ways)


if __name__ == "__main__":
    main()
