"""Many answers at once: old traces are forgotten by several threads, and none of them stumbles over another."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mmrag.adapters.traces import FileTraces


def test_traces_saved_at_once_do_not_stumble_over_each_other(tmp_path: Path) -> None:
    traces = FileTraces(tmp_path, keep=5)

    async def save_many() -> None:
        await asyncio.gather(*(traces.save(f"ask-{n:04}", b"{}") for n in range(400)))

    asyncio.run(save_many())
    left = list(tmp_path.glob("*.json"))
    assert 1 <= len(left) <= 45
