"""Which reader reads a data set: the name of its layout, or what lies in its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from mmrag.errors import UsageError
from mmrag.evaluation.datasets.finding import read_ohr_bench, read_vidore
from mmrag.evaluation.datasets.jsonl import read_jsonl
from mmrag.evaluation.datasets.long_documents import read_citevqa, read_docscope, read_mmlongbench
from mmrag.evaluation.datasets.questions_on_pages import (
    read_chartqa,
    read_docvqa,
    read_infographicvqa,
    read_mp_docvqa,
    read_slidevqa,
)
from mmrag.evaluation.datasets.receipts import read_cord, read_funsd, read_sroie
from mmrag.evaluation.questions import Dataset

READERS: Mapping[str, Callable[[Path], Dataset]] = MappingProxyType(
    {
        "sroie": read_sroie,
        "funsd": read_funsd,
        "cord": read_cord,
        "docvqa": read_docvqa,
        "mp-docvqa": read_mp_docvqa,
        "infographicvqa": read_infographicvqa,
        "chartqa": read_chartqa,
        "slidevqa": read_slidevqa,
        "mmlongbench-doc": read_mmlongbench,
        "citevqa": read_citevqa,
        "docscope": read_docscope,
        "vidore": read_vidore,
        "ohr-bench": read_ohr_bench,
    }
)
_SIGNS = (
    ("sroie", "key/*.json"),
    ("cord", "json/*.json"),
    ("cord", "*/json/*.json"),
    ("funsd", "**/annotations/*.json"),
    ("infographicvqa", "infographicsVQA_*.json"),
    ("docvqa", "*_v1.0*.json"),
    ("slidevqa", "annotations/qa/*.jsonl"),
    ("chartqa", "**/*_human.json"),
    ("mmlongbench-doc", "**/samples.json"),
    ("citevqa", "**/CiteVQA.json"),
    ("docscope", "benchmark.json"),
    ("ohr-bench", "**/qas*.json"),
    ("vidore", "qrels*"),
    ("mp-docvqa", "val.json"),
)
"""A file that tells a layout, the surest first."""


def read_dataset(path: Path, layout: str | None = None) -> Dataset:
    """Read a JSON Lines file, or a folder as its publisher lays it out; ``layout`` names which, where it is not plain.

    Raises ``UsageError`` when no reader fits or a file is not as expected.
    """
    if layout is not None and layout not in READERS:
        raise UsageError(f"There is no layout {layout!r}; there are {', '.join(READERS)}.")
    if path.is_file():
        return read_jsonl(path)
    name = layout or next((name for name, sign in _SIGNS if next(path.glob(sign), None) is not None), None)
    if name is not None:
        dataset = READERS[name](path)
    elif (path / "questions.jsonl").is_file():
        dataset = read_jsonl(path / "questions.jsonl")
    else:
        raise UsageError(f"{path} has no layout that is known; name it with --layout: {', '.join(READERS)}.")
    if not dataset.questions:
        raise UsageError(f"{path} holds no question of the layout {name or 'questions.jsonl'}.")
    return dataset
