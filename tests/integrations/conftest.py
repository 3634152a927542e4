"""The sample store, for tests of what other frameworks get of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_store import sample_store


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a run reads the samples, which takes its time on a busy machine."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(500))


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_store(tmp_path_factory)
