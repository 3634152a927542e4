"""``mmrag models``: which models are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option

if TYPE_CHECKING:
    from mmrag.cli.inventory import ModelFile
    from mmrag.domain.hashing import Json


@click.group("models", no_args_is_help=False)
def models() -> None:
    """Which models are here, with sizes and digests."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> int:
    """List the model files that are installed, and the tiers that a question would be put to.

    Exits with 1 when a file is missing or its bytes are not the right ones.
    """
    from mmrag.cli import tiers_view
    from mmrag.cli.inventory import DigestState, model_files
    from mmrag.settings import load_settings

    files, tiers = model_files(), tiers_view.tier_rows(load_settings())
    if as_json:
        terminal.emit_json(
            {"models": [_json(file) for file in files], "tiers": [tiers_view.to_json(tier) for tier in tiers]}
        )
    else:
        head = ["model", "used for", "size", "digest", "sha256", "package"]
        click.echo("\n".join(terminal.aligned([head, *(_cells(file) for file in files)])))
        click.echo("\n".join(["", *terminal.aligned([tiers_view.HEAD, *(tiers_view.cells(tier) for tier in tiers)])]))
    return 1 if any(file.state in {DigestState.MISSING, DigestState.CHANGED} for file in files) else 0


def _json(file: ModelFile) -> Json:
    return {
        "model": file.model,
        "role": file.role,
        "package": file.package,
        "file": file.file,
        "bytes": file.size,
        "sha256": file.sha256,
        "state": file.state.value,
    }


def _cells(file: ModelFile) -> list[str]:
    size = f"{file.size / 1e6:.1f} MB" if file.size else "-"
    return [file.model, file.role, size, file.state.value, (file.sha256 or "-")[:12], file.package]
