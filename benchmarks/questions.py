"""Retrieval and answers on a labelled set, beside the two usual ways of doing it.

Usage: python benchmarks/questions.py CORPUS [--kinds receipt form] [--store DIR] [--misses FILE] [--quick]

CORPUS holds ``questions.jsonl`` and the files it names. One table compares, on the same OCR text of the same store:

* ``llama-index``: SentenceSplitter chunks, the same MiniLM vectors, nearest chunks first;
* ``bm25``: BM25 over whole documents;
* ``mmrag``: its own search.

A second table shows mmrag's answers: ANLS (Biten et al., *Scene Text Visual Question Answering*, ICCV 2019, threshold 0.5),
right answers, and strict attributed accuracy: the answer is right *and* a cited box overlaps the true one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table

from mmrag.api import Session, open_session
from mmrag.app import App
from mmrag.domain.answers import Answer
from mmrag.domain.geometry import BBox
from mmrag.evaluation.metrics.text import anls, is_right
from mmrag.ports import PageRef

BOX_SHARE = 0.5
"""A cited box overlaps the true one when they share half of the smaller one's area."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    id: str
    text: str
    file: str | None
    answers: tuple[str, ...]
    bbox: tuple[float, float, float, float] | None
    kind: str
    field: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one question came to."""

    question: Question
    ranked: list[str] = field(default_factory=list)
    answer: Answer | None = None
    seconds: float = 0.0
    anls: float = 0.0
    right: bool = False
    boxed: bool = False


def read_questions(corpus: Path, kinds: Sequence[str]) -> list[Question]:
    questions = []
    for line in (corpus / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] in kinds and row["corpus_question"]:
            questions.append(
                Question(
                    id=row["id"],
                    text=row["corpus_question"],
                    file=row["file"],
                    answers=tuple(row["answers"]),
                    bbox=tuple(row["bbox"]) if row["bbox"] else None,
                    kind=row["kind"],
                    field=row.get("field") or "unanswerable",
                )
            )
    return questions


def same_file(name: str, file: str) -> bool:
    """Whether a document's name, relative to whichever folder was ingested, is that of ``file``."""
    return f"/{file}".endswith(f"/{name}")


def overlaps(answer: Answer, question: Question, corpus: Path) -> bool:
    if question.bbox is None or question.file is None:
        return False
    with Image.open(corpus / question.file) as picture:
        true = BBox.from_pixels(*question.bbox, width=picture.width, height=picture.height)
    for claim in answer.claims:
        for citation in claim.citations:
            smaller = min(true.area, citation.bbox.area)
            if same_file(citation.document, question.file) and true.intersection(citation.bbox) >= BOX_SHARE * smaller > 0:
                return True
    return False


async def texts_of(app: App) -> dict[str, str]:
    """The text of every document, as read: what both baselines see."""
    texts: dict[str, str] = {}
    for document in await app.catalog.documents():
        pages = [await app.catalog.page(PageRef(document_id=document.id, page=n + 1)) for n in range(document.pages)]
        texts[document.name] = "\n".join(p.text for p in pages if p is not None)
    return texts


def bm25_rankings(texts: dict[str, str], questions: Sequence[Question]) -> dict[str, list[str]]:
    import bm25s

    names = list(texts)
    index = bm25s.BM25()
    index.index(bm25s.tokenize([texts[n] for n in names], stopwords="en", show_progress=False), show_progress=False)
    ranked = {}
    for question in questions:
        tokens = bm25s.tokenize([question.text], stopwords="en", show_progress=False)
        rows, _ = index.retrieve(tokens, k=min(5, len(names)), show_progress=False)
        ranked[question.id] = [names[int(i)] for i in rows[0]]
    return ranked


async def llama_index_rankings(app: App, texts: dict[str, str], questions: Sequence[Question]) -> dict[str, list[str]]:
    import numpy as np
    from llama_index.core import Document
    from llama_index.core.node_parser import SentenceSplitter

    nodes = SentenceSplitter().get_nodes_from_documents([Document(text=t, metadata={"name": n}) for n, t in texts.items()])
    vectors = await app.embedder.embed([n.get_content() for n in nodes])
    asked = await app.embedder.embed([q.text for q in questions])
    ranked = {}
    for question, row in zip(questions, np.argsort(-(asked @ vectors.T), axis=1), strict=True):
        ranked[question.id] = list(dict.fromkeys(str(nodes[int(i)].metadata["name"]) for i in row))[:5]
    return ranked


