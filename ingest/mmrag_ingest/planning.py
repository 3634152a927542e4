"""What is to be done with each file, decided from what was found on disk and what the store knows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mmrag.domain.documents import Document, DocumentStatus, document_id
from mmrag_ingest.recipe import Recipe
from mmrag_ingest.records import Source
from mmrag_ingest.sources import Discovery, Refused, location_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Same bytes, same recipe: the stored document stands, in quarantine or not."""

    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """A file that cannot be opened or is of no format read here: ``draft`` goes to quarantine with ``reason``."""

    draft: Document
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A file to read. ``older`` is the document that it replaces.

    With ``look_again`` its pages are taken from the store, where they are as they would be read; only their pictures are
    looked at anew.
    """

    source: Source
    draft: Document
    older: Document | None
    look_again: bool = False


Step = Keep | Refuse | Read


def make_steps(found: Discovery, known: Mapping[str, Document], recipe: Recipe, *, retry: bool = False) -> tuple[Step, ...]:
    """One step a file, by name and location: the order does not depend on which paths were given first.

    With ``retry`` files in quarantine, and documents with pages that could not be read, are read again.
    """
    files: list[Source | Refused] = list(found.sources)
    files += found.refused
    files.sort(key=lambda file: (file.name, location_of(file.path)))
    names = _Names(known)
    return tuple(_step(file, known, names, recipe, retry) for file in files)


def gone(found: Discovery, known: Mapping[str, Document], roots: Sequence[Path], store: Path) -> tuple[Document, ...]:
    """Documents below ``roots`` whose files are no longer there, by name. Nothing outside the given paths is touched.

    A folder that cannot be listed is in ``found.refused``: what was in it may well be there still, and stays. ``store`` is
    not looked into when a root lies around it, so what was uploaded into it is not taken for gone.
    """
    here = {location_of(source.path) for source in found.sources}
    folders = frozenset(location_of(root) for root in roots)
    closed = frozenset(location_of(refused.path) for refused in found.refused)
    inside = frozenset({location_of(store)})
    within = frozenset(folder for folder in folders if _is_below(folder, inside))
    lost = [
        document
        for place, document in known.items()
        if place not in here
        and _is_below(place, within if _is_below(place, inside) else folders)
        and not _is_below(place, closed)
    ]
    return tuple(sorted(lost, key=lambda document: (document.name, document.location)))


def _step(file: Source | Refused, known: Mapping[str, Document], names: _Names, recipe: Recipe, retry: bool) -> Step:
    location = location_of(file.path)
    older = known.get(location)
    if isinstance(file, Source):
        if older is not None and older.sha256 == file.sha256 and recipe.made(older) and not (retry and _wants(older)):
            return Keep(document=older)
        if older is not None and older.sha256 == file.sha256 and recipe.read_alike(older) and not (retry and _wants(older)):
            return Read(source=file, draft=older, older=older, look_again=True)
        return Read(source=file, draft=_draft(names.free(file.name, location), location, file, recipe), older=older)
    draft = _draft(names.free(file.name, location), location, file, recipe)
    if (
        older is not None
        and older.status is DocumentStatus.QUARANTINED
        and (older.name, older.sha256, older.reason) == (draft.name, draft.sha256, file.reason)
    ):
        return Keep(document=older)
    return Refuse(draft=draft, reason=file.reason)


def _wants(document: Document) -> bool:
    return document.status is DocumentStatus.QUARANTINED or bool(document.report.unreadable_pages)


def _draft(name: str, location: str, file: Source | Refused, recipe: Recipe) -> Document:
    return Document(
        id=document_id(name, file.sha256),
        name=name,
        location=location,
        sha256=file.sha256,
        media_type="application/octet-stream",
        size=file.size,
        pages=0,
        status=DocumentStatus.QUARANTINED,
        recipe=recipe.limited,
    )


class _Names:
    """Gives every location a name of its own: two folders may both hold a ``scan.pdf``."""

    def __init__(self, known: Mapping[str, Document]) -> None:
        self._owner = {document.name: location for location, document in known.items()}

    def free(self, name: str, location: str) -> str:
        """``name``, or when another location has it, with as many folders of ``location`` in front as tell them apart."""
        folders = PurePosixPath(location).parts[: -len(PurePosixPath(name).parts)]
        choices = [name, *("/".join((*folders[-n:], name)).replace("//", "/") for n in range(1, len(folders) + 1))]
        chosen = next((choice for choice in choices if self._owner.get(choice, location) == location), choices[-1])
        self._owner[chosen] = location
        return chosen


def _is_below(place: str, folders: frozenset[str]) -> bool:
    return any(str(folder) in folders for folder in (PurePosixPath(place), *PurePosixPath(place).parents))
