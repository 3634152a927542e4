"""The sample store, for tests of what other frameworks get of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_store import sample_store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_store(tmp_path_factory)
