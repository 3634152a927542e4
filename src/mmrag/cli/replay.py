"""``mmrag replay``: a question answered again, from its trace alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from mmrag.cli import terminal
from mmrag.cli.ask import ABSTAINED, print_answer
from mmrag.cli.options import json_option

DIFFERENT = 1


@click.command("replay")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def replay(file: Path, as_json: bool) -> int:
    """Answer the question of a trace FILE again (made by `mmrag ask --trace FILE`).

    The file holds all that the question was given by the store, the models and the clock, so nothing of these is needed, and
    nothing leaves this process. Prints what `mmrag ask` printed, and exits as it did; with 1 when what came about differs
    from the trace, as it may with another version of mmrag.
    """
    from mmrag import assembly

    done = asyncio.run(assembly.replay(file))
    print_answer(done.answer, as_json=as_json)
    if not done.same:
        terminal.say("This differs from what was recorded.")
        return DIFFERENT
    terminal.say("The same as recorded, byte for byte.")
    return 0 if done.answer.answered else ABSTAINED
