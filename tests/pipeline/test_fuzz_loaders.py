"""A short, seeded run of the fuzzing of the loaders; ``tests/fuzz_loaders.py`` runs for as long as one wants."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "fuzz_loaders.py"


@pytest.mark.timeout(240)
def test_broken_files_are_read_or_refused_with_a_line(tmp_path: Path) -> None:
    command = [sys.executable, SCRIPT, "--examples", "150", "--seed", "7", "--seconds", "200", "--keep", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=230)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("150 files"), done.stdout
    assert "read application/pdf" in done.stdout, "some of them must be readable still, or nothing is tried"


def test_what_is_wrong_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness itself: an error that is none of ours, and one that is no line for people, are findings."""
    import fuzz_loaders
    from mmrag_ingest import pages

    from mmrag.errors import DamagedFileError

    def odd(*_: object) -> None:
        raise DamagedFileError("<object at 0x7f>")

    monkeypatch.setattr(pages, "probe", odd)
    with pytest.raises(AssertionError, match="no line for a person"):
        fuzz_loaders.check(tmp_path / "file")
