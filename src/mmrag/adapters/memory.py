"""Work in batches that become smaller when memory does not suffice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from mmrag.errors import ModelError

Item = TypeVar("Item")
Result = TypeVar("Result")
_log = logging.getLogger(__name__)


def in_batches(items: Sequence[Item], most: int, work: Callable[[Sequence[Item]], Sequence[Result]]) -> list[Result]:
    """``work`` on at most ``most`` items at a time, on half as many after each time that memory ran out.

    Raises ``ModelError`` when not even one fits.
    """
    results: list[Result] = []
    start = 0
    while start < len(items):
        part = items[start : start + most]
        try:
            results.extend(work(part))
        except (MemoryError, RuntimeError) as error:
            if not ran_out(error):
                raise
            give_back()
            if len(part) == 1:
                raise ModelError("There is not enough memory to look at one picture: name a smaller model.") from error
            most = max(1, len(part) // 2)
            _log.warning("Memory ran out with %d pictures at once: going on with %d.", len(part), most)
            continue
        start += len(part)
    return results


def ran_out(error: Exception) -> bool:
    """Whether an error says that memory ran out: torch has an error of its own for a GPU, and only words for a CPU."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower() or "allocate memory" in str(error).lower()


def give_back() -> None:
    """Return what torch keeps of a GPU's memory for later."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
