"""Draw the sample documents and their questions: ``python tools/make_samples.py [--out DIR]``.

The same versions of the drawing libraries give the same files, byte for byte, on every run.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from samples import charts, contract, delivery, fax, form, invoice, letter, receipts, report, slide
from samples.records import Sample

OUT = Path(__file__).resolve().parents[1] / "examples" / "samples"

NOWHERE = (
    ("What is the total on the receipt from Copper Kettle Bakery dated 02/02/2024?", "receipt"),
    ("What is the number of the invoice from Alder & Finch Engineering?", "form"),
)
"""Questions about documents that are not there."""


def draw_all() -> tuple[Sample, ...]:
    single = (invoice, form, fax, report, slide, contract, letter, delivery)
    return (*receipts.make(), *charts.make(), *(module.make() for module in single))


def question_lines(samples: tuple[Sample, ...]) -> str:
    """The dataset, one JSON object a line."""
    rows: list[dict[str, object]] = []
    for sample in samples:
        rows += sample.question_rows(len(rows) + 1)
    for question, kind in NOWHERE:
        rows.append(
            {
                "id": f"s-{len(rows) + 1:03d}",
                "file": None,
                "page": None,
                "question": question,
                "corpus_question": question,
                "answers": [],
                "bbox": None,
                "page_size": None,
                "kind": kind,
            }
        )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    samples = tuple(sorted(draw_all(), key=lambda sample: sample.name))
    for sample in samples:
        (out / sample.name).write_bytes(sample.data)
        print(f"{sample.name}: {len(sample.data) / 1000:.0f} kB, {len(sample.pages)} page(s), {len(sample.asks)} questions")
    (out / "questions.jsonl").write_text(question_lines(samples), encoding="utf-8")


if __name__ == "__main__":
    main()
