"""The agent put together: over an open store and its models, and over a trace that holds what they gave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anyio
import anyio.to_thread
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_jsonable_python

from mmrag.adapters.picture_files import decode_picture
from mmrag.agent.asking import Agent
from mmrag.agent.case import AgentParts
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.rereading import FileRereader
from mmrag.agent.tape import Outside, Tape, played, recorded
from mmrag.agent.tiers import build_tiers
from mmrag.agent.tools import ToolParts, build_tools
from mmrag.domain.answers import Answer
from mmrag.domain.calibration import Calibration
from mmrag.domain.critique import Principle
from mmrag.domain.documents import PageRef
from mmrag.domain.hashing import Json, canonical_bytes
from mmrag.errors import TraceError, UsageError
from mmrag.ports import Receipts, Topics, TraceSink
from mmrag.retrieval.topics import PageTopics
from mmrag.settings import Settings

if TYPE_CHECKING:
    from mmrag.app import App
    from mmrag.domain.events import OnEvent

_RECORDING = b',"recording":'
_SETTINGS: dict[str, bool | set[str]] = {"models": {"file"}, "cascade": True, "ask": True, "evaluation": True}
"""What of the settings changes an answer once everything outside is given."""


def assembled(
    settings: Settings,
    outside: Outside,
    traces: TraceSink,
    *,
    calibration: Calibration,
    principles: tuple[Principle, ...],
    receipts: Receipts | None = None,
) -> AgentParts:
    """The parts of an agent over what is ``outside``."""
    embedder = outside.search.embedder
    tools = ToolParts(
        search=outside.search, blobs=outside.blobs, reader=ReaderDrafter(embedder), originals=outside.originals
    )
    return AgentParts(
        search=outside.search,
        tiers=build_tiers(
            settings,
            embedder=embedder,
            models=outside.models,
            blobs=outside.blobs,
            toolbox=build_tools(tools),
            catalog=outside.search.catalog,
        ),
        blobs=outside.blobs,
        rereader=None if outside.originals is None else FileRereader(outside.originals, outside.blobs),
        topics=outside.topics,
        entailment=outside.entailment,
        traces=traces,
        ledger=outside.ledger,
        clock=outside.clock,
        settings=settings,
        calibration=calibration,
        receipts=receipts,
        principles=principles,
    )


def topics_of(app: App) -> Topics | None:
    """Who says what pages show, None without an image model that knows."""
    if app.sight.embedder is None or not app.sight.knows_topics:
        return None
    return PageTopics(app.sight.embedder, app.blobs, decode_picture)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    document: str | None
    tier: str | None
    max_usd: float | None
    told: tuple[PageRef, ...] | None = ()


class _Recording(BaseModel):
    """What a trace file holds beside the trace: the question as it was put, how, and the tape. ``Any``: JSON of the tape,
    which checks each value by its kind when it is played."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asked: _Asked
    settings: Settings
    calibration: Calibration
    principles: tuple[Principle, ...]
    calls: dict[str, list[Any]]
    facts: dict[str, Any]


async def ask_on_tape(
    parts: AgentParts,
    outside: Outside,
    file: Path,
    question: str,
    *,
    document: str | None,
    tier: str | None,
    max_usd: float | None,
    on_event: OnEvent | None = None,
    told: tuple[PageRef, ...] | None = (),
) -> Answer:
    """Ask with everything recorded, and write ``file``: the trace, and what it takes to replay it without a store or a
    network. Raises ``UsageError`` when the file cannot be written, and what asking raises.
    """
    tape, sink = Tape(), _OneTrace(parts.traces)
    taped = assembled(
        parts.settings,
        recorded(outside, tape),
        sink,
        calibration=parts.calibration,
        principles=parts.principles,
        receipts=parts.receipts,
    )
    answer = await Agent(taped).ask(question, document=document, tier=tier, max_usd=max_usd, on_event=on_event, told=told)
    recording: Json = {
        "asked": {
            "question": question,
            "document": document,
            "tier": tier,
            "max_usd": max_usd,
            "told": to_jsonable_python(told),
        },
        "settings": parts.settings.model_dump(mode="json", include=cast(Any, _SETTINGS)),
        "calibration": to_jsonable_python(parts.calibration, fallback=dict),
        "principles": to_jsonable_python(parts.principles, fallback=dict),
        **tape.to_json(),
    }
    # The trace as it is, with one key more: what was traced can be compared byte by byte with what a replay traces.
    whole = (sink.data or b"{}")[:-1] + _RECORDING + canonical_bytes(recording) + b"}"
    try:
        await anyio.Path(file).write_bytes(whole)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}. Name another file.") from error
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """An answer that came about again. ``same`` says that its trace has the same bytes as the one recorded."""

    answer: Answer
    same: bool


async def replay(file: Path) -> Replayed:
    """Ask the question of a trace file once more, of what the file holds: no store, no model, no network.

    Raises ``UsageError`` when the file cannot be read, ``TraceError`` when it is no trace that can be replayed.
    """
    try:
        data = await anyio.Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    recording, trace = await anyio.to_thread.run_sync(_parted, file, data)
    tape, sink = Tape(recording.calls, recording.facts), _OneTrace(None)
    parts = assembled(
        recording.settings,
        played(tape),
        sink,
        calibration=recording.calibration,
        principles=recording.principles,
    )
    asked = recording.asked
    answer = await Agent(parts).ask(
        asked.question, document=asked.document, tier=asked.tier, max_usd=asked.max_usd, told=asked.told
    )
    return Replayed(answer=answer, same=sink.data == trace)


def _parted(file: Path, data: bytes) -> tuple[_Recording, bytes]:
    """The recording in a trace file, and the trace without it. The split is certain: inside text, quotes are escaped."""
    trace, _, recording = data.partition(_RECORDING)
    try:
        return _Recording.model_validate_json(recording[:-1]), trace + b"}"
    except ValidationError as error:
        raise TraceError(f"{file} is no trace that can be replayed: make one with mmrag ask --trace.") from error


class _OneTrace:
    """Keeps the trace of the one question that is asked, and hands it on."""

    def __init__(self, inner: TraceSink | None) -> None:
        self._inner = inner
        self.data: bytes | None = None

    async def save(self, trace_id: str, data: bytes) -> Path | None:
        self.data = data
        return None if self._inner is None else await self._inner.save(trace_id, data)
