"""Pictures in the store: staged with their page, seen when it is published, followed by their own index."""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from store_support import make_document, make_page, open_parts, put, unit, vectors_of

from mmrag.adapters.catalog import schema
from mmrag.adapters.catalog.connect import CATALOG_FILE, Readers, Writer
from mmrag.adapters.catalog.feed import SqliteFeed
from mmrag.adapters.catalog.feed_sql import PICTURES
from mmrag.adapters.catalog.reading import SqliteCatalog
from mmrag.adapters.catalog.writing import SqliteWriter
from mmrag.domain.documents import Page
from mmrag.domain.geometry import BBox
from mmrag.domain.pictures import Caption, PageKind, Picture, picture_id
from mmrag.errors import StoreError
from mmrag.ports import PageRef, PictureRecord
from mmrag.retrieval.index import IndexKeeper
from mmrag.testing import MemoryVectors, inconsistencies

WHOLE = BBox(0.0, 0.0, 1.0, 1.0)


def pictures_of(page: Page, *vectors: float) -> list[PictureRecord]:
    """The page's own picture, and one of its first element."""
    first = page.elements[0]
    places = [(WHOLE, None, "page"), (first.bbox, first.id, first.kind.value)]
    return [
        PictureRecord(
            picture=Picture(
                id=picture_id(page.document_id, page.number, box),
                document_id=page.document_id,
                page=page.number,
                bbox=box,
                element_id=element,
            ),
            kind=kind,
            vector=unit(value, 0.5),
        )
        for (box, element, kind), value in zip(places, vectors, strict=True)
    ]


async def store(writer: SqliteWriter, page: Page, *vectors: float, recipe: str = "r1") -> None:
    await writer.stage_page(page, recipe=recipe, vectors=vectors_of(page), values=(), pictures=pictures_of(page, *vectors))
    await writer.publish(make_document(page.document_id, pages=1, recipe=recipe))


async def test_pictures_come_and_go_with_their_document(tmp_path: Path) -> None:
    connection, readers = Writer(tmp_path / CATALOG_FILE), Readers(tmp_path / CATALOG_FILE)
    writer = SqliteWriter(connection, embedder="e", image_embedder="clip@1")
    feed = SqliteFeed(readers, embedder="clip@1", writer=connection, sql=PICTURES)
    catalog, index = SqliteCatalog(readers), MemoryVectors()
    keeper = IndexKeeper(feed, index)
    page = replace(make_page("doc-a", 1, "one two"), kind=PageKind.CHART, kind_probability=0.75)
    await writer.stage_page(page, recipe="r1", vectors=vectors_of(page), values=(), pictures=pictures_of(page, 1.0, 2.0))
    assert (await feed.count(), await feed.vector_ids()) == (0, frozenset())
    await writer.publish(make_document("doc-a", pages=1))

    assert await keeper.drain() == 2
    assert not await keeper.verify()
    assert (await catalog.counts()).pictures == await feed.count() == 2
    nearest = await index.query(unit(2.0, 0.5), 1)
    (found,) = await catalog.pictures([nearest[0].id, "pic-unknown"])
    assert (found.bbox, found.element_id) == (page.elements[0].bbox, page.elements[0].id)
    assert await catalog.pages_of_kind([PageKind.CHART]) == (PageRef(document_id="doc-a", page=1),)
    assert await catalog.pages_of_kind([PageKind.PHOTO]) == ()
    stored = await catalog.page(PageRef(document_id="doc-a", page=1))
    assert stored is not None
    assert (stored.kind, stored.kind_probability) == (PageKind.CHART, 0.75)
    assert await SqliteFeed(readers, embedder="clip@2", sql=PICTURES).vector_ids() == frozenset()

    assert await keeper.rebuild() == 2
    await writer.remove(["doc-a"])
    assert await keeper.drain() == 2
    assert (await index.ids(), await feed.count()) == (frozenset(), 0)
    readers.close()
    connection.close()
    assert inconsistencies(tmp_path) == ()


