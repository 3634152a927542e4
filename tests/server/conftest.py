"""A server over a small store, shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from server_support import INVOICE, RECEIPT, TOKEN, Served, filled_store, served, settings_for


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pages = {"invoice.jpg": INVOICE, "receipts/cafe.jpg": RECEIPT}
    return filled_store(tmp_path_factory.mktemp("served") / "store", pages)


@pytest.fixture(scope="session")
def loopback(filled: Path) -> Iterator[Served]:
    """Without tokens, as on a person's own machine."""
    with served(settings_for(filled)) as running:
        yield running


@pytest.fixture(scope="session")
def guarded(filled: Path) -> Iterator[Served]:
    """With a token."""
    with served(settings_for(filled, token=TOKEN)) as running:
        yield running
