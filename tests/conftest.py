"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mmrag.testing import responsive_loop


@pytest.fixture
def loop_guard() -> Iterator[None]:
    """The test fails when anything holds up the event loop for more than 200 ms."""
    with responsive_loop(0.2):
        yield
