"""A store of a few sample documents, ingested once for all processes of a test run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

SAMPLES: Final = Path(__file__).parents[1] / "examples" / "samples"
NAMES: Final = (
    "annual-report.pdf",
    "chart-visitors.png",
    "invoice-scan.pdf",
    "receipt-cafe-april.jpg",
    "receipt-cafe-march.jpg",
)
QUESTION: Final = "What is the total on the receipt from Harbour Light Café dated 12/03/2024?"
ANSWER: Final = "£33.05"
RECEIPT: Final = "receipt-cafe-march.jpg"
UNANSWERABLE: Final = "What is the number of the invoice from Alder & Finch Engineering?"


def bare_environment() -> dict[str, str]:
    """The environment without settings of ours and without keys: no test may spend money."""
    return {k: v for k, v in os.environ.items() if not k.startswith("MMRAG_") and not k.endswith("_API_KEY")}


def mmrag_command(*words: str) -> list[str]:
    return [str(Path(sys.executable).parent / "mmrag"), *words]


def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the store. It may be read by everyone and written by no one."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "samples"
    store = folder / "store"
    with FileLock(shared / "samples.lock"):
        if not (folder / "done").exists():
            scans = folder / "scans"
            scans.mkdir(parents=True, exist_ok=True)
            for name in NAMES:
                (scans / name).write_bytes((SAMPLES / name).read_bytes())
            command = mmrag_command("ingest", str(scans), "--store", str(store), "--json")
            for _ in range(
                3
            ):  # a page may run out of its time where many tests share few cores; again reads what is missing
                done = subprocess.run(
                    command, env=bare_environment(), capture_output=True, text=True, check=False, timeout=400
                )
                if done.returncode == 0:
                    break
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "done").touch()
    return store
