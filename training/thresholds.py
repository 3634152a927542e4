"""Choose from what probability on kinds and captions are stored: `python -m training.thresholds --corpus FOLDER --clip ...`.

The real files are cut into two halves, file by file: the numbers are chosen on one and their worth is told on the other.
What is chosen is the least probability at which nine of ten that are stored are right, or, where none is, the one with most
right among those that still store a third.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmrag.adapters.captioner_onnx import OnnxCaptioner
from mmrag.adapters.clip_onnx import OnnxClip
from mmrag.retrieval.kinds import page_sorter
from training.drawing.captions import NAMES, with_article
from training.measure import PAGE_KINDS, STORED_KINDS, corpus_pictures

_STEPS = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))
_AIM = 0.9
_LEAST_SHARE = 1 / 3
_PREFIXES = ("a scan of ", "a picture of ")
_AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How sure a model was of a real page, and whether it was right; `half` is 0 or 1, the same for a whole file."""

    half: int
    probability: float
    right: bool


def halves(names: Sequence[tuple[str, str]]) -> list[int]:
    """Every other file of a kind to the one half, the others to the other; (kind, file) of each page."""
    files: dict[str, list[str]] = {}
    for kind, name in names:
        seen = files.setdefault(kind, [])
        if name not in seen:
            seen.append(name)
    return [files[kind].index(name) % 2 for kind, name in names]


def told_kind(caption: str) -> str | None:
    """Which of the six kinds of the corpus a caption names, or None."""
    for prefix in _PREFIXES:
        caption = caption.removeprefix(prefix)
    longest = sorted(NAMES, key=lambda kind: -len(NAMES[kind][0]))
    said = next((kind for kind in longest if caption.startswith(with_article(NAMES[kind][0]))), None)
    return next((group for group, kinds in PAGE_KINDS.items() if said in kinds), None)


def stored(judged: Sequence[Judged], least: float) -> dict[str, float]:
    """What is stored from a probability on: the share of all, and how many of it are right."""
    kept = [one.right for one in judged if one.probability >= least]
    return {
        "least": least,
        "pages": float(len(judged)),
        "kept": round(len(kept) / max(1, len(judged)), 3),
        "right": round(float(np.mean(kept)) if kept else 0.0, 3),
    }


def choose(judged: Sequence[Judged]) -> float:
    """The least probability to store from, by the rule above."""
    rows = [stored(judged, least) for least in _STEPS]
    good = [row["least"] for row in rows if row["right"] >= _AIM]
    enough = [row for row in rows if row["kept"] >= _LEAST_SHARE] or rows[:1]
    return good[0] if good else max(enough, key=lambda row: row["right"])["least"]


def told(judged: Sequence[Judged]) -> dict[str, object]:
    """The choice on the first half, what it is worth on the second, and both tables."""
    one, other = ([found for found in judged if found.half == half] for half in (0, 1))
    least = choose(one)
    return {
        "chosen": stored(one, least),
        "held_out": stored(other, least),
        "chosen_on": [stored(one, step) for step in _STEPS],
        "held_out_table": [stored(other, step) for step in _STEPS],
    }


async def judged_kinds(clip: Path, pages: Sequence[tuple[str, str, Image.Image]], cache: Path) -> list[Judged]:
    """The likeliest kind of each page, as mmrag stores kinds."""
    embedder, parts = OnnxClip(clip, cache, threads=1), halves([(kind, name) for kind, name, _ in pages])
    found: list[Judged] = []
    for start in range(0, len(pages), _AT_ONCE):
        some = pages[start : start + _AT_ONCE]
        rows = await page_sorter(embedder).of_pictures([np.asarray(image) for _, _, image in some])
        found += [
            Judged(half=half, probability=row[0].probability, right=row[0].label in STORED_KINDS[kind])
            for row, (kind, _, _), half in zip(rows, some, parts[start:], strict=False)
        ]
    return found


async def judged_captions(captioner: Path, pages: Sequence[tuple[str, str, Image.Image]], cache: Path) -> list[Judged]:
    """A free caption of each page: right where it names the right kind of the six."""
    model, parts = OnnxCaptioner(captioner, cache, threads=1), halves([(kind, name) for kind, name, _ in pages])
    found: list[Judged] = []
    for start in range(0, len(pages), _AT_ONCE):
        some = pages[start : start + _AT_ONCE]
        said = await model.caption([np.asarray(image) for _, _, image in some])
        found += [
            Judged(half=half, probability=caption.confidence, right=told_kind(caption.short) == kind)
            for caption, (kind, _, _), half in zip(said, some, parts[start:], strict=False)
        ]
    return found


async def _main(options: argparse.Namespace) -> dict[str, object]:
    pages = [(kind, name, image.convert("RGB")) for kind, name, image in corpus_pictures(options.corpus)]
    report: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as cache:
        if options.clip:
            report["kinds"] = told(await judged_kinds(options.clip, pages, Path(cache) / "clip"))
        if options.captioner:
            report["captions"] = told(await judged_captions(options.captioner, pages, Path(cache) / "captioner"))
    return report


def main() -> None:
    """Read the options, judge, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--captioner", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    print(json.dumps(asyncio.run(_main(parser.parse_args())), indent=1))


if __name__ == "__main__":
    main()
