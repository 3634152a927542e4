"""``mmrag eval``: measure a store on labelled questions, and compare two such runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from mmrag.evaluation.cells import Table


class DatasetOrCommand(click.Group):
    """A group that takes a data set where a command could stand: ``eval DATASET`` is ``eval run DATASET``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return ["DATASET [OPTIONS]", "| compare A B"]


@click.group("eval", cls=DatasetOrCommand)
def eval() -> None:
    """Measure how well the store answers questions whose answers and places are known.

    DATASET is a JSON Lines file, or a folder laid out as its publisher does. 'mmrag eval DATASET' is short for
    'mmrag eval run DATASET'. A run that was stopped goes on where it stood; the same run again takes seconds.
    """


@eval.command("run")
@click.argument("dataset", type=click.Path(exists=True, path_type=Path))
@store_option
@json_option
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.html and report.json to DIR.",
)
@click.option("--concurrency", type=click.IntRange(min=1), default=2, show_default=True, help="Questions asked at once.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Ask N questions only, spread over the data set.")
@click.option("--kinds", multiple=True, metavar="KIND", help="Ask questions of this kind only. Repeat for several.")
@click.option("--file-mode", is_flag=True, help="Ask each question of its own document, not of the whole store.")
@click.option("--tier", metavar="NAME", help="Ask this tier only.")
@click.option(
    "--judge",
    metavar="TIER",
    help="Let this tier judge the answers too, and show how far it agrees with the plain metric. It changes no figure.",
)
@click.option(
    "--truth",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="JSON Lines of what stands on pages: file, page, and text, lines or captions. Repeat for several.",
)
@click.option("--layout", metavar="NAME", help="How DATASET is laid out, where that is not plain from its files.")
@click.option("--fresh", is_flag=True, help="Ask everything anew, even what an earlier run has answered.")
def run_(
    dataset: Path,
    store: Path | None,
    as_json: bool,
    report: Path | None,
    concurrency: int,
    limit: int | None,
    kinds: Sequence[str],
    file_mode: bool,
    tier: str | None,
    judge: str | None,
    truth: Sequence[Path],
    layout: str | None,
    fresh: bool,
) -> int:
    """Ask every question of DATASET and print how well it went, overall and by kind."""
    from mmrag.cli.evaluating import Wanted, measure
    from mmrag.evaluation.datasets.page_truths import read_page_truths
    from mmrag.evaluation.datasets.reading import read_dataset
    from mmrag.evaluation.report import report_json
    from mmrag.evaluation.tables import figure_tables
    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    wanted = Wanted(
        kinds=tuple(kinds), limit=limit, concurrency=concurrency, file_mode=file_mode, fresh=fresh, tier=tier, judge=judge
    )
    data_set = read_dataset(dataset, layout)
    data_set = replace(data_set, pages=(*data_set.pages, *read_page_truths(truth)))
    measured = asyncio.run(measure(data_set, settings, wanted))
    for warning in measured.info.warnings:
        terminal.say(warning)
    data = report_json(measured.info, measured.scored, pages=measured.pages, judged=measured.judged)
    if report is not None:
        from mmrag.cli.eval_report import write_report

        for file in asyncio.run(write_report(report, data, measured.scored, settings)):
            terminal.say(f"wrote {file}")
    if as_json:
        terminal.emit_json(data)
    else:
        show(figure_tables(data))
    return 0


@eval.command("compare")
@click.argument("a", type=click.Path(exists=True, path_type=Path))
@click.argument("b", type=click.Path(exists=True, path_type=Path))
@json_option
def compare(a: Path, b: Path, as_json: bool) -> int:
    """Compare two reports: what differs by more than chance, and which questions changed.

    A and B are folders that --report wrote, or their report.json files. Intervals are paired bootstrap intervals at 95%.
    """
    from mmrag.evaluation.comparing import compare as compared
    from mmrag.evaluation.comparing import comparison_json
    from mmrag.evaluation.report import read_report
    from mmrag.evaluation.tables import comparison_tables

    comparison = compared(read_report(a), read_report(b))
    if as_json:
        terminal.emit_json(comparison_json(comparison))
    else:
        show(comparison_tables(comparison))
    return 0


def show(tables: Sequence[Table]) -> None:
    """Tables on standard output: ruled on a terminal, aligned text in a pipe."""
    if terminal.is_terminal():
        from rich.table import Table as RichTable
        from rich.text import Text

        console = terminal.console()
        for table in tables:
            drawn = RichTable(title=Text(table.title, style="bold"), title_justify="left")
            for n, name in enumerate(table.head):
                drawn.add_column(name, justify="left" if n == 0 else "right")
            for row in table.rows:
                drawn.add_row(*(Text(terminal.shorten(cell, 48)) for cell in row))
            console.print(drawn)
        return
    for table in tables:
        cells = [[terminal.shorten(cell, 48) for cell in row] for row in (table.head, *table.rows)]
        click.echo("\n".join((f"# {table.title}", *terminal.aligned(cells), "")))
