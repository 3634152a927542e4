"""The calibration of a store: one small file of JSON, written by ``mmrag calibrate``; without it, the one that ships."""

from __future__ import annotations

import json
import os
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmrag.adapters.catalog.connect import translated
from mmrag.domain.calibration import Calibration, Curve, Group, Origin, TierCalibration
from mmrag.domain.hashing import sha256_hex
from mmrag.errors import StoreDamagedError

CALIBRATION_FILE: Final = "calibration.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Tier(_Record):
    name: str
    model: str = ""
    accept: float = Field(ge=0, le=1)
    answers: int = Field(ge=0)
    curves: dict[Group, tuple[tuple[float, float], ...]]


class _Origin(_Record):
    made: datetime
    dataset: str
    digest: str
    questions: int
    target_risk: float


class _File(_Record):
    """``provenance`` is for people: where the numbers come from."""

    format: Literal[1] = 1
    provenance: str = ""
    origin: _Origin | None = None
    floors: dict[Group, float]
    tiers: tuple[_Tier, ...] = ()
    readers: _Tier
    models: _Tier
    confidences: tuple[float, ...] = ()
    retrieval_scores: tuple[float, ...] = ()


class FileCalibrations:
    """Reads and writes the calibration of the store in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / CALIBRATION_FILE

    async def read(self) -> Calibration:
        """The store's own, else the one that ships. Raises ``StoreDamagedError`` for a file that cannot be read."""
        return await anyio.to_thread.run_sync(self._read)

    async def digest(self) -> str | None:
        """The SHA-256 of the store's own calibration, None when it has none."""

        def work() -> str | None:
            return sha256_hex(self.path.read_bytes()) if self.path.is_file() else None

        return await anyio.to_thread.run_sync(work)

    async def write(self, calibration: Calibration) -> Path:
        """Replace the store's calibration as a whole. Raises ``StoreError`` when it cannot be written."""
        return await anyio.to_thread.run_sync(self._write, _to_file(calibration))

    def _read(self) -> Calibration:
        if not self.path.is_file():
            return shipped_calibration()
        try:
            return _from_file(_File.model_validate_json(self.path.read_bytes()))
        except (ValidationError, ValueError) as error:
            raise StoreDamagedError(
                f"{self.path} cannot be read: delete it to go back to what ships, or run 'mmrag calibrate' again."
            ) from error

    def _write(self, file: _File) -> Path:
        with translated(self.path):
            fresh = self.path.with_name(f".{CALIBRATION_FILE}.{os.getpid()}.new")
            fresh.write_text(json.dumps(file.model_dump(mode="json"), ensure_ascii=False, indent=1), encoding="utf-8")
            fresh.replace(self.path)
        return self.path


@cache
def shipped_calibration() -> Calibration:
    """What mmrag ships: its provenance is in the file."""
    return _from_file(_File.model_validate_json(files("mmrag").joinpath("adapters", CALIBRATION_FILE).read_bytes()))


def _from_file(file: _File) -> Calibration:
    return Calibration(
        tiers=MappingProxyType({tier.name: _tier(tier) for tier in file.tiers}),
        floors=MappingProxyType(dict(file.floors)),
        readers=_tier(file.readers),
        models=_tier(file.models),
        origin=None if file.origin is None else Origin(**file.origin.model_dump()),
        confidences=file.confidences,
        retrieval_scores=file.retrieval_scores,
    )


def _tier(tier: _Tier) -> TierCalibration:
    curves = {group: Curve(points=points) for group, points in tier.curves.items()}
    return TierCalibration(
        name=tier.name, model=tier.model, accept=tier.accept, answers=tier.answers, curves=MappingProxyType(curves)
    )


def _to_file(calibration: Calibration) -> _File:
    origin = calibration.origin
    return _File(
        origin=None
        if origin is None
        else _Origin(
            made=origin.made,
            dataset=origin.dataset,
            digest=origin.digest,
            questions=origin.questions,
            target_risk=origin.target_risk,
        ),
        floors=dict(calibration.floors),
        tiers=tuple(_tier_record(tier) for tier in calibration.tiers.values()),
        readers=_tier_record(calibration.readers),
        models=_tier_record(calibration.models),
        confidences=calibration.confidences,
        retrieval_scores=calibration.retrieval_scores,
    )


def _tier_record(tier: TierCalibration) -> _Tier:
    curves = {group: curve.points for group, curve in tier.curves.items()}
    return _Tier(name=tier.name, model=tier.model, accept=tier.accept, answers=tier.answers, curves=curves)
