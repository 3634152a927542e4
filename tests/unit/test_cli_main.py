"""The front door: help, exit codes, and errors that end as one line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from mmrag.cli import main as cli
from mmrag.cli.lazy import LazyCommand, LazyGroup, with_debug
from mmrag.errors import MMRagError, StoreBusyError, UsageError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Makes the command ``costs`` raise what it is given."""

    def fail_with(error: BaseException) -> None:
        def callback(**_: object) -> int:
            raise error

        command = click.Command("costs", callback=callback)
        real = LazyGroup.get_command

        def get_command(self: LazyGroup, ctx: click.Context, name: str) -> click.Command | None:
            return with_debug(command) if name == "costs" else real(self, ctx, name)

        monkeypatch.setattr(LazyGroup, "get_command", get_command)

    return fail_with


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    ("error", "code"), [(MMRagError("it broke"), 1), (UsageError("it broke"), 2), (StoreBusyError("it\nbroke"), 1)]
)
def test_an_error_of_ours_is_one_line_with_its_exit_code(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], error: MMRagError, code: int
) -> None:
    failing(error)
    assert cli.run(["costs"]) == code
    assert one_line(capsys) == "mmrag: it broke\n"


def test_errors_of_tasks_that_ran_together_are_told_apart(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ExceptionGroup("two", [ExceptionGroup("one", [ValueError("x")]), UsageError("give a name")]))
    assert cli.run(["costs"]) == 2
    assert one_line(capsys) == "mmrag: give a name\n"


def test_an_unexpected_error_is_called_a_bug(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(KeyError("surprise"))
    assert cli.run(["costs"]) == 1
    assert "This is a bug in mmrag: KeyError: 'surprise'; run again with --debug and report it." in one_line(capsys)


def test_a_file_that_cannot_be_used_is_not_a_bug(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(PermissionError(13, "Permission denied", "secret.db"))
    assert cli.run(["costs"]) == 1
    assert one_line(capsys) == "mmrag: 'secret.db' cannot be used: Permission denied.\n"


@pytest.mark.parametrize("args", [["costs", "--debug"], ["--debug", "costs"]])
def test_debug_shows_the_traceback_wherever_it_stands(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    failing(UsageError("it broke"))
    assert cli.run(args) == 2
    assert "Traceback" in capsys.readouterr().err


def test_control_characters_of_a_message_do_not_reach_the_terminal(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(UsageError("no file \x1b[31mred\x1b[0m\u202e.pdf"))
    cli.run(["costs"])
    assert one_line(capsys) == "mmrag: no file [31mred [0m .pdf\n"


def test_ctrl_c_ends_with_130(failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]) -> None:
    failing(KeyboardInterrupt())
    assert cli.run(["costs"]) == 130
    assert "Stopped." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["serch"], "did you mean 'search'?"),
        (["qqq"], "There is no command 'qqq'; there are ask,"),
        (["ask"], "Missing argument 'QUESTION'"),
        (["ask", " "], "The question is empty."),
        (["ask", "x", "--nope"], "No such option"),
        (["ask", "x", "--max-usd", "-1"], "--max-usd"),
        (["search", "x", "-k", "0"], "-k"),
        (["show", "x", "--box", "1,2,3"], "is not four numbers"),
        (["show", "x", "--box", "0.5,0.5,0.4,0.6"], "is not a box in page fractions"),
        (["index"], "Missing command."),
    ],
)
def test_bad_usage_is_one_line_and_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, args: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(args) == 2
    assert says in one_line(capsys)


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_the_summary_of_a_command_is_kept_beside_its_help(name: str) -> None:
    context = click.Context(cli.root)
    command = cli.root.get_command(context, name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert cli.COMMANDS[name].summary.endswith(".")


@pytest.mark.parametrize("args", [["--help"], ["-h"], []])
def test_help_lists_every_command(capsys: pytest.CaptureFixture[str], args: list[str]) -> None:
    assert cli.run(args) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in [*cli.COMMANDS, "ingest"])


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("mmrag 0.")


def test_a_command_that_cannot_be_loaded_leaves_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import EntryPoint

    broken = EntryPoint(name="extra", value="no_such_module:x", group="mmrag.commands")
    monkeypatch.setattr("mmrag.cli.lazy.entry_points", lambda group: [broken])
    assert cli.run(["--help"]) == 0
    assert "Cannot be loaded: ModuleNotFoundError" in capsys.readouterr().out
    assert cli.run(["extra"]) == 1
    assert "'extra' (no_such_module:x) cannot be loaded" in one_line(capsys)


def test_a_plugin_never_replaces_a_command_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    other = EntryPoint(name="ask", value="no_such_module:x", group="mmrag.commands")
    monkeypatch.setattr("mmrag.cli.lazy.entry_points", lambda group: [other])
    group = LazyGroup("g", lazy={"ask": LazyCommand(target="mmrag.cli.ask:ask", summary="Ask.")})
    command = group.get_command(click.Context(group), "ask")
    assert command is not None
    assert command.help is not None
    assert command.help.startswith("Ask a question")


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from mmrag.cli.main import main; main()", "--help"],
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
