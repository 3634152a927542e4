"""Field extraction with a schema: F1 of values and of boxes on receipts and forms.

Usage: python benchmarks/fields.py CORPUS [--store DIR] [--quick]

Truth are the fields of ``questions.jsonl`` (``field``, ``answers``, ``bbox``). For each document the tool ``extract_fields``
is called once, with the fields that the truth knows of this kind of document. A field counts as

* right, when the value given equals an accepted spelling (as a typed value, or but for case, spaces and punctuation);
* boxed, when it is right and its box shares half of the smaller box's area with the true one (where there is a true one).

Precision is right among given, recall right among true; F1 is their harmonic mean.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from _measuring import figure, show
from PIL import Image

from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tools import ToolParts
from mmrag.agent.tools.fields import ExtractFields, FieldSchema, FieldValue, extract_fields, known_schemas
from mmrag.api import open_session
from mmrag.domain.geometry import BBox
from mmrag.evaluation.metrics.text import is_right
from mmrag.retrieval.search import SearchParts

SCHEMAS = {
    "receipt": {"company": "company", "address": "address", "date": "date", "total": "total"},
    "advertising_order": {
        "contract_num": "contract_number", "advertiser": "advertiser", "flight_from": "flight_from",
        "flight_to": "flight_to", "gross_amount": "gross_amount",
    },
    "registration": {"registrant_name": "registrant", "registration_number": "registration_number"},
    "w9": {
        "BusinessName": "business_name", "Address": "address", "CityStateZip": "city_state_zip",
        "AccountNumbers": "account_numbers",
    },
}  # fmt: skip
"""For each schema, the truth's names of its fields."""
BOX_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    answers: tuple[str, ...]
    bbox: BBox | None


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one field."""

    true: int = 0
    given: int = 0
    right: int = 0
    with_box: int = 0
    boxed: int = 0

    def row(self, schema: str, name: str) -> list[str]:
        precision = self.right / self.given if self.given else None
        recall = self.right / self.true if self.true else None
        f1 = 2 * self.right / (self.given + self.true) if self.given + self.true else None
        boxed = self.boxed / self.with_box if self.with_box else None
        return [
            schema,
            name,
            str(self.true),
            figure(precision),
            figure(recall),
            figure(f1),
            str(self.with_box),
            figure(boxed),
        ]


def truths(corpus: Path) -> dict[tuple[str, str], dict[str, Truth]]:
    """By file and schema: the true fields, under the names that the schema has for them."""
    found: dict[tuple[str, str], dict[str, Truth]] = defaultdict(dict)
    for line in (corpus / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for schema, names in SCHEMAS.items():
            kind = "receipt" if schema == "receipt" else "form"
            if row["kind"] == kind and row.get("field") in names and row["file"] and row["answers"]:
                box = None
                if row["bbox"]:
                    with Image.open(corpus / row["file"]) as picture:
                        box = BBox.from_pixels(*row["bbox"], width=picture.width, height=picture.height)
                found[row["file"], schema][names[row["field"]]] = Truth(answers=tuple(row["answers"]), bbox=box)
    return found


def count(value: FieldValue, truth: Truth, tally: Tally) -> None:
    tally.true += 1
    right = value.text is not None and is_right(value.text, truth.answers)
    tally.given += value.text is not None
    tally.right += right
    if truth.bbox is not None:
        tally.with_box += 1
        if right and value.bbox is not None:
            smaller = min(truth.bbox.area, value.bbox.area)
            tally.boxed += truth.bbox.intersection(value.bbox) >= BOX_SHARE * smaller > 0


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--store", type=Path, default=Path("bench-out/questions-store"))
    parser.add_argument("--quick", action="store_true", help="every tenth document only")
    args = parser.parse_args()
    if args.corpus is None:
        print("No corpus is named, so nothing is measured here.")
        return
    if not (args.corpus / "questions.jsonl").is_file():
        sys.exit(f"{args.corpus} has no questions.jsonl")
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    everything = sorted(truths(args.corpus).items())[:: 10 if args.quick else 1]
    async with open_session(args.store) as session:
        app = await session.app()
        search = SearchParts(catalog=app.catalog, lexical=app.lexical, vectors=app.vectors, embedder=app.embedder)
        parts = ToolParts(search=search, blobs=app.blobs, reader=ReaderDrafter(app.embedder))
        names = [d.name for d in await app.catalog.documents()]
        started, documents = time.perf_counter(), 0
        for (file, schema), fields in everything:
            name = next((n for n in names if f"/{file}".endswith(f"/{n}")), None)
            if name is None:
                continue
            asked: tuple[FieldSchema, ...] = tuple(f for f in known_schemas()[schema] if f.name in fields)
            extracted = await extract_fields(ExtractFields(document=name, fields=asked), parts)
            documents += 1
            for value in extracted.fields:
                for key in ((schema, value.name), (schema, "~ all"), ("~ all", "")):
                    count(value, fields[value.name], tallies[key])
        seconds = time.perf_counter() - started
    head = ("schema", "field", "true", "precision", "recall", "F1", "with box", "right and boxed")
    show("Field extraction", head, [t.row(*key) for key, t in sorted(tallies.items())])
    print(f"{documents} documents in {seconds:.1f} s")


if __name__ == "__main__":
    asyncio.run(main())
