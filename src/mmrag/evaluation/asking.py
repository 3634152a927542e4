"""Ask an open store, and keep what was drafted before it was checked."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from mmrag.domain.answers import Answer
from mmrag.domain.evidence import Hit
from mmrag.evaluation.outcomes import Outcome, outcome_of
from mmrag.evaluation.truth import Shelf, Stored
from mmrag.ports import Catalog

DEPTH = 100
"""Elements asked of search, so that ten different pages are among them nearly always."""


class Answering(Protocol):
    """The part of a session that is measured."""

    async def ask(self, question: str, *, document: str | None = None, tier: str | None = None) -> Answer: ...

    async def search(self, query: str, k: int = 10) -> tuple[Hit, ...]: ...


class StoreAsker:
    """mmrag itself. ``traces`` is the store's folder of traces, where the first draft of each answer is read from; ``tier``
    the one tier to ask, None for the whole cascade.

    ``seconds`` of an outcome is the time of the answer alone: the ranking is asked for separately, deeper than an answer
    needs.
    """

    def __init__(self, session: Answering, traces: Path, *, tier: str | None = None) -> None:
        self._session = session
        self._tier = tier
        self._traces = traces

    async def ask(self, question_id: str, asked: str, document: str | None) -> Outcome:
        started = time.perf_counter()
        answer = await self._session.ask(asked, document=document, tier=self._tier)
        seconds = time.perf_counter() - started
        hits = answer.evidence if document is not None else await self._session.search(asked, DEPTH)
        draft = await anyio.to_thread.run_sync(first_draft, self._traces / f"{answer.trace}.json")
        return outcome_of(question_id, asked, document, answer, hits, draft=draft, seconds=seconds)


class _Stage(BaseModel):
    model_config = ConfigDict(extra="ignore")

    stage: str
    data: JsonValue


class _Trace(BaseModel):
    model_config = ConfigDict(extra="ignore")

    stages: tuple[_Stage, ...]


def first_draft(trace: Path) -> str | None:
    """The first answer that was drafted, None when there was none or the trace is not kept. Blocks."""
    try:
        stages = _Trace.model_validate_json(trace.read_bytes()).stages
    except (OSError, ValidationError):
        return None
    for stage in stages:
        if stage.stage == "draft" and isinstance(stage.data, dict) and isinstance(answer := stage.data.get("answer"), str):
            return answer
    return None


async def shelf_of(catalog: Catalog) -> Shelf:
    """Every document of a store that can be found."""
    documents = await catalog.documents()
    return Shelf(
        [
            Stored(id=d.id, name=d.name, sha256=d.sha256, pages=d.pages, quality=d.report.mean_ocr_confidence)
            for d in documents
            if d.reason is None
        ]
    )
