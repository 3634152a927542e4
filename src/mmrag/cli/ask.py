"""``mmrag ask``: a question, an answer with boxes or a refusal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from mmrag.api import Session
    from mmrag.domain.answers import Answer

ABSTAINED = 4


@click.command("ask")
@click.argument("question")
@store_option
@json_option
@click.option("--tier", metavar="NAME", help="Ask this tier only.")
@click.option("--max-usd", type=click.FloatRange(min=0), metavar="X", help="Spend no more than this on the question.")
@click.option("--no-cache", is_flag=True, help="Ask models anew, and do not keep what they reply.")
@click.option("--offline", is_flag=True, help="Use nothing beyond this machine.")
@click.option(
    "--trace",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write how the answer came about.",
)
@click.option(
    "--save-crops",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write each cited place to DIR: cut out, and drawn on its page.",
)
def ask(
    question: str,
    store: Path | None,
    as_json: bool,
    tier: str | None,
    max_usd: float | None,
    no_cache: bool,
    offline: bool,
    trace: Path | None,
    save_crops: Path | None,
) -> int:
    """Ask a question about the documents of the store.

    Prints the answer with document, page, quote and box of every claim. Exits with 0 when it is answered and with 4 when it
    is refused because the documents do not support an answer.
    """
    from mmrag import api
    from mmrag.settings import load_settings

    if not question.strip():
        raise click.UsageError("The question is empty.")
    settings = load_settings(store=store)
    if no_cache:
        settings = api.without_cache(settings)
    if offline:
        settings = api.offline(settings)

    async def answered() -> bool:
        async with api.open_session(settings=settings) as session:
            answer = await session.ask(question, tier=tier, max_usd=max_usd, trace=trace)
            print_answer(answer, as_json=as_json)
            await _save(answer, session, trace=trace, save_crops=save_crops)
            return answer.answered

    return 0 if asyncio.run(answered()) else ABSTAINED


async def _save(answer: Answer, session: Session, *, trace: Path | None, save_crops: Path | None) -> None:
    if trace is not None:
        terminal.say(f"wrote {trace}")
    if save_crops is not None:
        from mmrag.cli.pictures import save_citations

        for note in await save_citations(answer, await session.app(), save_crops):
            terminal.say(note)


def print_answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        from mmrag.agent.presenting import to_json

        terminal.emit_json(to_json(answer))
    elif terminal.is_terminal():
        from mmrag.cli import answer_rich

        answer_rich.print_answer(answer, terminal.console())
    else:
        from mmrag.cli.answer_view import plain_lines

        click.echo("\n".join(plain_lines(answer)))
