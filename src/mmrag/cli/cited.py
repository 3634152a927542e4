"""The places that a saved answer cites: what ``ask --json`` printed, or what ``ask --trace`` wrote."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mmrag.domain.documents import Document
from mmrag.domain.geometry import BBox
from mmrag.errors import UsageError


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class CitedPlace(_Read):
    """``page`` counts from 1, ``bbox`` is in page fractions."""

    document: str
    sha256: str
    page: int = Field(ge=1)
    bbox: tuple[float, float, float, float]

    @property
    def box(self) -> BBox:
        return BBox.clamped(*self.bbox)


class _Claim(_Read):
    citations: tuple[CitedPlace, ...]


class _Answer(_Read):
    claims: tuple[_Claim, ...]


class _Trace(_Read):
    answer: _Answer


def places_in(file: Path, document: Document) -> tuple[CitedPlace, ...]:
    """What the answer in ``file`` cites of ``document``, in its order. Raises ``UsageError`` when that is nothing."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    places = [p for claim in _parsed(file, data).claims for p in claim.citations]
    fits = tuple(p for p in places if (p.document, p.sha256) == (document.name, document.sha256))
    if not fits:
        cited = ", ".join(sorted({repr(p.document) for p in places}))
        raise UsageError(f"{file} cites {cited or 'nothing'}, and nothing of {document.name!r} as it is stored.")
    return fits


_EITHER: TypeAdapter[_Trace | _Answer] = TypeAdapter(_Trace | _Answer)


def _parsed(file: Path, data: bytes) -> _Answer:
    try:
        found = _EITHER.validate_json(data)
    except ValidationError as error:
        raise UsageError(f"{file} is neither what 'ask --json' prints nor what 'ask --trace' writes.") from error
    return found.answer if isinstance(found, _Trace) else found
