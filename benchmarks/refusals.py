"""Refusals: questions that no document answers beside questions that one does, over the whole corpus.

Usage: python benchmarks/refusals.py CORPUS --store DIR [--split development|held-out] [--every N] [--misses FILE]

``unanswerable.jsonl`` holds 73 questions written for this: each names a document of the corpus and asks for what is not on
it (``missing``), takes something for granted that is not so (``premise``), or asks for a document that is not there
(``absent``). All that name a document were
checked against its text, some pages by their picture too. 34 served development, 39 were held out.
Beside them every Nth answerable question about receipts and forms is asked, so that refusing everything does not win.

Precision is the share of refusals that were due, recall the share of due refusals that were made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _measuring import figure, show

from mmrag.api import open_session
from mmrag.evaluation.metrics.text import is_right

QUESTIONS = Path(__file__).with_name("unanswerable.jsonl")
_KINDS = ("receipt", "form")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``answers`` is empty where the corpus has none; ``why`` and ``split`` are then told."""

    text: str
    answers: tuple[str, ...] = ()
    why: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    question: Question
    answer: str | None
    detail: str

    @property
    def is_due(self) -> bool:
        return not self.question.answers

    @property
    def right(self) -> bool:
        return self.answer is not None and is_right(self.answer, self.question.answers)


def questions(corpus: Path, split: str | None, every: int) -> list[Question]:
    asked = [
        Question(text=row["corpus_question"], why=row["why"], split=row["split"])
        for row in _rows(QUESTIONS)
        if split in (None, row["split"])
    ]
    told = [row for row in _rows(corpus / "questions.jsonl") if row["kind"] in _KINDS and row["corpus_question"]]
    answerable = [row for row in told if row["answers"]]
    return asked + [Question(text=r["corpus_question"], answers=tuple(r["answers"])) for r in answerable[::every]]


def _rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


async def ask_all(asked: Sequence[Question], store: Path) -> list[Asked]:
    async with open_session(store) as session:
        gate = asyncio.Semaphore(2)

        async def one(question: Question) -> Asked:
            async with gate:
                answer = await session.ask(question.text)
                detail = "" if answer.abstention is None else answer.abstention.detail
                return Asked(question=question, answer=answer.answer, detail=detail)

        return list(await asyncio.gather(*(one(question) for question in asked)))


def row(name: str, asked: Sequence[Asked]) -> list[str]:
    due = [a for a in asked if a.is_due]
    refused = [a for a in asked if a.answer is None]
    both = [a for a in due if a.answer is None]
    answerable = [a for a in asked if not a.is_due]
    return [
        name,
        str(len(due)),
        figure(len(both) / len(due)) if due else "-",
        str(len(answerable)),
        figure(len(both) / len(refused)) if refused and answerable else "-",
        figure(sum(a.right for a in answerable) / len(answerable)) if answerable else "-",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Refusal precision and recall.")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--split", choices=["development", "held-out"])
    parser.add_argument("--every", type=int, default=4, help="every Nth answerable question")
    parser.add_argument("--misses", type=Path)
    options = parser.parse_args()
    asked = asyncio.run(ask_all(questions(options.corpus, options.split, options.every), options.store))
    answerable = [a for a in asked if not a.is_due]
    splits = {split: [a for a in asked if a.question.split == split] for split in ("development", "held-out")}
    rows = [row("all", asked)]
    rows += [row(split, [*some, *answerable]) for split, some in splits.items() if some]
    rows += [row(f"  {why}", some) for why in ("missing", "premise", "absent") if (some := _of(asked, why))]
    show("refusals", ["questions", "due", "recall", "answerable", "precision", "right"], rows)
    if options.misses is not None:
        missed = [a for a in asked if (a.answer is None) != a.is_due]
        lines = [f"{a.question.why or 'answerable'}\t{a.question.text}\t{a.answer or a.detail}" for a in missed]
        options.misses.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _of(asked: Sequence[Asked], why: str) -> list[Asked]:
    return [a for a in asked if a.question.why == why]


if __name__ == "__main__":
    main()
