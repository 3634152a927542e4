"""From a question's truth to places in the store: files become stored documents, boxes become page fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from mmrag.domain.geometry import BBox
from mmrag.evaluation.metrics.boxes import Place
from mmrag.evaluation.questions import Dataset, Frame, LabelledQuestion, TrueBox

_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A document of the store. ``quality`` is its mean OCR confidence, None for text layers."""

    id: str = ""
    name: str
    sha256: str
    pages: int
    quality: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Where the answer of one question is. ``pages`` is empty when only the document is known, ``boxes`` when no box is.

    ``missing`` names files of the data set that are not in the store: nothing can be found there. ``quality`` says how well
    the evidence pages could be read, or the documents where no page is known.
    """

    documents: frozenset[str] = frozenset()
    pages: frozenset[tuple[str, int]] = frozenset()
    boxes: tuple[Place, ...] = ()
    missing: tuple[str, ...] = ()
    quality: str | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """The stored documents, found by the names that a data set uses for them."""

    documents: Sequence[Stored]
    by_name: Mapping[str, Stored] = field(init=False)
    by_tail: Mapping[str, tuple[Stored, ...]] = field(init=False)

    def __post_init__(self) -> None:
        tails: dict[str, tuple[Stored, ...]] = {}
        for document in self.documents:
            tail = PurePosixPath(document.name).name
            tails[tail] = (*tails.get(tail, ()), document)
        object.__setattr__(self, "by_name", {d.name: d for d in self.documents})
        object.__setattr__(self, "by_tail", tails)

    def find(self, file: str) -> Stored | None:
        """The document ingested from ``file``: by its whole name, else by the longest common end, when only one has it."""
        if file in self.by_name:
            return self.by_name[file]
        near = [d for d in self.by_tail.get(PurePosixPath(file).name, ()) if _same_end(d.name, file)]
        return near[0] if len(near) == 1 else None


def _same_end(a: str, b: str) -> bool:
    return a.endswith(f"/{b}") or b.endswith(f"/{a}")


def truth_of(question: LabelledQuestion, dataset: Dataset, shelf: Shelf) -> Truth:
    """The truth in the store's terms. Blocks: it reads sizes of pictures."""
    found = {file: shelf.find(file) for file in (*question.true_files, *(b.file for b in question.boxes if b.file))}
    here = {file: stored for file, stored in found.items() if stored is not None}
    pages = {
        (stored.name, page)
        for file, stored in here.items()
        if not question.files or file == question.file
        for page in question.pages or ((1,) if stored.pages == 1 else ())
    }
    boxes = [_place(b, question, dataset, here) for b in question.boxes]
    placed = tuple(b for b in boxes if b is not None)
    return Truth(
        documents=frozenset(stored.name for stored in here.values()),
        pages=frozenset(pages | {(b.document, b.page) for b in placed}),
        boxes=placed,
        missing=tuple(file for file in found if file not in here),
        quality=quality_band([s.quality for s in here.values()]),
    )


def _place(box: TrueBox, question: LabelledQuestion, dataset: Dataset, here: Mapping[str, Stored]) -> Place | None:
    file = box.file or question.file
    stored = here.get(file) if file else None
    if file is None or stored is None:
        return None
    size = _size(box.frame, str(Path(dataset.folder, file)), box.page)
    if size is None:
        return None
    return Place(document=stored.name, page=box.page, box=BBox.from_pixels(*box.corners, width=size[0], height=size[1]))


def _size(frame: Frame, path: str, page: int) -> tuple[float, float] | None:
    if frame is Frame.FRACTIONS:
        return 1.0, 1.0
    if frame is Frame.THOUSANDTHS:
        return 1000.0, 1000.0
    if not Path(path).is_file():
        return None
    if Path(path).suffix.lower() in _PICTURES:
        return _picture_size(path, page)
    return _pdf_size(path, page) if frame is Frame.DOTS_144 else None


@lru_cache(maxsize=4096)
def _picture_size(path: str, page: int) -> tuple[float, float]:
    """Width and height in pixels as displayed, EXIF rotation applied."""
    from PIL import Image, ImageOps

    with Image.open(path) as picture:
        if getattr(picture, "n_frames", 1) >= page:
            picture.seek(page - 1)
        turned = ImageOps.exif_transpose(picture)
        return float(turned.width), float(turned.height)


@lru_cache(maxsize=4096)
def _pdf_size(path: str, page: int) -> tuple[float, float] | None:
    """Width and height in dots at 144 dots per inch."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        if page > len(document):
            return None
        width, height = document[page - 1].get_size()
        return 2 * width, 2 * height


def quality_band(confidences: Sequence[float | None]) -> str | None:
    """How well pages could be read, in words to slice by: the OCR confidence of the worst; None stands for a text layer."""
    known = [c for c in confidences if c is not None]
    if not known:
        return "text layer" if confidences else None
    lowest = min(known)
    if lowest > 0.97:
        return "read well (over 0.97)"
    return "read fairly (0.93 to 0.97)" if lowest > 0.93 else "read poorly (0.93 or less)"