async def ask_all(session: Session, questions: Sequence[Question], corpus: Path) -> list[Outcome]:
    gate = asyncio.Semaphore(2)

    async def one(question: Question) -> Outcome:
        async with gate:
            started = time.perf_counter()
            answer = await session.ask(question.text)
            outcome = Outcome(question=question, answer=answer, seconds=time.perf_counter() - started)
        outcome.ranked = list(dict.fromkeys(h.document for h in answer.evidence))
        if answer.answer is not None:
            outcome.anls = anls(answer.answer, question.answers)
            outcome.right = is_right(answer.answer, question.answers)
            outcome.boxed = outcome.right and overlaps(answer, question, corpus)
        return outcome

    return await asyncio.gather(*(one(q) for q in questions))


def recall(ranked: dict[str, list[str]], questions: Sequence[Question], k: int) -> float:
    asked = [q for q in questions if q.file]
    found = sum(any(same_file(name, q.file or "") for name in ranked[q.id][:k]) for q in asked)
    return found / max(1, len(asked))


def print_tables(systems: dict[str, dict[str, list[str]]], outcomes: Sequence[Outcome], console: Console) -> None:
    questions = [o.question for o in outcomes]
    table = Table(title="The right document")
    for column in ("system", "kind", "questions", "recall@1", "recall@5"):
        table.add_column(column, justify="left" if column in ("system", "kind") else "right")
    for name, ranked in systems.items():
        for kind in [*sorted({q.kind for q in questions}), "all"]:
            these = [q for q in questions if q.file and kind in (q.kind, "all")]
            table.add_row(name, kind, str(len(these)), f"{recall(ranked, these, 1):.3f}", f"{recall(ranked, these, 5):.3f}")
    console.print(table)
    answers = Table(title="mmrag's answers")
    for column in ("kind", "field", "n", "ANLS", "right", "refused", "with box", "strict attributed"):
        answers.add_column(column, justify="left" if column in ("kind", "field") else "right")
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for o in outcomes:
        key = "unanswerable" if not o.question.answers else o.question.field
        for group in (
            (o.question.kind, key),
            (o.question.kind, "~ answerable") if o.question.answers else None,
            ("~ all", "~ answerable") if o.question.answers else None,
        ):
            if group:
                groups[group].append(o)
    for (kind, name), group_of in sorted(groups.items()):
        n = len(group_of)
        boxed = [o for o in group_of if o.question.bbox]
        refused = sum(o.answer is not None and o.answer.answer is None for o in group_of)
        attributed = f"{sum(o.boxed for o in boxed) / len(boxed):.3f}" if boxed else "-"
        answers.add_row(
            kind, name, str(n), f"{sum(o.anls for o in group_of) / n:.3f}", f"{sum(o.right for o in group_of) / n:.3f}",
            f"{refused / n:.3f}", str(len(boxed)), attributed,
        )  # fmt: skip
    console.print(answers)
    seconds = sorted(o.seconds for o in outcomes)
    console.print(f"seconds a question: p50 {seconds[len(seconds) // 2]:.3f}, p95 {seconds[int(len(seconds) * 0.95)]:.3f}")


def write_misses(outcomes: Sequence[Outcome], file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        for o in outcomes:
            given = o.answer.answer if o.answer else None
            if (
                (o.question.answers and not o.right)
                or (not o.question.answers and given is not None)
                or (o.question.bbox and not o.boxed)
            ):
                row = {
                    "id": o.question.id, "field": o.question.field, "question": o.question.text, "file": o.question.file,
                    "true": list(o.question.answers)[:3], "given": given, "right": o.right, "ranked": o.ranked[:3],
                    "why": o.answer.abstention.detail if o.answer and o.answer.abstention else None,
                    "confidence": o.answer.confidence if o.answer else None,
                }  # fmt: skip
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--kinds", nargs="+", default=["receipt", "form"])
    parser.add_argument("--store", type=Path, default=Path("bench-out/questions-store"))
    parser.add_argument("--misses", type=Path)
    parser.add_argument("--quick", action="store_true", help="every tenth question only")
    args = parser.parse_args()
    if args.corpus is None:
        print("No corpus is named, so nothing is measured here; peers.py asks about the sample documents.")
        return
    if not (args.corpus / "questions.jsonl").is_file():
        sys.exit(f"{args.corpus} has no questions.jsonl")
    questions = read_questions(args.corpus, args.kinds)[:: 10 if args.quick else 1]
    async with open_session(args.store) as session:
        app = await session.app()
        texts = await texts_of(app)
        outcomes = await ask_all(session, questions, args.corpus)
        systems = {
            "llama-index": await llama_index_rankings(app, texts, questions),
            "bm25": bm25_rankings(texts, questions),
            "mmrag": {o.question.id: o.ranked for o in outcomes},
        }
    print_tables(systems, outcomes, Console(width=120))
    if args.misses:
        write_misses(outcomes, args.misses)


if __name__ == "__main__":
    asyncio.run(main())
