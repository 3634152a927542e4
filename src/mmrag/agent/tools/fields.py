"""extract_fields: a schema in, typed values with boxes out. The extractive reader finds each field; no model is asked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from pydantic import Field, TypeAdapter, model_validator

from mmrag.agent.evidence_words import Places
from mmrag.agent.plan import make_plan
from mmrag.agent.tools.base import Arguments, ToolParts, box_json, find_document, shortened
from mmrag.domain.answers import Draft
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.domain.plans import AnswerType, Reading
from mmrag.domain.values import ValueKind
from mmrag.errors import UsageError
from mmrag.ports import PageRef
from mmrag.values import normals_of

LEAST = 0.2
"""A value found with less confidence is left out: a wrong value in a record is worse than an empty one."""
_MOST_PAGES = 20
_KINDS = {
    AnswerType.AMOUNT: ValueKind.AMOUNT,
    AnswerType.NUMBER: ValueKind.NUMBER,
    AnswerType.PERCENT: ValueKind.PERCENT,
    AnswerType.DATE: ValueKind.DATE,
    AnswerType.TIME: ValueKind.TIME,
    AnswerType.PHONE: ValueKind.PHONE,
    AnswerType.EMAIL: ValueKind.EMAIL,
    AnswerType.IDENTIFIER: ValueKind.IDENTIFIER,
}


class FieldSchema(Arguments):
    """One field to look for. ``ask`` is a question or the field's name in words; without it, ``name`` is looked for."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    type: AnswerType = AnswerType.FREE
    ask: str = Field(default="", max_length=300)

    @property
    def question(self) -> str:
        asked = self.ask or self.name.replace("_", " ")
        return asked if asked.endswith("?") else f"What is the {asked}?"


class ExtractFields(Arguments):
    document: str = Field(min_length=1, max_length=500)
    page: int | None = Field(default=None, ge=1, description="Only this page, counted from 1.")
    schema_name: str | None = Field(default=None, description="A known schema: receipt, invoice, advertising_order, ...")
    fields: tuple[FieldSchema, ...] = Field(default=(), max_length=40, description="Your own schema instead.")

    @model_validator(mode="after")
    def _one_schema(self) -> ExtractFields:
        if (self.schema_name is None) == (not self.fields):
            raise ValueError("give schema_name or fields, one of them")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """``text`` as printed, None when it was not found; ``normal`` its normal form (``2018-06-30``, ``39.80``) where the type
    has one. ``bbox`` goes around the words in page fractions; ``ocr_confidence`` is the lowest of them.
    """

    name: str
    type: AnswerType
    text: str | None = None
    normal: str | None = None
    page: int | None = None
    bbox: BBox | None = None
    elements: tuple[str, ...] = ()
    confidence: float = 0.0
    ocr_confidence: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    document: str
    fields: tuple[FieldValue, ...]
    shows: tuple[PageRef, ...]
    pictures: tuple[ImagePart, ...] = ()

    @property
    def element_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(e for field in self.fields for e in field.elements))

    def to_json(self) -> Json:
        return {"document": self.document, "fields": [_field_json(field) for field in self.fields]}


@cache
def known_schemas() -> Mapping[str, tuple[FieldSchema, ...]]:
    """The schemas that ship with mmrag, by name."""
    data = tomllib.loads(files("mmrag.agent.tools").joinpath("schemas.toml").read_text(encoding="utf-8"))
    read = TypeAdapter(tuple[FieldSchema, ...])
    return MappingProxyType({row["name"]: read.validate_python(tuple(row["fields"])) for row in data["schemas"]})


async def extract_fields(arguments: ExtractFields, parts: ToolParts) -> Extracted:
    """Every field of the schema on one document. Raises ``UsageError`` for a document, page or schema that is not there."""
    document = await find_document(arguments.document, parts)
    schema = arguments.fields
    if arguments.schema_name is not None:
        if arguments.schema_name not in known_schemas():
            raise UsageError(f"There is no schema {arguments.schema_name[:60]!r}: known are {', '.join(known_schemas())}.")
        schema = known_schemas()[arguments.schema_name]
    numbers = [arguments.page] if arguments.page else range(1, min(document.pages, _MOST_PAGES) + 1)
    pages = [await parts.search.catalog.page(PageRef(document_id=document.id, page=n)) for n in numbers]
    readings = [Reading(document=document, page=p, match=1.0, relevance=1.0) for p in pages if p is not None]
    if not readings:
        raise UsageError(f"{document.name} has {document.pages} pages, no page {arguments.page}.")
    places = Places(readings)
    found = []
    for field in schema:
        plan = make_plan(field.question, document=document.name)
        if field.type is not AnswerType.FREE:
            plan = replace(plan, answer_type=field.type)
        found.append(_value(field, await parts.reader.draft(plan, readings), places))
    return Extracted(document=document.name, fields=tuple(found), shows=tuple(reading.ref for reading in readings))


def _value(field: FieldSchema, draft: Draft, places: Places) -> FieldValue:
    nothing = FieldValue(name=field.name, type=field.type)
    if draft.answer is None or draft.confidence < LEAST:
        return nothing
    cited = [place for span in draft.spans if not isinstance(place := places.cited(span), str)]
    if not cited:
        return nothing
    words = [word for place in cited if place.reading.page is cited[0].reading.page for word in place.words]
    kind = _KINDS.get(field.type)
    normals: Sequence[str] = normals_of(draft.answer, kind) if kind is not None else ()
    return FieldValue(
        name=field.name,
        type=field.type,
        text=draft.answer,
        normal=next(iter(normals), None),
        page=cited[0].reading.page.number,
        bbox=BBox.around(word.bbox for word in words) if words else cited[0].element.bbox,
        elements=tuple(dict.fromkeys(place.element.id for place in cited)),
        confidence=draft.confidence,
        ocr_confidence=min((word.confidence for word in words), default=cited[0].element.confidence),
    )


def _field_json(field: FieldValue) -> Json:
    return {
        "name": field.name,
        "type": field.type.value,
        "text": None if field.text is None else shortened(field.text, 400),
        "normal": field.normal,
        "page": field.page,
        "bbox": None if field.bbox is None else box_json(field.bbox),
        "elements": list(field.elements),
        "confidence": round(field.confidence, 3),
        "ocr_confidence": round(field.ocr_confidence, 3),
    }
