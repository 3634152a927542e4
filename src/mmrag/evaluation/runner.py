"""Ask every question, several at once, and keep each outcome as it comes: a run that was stopped goes on where it stood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import anyio.to_thread
from pydantic import ValidationError

from mmrag.domain.hashing import Json, canonical_bytes, sha256_hex
from mmrag.errors import ModelError
from mmrag.evaluation.outcomes import Outcome
from mmrag.evaluation.questions import LabelledQuestion
from mmrag.evaluation.truth import Shelf

CONCURRENCY = 2


class Asker(Protocol):
    """Whatever answers questions: mmrag, or a system to compare with."""

    async def ask(self, question_id: str, asked: str, document: str | None) -> Outcome:
        """Answer or refuse. ``document`` restricts it to one stored document. Raises ``ModelError`` when neither came."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question as it is put: ``document`` is None when it is asked of the whole store."""

    question: LabelledQuestion
    asked: str
    document: str | None


def asks_of(questions: Sequence[LabelledQuestion], shelf: Shelf, *, file_mode: bool) -> tuple[Ask, ...]:
    """What can be asked: of the whole store by default, with ``file_mode`` each question of its own document."""
    if not file_mode:
        return tuple(Ask(question=q, asked=q.corpus_question, document=None) for q in questions if q.corpus_question)
    found = [(q, shelf.find(q.file)) for q in questions if q.file is not None and not q.names_a_file]
    return tuple(Ask(question=q, asked=q.question, document=s.name) for q, s in found if s is not None)


def run_key(parts: Json) -> str:
    """The name of a run: a hash of all that changes its outcomes."""
    return sha256_hex(canonical_bytes(parts))[:24]


class RunFile:
    """One run's outcomes, a line of JSON each. A last line that was cut off by a kill is dropped, and asked again."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Outcome]:
        """Finished outcomes by question id; failed ones are not finished. Blocks."""
        if not self.path.is_file():
            return {}
        outcomes = {}
        for line in self.path.read_bytes().split(b"\n"):
            outcome = _parsed(line)
            if outcome is not None and outcome.error is None:
                outcomes[outcome.id] = outcome
        return outcomes

    def append(self, outcome: Outcome) -> None:
        """Keep one outcome. Blocks."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if file.tell() and not _ends_line(self.path):
                file.write(b"\n")
            file.write(outcome.model_dump_json().encode("utf-8") + b"\n")


def _parsed(line: bytes) -> Outcome | None:
    try:
        return Outcome.model_validate_json(line) if line.strip() else None
    except ValidationError:
        return None  # cut off while it was written


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"


async def run(
    asks: Sequence[Ask],
    asker: Asker,
    file: RunFile,
    *,
    concurrency: int = CONCURRENCY,
    on_done: Callable[[Outcome, bool], None] | None = None,
) -> dict[str, Outcome]:
    """Outcomes by question id. ``on_done`` is told each outcome and whether it was kept from an earlier run.

    A model that fails is an outcome with an ``error``; any other error ends the run, and what is finished stays finished.
    """
    done = await anyio.to_thread.run_sync(file.read)
    gate, writing = asyncio.Semaphore(concurrency), asyncio.Lock()
    outcomes: dict[str, Outcome] = {}

    async def one(ask: Ask) -> None:
        kept = done.get(ask.question.id)
        if kept is None:
            async with gate:
                outcome = await _asked(ask, asker)
            async with writing:
                await anyio.to_thread.run_sync(file.append, outcome)
        outcomes[ask.question.id] = kept or outcome
        if on_done is not None:
            on_done(outcomes[ask.question.id], kept is not None)

    async with asyncio.TaskGroup() as group:
        for ask in asks:
            group.create_task(one(ask))
    return outcomes


async def _asked(ask: Ask, asker: Asker) -> Outcome:
    try:
        return await asker.ask(ask.question.id, ask.asked, ask.document)
    except ModelError as error:
        return Outcome(id=ask.question.id, asked=ask.asked, document=ask.document, error=f"{type(error).__name__}: {error}")
