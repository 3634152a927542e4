"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mmrag.settings import PROVIDER_KEYS
from mmrag.testing import responsive_loop


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the environment is leave to ask its provider: no test may spend the money of whoever runs it."""
    for name in PROVIDER_KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def loop_guard() -> Iterator[None]:
    """The test fails when anything holds up the event loop for more than 200 ms."""
    with responsive_loop(0.2):
        yield
