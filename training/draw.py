"""Draw a set: `python -m training.draw --out FOLDER --count N [--split train|test] [--workers N] [--sheet FILE]`.

Writes shards of up to 1,000 samples: NAME.npy (uint8, samples x 208 x 208 x 3) and NAME.jsonl (kind, facts,
captions). Shards that exist are kept.
"""

import argparse
import json
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from training.drawing.samples import SIDE, drawing, fonts_mark, sample

SHARD = 1000
FIRST_SEED = {"train": 0, "test": 10**9}


def _record(seed: int) -> tuple[np.ndarray, str]:
    drawn = sample(seed)
    captions = [{"text": caption.text, "facts": sorted(caption.facts), "form": caption.form} for caption in drawn.captions]
    record = {"seed": seed, "kind": drawn.kind, "shape": drawn.shape, "facts": sorted(drawn.facts), "captions": captions}
    return drawn.pixels, json.dumps(record, ensure_ascii=False)


def draw_shard(task: tuple[Path, int, int]) -> Path:
    """Draw (folder, first seed, count) into one shard. The pixels are put in place last: a shard with them is whole."""
    folder, first, count = task
    place = folder / f"{first:012d}.npy"
    if place.exists():
        return place
    pixels = np.empty((count, SIDE, SIDE, 3), np.uint8)
    lines = []
    for index in range(count):
        pixels[index], line = _record(first + index)
        lines.append(line)
    place.with_suffix(".jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    halfway = place.with_suffix(".part")
    with halfway.open("wb") as file:
        np.save(file, pixels)
    halfway.rename(place)
    return place


def draw_set(folder: Path, count: int, split: str, workers: int) -> None:
    """Draw a set of `count` samples over the cores."""
    folder.mkdir(parents=True, exist_ok=True)
    start = FIRST_SEED[split]
    tasks = [(folder, start + index, min(SHARD, count - index)) for index in range(0, count, SHARD)]
    (folder / "set.json").write_text(json.dumps({"split": split, "count": count, "fonts": fonts_mark()}), encoding="utf-8")
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for done, place in enumerate(pool.imap(draw_shard, tasks), 1):
            print(f"{place.name} {done}/{len(tasks)} shards, {time.monotonic() - began:.0f} s", flush=True)


def contact_sheet(path: Path, first: int, columns: int = 8, rows: int = 6, side: int = 200) -> None:
    """A picture of many drawings, to look at."""
    sheet = Image.new("RGB", (columns * side, rows * side), "grey")
    for index in range(columns * rows):
        image = drawing(first + index)[0].image
        image.thumbnail((side - 4, side - 4))
        sheet.paste(image, (index % columns * side, index // columns * side))
    sheet.save(path)


def main() -> None:
    """Read the options and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--count", type=int, default=24000)
    parser.add_argument("--split", choices=sorted(FIRST_SEED), default="train")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sheet", type=Path, help="draw 48 pictures beside each other into this file and stop")
    options = parser.parse_args()
    if options.sheet:
        contact_sheet(options.sheet, FIRST_SEED[options.split])
    elif options.out:
        draw_set(options.out, options.count, options.split, options.workers)
    else:
        parser.error("--out FOLDER or --sheet FILE")


if __name__ == "__main__":
    main()
