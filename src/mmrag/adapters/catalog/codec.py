"""Between the domain's records and rows of the catalog.

The words of a page are one compressed blob: a page is always read whole, and a row a word would cost ten times as much.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import islice
from typing import Any, Final, TypeAlias

import orjson

from mmrag.adapters.catalog.text import clean
from mmrag.domain.columns import from_columns
from mmrag.domain.documents import (
    Cell,
    Document,
    DocumentStatus,
    Element,
    ElementKind,
    ElementPlace,
    Page,
    ReadReport,
    TextSource,
    Word,
)
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.pictures import Caption, PageKind, Picture

Row: TypeAlias = tuple[object, ...]
ElementRow: TypeAlias = tuple[
    str, int, str, int, str, float, float, float, float, str, str, float,
    str | None, str | None, str | None, str | None, str | None, str | None, str | None,
]  # fmt: skip

ELEMENT_COLUMNS: Final = (
    "e.id, e.ordinal, e.kind, e.x0, e.y0, e.x1, e.y1, e.text, e.words, e.confidence,"
    " e.label, e.value, e.cells, e.section, e.author, e.caption, e.belongs_to"
)
"""Read together with ``document_id, page`` in front of them."""

PAGE_COLUMNS: Final = (
    "p.width, p.height, p.source, p.confidence, p.engine, p.image, p.warnings, p.words, p.kind, p.kind_probability,"
    " p.language"
)
"""Read together with ``document_id, number`` in front of them."""

DOCUMENT_COLUMNS: Final = "d.id, d.name, d.sha256, d.media_type, d.size, d.pages, d.status, d.recipe, d.reason, d.report"
"""Read together with ``location`` in front of them."""


def pack_words(words: Sequence[Word]) -> bytes:
    """Columns of the words as JSON, compressed. Texts, lines and confidences; corner counts where not 4; x, y, x, y, ..."""
    columns = [
        [w.text for w in words],
        [w.line for w in words],
        [w.confidence for w in words],
        [len(w.polygon.points) for w in words] if any(len(w.polygon.points) != 4 for w in words) else None,
        [c for w in words for point in w.polygon.points for c in point],
        None if all(w.index == i for i, w in enumerate(words)) else [w.index for w in words],
    ]
    return zlib.compress(json.dumps(columns, ensure_ascii=True, separators=(",", ":")).encode("ascii"), 6)


def unpack_words(blob: bytes) -> tuple[Word, ...]:
    texts, lines, confidences, corners, flat, indexes = _parsed(zlib.decompress(blob))
    points = zip(flat[::2], flat[1::2], strict=True)
    if corners:
        polygons = [Polygon(tuple(islice(points, count))) for count in corners]
    else:
        polygons = from_columns(Polygon, points=list(zip(points, points, points, points, strict=True)))
    places = indexes or range(len(texts))
    return tuple(from_columns(Word, index=places, line=lines, text=texts, polygon=polygons, confidence=confidences))


def _parsed(data: bytes | str) -> Any:
    """JSON, in a fifth of the time that Python takes, which is felt: a page has some three thousand numbers."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:  # half a surrogate, as damaged PDFs have them: kept as it is
        return json.loads(data)


def path_bytes(path: str) -> bytes:
    """A path as bytes: a file name need not be valid text, and must come back unchanged."""
    return path.encode("utf-8", "surrogateescape")


def path_text(data: object) -> str:
    if not isinstance(data, bytes):
        raise TypeError("a path is a blob")
    return data.decode("utf-8", "surrogateescape")


def element_row(page_key: int, element: Element) -> Row:
    box = element.bbox
    return (
        page_key,
        element.ordinal,
        element.id,
        element.kind.value,
        box.x0,
        box.y0,
        box.x1,
        box.y1,
        clean(element.text),
        ints_to_text(element.words),
        element.confidence,
        clean(element.label) if element.label is not None else None,
        clean(element.value) if element.value is not None else None,
        _cells_to_text(element.cells),
        json.dumps(element.section) if element.section else None,
        element.author,
        _caption_to_text(element.caption),
        element.belongs_to,
    )


def elements_from(rows: Sequence[ElementRow]) -> tuple[Element, ...]:
    """``rows`` are ``document_id, page`` and ``ELEMENT_COLUMNS``, as the columns are declared."""
    if not rows:
        return ()
    columns = tuple(zip(*rows, strict=True))
    documents, pages, ids, ordinals, kinds, x0, y0, x1, y1, texts, words, confidences = columns[:12]
    labels, values, cells, sections, authors, captions, belonging = columns[12:]
    elements = from_columns(
        Element,
        id=ids,
        document_id=documents,
        page=pages,
        ordinal=ordinals,
        kind=[_KINDS[kind] for kind in kinds],
        bbox=from_columns(BBox, x0=x0, y0=y0, x1=x1, y1=y1),
        text=texts,
        words=list(map(text_to_ints, words)),
        confidence=confidences,
        label=labels,
        value=values,
        cells=[() if c is None else _cells_from(c) for c in cells],
        section=[() if s is None else _section_from(s) for s in sections],
        author=authors,
        caption=[None if c is None else _caption_from(c) for c in captions],
        belongs_to=belonging,
    )
    return tuple(elements)


@lru_cache(maxsize=4096)
def _section_from(text: str) -> tuple[str, ...]:
    """Elements under the same titles have the same path."""
    return tuple(_parsed(text))


