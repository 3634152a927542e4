"""What somebody put on a page of a PDF beside its print, as the file has it: form fields and annotations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mmrag.domain.geometry import BBox

TICKED, UNTICKED = "ticked", "unticked"
SIGNED, UNSIGNED = "signed", "unsigned"


class MarkKind(StrEnum):
    """What somebody put on a page, as a person says it."""

    NOTE = "note"
    STAMP = "stamp"
    HIGHLIGHT = "highlighted"
    UNDERLINE = "underlined"
    STRUCK_OUT = "struck out"
    DRAWN = "mark"
    FILE = "attached file"

    @property
    def is_on_text(self) -> bool:
        return self in (MarkKind.HIGHLIGHT, MarkKind.UNDERLINE, MarkKind.STRUCK_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A field and its value, empty where it was left so, or a check box with its state (``ticked`` is None for all others).

    ``label`` is what the file calls it, and may be empty. ``group`` is what it calls the radio buttons of which this is one.
    """

    label: str
    value: str
    box: BBox
    ticked: bool | None = None
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """``text`` is what was written into it; ``areas`` are the places of print that it marks."""

    kind: MarkKind
    text: str
    author: str
    box: BBox
    areas: tuple[BBox, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    fields: tuple[FormField, ...] = ()
    annotations: tuple[Annotation, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields or self.annotations)
