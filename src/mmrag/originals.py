"""Ingested files looked at again: the package that reads files offers this by an entry point, since imports go one way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from mmrag.ports import Originals
    from mmrag.settings import Settings

ORIGINALS_GROUP = "mmrag.originals"
"""The entry point group where a distribution offers the function that opens ingested files again."""


class OpensOriginals(Protocol):
    """The function behind ``look_at`` and ``read_again``: the files of the settings' store, for the time of a context."""

    def __call__(self, settings: Settings) -> AbstractAsyncContextManager[Originals]: ...


@asynccontextmanager
async def opened_originals(settings: Settings) -> AsyncIterator[Originals | None]:
    """What opens ingested files again; None where no distribution offers it. No process is started before it is needed."""
    found = list(entry_points(group=ORIGINALS_GROUP))
    if not found:
        yield None
        return
    async with cast(OpensOriginals, found[0].load())(settings) as originals:
        yield originals
