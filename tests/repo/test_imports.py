"""What an import costs: the package and the help of the command line load no vendor's package."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import pytest

import mmrag

VENDORS = {
    "PIL",
    "anthropic",
    "chromadb",
    "google.genai",
    "llama_index",
    "mcp",
    "matplotlib",
    "numpy",
    "onnx",
    "onnxruntime",
    "openai",
    "pypdfium2",
    "rapidocr",
    "rich",
    "scipy",
    "sklearn",
    "tokenizers",
    "torch",
    "transformers",
    "workflows",
}
HELP = "from mmrag.cli.main import run; run(['--help'])"


def imported_by(code: str) -> set[str]:
    """The modules that are there after running ``code`` in a fresh interpreter."""
    program = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import mmrag",
        "import mmrag; mmrag.Answer; mmrag.BBox; mmrag.MMRagError",
        "import mmrag; mmrag.open; mmrag.ask_sync",
        "import mmrag.ports, mmrag.settings, mmrag_ingest, mmrag_prompts",
        HELP,
        "from mmrag.cli.main import run; run(['ask', '--help']); run(['ingest', '--help']); run(['doctor', '--help'])",
    ],
)
def test_no_vendor_is_imported_before_it_is_needed(code: str) -> None:
    assert sorted(imported_by(code) & VENDORS) == []


def test_the_bare_package_imports_nothing_of_its_own() -> None:
    assert sorted(name for name in imported_by("import mmrag") if name.startswith("mmrag.")) == []


@pytest.mark.parametrize("module", ["mmrag.domain.answers", "mmrag.domain.plans", "mmrag.domain.values", "mmrag.errors"])
def test_the_domain_knows_the_standard_library_only(module: str) -> None:
    before = imported_by("import mmrag")
    roots = {name.split(".")[0] for name in imported_by(f"import {module}") - before}
    assert roots - {"mmrag"} <= sys.stdlib_module_names


def test_the_public_names_are_these_and_all_are_there() -> None:
    assert mmrag.__all__ == [
        "Abstention",
        "AbstentionReason",
        "Answer",
        "BBox",
        "Citation",
        "CitedClaim",
        "Document",
        "EmptyStoreError",
        "Hit",
        "IngestSummary",
        "MMRagError",
        "ModelError",
        "Session",
        "Settings",
        "StoreBusyError",
        "StoreError",
        "UnreadableFileError",
        "UsageError",
        "VerdictKind",
        "ask_sync",
        "load_settings",
        "open",
    ]
    assert [name for name in mmrag.__all__ if getattr(mmrag, name) is None] == []
    assert dir(mmrag) == sorted(mmrag.__all__)
    with pytest.raises(AttributeError, match="no attribute 'close'"):
        _ = mmrag.close


def seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return time.perf_counter() - began


def test_help_answers_at_once() -> None:
    """Under 0.4 s, or, on a machine that is busy, no more than a fixed factor slower than click's own import."""
    pairs = [(seconds("import click"), seconds(HELP)) for _ in range(5)]
    click_alone, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    assert ours < max(0.4, 6 * click_alone)
