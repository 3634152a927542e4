"""Other parsers' chunks of the same documents. A parser may live in an environment of its own, for its pins are its own.

A parser that cannot run is left out with one line that says why, never with zeros.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from _systems import Chunk, PageTexts

from mmrag.adapters.minilm import model_folder
from mmrag.domain.hashing import Json
from mmrag.evaluation.runner import run_key

PARSERS = ("docling", "unstructured")
CHILD = Path(__file__).with_name("_parser_child.py")
TIMEOUT_S = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """``version`` names the parser; ``how`` says what it was given."""

    version: str
    how: str
    chunks: tuple[Chunk, ...]


class LeftOut(Exception):
    """A peer that cannot be measured here, and why, in one line."""


def parsed_by(
    parser: str,
    texts: PageTexts,
    born_digital: Mapping[str, Path],
    *,
    python: Path | None = None,
    keep: Path | None = None,
) -> Parsed:
    """The chunks that ``parser`` makes. ``born_digital`` are documents with a text layer on every page, by name.

    ``python`` is the interpreter of the environment that it is installed in; ``keep`` is a folder where chunks are kept for
    the next run. Raises ``LeftOut``. Blocks.
    """
    asked: dict[str, Json] = {
        "parser": parser,
        "tokenizer": str(model_folder()),
        "pages": [[document, page, text] for (document, page), text in texts.items()],
        "files": {name: str(path) for name, path in born_digital.items()},
    }
    kept = None if keep is None else keep / f"{parser}-{run_key([parser, asked['pages'], asked['files']])}.json"
    if kept is None or not kept.is_file():
        said = _run(json.dumps(asked), parser, python or Path(sys.executable))
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(said, encoding="utf-8")
    else:
        said = kept.read_text(encoding="utf-8")
    made = json.loads(said)
    chunks = tuple(Chunk(document=d, page=p, text=t) for d, p, t in made["chunks"])
    return Parsed(version=made["version"], how=made["how"], chunks=chunks)


def _run(asked: str, parser: str, python: Path) -> str:
    """The last line that the child wrote. Raises ``LeftOut`` with the last line it complained with."""
    # Offline, so that nothing is fetched behind the user's back and a missing model is an error at once.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {
        "HF_HUB_OFFLINE": "1",
        "UNSTRUCTURED_DISABLE_NOTICE": "1",
    }
    try:
        done = subprocess.run(
            [str(python), str(CHILD)], input=asked, capture_output=True, text=True, env=env,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LeftOut(f"{parser}: left out, {type(error).__name__}: {error}") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise LeftOut(f"{parser}: left out, {lines[-1][:300] if lines else f'exit {done.returncode}'}")
    return done.stdout.splitlines()[-1]
