"""The work behind ``mmrag eval``: open the store, ask what has not been asked yet, score, and write the report."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag import api
from mmrag.adapters.calibrations import FileCalibrations
from mmrag.cli import terminal
from mmrag.cli.eval_judge import check_judge, judged_by, own_answers
from mmrag.domain.hashing import Json, canonical_bytes, sha256_hex
from mmrag.errors import UsageError
from mmrag.evaluation.asking import StoreAsker, shelf_of
from mmrag.evaluation.judging import Judged, to_judge
from mmrag.evaluation.outcomes import Outcome
from mmrag.evaluation.page_desk import PageDesk
from mmrag.evaluation.page_scores import ReadPage
from mmrag.evaluation.questions import Dataset, LabelledQuestion
from mmrag.evaluation.report import RunInfo
from mmrag.evaluation.runner import Ask, RunFile, asks_of, run, run_key
from mmrag.evaluation.scoring import Scored, score_all
from mmrag.evaluation.truth import Shelf, Truth, truth_of

if TYPE_CHECKING:
    from mmrag.app import App
    from mmrag.settings import Settings

RUNS = "eval"
"""The folder of a store that keeps runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run is to do, as told on the command line. ``tier`` answers alone; ``judge`` is the tier that judges."""

    kinds: tuple[str, ...] = ()
    limit: int | None = None
    concurrency: int = 2
    file_mode: bool = False
    fresh: bool = False
    tier: str | None = None
    judge: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A finished run: its scored questions, the pages whose truth is known, the judge's word, and what to say about it."""

    scored: tuple[Scored, ...]
    info: RunInfo
    kept: int
    pages: tuple[ReadPage, ...] = ()
    judged: Judged | None = None


async def measure(dataset: Dataset, settings: Settings, wanted: Wanted) -> Measured:
    """Ask and score. Raises ``EmptyStoreError``, ``UsageError`` when nothing is left to ask, ``StoreError``, and
    ``ModelMissingError`` when there is no judge to ask.
    """
    questions = chosen(dataset, wanted)
    settings = api.with_tiers(settings)
    if wanted.judge is not None:
        check_judge(wanted.judge, settings)
    if wanted.tier is not None and all(t.name != wanted.tier for t in settings.cascade.tiers):
        have = ", ".join(t.name for t in settings.cascade.tiers)
        raise UsageError(f"There is no tier {wanted.tier!r}: the settings have {have}.")
    async with api.open_session(settings=settings) as session:
        app = await session.app()
        shelf = await shelf_of(app.catalog)
        asks = asks_of(questions, shelf, file_mode=wanted.file_mode)
        if not asks:
            raise UsageError("No question of the data set can be asked of this store: ingest its files first.")
        desk = PageDesk(app.catalog, shelf)
        truths = {a.question.id: await asyncio.to_thread(truth_of, a.question, dataset, shelf) for a in asks}
        truths = {ident: await desk.quality(truth) for ident, truth in truths.items()}
        kinds = {q.file: q.kind for q in dataset.questions if q.file}
        pages = [await desk.read(p, kinds.get(p.file, Path(p.file).parent.name or "page")) for p in dataset.pages]
        file = RunFile(settings.store.path / RUNS / f"{await _key(dataset, app, wanted)}.jsonl")
        if wanted.fresh:
            await asyncio.to_thread(file.path.unlink, missing_ok=True)
        asker = StoreAsker(session, settings.store.path / "traces", tier=wanted.tier)
        outcomes, kept = await _run_with_progress(asks, asker, file, wanted.concurrency)
        scored = await asyncio.to_thread(score_all, [a.question for a in asks], outcomes, truths)
        judged = None if wanted.judge is None else await _judged_with_progress(wanted.judge, app, scored, wanted.concurrency)
    info = _info(dataset, settings, shelf, asks, wanted, warnings_of(dataset, truths.values(), scored, wanted))
    return Measured(scored=scored, info=info, kept=kept, pages=tuple(pages), judged=judged)