def place_from(row: tuple[str, str, int, int, str]) -> ElementPlace:
    """``row`` is ``id, document_id, page, ordinal, kind``, as the columns are declared."""
    id_, document_id, page, ordinal, kind = row
    return ElementPlace(id_, document_id, page, ordinal, _KINDS[kind])


_KINDS: Final = {kind.value: kind for kind in ElementKind}


def document_row(document: Document) -> Row:
    return (
        document.id,
        path_bytes(document.name),
        document.sha256,
        document.media_type,
        document.size,
        document.pages,
        document.status.value,
        document.recipe,
        clean(document.reason) if document.reason is not None else None,
        _report_to_text(document.report),
    )


def document_from(row: Sequence[object]) -> Document:
    """``row`` is ``location`` and ``DOCUMENT_COLUMNS``."""
    location, id_, name, sha256, media_type, size, pages, status, recipe, reason, report = row
    return Document(
        id=str(id_),
        name=path_text(name),
        location=path_text(location),
        sha256=str(sha256),
        media_type=str(media_type),
        size=_int(size),
        pages=_int(pages),
        status=DocumentStatus(str(status)),
        recipe=str(recipe),
        reason=_text(reason),
        report=_report_from(str(report)),
    )


def page_from(row: Sequence[object], elements: tuple[Element, ...]) -> Page:
    """``row`` is ``document_id, number`` and ``PAGE_COLUMNS``."""
    document_id, number, width, height, source, confidence, engine, image, warnings, words, kind, *rest = row
    probability, language = rest
    if not isinstance(words, bytes):
        raise TypeError("the words of a page are a blob")
    return Page(
        document_id=str(document_id),
        number=_int(number),
        width=_int(width),
        height=_int(height),
        source=TextSource(str(source)),
        confidence=_float(confidence),
        engine=str(engine),
        image=_text(image),
        words=unpack_words(words),
        elements=elements,
        warnings=tuple(json.loads(str(warnings))) if warnings is not None else (),
        kind=None if kind is None else PageKind(str(kind)),
        kind_probability=None if probability is None else _float(probability),
        language=_text(language),
    )


def picture_from(row: Sequence[object]) -> Picture:
    """``row`` is ``id, document_id, number, x0, y0, x1, y1, element``."""
    id_, document_id, number, x0, y0, x1, y1, element = row
    return Picture(
        id=str(id_),
        document_id=str(document_id),
        page=_int(number),
        bbox=BBox(_float(x0), _float(y0), _float(x1), _float(y1)),
        element_id=_text(element),
    )


def pack_vector(vector: Sequence[float]) -> bytes:
    """Little-endian float32, so that a store can move between machines."""
    data = array("f", vector)
    if _BIG_ENDIAN:
        data.byteswap()
    return data.tobytes()


def unpack_vector(blob: bytes) -> array[float]:
    data = array("f")
    data.frombytes(blob)
    if _BIG_ENDIAN:
        data.byteswap()
    return data


_BIG_ENDIAN = array("H", [1]).tobytes() == b"\x00\x01"


def ints_to_text(numbers: Sequence[int]) -> str:
    """``(3, 4, 5, 9)`` as ``3-5 9``: words of an element are mostly runs."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def text_to_ints(text: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for run in text.split():
        first, dash, last = run.partition("-")
        if dash:
            numbers.extend(range(int(first), int(last) + 1))
        else:
            numbers.append(int(first))
    return tuple(numbers)


def _cells_to_text(cells: Sequence[Cell]) -> str | None:
    if not cells:
        return None
    rows = [
        [
            *(c.row, c.column, c.text, c.bbox.as_tuple(), ints_to_text(c.words), c.row_span, c.column_span),
            int(c.is_header),
            *(() if c.error is None else (c.error,)),
        ]
        for c in cells
    ]
    return json.dumps(rows, ensure_ascii=True, separators=(",", ":"))


def _cells_from(text: str) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            row=row,
            column=column,
            text=value,
            bbox=BBox(*box),
            words=text_to_ints(words),
            row_span=row_span,
            column_span=column_span,
            is_header=bool(header),
            error=float(error[0]) if error else None,
        )
        for row, column, value, box, words, row_span, column_span, header, *error in _parsed(text)
    )


def _caption_to_text(caption: Caption | None) -> str | None:
    return None if caption is None else json.dumps(asdict(caption), ensure_ascii=True, sort_keys=True)


def _caption_from(text: str) -> Caption:
    fields = _parsed(text)
    return Caption(
        short=fields["short"],
        detailed=fields["detailed"],
        keywords=tuple(fields["keywords"]),
        alt_text=fields["alt_text"],
        confidence=fields["confidence"],
    )


def _report_to_text(report: ReadReport) -> str:
    return json.dumps(asdict(report), ensure_ascii=True, sort_keys=True)


def _report_from(text: str) -> ReadReport:
    fields = json.loads(text)
    return ReadReport(
        pages_ocr=fields["pages_ocr"],
        pages_native=fields["pages_native"],
        mean_ocr_confidence=fields["mean_ocr_confidence"],
        unreadable_pages=tuple(fields["unreadable_pages"]),
        elements=fields["elements"],
        captions=fields["captions"],
        seconds=fields["seconds"],
        warnings=tuple(fields["warnings"]),
        notes=tuple(fields.get("notes", ())),  # a store of before has none of these
        engines=tuple(fields.get("engines", ())),
        languages=tuple(fields.get("languages", ())),
    )


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r}")
    return value


def _float(value: object) -> float:
    if not isinstance(value, (int, float)):
        raise TypeError(f"not a number: {value!r}")
    return float(value)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
