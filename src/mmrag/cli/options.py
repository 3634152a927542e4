"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])


def store_option(function: F) -> F:
    return click.option(
        "--store",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder of the store.  [default: MMRAG_STORE, else ./mmrag-store]",
    )(function)


def json_option(function: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")(function)


Corners = tuple[float, float, float, float]
"""``x0, y0, x1, y1`` as fractions of the page, origin at the top left."""


def boxes_of(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[Corners, ...]:
    """Boxes as they are printed, ``x0,y0,x1,y1``; brackets and spaces of the JSON form are accepted."""
    return tuple(_corners(value) for value in values)


def _corners(value: str) -> Corners:
    try:
        x0, y0, x1, y1 = (float(part) for part in value.strip("[]() ").split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not four numbers x0,y0,x1,y1.") from None
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise click.BadParameter(f"{value!r} is not a box in page fractions: 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1.")
    return x0, y0, x1, y1
