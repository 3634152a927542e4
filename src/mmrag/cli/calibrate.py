"""``mmrag calibrate``: turn scores into probabilities on this store, and choose how sure is sure enough."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from mmrag.domain.hashing import Json
    from mmrag.evaluation.calibrating.calibrate import Fitted

PLOT_FILE, REPORT_FILE = "calibration.png", "calibration.json"


@click.command("calibrate")
@click.argument("dataset", type=click.Path(exists=True, path_type=Path))
@store_option
@json_option
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write calibration.png and calibration.json to DIR.",
)
@click.option("--target-risk", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="X",
              help="Tolerated share of wrong answers.  [default: cascade.target_risk]")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Print what would come of it, and leave the store as it is.")
@click.option("--concurrency", type=click.IntRange(min=1), default=2, show_default=True, help="Questions asked at once.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Ask N questions only, spread over the data set.")
@click.option("--kinds", multiple=True, metavar="KIND", help="Ask questions of this kind only. Repeat for several.")
@click.option("--layout", metavar="NAME", help="How DATASET is laid out, where that is not plain from its files.")
@click.option("--fresh", is_flag=True, help="Ask everything anew, even what an earlier run has answered.")
def calibrate(
    dataset: Path,
    store: Path | None,
    as_json: bool,
    report: Path | None,
    target_risk: float | None,
    dry_run: bool,
    concurrency: int,
    limit: int | None,
    kinds: Sequence[str],
    layout: str | None,
    fresh: bool,
) -> int:
    """Fit confidence to the labelled questions of DATASET, and choose the thresholds that keep the wanted risk.

    Every tier is asked every question, hosted ones too: cascade.max_usd bounds each. What is fitted goes into the store, and
    answers follow it from then on. DATASET is what 'mmrag eval' takes.
    """
    from mmrag.cli.calibrating import calibrate_store
    from mmrag.cli.eval import show
    from mmrag.cli.evaluating import Wanted
    from mmrag.evaluation.calibrating.report import summary, tables, to_json
    from mmrag.evaluation.datasets.reading import read_dataset
    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    if target_risk is not None:
        cascade = settings.cascade.model_copy(update={"target_risk": target_risk})
        settings = settings.model_copy(update={"cascade": cascade})
    wanted = Wanted(kinds=tuple(kinds), limit=limit, concurrency=concurrency, fresh=fresh)
    done = asyncio.run(calibrate_store(read_dataset(dataset, layout), settings, wanted, dry_run=dry_run))
    data = to_json(done.fitted)
    if report is not None:
        for file in _write(report, done.fitted, data):
            terminal.say(f"wrote {file}")
    if as_json:
        terminal.emit_json(data)
    else:
        show(tables(done.fitted))
        click.echo(summary(done.fitted))
    terminal.say("The store is left as it is." if done.file is None else f"wrote {done.file}")
    return 0


def _write(folder: Path, fitted: Fitted, data: Json) -> tuple[Path, ...]:
    """Raises ``UsageError`` when the folder cannot be written."""
    from mmrag.errors import UsageError
    from mmrag.evaluation.calibrating.plots import png

    files = {
        folder / PLOT_FILE: png(fitted),
        folder / REPORT_FILE: json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8", "replace"),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            file.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}. Name another folder.") from error
    return tuple(files)
