"""The inside of a reading process: limits itself, then answers orders from its standard input until that closes.

Frames in both directions are eight bytes of length, big endian, and a pickle. Standard output belongs to the frames alone:
whatever a decoder prints goes nowhere.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import pickle
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TypeAlias

from mmrag.domain.rereading import Reread
from mmrag.errors import DamagedFileError, MMRagError, TooLargeError, UnreadableFileError
from mmrag_ingest.crowding import Queueing
from mmrag_ingest.memory import give_memory_back
from mmrag_ingest.records import Limits, PageRead, PageTask, Probe, RegionTask

Result: TypeAlias = Probe | PageRead | Reread | MMRagError

LENGTH = struct.Struct(">Q")

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class ProbeOrder:
    path: Path
    limits: Limits
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """``result`` is what was asked for, or why it cannot be had: an error that is no ``UnreadableFileError`` ends the run.

    ``rss`` is the process's memory afterwards, in bytes. ``starved`` says that memory ran out: a process that has read
    nothing before may have enough.
    """

    result: Result | None
    rss: int
    starved: bool = False


Order: TypeAlias = ProbeOrder | PageTask | RegionTask


def main() -> None:
    """``python -P -c "from mmrag_ingest.child import main; main()" PARENT_PID MEMORY_BYTES THREADS``."""
    parent, memory, threads = (int(argument) for argument in sys.argv[1:4])
    end_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle: it stops its readers
    faulthandler.disable()
    orders, replies = _take_pipes()
    limit_memory(memory)
    os.environ.update(OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS="1")
    logging.getLogger("pypdfium2").setLevel(logging.ERROR)
    _send(replies, Reply(None, resident_bytes()))
    _quieten()
    answer = _answerer(threads)
    while (order := _receive(orders)) is not None:
        result, starved = answer(order)
        give_memory_back()
        _send(replies, Reply(result, resident_bytes(), starved))


def limit_memory(limit: int) -> None:
    """Cap what this process may allocate: over it, allocations fail instead of driving the machine into swap."""
    if sys.platform != "win32":
        import resource

        # Anonymous and private writable memory. RLIMIT_AS would count shared libraries and thread stacks as well.
        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        _, hard = resource.getrlimit(kind)
        with contextlib.suppress(ValueError, OSError):  # a lower limit is already set from outside
            resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, even by ``kill -9``. Elsewhere the closed pipe ends it."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)  # it died before the kernel was told


def resident_bytes() -> int:
    """The memory that this process holds right now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the frames' pipes off the standard numbers, which decoders may print to."""
    orders = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return orders, replies


def _quieten() -> None:
    """From here on decoders' complaints about files go nowhere. Until now errors of the start were to be seen."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)


def _answerer(threads: int) -> Callable[[Order], tuple[Result, bool]]:
    """What answers an order: the result, and whether memory ran out."""
    from mmrag_ingest.pages import probe

    def answer(order: Order) -> tuple[Result, bool]:
        try:
            if isinstance(order, ProbeOrder):
                line = Queueing(os.getpid(), time.monotonic)
                began = time.monotonic()
                looked = probe(order.path, order.limits, order.passwords)
                return replace(looked, seconds=max(0.0, time.monotonic() - began - line.look())), False
            if isinstance(order, RegionTask):
                from mmrag_ingest.regions import reread

                return reread(order, threads=threads), False
            from mmrag_ingest.worker import read_page

            return read_page(order, threads=threads), False
        except UnreadableFileError as error:
            return type(error)(str(error)), isinstance(error.__cause__, MemoryError)
        except MemoryError:
            return TooLargeError("it needs more memory than ingest.worker_memory_bytes allows"), True
        except ImportError as error:  # no fault of the file, and every other file would have it as well
            return MMRagError(
                f"This installation is not complete ({error}): install mmrag again, or run mmrag doctor."
            ), False
        except Exception as error:  # noqa: BLE001 - whatever a file does to a decoder, it must not end the run
            return DamagedFileError(f"it cannot be read: {type(error).__name__}: {error}"), False

    return answer


def _receive(stream: BinaryIO) -> Order | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    order = pickle.loads(stream.read(LENGTH.unpack(head)[0]))  # noqa: S301 - written by the parent process alone
    return order if isinstance(order, ProbeOrder | PageTask | RegionTask) else None


def _send(stream: BinaryIO, reply: Reply) -> None:
    data = pickle.dumps(reply, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()
