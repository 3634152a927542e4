"""Writing the catalog: stage page by page, publish in one transaction, quarantine, remove, sweep."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from mmrag.adapters.catalog import codec, reading, rows
from mmrag.adapters.catalog.connect import Writer
from mmrag.domain.documents import Document, Element, Page
from mmrag.domain.values import FoundValue
from mmrag.errors import StoreError
from mmrag.ports import PageRef, PictureRecord, VectorRecord


class SqliteWriter:
    """``CatalogWriter`` over SQLite. ``embedder`` and ``image_embedder`` are the identities of the models whose vectors are
    staged."""

    def __init__(self, writer: Writer, *, embedder: str, image_embedder: str | None = None) -> None:
        self._writer = writer
        self._embedder = embedder
        self._image_embedder = image_embedder
        self._generation: int | None = None

    async def known(self) -> Mapping[str, Document]:
        sql = f"SELECT l.path, {codec.DOCUMENT_COLUMNS} FROM location l JOIN document d ON d.id = l.document_id"
        return await self._writer.run(lambda c: {d.location: d for d in map(codec.document_from, c.execute(sql))})

    async def staged_pages(self, document_id: str, recipe: str) -> int:
        def work(connection: sqlite3.Connection) -> int:
            edition = rows.staged(connection, document_id, recipe)
            if edition is None:
                return 0
            connection.execute("UPDATE edition SET generation = ? WHERE key = ?", (self._session(connection), edition))
            return rows.leading_pages(connection, edition)

        return await self._writer.run(work)

    async def staged_page(self, ref: PageRef, recipe: str) -> Page | None:
        return await self._writer.run(lambda c: reading.staged_page(c, ref, recipe))

    async def stage_page(
        self,
        page: Page,
        *,
        recipe: str,
        vectors: Sequence[VectorRecord],
        values: Sequence[FoundValue],
        pictures: Sequence[PictureRecord] = (),
    ) -> None:
        def work(connection: sqlite3.Connection) -> None:
            session = self._session(connection)
            edition = rows.staged(connection, page.document_id, recipe)
            if edition is None:
                edition = rows.insert(
                    connection,
                    "INSERT INTO edition (document_id, recipe, embedder, image_embedder, generation) VALUES (?, ?, ?, ?, ?)",
                    (page.document_id, recipe, self._embedder, self._image_embedder, session),
                )
            connection.execute("DELETE FROM page WHERE edition = ? AND number = ?", (edition, page.number))
            page_key, keys = rows.insert_page(connection, edition, page)
            rows.insert_vectors(connection, keys, vectors)
            rows.insert_pictures(connection, page_key, keys, pictures)
            rows.insert_values(connection, keys, values)
            if page.image is not None:
                connection.execute(
                    "INSERT INTO image (digest) VALUES (?) ON CONFLICT (digest) DO UPDATE SET offered = 0", (page.image,)
                )

        await self._writer.run(work)

    async def stage_summary(self, summary: Element, *, recipe: str, vector: VectorRecord) -> None:
        def work(connection: sqlite3.Connection) -> None:
            edition = rows.staged(connection, summary.document_id, recipe)
            page = connection.execute(
                "SELECT key FROM page WHERE edition = ? AND number = ?", (edition, summary.page)
            ).fetchone()
            if page is None:
                raise StoreError(f"page {summary.page} is not staged: its document cannot be summarised.")
            connection.execute(
                "DELETE FROM element WHERE page = ? AND (ordinal = ? OR (kind = ? AND label = ?))",
                (page[0], summary.ordinal, summary.kind.value, summary.label),
            )
            rows.insert_vectors(connection, rows.insert_elements(connection, page[0], [summary]), [vector])

        await self._writer.run(work)

    async def summarised_otherwise(self, authors: Sequence[str]) -> tuple[str, ...]:
        return await self._writer.run(lambda c: rows.summarised_otherwise(c, authors))

    async def replace_summaries(
        self, document: Document, summaries: Sequence[Element], vectors: Sequence[VectorRecord]
    ) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for summary, vector in zip(summaries, vectors, strict=True):
                rows.replace_summary(connection, summary, vector)
            rows.put_document(connection, document)

        await self._writer.run(work)

    async def publish(self, document: Document) -> None:
        def work(connection: sqlite3.Connection) -> None:
            edition = rows.staged(connection, document.id, document.recipe)
            if edition is None:
                edition = rows.published(connection, document.id, document.recipe)
            ready = 0 if edition is None else rows.leading_pages(connection, edition)
            # A page beyond the last one would become visible with the others, and nobody could say whose it is.
            if edition is None or not ready == document.pages == rows.page_count(connection, edition):
                raise StoreError(f"{document.name} has {ready} of {document.pages} pages staged: it cannot be published.")
            rows.leave_location(connection, document)
            rows.drop_editions(connection, document.id, keep=edition)
            rows.show_edition(connection, edition)
            rows.put_document(connection, document)

        await self._writer.run(work)

    async def quarantine(self, document: Document) -> None:
        def work(connection: sqlite3.Connection) -> None:
            rows.leave_location(connection, document)
            rows.drop_editions(connection, document.id)
            rows.put_document(connection, document)

        await self._writer.run(work)

    async def remove(self, document_ids: Sequence[str]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for document_id in document_ids:
                rows.drop_editions(connection, document_id)
                connection.execute("DELETE FROM document WHERE id = ?", (document_id,))

        await self._writer.run(work)

    async def sweep(self) -> tuple[str, ...]:
        """Drop staged pages that neither this run nor the one before touched; see ``CatalogWriter.sweep``.

        An image is offered for deletion in two sweeps running, so that a crash between the first answer and the deletion
        of the file does not leak it. Call it while no page is being staged.
        """

        def work(connection: sqlite3.Connection) -> tuple[str, ...]:
            before = self._session(connection) - 1
            connection.execute("DELETE FROM edition WHERE published = 0 AND generation < ?", (before,))
            unused = "NOT EXISTS (SELECT 1 FROM page p WHERE p.image = image.digest)"
            digests = connection.execute(f"SELECT digest FROM image WHERE {unused} ORDER BY digest").fetchall()
            connection.execute(f"DELETE FROM image WHERE offered = 1 AND {unused}")
            connection.execute(f"UPDATE image SET offered = 1 WHERE {unused}")
            return tuple(str(row[0]) for row in digests)

        return await self._writer.run(work)

    def _session(self, connection: sqlite3.Connection) -> int:
        """The number of this run; the first call of a run counts it up."""
        if self._generation is None:
            (self._generation,) = connection.execute(
                "UPDATE store SET generation = generation + 1 RETURNING generation"
            ).fetchone()
        return int(self._generation or 0)
