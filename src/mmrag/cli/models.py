"""``mmrag models``: which models are here, and fetching others."""

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
    """Which models are here, with sizes and digests; fetch others."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> int:
    """List the model files that are installed, and the tiers that a question would be put to.

    Exits with 1 when a file is missing or its bytes are not the right ones.
    """
    from mmrag.cli import tiers_view
    from mmrag.cli.inventory import DigestState, image_models, judges, model_files
    from mmrag.settings import load_settings

    settings = load_settings()
    files, tiers = (*model_files(), *image_models(settings.models), *judges(settings.models)), tiers_view.tier_rows(settings)
    if as_json:
        terminal.emit_json(
            {"models": [_json(file) for file in files], "tiers": [tiers_view.to_json(tier) for tier in tiers]}
        )
    else:
        head = ["model", "used for", "size", "digest", "sha256", "package"]
        click.echo("\n".join(terminal.aligned([head, *(_cells(file) for file in files)])))
        click.echo("\n".join(["", *terminal.aligned([tiers_view.HEAD, *(tiers_view.cells(tier) for tier in tiers)])]))
    wrong = (f for f in files if f.state is DigestState.CHANGED or (f.state is DigestState.MISSING and not f.optional))
    return 1 if any(wrong) else 0


@models.command("pull")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--yes", is_flag=True, help="Download without asking.")
@json_option
def pull(names: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Download models from the Hugging Face hub, and pin them to the commit that was downloaded.

    NAME is owner/name, or owner/name@revision; without one, the models that models.clip, models.captioner and
    models.entailment name. The size is said before anything is downloaded. Weights are taken in safetensors only.
    """
    from mmrag.adapters import hub
    from mmrag.settings import load_settings

    settings = load_settings().models
    wanted = names or (settings.clip, settings.captioner, *((settings.entailment,) if settings.entailment else ()))
    looked = [(name, hub.look_up(name)) for name in dict.fromkeys(wanted)]
    for name, pin in looked:
        terminal.say(f"{name}: {pin.bytes / 1e6:.0f} MB, revision {pin.revision}")
    if not yes:
        click.confirm(f"Download {sum(pin.bytes for _, pin in looked) / 1e6:.0f} MB?", abort=True, err=True)
    rows: list[Json] = []
    for name, pin in looked:
        model = hub.pull(name, pin, settings.cache_dir)
        rows.append({"model": model.name, "revision": pin.revision, "bytes": pin.bytes, "folder": str(model.weights.folder)})
    if as_json:
        terminal.emit_json({"pulled": rows})
    elif settings.profile != "hub":
        terminal.say("They are here; set models.profile to hub to use them.")
    return 0


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
