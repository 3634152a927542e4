"""What the benchmarks of answers share: a data set asked of one store, by any system."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mmrag.app import App
from mmrag.evaluation.asking import shelf_of
from mmrag.evaluation.questions import Dataset
from mmrag.evaluation.runner import Asker, RunFile, asks_of, run
from mmrag.evaluation.scoring import Scored, score_all
from mmrag.evaluation.truth import truth_of
from mmrag.ports import PageRef


async def measured(dataset: Dataset, app: App, asker: Asker, *, concurrency: int = 2) -> tuple[Scored, ...]:
    """Ask everything that can be asked of the whole store, anew, and score it. Questions about files not here are left
    out.
    """
    shelf = await shelf_of(app.catalog)
    asks = asks_of(dataset.questions, shelf, file_mode=False)
    truths = {a.question.id: truth_of(a.question, dataset, shelf) for a in asks}
    here = [a for a in asks if not truths[a.question.id].missing]
    with tempfile.TemporaryDirectory() as folder:
        outcomes = await run(here, asker, RunFile(Path(folder, "run.jsonl")), concurrency=concurrency)
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


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """One table on standard output."""
    table = Table(title=title, title_justify="left")
    for n, name in enumerate(head):
        table.add_column(name, justify="left" if n < 2 else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=130).print(table)


def figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
