"""``mmrag ingest``. Imports of weight happen inside: the list of commands must come up at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from mmrag.settings import Settings
    from mmrag_ingest.progress import Counts
    from mmrag_ingest.report import IngestReport

SOME_QUARANTINED = 3
STOPPED = 130


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
@store_option
@json_option
@click.option("--prune", is_flag=True, help="Remove documents below PATH whose files are gone.")
@click.option("--retry", is_flag=True, help="Read again what could not be read before.")
@click.option("--password", "given", multiple=True, metavar="TEXT", help="Password of locked PDFs; can be repeated.")
@click.option(
    "--passwords-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File with a password on each line.",
)
@click.option(
    "--report",
    "report_to",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the report as a page with a thumbnail of each page, DIR/index.html.",
)
@click.option("--workers", type=click.IntRange(0, 64), metavar="N", help="Reading processes; 0 is one for each core.")
def ingest(
    paths: tuple[Path, ...],
    store: Path | None,
    as_json: bool,
    prune: bool,
    retry: bool,
    given: tuple[str, ...],
    passwords_file: Path | None,
    report_to: Path | None,
    workers: int | None,
) -> int:
    """Read files and folders into the store.

    Unchanged files are left alone, changed ones replaced. A file that cannot be read goes to quarantine with the reason, the
    rest is stored. Locked PDFs are opened with the passwords given; others on this machine may see a --password while the
    command starts, never a --passwords-file. Exit code: 0 all ingested or unchanged, 3 some in quarantine, 2 bad usage.
    """
    import asyncio
    import time

    from mmrag_ingest.passwords import hide_arguments
    from mmrag_ingest.progress import Counts

    hide_arguments(given)
    settings = _settings(store, workers=workers, given=given, passwords_file=passwords_file)
    counts = Counts(began=time.monotonic())
    try:
        report = asyncio.run(_run(settings, paths, prune=prune, retry=retry, counts=counts, report_to=report_to))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _stopped(counts)
    if report_to is not None:
        from mmrag.cli.terminal import say
        from mmrag_ingest.page.html import PAGE_FILE

        say(f"The report is {report_to / PAGE_FILE}")
    if as_json:
        from mmrag.cli.terminal import emit_json

        emit_json(report.to_json())
    else:
        _show(report)
    return SOME_QUARANTINED if report.quarantined else 0


def _settings(store: Path | None, *, workers: int | None, given: tuple[str, ...], passwords_file: Path | None) -> Settings:
    """The settings with what the flags say: passwords are added to those that are set."""
    from pydantic import SecretStr

    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    update: dict[str, object] = {"passwords": (*(SecretStr(text) for text in given), *settings.ingest.passwords)}
    if workers is not None:
        update["workers"] = workers
    if passwords_file is not None:
        update["passwords_file"] = passwords_file
    return settings.model_copy(update={"ingest": settings.ingest.model_copy(update=update)})


async def _run(
    settings: Settings, paths: tuple[Path, ...], *, prune: bool, retry: bool, counts: Counts, report_to: Path | None
) -> IngestReport:
    import asyncio
    import signal
    import time

    from mmrag.app import open_app
    from mmrag_ingest.pipeline import ingest as run
    from mmrag_ingest.progress import progress

    task = asyncio.current_task()
    if task is not None:
        # A service manager's polite stop ends like Ctrl-C (which asyncio.run itself turns into a cancellation).
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with progress(counts, time.monotonic) as on_event:
        async with open_app(settings, write=True) as app:
            report = await run(app, paths, prune=prune, retry=retry, on_event=on_event)
            if report_to is not None:
                from mmrag_ingest.page.html import write_page

                await write_page(report, report_to, app.catalog, app.blobs)
            return report


def _stopped(counts: Counts) -> int:
    """Say what is kept: nothing that was read is lost."""
    from mmrag.cli.terminal import say

    say(f"Stopped: {counts.stored} documents were stored, {counts.files - counts.files_done} files are left.")
    again = "Run the same command again to go on"
    say(f"{again} from page {counts.next_page} of {counts.current}." if counts.current else f"{again}.")
    return STOPPED


def _show(report: IngestReport) -> None:
    """The summary for a person, on standard output; what had to be done without, on standard error."""
    from mmrag.cli.terminal import clean, say
    from mmrag_ingest.report import Outcome

    pages = sum(row.pages for row in report.documents)
    elements = sum(row.report.elements for row in report.documents)
    parts = [f"{report.count(status)} {status.value}" for status in Outcome if report.count(status)]
    if report.removed:
        parts.append(f"{len(report.removed)} removed")
    click.echo(f"{len(report.documents)} files: {', '.join(parts) or 'nothing to do'}")
    click.echo(f"{pages} pages and {elements} elements in the store from these files")
    if report.pages_read:
        click.echo(f"{report.pages_read} pages read in {report.seconds:.1f} s ({report.pages_per_second:.2f} pages/s)")
    if report.summaries_written or report.summaries_kept:
        click.echo(
            f"{report.summaries_written} summaries written by the local model, {report.summaries_kept} kept as they were"
        )
    if report.pages_read or report.summaries_kept:
        for note in report.notes:
            say(note)
    for row in report.documents:
        if row.report.unreadable_pages:
            numbers = ", ".join(str(number) for number in row.report.unreadable_pages)
            click.echo(f"not readable: {clean(row.document)}, page {numbers}")
    for row in report.quarantined:
        click.echo(f"quarantined: {clean(row.document)}: {clean(row.reason or '')}")
