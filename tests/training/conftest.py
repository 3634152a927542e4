"""The training code is no package of the distribution: its folder's parent is put on the path for these tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def drawn_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn set of 48 samples."""
    from training.draw import draw_shard

    folder = tmp_path_factory.mktemp("drawn")
    draw_shard((folder, 0, 48))
    return folder
