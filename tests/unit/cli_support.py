"""A small real store for the tests of commands, and an answer that cites it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from mmrag.app import open_app
from mmrag.domain.answers import (
    Answer,
    Citation,
    CitedClaim,
    VerdictKind,
    VerifyMethod,
)
from mmrag.domain.costs import LedgerEntry, Usage
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
from mmrag.ports import VectorRecord
from mmrag.settings import load_settings

BOX = BBox(0.2, 0.4, 0.6, 0.5)


async def fill(store: Path, names: list[str]) -> None:
    """Documents of one page with one element each, a quarantined file, and two calls in the ledger."""
    async with open_app(load_settings(store=store, environ={}), write=True) as app:
        assert app.writer is not None
        picture = io.BytesIO()
        Image.new("RGB", (300, 400), "white").save(picture, format="PNG")
        blob = await app.blobs.put(picture.getvalue())
        for number, name in enumerate([*names, "broken.pdf"]):
            sha = f"{number:064x}"
            doc = document_id(name, sha)
            ready = name != "broken.pdf"
            document = Document(
                id=doc,
                name=name,
                location=f"/scans/{name}",
                sha256=sha,
                media_type="image/png",
                size=10,
                pages=1 if ready else 0,
                status=DocumentStatus.READY if ready else DocumentStatus.QUARANTINED,
                recipe="r",
                reason=None if ready else "It is encrypted.",
            )
            if not ready:
                await app.writer.quarantine(document)
                continue
            text = f"TOTAL {number}9.80"
            word = Word(index=0, line=0, text=text, polygon=Polygon.from_bbox(BOX), confidence=0.9)
            element = Element(
                id=element_id(doc, 1, 0, ElementKind.TEXT, text),
                document_id=doc,
                page=1,
                ordinal=0,
                kind=ElementKind.TEXT,
                bbox=BOX,
                text=text,
                words=(0,),
            )
            page = Page(
                document_id=doc,
                number=1,
                width=300,
                height=400,
                source=TextSource.OCR,
                confidence=0.9,
                engine="test",
                image=blob if number == 0 else None,
                words=(word,),
                elements=(element,),
            )
            vector = VectorRecord(
                element_id=element.id,
                document_id=doc,
                page=1,
                kind="text",
                vector=[1.0] + [0.0] * (app.embedder.dimension - 1),
            )
            await app.writer.stage_page(page, recipe="r", vectors=[vector], values=())
            await app.writer.publish(document)
        await app.keeper.drain()
        for usd in (Decimal("0.0123"), None):
            entry = LedgerEntry(
                question_id="q",
                stage="draft",
                tier="cheap",
                model="m-1",
                usage=Usage(input_tokens=100, output_tokens=5),
                usd=usd,
            )
            await app.ledger.write(entry, datetime(2026, 11, 21, tzinfo=UTC))


def answer_citing(document: str, number: int) -> Answer:
    place = Citation(
        document=document, sha256=f"{number:064x}", page=1, bbox=BOX, element="el", quote=f"{number}9.80", ocr_confidence=0.9
    )
    claim = CitedClaim(text=place.quote, verdict=VerdictKind.SUPPORTED, method=VerifyMethod.VALUE, citations=(place,))
    return Answer(
        question="total?",
        answer=place.quote,
        abstention=None,
        confidence=0.9,
        claims=(claim,),
        evidence=(),
        tier="reader",
        tiers_tried=("reader",),
        trace="t-1",
        timings_ms=dict.fromkeys(("plan", "gather", "draft", "critique", "verify", "total"), 1.0),
    )


def out_json(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value
