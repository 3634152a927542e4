"""Which calls are on their way: what was sent when a question is cancelled was perhaps paid for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Sent:
    """``calls`` left for the provider and neither came back nor failed."""

    calls: int = 0


_current: ContextVar[Sent | None] = ContextVar("mmrag_sent", default=None)


@contextmanager
def on_the_way() -> Iterator[Sent]:
    """Count the calls that are sent inside."""
    sent = Sent()
    token = _current.set(sent)
    try:
        yield sent
    finally:
        _current.reset(token)


@contextmanager
def sending() -> Iterator[None]:
    """Around one call to a provider. It stays counted when it is cancelled: nobody knows what became of it."""
    sent = _current.get() or Sent()
    sent.calls += 1
    try:
        yield
    except Exception:
        sent.calls -= 1
        raise
    sent.calls -= 1
