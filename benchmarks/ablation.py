"""What the parts of the agent earn and cost: the same questions whole, and without critique, verification or tools.

A seeded sample of labelled questions is asked of a store that is there, once for each variant, through ``mmrag eval`` with
``evaluation.without``. With ``--local`` a model of one's own is asked after the reader, or alone with ``--only-local``: then
replies are kept, so that variants share the calls that they have in common, and only what differs is paid for again.

``--minutes`` stops it after so long. The same command again goes on where it stood: answers are kept question by question
with the store, and a variant whose figures are in ``--out`` is not asked again. With a model that takes 11 s for a question,
``-n 48 --minutes 25`` is one sitting.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

SEED = 20_261_129
VARIANTS: dict[str, list[str]] = {
    "whole": [],
    "without critique": ["critique"],
    "without verification": ["verification"],
    "without tools": ["tools"],
}


def sampled(dataset: Path, n: int, kinds: list[str] | None) -> list[dict[str, Any]]:
    """``n`` questions that are asked of the whole store, as many of each kind as there are, drawn by a fixed seed."""
    rows = [json.loads(line) for line in dataset.read_text(encoding="utf-8").splitlines() if line.strip()]
    rows = [r for r in rows if r["corpus_question"] and (not kinds or r["kind"] in kinds)]
    return rows if n >= len(rows) else sorted(random.Random(SEED).sample(rows, n), key=lambda r: r["id"])


def ran(
    dataset: Path, store: Path, without: list[str], tiers: list[dict[str, str]] | None, *, until: float | None
) -> tuple[dict[str, Any], float]:
    """The figures of one variant, and the seconds that it took. Raises ``TimeoutExpired`` at ``until``, by the clock of
    ``time.monotonic``."""
    environ = dict(os.environ, MMRAG_EVALUATION__WITHOUT=json.dumps(without), MMRAG_CASCADE__MAX_USD="1")
    if tiers is not None:
        environ["MMRAG_CASCADE__TIERS"] = json.dumps(tiers)
    began = time.perf_counter()
    command = [str(Path(sys.executable).with_name("mmrag")), "eval", "run", str(dataset), "--store", str(store), "--json"]
    left = None if until is None else max(0.0, until - time.monotonic())
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, check=True, timeout=left)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("-n", "--limit", dest="n", type=int, default=10_000, help="a seeded sample of so many questions")
    parser.add_argument("--minutes", type=float, help="stop after so long; the same command again goes on")
    parser.add_argument("--kinds", nargs="*")
    parser.add_argument("--local", metavar="URL", help="address of a compatible server, asked after the reader")
    parser.add_argument("--model", default="openai:local")
    parser.add_argument("--only-local", action="store_true")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    parser.add_argument("-o", "--out", type=Path)
    args = parser.parse_args()
    rows = sampled(args.dataset, args.n, args.kinds)
    tiers = None
    if args.local:
        local = {"name": "local", "model": args.model, "base_url": args.local}
        tiers = [local] if args.only_local else [{"name": "reader", "model": "reader"}, local]
    until = None if args.minutes is None else time.monotonic() + 60 * args.minutes
    what = {"ids": [r["id"] for r in rows], "tiers": tiers}
    found: dict[str, Any] = {"questions": len(rows), "by_kind": dict(Counter(r["kind"] for r in rows)), "variants": {}}
    found["of"] = what
    if args.out and args.out.is_file():
        earlier = json.loads(args.out.read_text(encoding="utf-8"))
        if earlier.get("of") == what:
            found["variants"] = earlier["variants"]
    with tempfile.TemporaryDirectory() as folder:
        for files in args.dataset.parent.resolve().iterdir():
            if files.is_dir():  # the true boxes are in pixels of the files beside the questions
                (Path(folder) / files.name).symlink_to(files)
        sample = Path(folder) / "sample.jsonl"
        sample.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
        for name in [v for v in args.variants if v not in found["variants"]]:
            try:
                figures, seconds = ran(sample, args.store, VARIANTS[name], tiers, until=until)
            except subprocess.TimeoutExpired:
                print(f"{name} is not done: the same command again goes on with it.", file=sys.stderr)
                break
            found["variants"][name] = {"seconds": round(seconds, 1), "figures": figures}
            print(name, round(seconds, 1), "s", file=sys.stderr)
            if args.out:
                args.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
