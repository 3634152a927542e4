"""What a person sees: rich on a terminal, plain aligned text in a pipe, one JSON document with ``--json``.

Text of documents is data: control characters in it never reach a terminal, and it is never read as markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mmrag.domain.hashing import Json

if TYPE_CHECKING:
    from rich.console import Console


def is_terminal() -> bool:
    return sys.stdout.isatty()


def console() -> Console:
    """A console on standard output. Without colours where ``NO_COLOR`` or the terminal says so."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def emit_json(value: Json) -> None:
    """Print one JSON document, UTF-8. A name that is not valid Unicode is written with escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        data = json.dumps(value, indent=2, allow_nan=False).encode("ascii")
    click.echo(data)


def clean(text: str) -> str:
    """``text`` on one line, what cannot be printed replaced by a space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def clean_lines(text: str) -> str:
    """``text`` with its line breaks, what else cannot be printed replaced by a space."""
    return "\n".join(clean(line) for line in text.splitlines())


def printable_lines(text: str) -> str:
    """``text`` with its line breaks and indentation, what else cannot be printed replaced by a space."""
    return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in text.split("\n"))


def shorten(text: str, limit: int) -> str:
    """``text`` on one line, cut to ``limit`` characters."""
    line = clean(text)
    return line if len(line) <= limit else line[: max(0, limit - 1)].rstrip() + "…"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with columns of equal width, two spaces apart; the last column is not padded."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def say(line: str) -> None:
    """A line to the person, on standard error: output stays data."""
    click.echo(clean(line), err=True)
