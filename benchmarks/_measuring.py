"""What the benchmarks of answers share: a data set asked of one store, by any system."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import anyio
from rich.console import Console
from rich.table import Table

from mmrag.app import App
from mmrag.evaluation.asking import shelf_of
from mmrag.evaluation.questions import Dataset, LabelledQuestion
from mmrag.evaluation.runner import Asker, RunFile, asks_of, run, run_key
from mmrag.evaluation.scoring import Scored, score_all
from mmrag.evaluation.truth import truth_of
from mmrag.ports import PageRef


async def measured(
    dataset: Dataset, app: App, asker: Asker, *, concurrency: int = 2, keep: Path | None = None, name: str = "run"
) -> tuple[Scored, ...]:
    """Ask everything that can be asked of the whole store and score it. Questions about files not here are left out.

    Everything is asked anew, unless outcomes are kept in ``keep``, under ``name`` and what is asked.
    """
    shelf = await shelf_of(app.catalog)
    asks = asks_of(dataset.questions, shelf, file_mode=False)
    truths = {a.question.id: truth_of(a.question, dataset, shelf) for a in asks}
    here = [a for a in asks if not truths[a.question.id].missing]
    with tempfile.TemporaryDirectory() as folder:
        key = run_key([name, dataset.digest, sorted(d.sha256 for d in shelf.documents)])
        file = RunFile((keep or Path(folder)) / f"{name.replace(' ', '-')}-{key}.jsonl")
        outcomes = await run(here, asker, file, concurrency=concurrency)
    return score_all([a.question for a in here], outcomes, truths)


async def page_texts(app: App) -> dict[tuple[str, int], str]:
    """The text of every page as the store has read it: what every system here is given."""
    texts: dict[tuple[str, int], str] = {}
    for document in await app.catalog.documents():
        for number in range(1, document.pages + 1):
            page = await app.catalog.page(PageRef(document_id=document.id, page=number))
            if page is not None:
                texts[document.name, number] = page.text
    return texts


async def born_digital(app: App) -> dict[str, Path]:
    """The PDFs that have a text layer on every page and still lie where they were read, by name."""
    found = {}
    for document in await app.catalog.documents():
        path = anyio.Path(document.location)
        if document.pages and document.report.pages_native == document.pages and await path.is_file():
            found[document.name] = Path(path)
    return found


def asked_by_kind(questions: Sequence[LabelledQuestion], most: int | None) -> tuple[LabelledQuestion, ...]:
    """At most ``most`` questions of each kind, evenly spread over the data set, in its order; all when it is None."""
    kinds: dict[str, list[LabelledQuestion]] = {}
    for q in questions:
        if q.corpus_question:
            kinds.setdefault(q.kind, []).append(q)
    chosen: set[str] = set()
    for group in kinds.values():
        n = len(group) if most is None else min(most, len(group))
        chosen |= {group[int(k * len(group) / n)].id for k in range(n)}
    return tuple(q for q in questions if q.id in chosen)


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool = False) -> None:
    """One table on standard output."""
    if markdown:
        rule = ["---" if n < 2 else "---:" for n in range(len(head))]
        print("\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows)))
        return
    table = Table(title=title, title_justify="left")
    for n, name in enumerate(head):
        table.add_column(name, justify="left" if n < 2 else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=130).print(table)


def figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
