"""Questions that no single place answers: sums, comparisons, counts, lists and days between, over receipts.

Usage: python benchmarks/aggregates.py CORPUS [--store DIR] [--tier NAME] [--questions FILE] [--seed N]

CORPUS holds ``questions.jsonl``. The twenty questions and their true answers are computed here from its ground truth
(company, date and total of each receipt); another ``--seed`` pairs other receipts. The store must hold the receipts, and no
others. ``--questions`` writes them as a data set that ``mmrag eval`` reads.

An answer is right when it equals the true one (a number as a number, a list as a set of documents), and attributed when its
claims cite just the documents that the true answer rests on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from _measuring import figure, show

from mmrag.api import open_session
from mmrag.domain.answers import Answer

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    file: str
    company: str
    day: date
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``files`` are the documents that the true answer rests on; ``items`` those that a list has to name."""

    kind: str
    text: str
    answer: str
    files: frozenset[str]
    items: frozenset[str] = frozenset()


def receipts(corpus: Path) -> list[Receipt]:
    fields: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for line in (corpus / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "receipt" and row["file"] and row["answers"]:
            fields[row["file"]][row.get("field") or ""] = row["answers"]
    found = []
    for file, known in sorted(fields.items()):
        if {"company", "date", "total"} <= set(known):
            iso = next(a for a in known["date"] if _ISO.fullmatch(a))
            total = Decimal(re.sub(r"[^0-9.]", "", known["total"][0]))
            found.append(Receipt(file=file, company=known["company"][0], day=date.fromisoformat(iso), total=total))
    return found


def questions(known: Sequence[Receipt], seed: int) -> list[Question]:
    """Twenty questions, the same for the same receipts and seed."""
    by_company: dict[str, list[Receipt]] = defaultdict(list)
    by_month: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in known:
        by_company[receipt.company].append(receipt)
        by_month[f"{receipt.day:%B %Y}"].append(receipt)
    twice = sorted(name for name, of in by_company.items() if len(of) > 1)
    months = sorted(by_month, key=lambda m: (-len(by_month[m]), m))
    picker = random.Random(seed)
    once = [of[0] for name, of in sorted(by_company.items()) if len(of) == 1]
    pairs = [picker.sample(once, 2) for _ in range(8)]
    return [
        *(_sum(f"What is the total of all receipts from {name}?", by_company[name]) for name in twice[:4]),
        *(_sum(f"What is the sum of the totals of all receipts dated in {m}?", by_month[m]) for m in months[1:3]),
        *(_count(f"How many receipts are dated in {m}?", by_month[m]) for m in (months[0], months[3])),
        _count("How many receipts have a total over 100?", [r for r in known if r.total > 100]),
        _list("List all receipts with a total of at least 150", [r for r in known if r.total >= 150]),
        *(_difference(*pair) for pair in pairs[:2]),
        *(_larger(*pair) for pair in pairs[2:4]),
        *(_earlier(*pair) for pair in pairs[4:6]),
        *(_days(*pair) for pair in pairs[6:8]),
        _highest(known, 2017),
        _average(f"What is the average total of the receipts from {twice[0]}?", by_company[twice[0]]),
    ]


def _files(of: Sequence[Receipt]) -> frozenset[str]:
    return frozenset(r.file for r in of)


def _sum(text: str, of: Sequence[Receipt]) -> Question:
    return Question(kind="sum", text=text, answer=str(sum(r.total for r in of)), files=_files(of))


def _count(text: str, of: Sequence[Receipt]) -> Question:
    return Question(kind="count", text=text, answer=str(len(of)), files=_files(of))


def _list(text: str, of: Sequence[Receipt]) -> Question:
    return Question(kind="list", text=text, answer="", files=_files(of), items=_files(of))


def _average(text: str, of: Sequence[Receipt]) -> Question:
    mean = (sum((r.total for r in of), Decimal(0)) / len(of)).quantize(_CENT, ROUND_HALF_UP)
    return Question(kind="average", text=text, answer=str(mean), files=_files(of))


def _difference(a: Receipt, b: Receipt) -> Question:
    text = f"What is the difference between the total of the receipt from {a.company} and that of the one from {b.company}?"
    return Question(kind="difference", text=text, answer=str(abs(a.total - b.total)), files=_files([a, b]))


def _larger(a: Receipt, b: Receipt) -> Question:
    text = f"Which was larger, the receipt from {a.company} or the one from {b.company}?"
    return Question(kind="comparison", text=text, answer=max(a, b, key=lambda r: r.total).company, files=_files([a, b]))


def _earlier(a: Receipt, b: Receipt) -> Question:
    text = f"Which receipt is older, the one from {a.company} or the one from {b.company}?"
    return Question(kind="comparison", text=text, answer=min(a, b, key=lambda r: r.day).company, files=_files([a, b]))


def _days(a: Receipt, b: Receipt) -> Question:
    text = f"How many days lie between the receipt from {a.company} and the receipt from {b.company}?"
    return Question(kind="days", text=text, answer=str(abs((a.day - b.day).days)), files=_files([a, b]))


def _highest(known: Sequence[Receipt], year: int) -> Question:
    of = [r for r in known if r.day.year == year]
    text = f"What is the highest total among all receipts from {year}?"
    return Question(kind="highest", text=text, answer=str(max(r.total for r in of)), files=_files(of))


def is_right(given: str, question: Question) -> bool:
    """A note on what was left out, in brackets behind the value, does not count as part of it."""
    if question.items:
        return {_last(item.split(" (")[0]) for item in given.split("; ")} == {_last(file) for file in question.items}
    head = given.split(" (not counted")[0]
    try:
        return Decimal(re.sub(r"[^0-9.]", "", head)) == Decimal(question.answer)
    except InvalidOperation:
        return re.sub(r"\W", "", head).casefold() == re.sub(r"\W", "", question.answer).casefold()


def _last(file: str) -> str:
    return file.rsplit("/", 1)[-1]


def is_attributed(answer: Answer, question: Question) -> bool:
    cited = {_last(citation.document) for claim in answer.claims for citation in claim.citations}
    return cited == {_last(file) for file in question.files}


def write(known: Sequence[Question], file: Path) -> None:
    """The questions as a data set for ``mmrag eval``: about the whole corpus, without boxes."""
    rows = [
        {
            "id": f"aggregate-{n:02}", "file": None, "page": None, "question": q.text, "corpus_question": q.text,
            "answers": [q.answer or "; ".join(sorted(q.items))], "bbox": None, "kind": q.kind,
        }
        for n, q in enumerate(known, 1)
    ]  # fmt: skip
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


async def ask_all(known: Sequence[Question], store: Path, tier: str | None) -> list[tuple[Question, Answer, float]]:
    done = []
    async with open_session(store) as session:
        for question in known:
            started = time.perf_counter()
            answer = await session.ask(question.text, tier=tier)
            done.append((question, answer, time.perf_counter() - started))
    return done


def print_tables(done: Sequence[tuple[Question, Answer, float]]) -> None:
    groups: dict[str, list[tuple[Question, Answer, float]]] = defaultdict(list)
    for row in done:
        groups[row[0].kind].append(row)
        groups["~ all"].append(row)
    rows = []
    for kind, of in sorted(groups.items()):
        right = [(q, a) for q, a, _ in of if a.answer is not None and is_right(a.answer, q)]
        refused = sum(a.answer is None for _, a, _ in of)
        rows.append(
            [
                kind, str(len(of)), figure(len(right) / len(of)), str(refused), str(len(of) - refused - len(right)),
                figure(sum(is_attributed(a, q) for q, a in right) / len(of)), f"{sum(s for _, _, s in of) / len(of):.2f}",
            ]
        )  # fmt: skip
    show("Aggregates", ("kind", "questions", "accuracy", "refused", "wrong", "right and attributed", "seconds"), rows)
    for question, answer, _ in done:
        if answer.answer is None or not is_right(answer.answer, question):
            given = answer.answer or (answer.abstention.detail if answer.abstention else "")
            print(f"- {question.text}\n    true: {question.answer or sorted(question.items)}\n    given: {given}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--store", type=Path, default=Path("bench-out/questions-store"))
    parser.add_argument("--tier")
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="every fourth question only")
    args = parser.parse_args()
    if args.corpus is None:
        print("No corpus is named, so nothing is measured here.")
        return
    if not (args.corpus / "questions.jsonl").is_file():
        sys.exit(f"{args.corpus} has no questions.jsonl")
    known = questions(receipts(args.corpus), args.seed)[:: 4 if args.quick else 1]
    if args.questions:
        write(known, args.questions)
    print_tables(await ask_all(known, args.store, args.tier))


if __name__ == "__main__":
    asyncio.run(main())
