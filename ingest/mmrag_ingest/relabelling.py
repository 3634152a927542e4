"""Elements that turn out to be something else, once more of their surroundings is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mmrag.domain.documents import Element, ElementKind, element_id


def relabelled(elements: Sequence[Element], changes: Mapping[int, Element]) -> tuple[Element, ...]:
    """``elements`` with those in ``changes`` (by ordinal) put in their places, with ids and references that fit.

    What was a title and is none any more names no section.
    """
    lost = {
        e.text.replace("\n", " ")
        for e in elements
        if e.kind is ElementKind.TITLE and e.ordinal in changes and changes[e.ordinal].kind is not ElementKind.TITLE
    }
    changed = [changes.get(e.ordinal, e) for e in elements]
    cleared = [replace(e, section=tuple(t for t in e.section if t not in lost)) if lost else e for e in changed]
    ids = {
        old.id: element_id(e.document_id, e.page, e.ordinal, e.kind, e.text)
        for old, e in zip(elements, cleared, strict=True)
    }
    return tuple(
        replace(e, id=ids[old.id], belongs_to=ids.get(e.belongs_to or "", e.belongs_to))
        for old, e in zip(elements, cleared, strict=True)
    )


def renumbered(elements: Sequence[Element]) -> tuple[Element, ...]:
    """``elements`` of one page in the order given: with ordinals, ids and references that fit."""
    ids = {e.id: element_id(e.document_id, e.page, n, e.kind, e.text) for n, e in enumerate(elements)}
    return tuple(
        replace(e, id=ids[e.id], ordinal=n, belongs_to=ids.get(e.belongs_to or "", e.belongs_to))
        for n, e in enumerate(elements)
    )