async def test_another_reading_replaces_the_pictures(tmp_path: Path) -> None:
    connection, readers = Writer(tmp_path / CATALOG_FILE), Readers(tmp_path / CATALOG_FILE)
    feed = SqliteFeed(readers, embedder="clip@1", writer=connection, sql=PICTURES)
    index = MemoryVectors()
    page = make_page("doc-a", 1, "one two")
    await store(SqliteWriter(connection, embedder="e", image_embedder="clip@1"), page, 1.0, 2.0)
    await IndexKeeper(feed, index).drain()
    await store(SqliteWriter(connection, embedder="e", image_embedder="clip@1"), page, 7.0, 9.0, recipe="r2")
    await IndexKeeper(feed, index).drain()
    assert not await IndexKeeper(feed, index).verify()
    whole = picture_id("doc-a", 1, WHOLE)
    assert [s.id for s in await index.query(unit(7.0, 0.5), 1)] == [whole]
    assert {r.element_id async for batch in feed.vectors(1) for r in batch} == await feed.vector_ids()
    with pytest.raises(StoreError, match="reading only"):
        await SqliteFeed(readers, embedder="clip@1", sql=PICTURES).requeue_all()
    readers.close()
    connection.close()


async def test_a_caption_comes_back_with_all_its_parts(tmp_path: Path) -> None:
    said = Caption(
        short="a line chart", detailed="it rises", keywords=("line", "rise"), alt_text="Line chart.", confidence=0.5
    )
    page = make_page("doc-a", 1, "one")
    page = replace(page, elements=(replace(page.elements[0], caption=said, author="captioner@1", belongs_to="el-of-it"),))
    with open_parts(tmp_path) as parts:
        await put(parts.writer, make_document("doc-a", pages=1), [page])
        (element,) = await parts.catalog.elements([page.elements[0].id])
    assert (element.caption, element.author, element.belongs_to) == (said, "captioner@1", "el-of-it")
    assert said.text == "a line chart\nit rises\nline, rise\nLine chart."


async def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """Its documents stay as they are: readable, without pictures or kinds."""
    file = tmp_path / CATALOG_FILE
    with sqlite3.connect(file, isolation_level=None) as old:
        old.executescript(schema.MIGRATIONS[0])
        old.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        old.execute("PRAGMA user_version = 1")
        old.execute(
            "INSERT INTO document VALUES ('doc-a', CAST('a.pdf' AS BLOB), 'x', 'application/pdf', 1, 1, 'ready', 'r1',"
            " NULL, ?)",
            (_REPORT,),
        )
        old.execute("INSERT INTO location VALUES (CAST('/in/a.pdf' AS BLOB), 'doc-a')")
        old.execute("INSERT INTO edition VALUES (1, 'doc-a', 'r1', 'e', 1, 1, 0)")
        old.execute(
            "INSERT INTO page VALUES (1, 1, 1, 10, 10, 'ocr', 0.9, 'x', NULL, NULL, 'hello', 'hello', ?)",
            (sqlite3.Binary(_NO_WORDS),),
        )
        old.execute(
            "INSERT INTO element VALUES (1, 1, 0, 'el-1', 'text', 0, 0, 1, 1, 'hello', '', 0.9,"
            " NULL, NULL, NULL, NULL, NULL)"
        )
    old.close()
    with open_parts(tmp_path) as parts:
        page = await parts.catalog.page(PageRef(document_id="doc-a", page=1))
        counts = await parts.catalog.counts()
    assert page is not None
    assert ([e.text for e in page.elements], page.kind, page.elements[0].caption) == (["hello"], None, None)
    assert (counts.documents, counts.pages, counts.pictures) == (1, 1, 0)


_REPORT = (
    '{"pages_ocr": 1, "pages_native": 0, "mean_ocr_confidence": 0.9, "unreadable_pages": [], "elements": 1, "captions": 0,'
    ' "seconds": 1.0, "warnings": []}'
)
_NO_WORDS = zlib.compress(b"[[],[],[],null,[],null]")
