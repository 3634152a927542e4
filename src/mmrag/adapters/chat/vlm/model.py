"""``ChatModel`` over a model that runs in this process."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mmrag.adapters.chat.provider import Endpoint, ProviderModel, Tally
from mmrag.adapters.chat.vlm.prompts import tool_calls
from mmrag.adapters.chat.vlm.weights import fingerprint, is_folder
from mmrag.domain.messages import ChatRequest, Delta, Reply, StopReason
from mmrag.errors import ModelError, ModelRequestError, ModelUnavailableError
from mmrag.ports import OnDelta

if TYPE_CHECKING:
    from mmrag.adapters.chat.vlm.loaded import LoadedVlm, Wanted, Written

_BATCH = 4
"""Replies written at once. More gain little on a processor and take memory on a graphics card."""
_WAITING = 64
"""Replies that may wait their turn; the next one is refused, as a busy server would."""


@dataclass(frozen=True, slots=True)
class _Job:
    wanted: Wanted
    written: asyncio.Future[Written]


class TransformersVlm(ProviderModel):
    """``provider:model`` is ``transformers:`` with a folder, or with the id and revision of a model that was fetched.

    It is loaded when it is first asked, once, and writes in one worker thread; calls that wait at the same time are written
    together. A call that is cancelled, or is over its time, stops being written.
    """

    def __init__(self, endpoint: Endpoint, *, revision: str | None = None) -> None:
        super().__init__(endpoint)
        self._revision = revision
        self._limiter = anyio.CapacityLimiter(1)
        self._loading = asyncio.Lock()
        self._loaded: LoadedVlm | None = None
        self._waiting: deque[_Job] = deque()
        self._writer: asyncio.Task[None] | None = None
        version = fingerprint_of(endpoint.model) if is_folder(endpoint.model) else (revision or "")[:12]
        self._identity = f"{endpoint.identity}@{version}" if version else endpoint.identity

    @property
    def identity(self) -> str:
        return self._identity

    async def close(self) -> None:
        for job in self._waiting:
            job.wanted.stop.set()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        self._loaded = None

    async def _open(self) -> None:
        """Loading is not part of a call's time: it may take a minute, once."""
        from mmrag.adapters.chat.vlm.weights import packages_missing

        async with self._loading:
            if self._loaded is None:
                try:
                    self._loaded = await anyio.to_thread.run_sync(self._load, limiter=self._limiter)
                except ImportError as error:
                    raise packages_missing() from error

    def _load(self) -> LoadedVlm:
        from mmrag.adapters.chat.vlm.loaded import load

        return load(self.endpoint.model, self._revision)

    async def _whole(self, request: ChatRequest) -> Reply:
        from mmrag.adapters.chat.vlm.loaded import Wanted

        return self._reply(request, await self._written(Wanted(request)))

    async def _streamed(self, request: ChatRequest, on_delta: OnDelta) -> Reply:
        from mmrag.adapters.chat.vlm.loaded import Wanted

        loop, pieces = asyncio.get_running_loop(), asyncio.Queue[str | None]()

        def heard(text: str) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, text)

        writing = asyncio.create_task(self._written(Wanted(request, on_text=heard)))
        writing.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                await on_delta(Delta(text=piece))
            return self._reply(request, await writing)
        finally:
            writing.cancel()
            await asyncio.wait([writing])

    async def _written(self, wanted: Wanted) -> Written:
        if len(self._waiting) >= _WAITING:
            raise ModelUnavailableError(f"{self.identity} is busy: {_WAITING} replies are waiting.")
        job = _Job(wanted, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        try:
            return await job.written
        finally:
            wanted.stop.set()

    async def _write_all(self) -> None:
        """Write what waits, batch by batch, until nothing does."""
        while self._waiting:
            batch = self._next_batch()
            loaded = self._loaded
            if not batch or loaded is None:
                continue
            wanted = [job.wanted for job in batch]
            try:
                written = await anyio.to_thread.run_sync(loaded.write, wanted, limiter=self._limiter)
            except Exception as error:  # noqa: BLE001  # whatever it is, those who wait must hear of it
                for job in batch:
                    if not job.written.done():
                        job.written.set_exception(error)
                continue
            for job, text in zip(batch, written, strict=True):
                if not job.written.done():
                    job.written.set_result(text)

    def _next_batch(self) -> list[_Job]:
        """The first that waits and those behind it that can be written with it; what nobody waits for is dropped."""
        batch: list[_Job] = []
        while self._waiting and len(batch) < _BATCH:
            job = self._waiting[0]
            if job.written.done():
                self._waiting.popleft()
            elif not batch or _together(batch[0], job):
                batch.append(self._waiting.popleft())
            else:
                break
        return batch

    def _reply(self, request: ChatRequest, written: Written) -> Reply:
        text, calls = tool_calls(written.text) if request.tools else (written.text, ())
        stop = StopReason.LENGTH if written.cut else StopReason.TOOLS if calls else StopReason.END
        return self._answered(
            request,
            text,
            Tally(read=written.read, written=written.tokens),
            stop=stop,
            tool_calls=calls,
            logprobs=written.logprobs,
        )

    def _faults(self) -> tuple[type[Exception], ...]:
        return (RuntimeError, OSError, KeyError, IndexError, TypeError)

    def _model_error(self, error: Exception) -> ModelError:
        said = " ".join(str(error).split())[:200]
        if "out of memory" in said.lower() or "can't allocate" in said.lower():
            return ModelRequestError(f"{self.identity} ran out of memory: show it fewer pictures, or use a smaller model.")
        return ModelRequestError(f"{self.identity} cannot take this call: {said}")


def fingerprint_of(folder: str) -> str:
    from pathlib import Path

    return fingerprint(Path(folder).expanduser())


def _together(first: _Job, other: _Job) -> bool:
    """Streams are written alone; the others share how they are drawn."""
    a, b = first.wanted, other.wanted
    return a.on_text is None and b.on_text is None and (a.request.temperature or 0) == (b.request.temperature or 0)
