"""What a drawn sample consists of: its bytes, where things stand on it, and questions with true answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from samples.sheet import Corners


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question about one sample. ``corpus`` asks the same of the whole folder and names what identifies the document.

    ``mark`` is the place that holds the answer, None when there is none. No ``answers``: it cannot be answered.
    """

    question: str
    corpus: str | None
    answers: tuple[str, ...]
    mark: str | None = None
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """``size`` in pixels of the page as displayed; ``marks`` in the same pixels, origin top left."""

    size: tuple[int, int]
    marks: Mapping[str, Corners]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """``kind`` is the dataset's: receipt, form, chart, pdf, slide."""

    name: str
    kind: str
    data: bytes
    pages: tuple[PagePicture, ...]
    asks: tuple[Ask, ...]

    def question_rows(self, first: int) -> list[dict[str, object]]:
        """Lines of ``questions.jsonl``, numbered from ``first``. ``bbox`` is in pixels of a page of ``page_size``."""
        rows: list[dict[str, object]] = []
        for number, ask in enumerate(self.asks, first):
            page = self.pages[ask.page - 1]
            box = None if ask.mark is None else bounds(page.marks[ask.mark])
            rows.append(
                {
                    "id": f"s-{number:03d}",
                    "file": self.name,
                    "page": ask.page if ask.answers else None,
                    "question": ask.question,
                    "corpus_question": ask.corpus,
                    "answers": list(ask.answers),
                    "bbox": box,
                    "page_size": list(page.size),
                    "kind": self.kind,
                }
            )
        return rows


def bounds(corners: Corners) -> list[int]:
    """The upright box around four corners, in whole pixels."""
    xs, ys = corners[:, 0], corners[:, 1]
    return [int(xs.min()), int(ys.min()), int(xs.max() + 1), int(ys.max() + 1)]
