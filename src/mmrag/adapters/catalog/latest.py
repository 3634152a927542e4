"""A bounded memory of what was used last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Latest(Generic[Key, Value]):
    """The values used last, as many as weigh ``room`` together (and the last one, whatever it weighs).

    Several threads may use it.
    """

    def __init__(self, room: int, weight: Callable[[Value], int] = lambda _: 1) -> None:
        self._room = room
        self._weight = weight
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            value = self._kept.get(key)
            if value is not None:
                self._kept.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            old = self._kept.pop(key, None)
            self._held += self._weight(value) - (0 if old is None else self._weight(old))
            self._kept[key] = value
            while self._held > self._room and len(self._kept) > 1:
                self._held -= self._weight(self._kept.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._held = 0
