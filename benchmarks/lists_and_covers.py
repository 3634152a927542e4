"""Lists under a heading, names on covers, counts of what is listed, and dates that a question takes for granted.

Usage: python benchmarks/lists_and_covers.py --store DIR [--split development|held-out|fresh] [--misses FILE]

``lists_and_covers.jsonl`` holds 61 questions about the corpus, written from the pages alone. 45 were written before the
reader was taught any of this: 22 served development, 23 were held out until they had been counted once, and looked at then.
16 fresh ones were written after that and are only counted. A list is right when its items are those of the
page, no more and no fewer; ``item F1`` gives parts of it their due. ``boxed`` is the share of right answers of which every
claim cites the page that was meant.
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
from mmrag.domain.answers import Answer
from mmrag.evaluation.metrics.text import is_right

QUESTIONS = Path(__file__).with_name("lists_and_covers.jsonl")
ABOUT = ("list", "cover", "count", "date", "genre")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``answers`` are the items of a list, else the accepted spellings; empty where nothing answers the question."""

    id: str
    split: str
    about: str
    file: str | None
    page: int | None
    text: str
    answers: tuple[str, ...]
    is_list: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    question: Question
    answer: Answer

    @property
    def items(self) -> list[str]:
        if self.answer.answer is None:
            return []
        claims = [claim.text for claim in self.answer.claims]
        return claims if self.question.is_list and len(claims) > 1 else [self.answer.answer]

    @property
    def f1(self) -> float:
        found = sum(any(is_right(item, [true]) for item in self.items) for true in self.question.answers)
        whole = len(self.items) + len(self.question.answers)
        return 2 * found / whole if whole else 1.0

    @property
    def right(self) -> bool:
        if self.answer.answer is None:
            return not self.question.answers
        return self.f1 == 1.0 if self.question.is_list else is_right(self.answer.answer, self.question.answers)

    @property
    def boxed(self) -> bool:
        page = self.question.page
        return all(any(c.page == page for c in claim.citations) for claim in self.answer.claims if claim.citations)


def read_questions(split: str | None) -> list[Question]:
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return [
        Question(
            id=row["id"],
            split=row["split"],
            about=row["about"],
            file=row["file"],
            page=row["page"],
            text=row["question"],
            answers=tuple(row["answers"]),
            is_list=row["is_list"],
        )
        for row in rows
        if split in (None, row["split"])
    ]


async def ask_all(questions: Sequence[Question], store: Path) -> list[Asked]:
    gate = asyncio.Semaphore(2)
    async with open_session(store) as session:

        async def one(question: Question) -> Asked:
            async with gate:
                return Asked(question=question, answer=await session.ask(question.text))

        return list(await asyncio.gather(*(one(question) for question in questions)))


def row(name: str, asked: Sequence[Asked]) -> list[str]:
    answerable = [a for a in asked if a.question.answers]
    right = [a for a in answerable if a.right]
    wrong = [a for a in answerable if not a.right and a.answer.answered]
    lists = [a for a in answerable if a.question.is_list]
    due = [a for a in asked if not a.question.answers]
    return [
        name,
        str(len(answerable)),
        str(len(right)),
        str(len(wrong)),
        figure(sum(a.f1 for a in lists) / len(lists)) if lists else "-",
        figure(sum(a.boxed for a in right) / len(right)) if right else "-",
        str(len(due)),
        str(sum(not a.answer.answered for a in due)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Lists, covers, counts and premises of date and genre.")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--split", choices=["development", "held-out", "fresh"])
    parser.add_argument("--misses", type=Path)
    options = parser.parse_args()
    asked = asyncio.run(ask_all(read_questions(options.split), options.store))
    rows = [row("all", asked)]
    rows += [row(split, some) for split in ("development", "held-out", "fresh") if (some := _where(asked, "split", split))]
    rows += [row(f"  {about}", some) for about in ABOUT if (some := _where(asked, "about", about))]
    columns = ["questions", "answerable", "right", "wrong", "item F1", "boxed", "due", "refused"]
    show("lists and covers", columns, rows)
    if options.misses is not None:
        missed = [a for a in asked if not a.right]
        lines = [f"{a.question.id}\t{a.question.text}\t{list(a.question.answers)}\t{_said(a.answer)}" for a in missed]
        options.misses.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _where(asked: Sequence[Asked], name: str, value: str) -> list[Asked]:
    return [a for a in asked if getattr(a.question, name) == value]


def _said(answer: Answer) -> str:
    refusal = answer.abstention
    return f"{answer.answer!r} {answer.confidence}" if refusal is None else f"refused: {refusal.detail} {refusal.help}"


if __name__ == "__main__":
    main()
