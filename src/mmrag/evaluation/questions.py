"""Labelled questions: what is asked, what is right, and where on a page it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from mmrag.domain.hashing import Json, canonical_bytes, sha256_hex


class Frame(StrEnum):
    """What the numbers of a true box count."""

    FRACTIONS = "fractions"  # of the page as displayed
    PIXELS = "pixels"  # of the picture file as displayed
    THOUSANDTHS = "thousandths"  # of the page, 0 to 1000
    DOTS_144 = "dots_144"  # of the PDF page drawn at 144 dots per inch: two to a point


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueBox:
    """One true region. ``page`` counts from 1; ``corners`` are ``x0, y0, x1, y1`` in ``frame``, origin at the top left.

    ``file`` is the file it stands on, None for the question's own.
    """

    page: int
    corners: tuple[float, float, float, float]
    frame: Frame = Frame.PIXELS
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledQuestion:
    """One question with its truth.

    ``file`` is relative to the data set's folder, None when the question is about the whole corpus. ``corpus_question`` can
    be asked without saying which file is meant; None when it cannot. ``answers`` are spellings of the same answer, empty
    when there is none to give. ``pages`` are the evidence pages, from 1. ``fields`` are all other fields of the data set,
    to slice by. ``items`` are the parts of an answer that is a list; ``human_answers`` what several persons answered,
    repeats included; questions of one ``group`` ask the same in other words.
    """

    id: str
    question: str
    corpus_question: str | None
    file: str | None
    answers: tuple[str, ...]
    kind: str
    pages: tuple[int, ...] = ()
    boxes: tuple[TrueBox, ...] = ()
    files: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    items: tuple[str, ...] = ()
    human_answers: tuple[str, ...] = ()
    group: str | None = None

    @property
    def is_answerable(self) -> bool:
        return bool(self.answers)

    @property
    def names_a_file(self) -> bool:
        """True when the answer is the file itself: such a question is about finding only."""
        return self.file is not None and self.answers == (self.file,)

    @property
    def true_files(self) -> tuple[str, ...]:
        """Every file that holds evidence; the question's own file when no others are named."""
        return self.files or (() if self.file is None else (self.file,))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTruth:
    """What truly stands on a page, or is to be seen on it. ``text`` is None where only captions are known."""

    file: str
    page: int = 1
    text: str | None = None
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set as read. ``folder`` is what files are relative to; ``licence`` says when it may not be passed on.

    ``pages`` are true texts and captions of pages; no question's outcome depends on them.
    """

    name: str
    folder: str
    questions: tuple[LabelledQuestion, ...]
    licence: str | None = None
    pages: tuple[PageTruth, ...] = ()

    @property
    def digest(self) -> str:
        """The SHA-256 of all questions with their truth, in order."""
        return sha256_hex(canonical_bytes([_json(q) for q in self.questions]))


def _json(q: LabelledQuestion) -> Json:
    return {
        "id": q.id,
        "question": q.question,
        "corpus_question": q.corpus_question,
        "file": q.file,
        "files": list(q.files),
        "answers": list(q.answers),
        "kind": q.kind,
        "pages": list(q.pages),
        "boxes": [[b.file, b.page, b.frame.value, *b.corners] for b in q.boxes],
        "fields": dict(q.fields),
        "items": list(q.items),
        "human_answers": list(q.human_answers),
        "group": q.group,
    }
