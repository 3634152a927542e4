"""How the code blocks of the documentation are run: by language, in a folder as the pages assume it.

=============  =====================================================================================================
language       what is done with a block
=============  =====================================================================================================
``python``     run, with the names of the page's earlier blocks
``sh``         run; a line for a program that is not here (``pip``, ``docker``, ``make``) is checked by its words
``console``    each ``$`` line is run, and what follows it is what has to come out; ``...`` stands for anything
``toml``       read as what its first line says it is, such as ``# mmrag.toml``
``json``       has to be JSON
``yaml``       has to be YAML
``text``       is left alone, and so is ``mermaid``: it is no code
=============  =====================================================================================================
"""

from __future__ import annotations

import doctest
import io
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

import yaml
from sample_store import bare_environment
from sybil import Document, Example, Lexeme, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from mmrag.cli.main import run
from mmrag.middleware.prices import price_list
from mmrag.prompting import constitution
from mmrag.settings import load_settings

ROOT: Final = Path(__file__).parents[2]
LANGUAGES: Final = ("python", "sh", "console", "toml", "json", "yaml", "text", "mermaid")
REFUSED: Final = 4
_SHELL: Final = re.compile(r"[|<>&;`]|\$\(|\\$", re.MULTILINE)
"""What only a shell understands: a block with it is run by one, as a whole."""
_COMPARE: Final = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


SERVED: Final = "127.0.0.1:8765"
"""Where the pages say that a server listens."""


def parsed(page: Path, *, served: str = SERVED) -> Document:
    """The page with its code blocks as examples; ``served`` is where a server really listens.

    Raises ``AssertionError`` for a block without a language.
    """
    for fence in re.findall(r"^ *```(.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[::2]:
        assert fence.split(" ")[0] in LANGUAGES, f"{page.name}: a block of language {fence!r}, not one of {LANGUAGES}"
    evaluators: dict[str, Callable[[Example], None]] = {
        "python": lambda example: _python(example, served),
        "sh": lambda example: _sh(str(example.parsed).replace(SERVED, served)),
        "console": lambda example: _console(str(example.parsed)),
        "toml": lambda example: _toml(str(example.parsed)),
        "json": lambda example: _parses(json.loads, str(example.parsed)),
        "yaml": lambda example: _parses(yaml.safe_load, str(example.parsed)),
    }
    return Sybil(parsers=[CodeBlockParser(name, evaluate) for name, evaluate in evaluators.items()]).parse(page)


def _python(example: Example, served: str) -> None:
    source = example.parsed
    example.parsed = Lexeme(str(source).replace(SERVED, served), source.offset, source.line_offset)
    PythonEvaluator()(example)


def _sh(block: str) -> None:
    if _SHELL.search(re.sub(r"#.*", "", block)) and not _all_elsewhere(block):
        done = _in_shell(block)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return
    for line in filter(str.strip, block.replace("\\\n", " ").splitlines()):
        code, output = _line(line)
        assert code == 0 or (code == REFUSED and "refused" in line), f"{line}: ended with {code}\n{output}"


def _console(block: str) -> None:
    for command, wanted in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block, flags=re.MULTILINE):
        _, output = _line(command) if not _SHELL.search(command) else (0, _in_shell(command).stdout)
        assert doctest.OutputChecker().check_output(wanted, output, _COMPARE), (
            f"{command} says:\n{output}\nand not:\n{wanted}"
        )


def _line(line: str) -> tuple[int, str]:
    """Exit code and output of one command. mmrag itself runs in this process: that saves the time to start it."""
    words = shlex.split(line, comments=True)
    if not words:
        return 0, ""
    if words[0] in ELSEWHERE:
        ELSEWHERE[words[0]](words)
        return 0, ""
    if words[0] != "mmrag":
        done = _in_shell(line)
        return done.returncode, done.stdout + done.stderr
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(words[1:])
    return code, out.getvalue() if code in (0, REFUSED) else out.getvalue() + err.getvalue()


def _in_shell(block: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-euo", "pipefail", "-c", block]
    return subprocess.run(command, env=bare_environment(), capture_output=True, text=True, check=False, timeout=300)


def _all_elsewhere(block: str) -> bool:
    lines = [line for line in block.replace("\\\n", " ").splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return all(line.split()[0] in ELSEWHERE or "=" in line.split()[0] for line in lines)


def _toml(block: str) -> None:
    """A file of ours by the name in its first line; it is read as mmrag reads it, and taken away again."""
    name = block.split("\n", 1)[0].removeprefix("# ").strip()
    file = Path(name)
    assert re.fullmatch(r"[\w-]+\.toml", name), f"the first line of a block is the file's name, not {name!r}"
    file.write_text(block, encoding="utf-8")
    try:
        if name == "mmrag.toml":
            load_settings(environ={}, cwd=Path.cwd())
        elif "constitution" in name:
            constitution(file.absolute())
        elif "models" in name:
            price_list(file.absolute())
        else:
            tomllib.loads(block)
    finally:
        if name == "mmrag.toml":
            file.unlink()


def _parses(parse: Callable[[str], object], block: str) -> None:
    assert parse(block) is not None


def _pip(words: list[str]) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for word in words[2:]:
        named = re.fullmatch(r"mmrag(\[(.*)\])?", word)
        assert word.startswith("-") or word.endswith((".txt", ".whl", "wheels", "wheels/")) or named, f"pip: {word}"
        for extra in filter(None, ((named and named[2]) or "").split(",")):
            assert extra in extras, f"there is no extra {extra!r}"


def _make(words: list[str]) -> None:
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(words[1:]) <= set(known), f"make has no target {words[1:]}"


def _docker(words: list[str]) -> None:
    """Services and profiles have to be in the compose file; what follows the service is a command of ours."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    if words[1] != "compose":
        assert words[1] in ("build", "run", "save", "load"), words
        return
    profiles = {profile for service in compose["services"].values() for profile in service.get("profiles", [])}
    rest = iter(words[2:])
    for word in rest:
        if word == "--profile":
            assert next(rest) in profiles
        elif word in ("run", "exec", "logs", "restart"):
            service = next(w for w in rest if not w.startswith("-"))
            assert service in compose["services"], f"there is no service {service!r}"
            break
        else:
            assert word in ("up", "down", "--build", "-d", "--wait", "pull", "config"), word


ELSEWHERE: Final[dict[str, Callable[[list[str]], None]]] = {
    "pip": _pip,
    "make": _make,
    "docker": _docker,
    "git": lambda _words: None,
    "cd": lambda _words: None,
    "hf": lambda _words: None,
}
"""Programs that tests cannot run, and what is checked of their lines instead."""
