"""From a folder of scans to cited answers, as a person would do it: python examples/demo.py [--samples DIR] [--out DIR]

Runs the command line on the samples, shows each command before it runs, and leaves a picture with a box for every answer.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
MMRAG = Path(sys.executable).with_name("mmrag")
QUESTIONS = [
    "What is the total due on the invoice from Fernhill Office Supplies?",
    "What is the total on the receipt from Harbour Light Café dated 12/03/2024?",
    "On which date is the interview in the letter from St Oswald's Archive?",
    "According to the Lowmoor Water Trust annual report, when did the ultraviolet plant at Hagg Beck go into service?",
    "What annual fee was paid on the Millbrook Community Library membership application?",
    "What is the number of the invoice from Alder & Finch Engineering?",
]
ABSTAINED, SOME_QUARANTINED = 4, 3


def mmrag(*args: str, allowed: tuple[int, ...] = (0,)) -> int:
    typed = " ".join(f'"{arg}"' if "'" in arg and '"' not in arg else shlex.quote(arg) for arg in args)
    print(f"\n$ mmrag {typed}", flush=True)
    code = subprocess.run([str(MMRAG), *args], check=False).returncode
    if code not in allowed:
        sys.exit(f"mmrag ended with {code}.")
    return code


def main() -> None:
    parser = argparse.ArgumentParser(description="From a folder of scans to cited answers.")
    parser.add_argument("--samples", default=str(HERE / "samples"), metavar="DIR", help="files to read")
    parser.add_argument("--out", default="demo-out", metavar="DIR", help="where the store and the pictures go")
    options = parser.parse_args()
    store, boxes = str(Path(options.out, "store")), Path(options.out, "boxes")
    began = time.monotonic()
    mmrag("ingest", options.samples, "--store", store, allowed=(0, SOME_QUARANTINED))
    codes = [
        mmrag("ask", text, "--store", store, "--save-crops", str(boxes / f"question-{number}"), allowed=(0, ABSTAINED))
        for number, text in enumerate(QUESTIONS, 1)
    ]
    print(
        f"\n{codes.count(0)} questions answered, {codes.count(ABSTAINED)} refused, {time.monotonic() - began:.0f} s in all."
    )
    print(f"The cited places, cut out and drawn on their pages, are in {boxes}.")


if __name__ == "__main__":
    main()
