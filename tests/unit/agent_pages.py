"""Pages built from lines of text, for tests of the agent's stages."""

from __future__ import annotations

from collections.abc import Sequence

from mmrag.domain.answers import Span
from mmrag.domain.documents import (
    Document,
    DocumentStatus,
    Element,
    ElementKind,
    Page,
    TextSource,
    Word,
    document_id,
    element_id,
)
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.plans import AnswerType, Plan, Reading

LETTER = 0.012
"""Width of a letter and of a space, as a fraction of the page."""
LINE = 0.03


def plan(
    answer_type: AnswerType = AnswerType.AMOUNT, *, target: str = "total", question: str = "What is the total?"
) -> Plan:
    return Plan(question=question, answer_type=answer_type, target=target)


def reading(
    lines: Sequence[str],
    *,
    name: str = "receipt.jpg",
    confidence: float = 0.98,
    weak: Sequence[str] = (),
    weak_confidence: float = 0.3,
    kind: ElementKind = ElementKind.TEXT,
    number: int = 1,
) -> Reading:
    """One element a line. Words in ``weak`` have ``weak_confidence``. Lines of key-value kind are parted at the colon."""
    doc = document_id(name, "0" * 64)
    words: list[Word] = []
    elements: list[Element] = []
    for row, line in enumerate(lines):
        first = len(words)
        column = 0
        for text in line.split():
            left, top = 0.05 + column * LETTER, 0.05 + row * LINE
            box = BBox.clamped(left, top, left + len(text) * LETTER, top + 0.7 * LINE)
            sure = weak_confidence if text in weak else confidence
            words.append(Word(index=len(words), line=row, text=text, polygon=Polygon.from_bbox(box), confidence=sure))
            column += len(text) + 1
        indexes = tuple(range(first, len(words)))
        label, _, value = line.partition(":")
        pair = kind is ElementKind.KEY_VALUE and bool(value)
        elements.append(
            Element(
                id=element_id(doc, number, row, kind, line),
                document_id=doc,
                page=number,
                ordinal=row,
                kind=kind,
                bbox=BBox.around(words[i].bbox for i in indexes),
                text=line,
                words=indexes,
                label=label.strip() if pair else None,
                value=value.strip() if pair else None,
            )
        )
    page = Page(
        document_id=doc,
        number=number,
        width=1000,
        height=1400,
        source=TextSource.OCR,
        confidence=confidence,
        engine="test",
        image="f" * 64,
        words=tuple(words),
        elements=tuple(elements),
    )
    document = Document(
        id=doc,
        name=name,
        location=f"/{name}",
        sha256="0" * 64,
        media_type="image/jpeg",
        size=1,
        pages=1,
        status=DocumentStatus.READY,
        recipe="test",
    )
    return Reading(document=document, page=page, match=1.0, relevance=1.0)


def span(of: Reading, text: str, *, quote: str | None = None) -> Span:
    """The first run of words of one element that reads ``text``."""
    wanted = text.split()
    for element in of.page.elements:
        printed = [of.page.words[i].text for i in element.words]
        for start in range(len(printed) - len(wanted) + 1):
            if printed[start : start + len(wanted)] == wanted:
                words = element.words[start : start + len(wanted)]
                return Span(element_id=element.id, words=words, quote=text if quote is None else quote)
    raise LookupError(text)
