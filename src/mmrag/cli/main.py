"""The entry of the command line: the root group, and what becomes of errors.

Exit codes: 0 done, 1 an error, 2 bad usage, 130 stopped by Ctrl-C, 141 the reader of the output went away; commands add
their own (``ask``: 4 abstained; ``ingest``: 3 some files are in quarantine).
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from mmrag.cli.lazy import LazyCommand, LazyGroup, State, with_debug
from mmrag.errors import MMRagError

_SUMMARIES = {
    "ask": "Ask a question; get an answer with a box on the page, or a refusal.",
    "cache": "Show or drop the kept replies of models.",
    "calibrate": "Fit confidence to labelled questions, and choose how sure is sure enough.",
    "chat": "Ask questions that follow one another; go on with them another day.",
    "classify": "Say what kind of page a picture shows, or which of your labels fits it.",
    "costs": "What the model calls of this store have cost.",
    "doctor": "Check this machine and the store, and say what to repair.",
    "eval": "Measure answers on labelled questions, and compare two runs.",
    "index": "Verify or rebuild the vector index.",
    "mcp": "Offer the store to assistants and agents (Model Context Protocol).",
    "models": "Which models are here, with sizes and digests.",
    "replay": "Answer a question again from its trace, with no store and no network.",
    "search": "Find the elements of pages that fit some words.",
    "serve": "Serve the store to browsers, programs and chat clients.",
    "show": "Write a page as a picture, with boxes around what was found.",
    "tool": "Run one tool over the store: read, compare, count, calculate.",
    "tools": "List the tools, or the arguments of one.",
}
COMMANDS = {name: LazyCommand(target=f"mmrag.cli.{name}:{name}", summary=text) for name, text in _SUMMARIES.items()}

BUG = "This is a bug in mmrag: {what}; run again with --debug and report it."


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"mmrag {version('mmrag')}")
        ctx.exit()


def _about(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


root = LazyGroup(
    "mmrag",
    lazy=COMMANDS,
    callback=click.pass_context(_about),
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Ask questions of scanned documents: every claim comes with a box on the page.",
    params=[
        click.Option(
            ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version."
        ),
    ],
)
with_debug(root)


def main() -> None:
    """The console script ``mmrag``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a question mark, not a crash
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit code. Every error ends here as one line on standard error."""
    state = State()
    try:
        with root.make_context("mmrag", list(args), obj=state) as context:
            result: object = root.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as done:  # --help and --version end this way
        return done.exit_code
    except BrokenPipeError:
        return _reader_went_away()
    except (click.Abort, KeyboardInterrupt):
        return _say("Stopped.", 130)
    except Exception as error:  # noqa: BLE001  # the last resort of the command line: nothing may end in a traceback
        if state.debug:
            traceback.print_exc()
        return _report(error)
    return result if isinstance(result, int) else 0


def _report(error: Exception) -> int:
    cause = _cause(error)
    if isinstance(cause, click.UsageError):
        path = cause.ctx.command_path if cause.ctx is not None else "mmrag"
        return _say(f"{cause.format_message()} (See '{path} --help'.)", cause.exit_code)
    if isinstance(cause, click.ClickException):
        return _say(cause.format_message(), cause.exit_code)
    if isinstance(cause, MMRagError):
        return _say(str(cause), cause.exit_code)
    if isinstance(cause, OSError) and cause.filename is not None:
        return _say(f"{cause.filename!r} cannot be used: {cause.strerror}.", 1)
    return _say(BUG.format(what=f"{type(cause).__name__}: {cause}"), 1)


def _cause(error: BaseException) -> BaseException:
    """The error that counts. Tasks that run together raise a group: what mmrag raised on purpose goes first."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_cause(inner) for inner in error.exceptions]
    return next((leaf for leaf in leaves if isinstance(leaf, MMRagError)), leaves[0])


def _say(message: str, code: int) -> int:
    """One line on standard error. Control characters (of a file's name, say) do not reach the terminal."""
    line = "".join(c if c.isprintable() else " " for c in message)
    click.echo(f"mmrag: {' '.join(line.split())}", err=True)
    return code


def _reader_went_away() -> int:
    # Whoever read our output closed it (head, a pager): send what is left nowhere, so that the exit stays quiet.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
