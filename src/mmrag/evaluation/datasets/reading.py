"""Which reader reads a data set."""

from __future__ import annotations

from pathlib import Path

from mmrag.evaluation.datasets.jsonl import read_jsonl
from mmrag.evaluation.questions import Dataset


def read_dataset(path: Path, layout: str | None = None) -> Dataset:
    """Read a data set."""
    return read_jsonl(path)