def chosen(dataset: Dataset, wanted: Wanted) -> tuple[LabelledQuestion, ...]:
    """The questions of the kinds asked for; ``limit`` takes them evenly spread over the data set. Raises ``UsageError``."""
    known = {q.kind for q in dataset.questions}
    strange = [kind for kind in wanted.kinds if kind not in known]
    if strange:
        raise UsageError(f"The data set has no kind {strange[0]!r}; it has {', '.join(sorted(known))}.")
    questions = [q for q in dataset.questions if not wanted.kinds or q.kind in wanted.kinds]
    if wanted.limit is None or wanted.limit >= len(questions):
        return tuple(questions)
    step = len(questions) / wanted.limit
    return tuple(questions[int(n * step)] for n in range(wanted.limit))


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error; what it gives moves it on by one."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


async def _judged_with_progress(tier: str, app: App, scored: Sequence[Scored], concurrency: int) -> Judged:
    with _progress("judging", len(to_judge(scored))) as advance:
        return await judged_by(tier, app, scored, concurrency=concurrency, on_done=lambda _: advance())


async def _run_with_progress(
    asks: Sequence[Ask], asker: StoreAsker, file: RunFile, concurrency: int
) -> tuple[dict[str, Outcome], int]:
    kept = 0
    with _progress("asking", len(asks)) as advance:

        def done(_outcome: Outcome, from_before: bool) -> None:
            nonlocal kept
            kept += from_before
            advance()

        outcomes = await run(asks, asker, file, concurrency=concurrency, on_done=done)
    terminal.say(f"{len(asks)} questions, {kept} of them kept from an earlier run in {file.path}")
    return outcomes, kept


async def _key(dataset: Dataset, app: App, wanted: Wanted) -> str:
    documents: Json = [[d.name, d.sha256, d.recipe, d.status.value] for d in await app.catalog.documents()]
    options = app.settings.model_dump(mode="json", exclude={"store": {"path", "lock_timeout_s"}, "ingest": True})
    parts: Json = {
        "dataset": dataset.digest,
        "store": documents,
        "settings": options,
        "file_mode": wanted.file_mode,
        "tier": wanted.tier,
        "calibration": await FileCalibrations(app.settings.store.path).digest() if app.settings.cascade.calibrated else None,
        "code": await asyncio.to_thread(code_digest),
    }
    return run_key(parts)


def code_digest() -> str:
    """The SHA-256 of all code and prompts that answers come from: a change there asks every question anew. Blocks."""
    digests: dict[str, Json] = {}
    for package in ("mmrag", "mmrag_prompts"):
        root = Path(str(resources.files(package)))
        for file in sorted(root.rglob("*")):
            inside = file.relative_to(root)
            if file.suffix in (".py", ".md", ".toml", ".json") and inside.parts[0] not in ("cli", "evaluation", "testing"):
                digests[f"{package}/{inside.as_posix()}"] = sha256_hex(file.read_bytes())
    return sha256_hex(canonical_bytes(digests))


def warnings_of(dataset: Dataset, truths: Iterable[Truth], scored: Sequence[Scored], wanted: Wanted) -> tuple[str, ...]:
    """What a reader of the report has to know: files that are not in the store, licences, a judge of its own answers."""
    warnings = []
    lost = sorted({name for t in truths for name in t.missing})
    if lost:
        shown = ", ".join(lost[:5]) + (", ..." if len(lost) > 5 else "")
        warnings.append(
            f"{len(lost)} files of the data set are not in the store; their questions count as not found: {shown}"
        )
    if dataset.licence:
        warnings.append(dataset.licence)
    if wanted.judge is not None and (own := own_answers(wanted.judge, scored)) is not None:
        warnings.append(own)
    return tuple(warnings)


def _info(
    dataset: Dataset, settings: Settings, shelf: Shelf, asks: Sequence[Ask], wanted: Wanted, warnings: tuple[str, ...]
) -> RunInfo:
    from importlib.metadata import version

    tiers = ", ".join(f"{t.name} ({t.model})" for t in settings.cascade.tiers if wanted.tier in (None, t.name))
    facts = {
        "data set": f"{dataset.name}, {len(asks)} of {len(dataset.questions)} questions",
        "data set digest": dataset.digest[:16],
        "asked": "each question of its own document" if wanted.file_mode else "of the whole store",
        "store": f"{len(shelf.documents)} documents, {sum(d.pages for d in shelf.documents)} pages",
        "tiers": tiers,
        "least confidence": "by calibration" if settings.ask.min_confidence is None else f"{settings.ask.min_confidence:g}",
        "mmrag": version("mmrag"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }
    return RunInfo(title=dataset.name, facts=facts, warnings=warnings)
