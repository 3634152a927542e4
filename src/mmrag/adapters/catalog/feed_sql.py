"""What keeping an index in step asks the catalog, once for the vectors of texts and once for those of pictures.

The statements differ in their tables only, but SQLite is particular about how each is joined: they are written out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSql:
    """Parameters: ``pending`` (how many), ``acknowledge`` (JSON list of sequences), ``by_id`` (embedder, JSON list of ids),
    ``batch`` (embedder, key to start after, how many), ``within`` (embedder, JSON list of documents, bytes of a vector),
    ``count_within`` (embedder, JSON list of documents), the others (embedder). ``by_id`` and, behind a key, ``batch`` give
    id, document, page, kind and vector.
    """

    pending: str
    acknowledge: str
    by_id: str
    ids: str
    count: str
    batch: str
    within: str
    count_within: str
    requeue: str


_VECTORS = """
SELECT e.id FROM vector v JOIN element e ON e.key = v.element JOIN page p ON p.key = e.page
JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.embedder = ?1
"""
_PICTURES = """
SELECT c.id FROM picture c JOIN page p ON p.key = c.page
JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.image_embedder = ?1
"""

# With CROSS JOIN, `batch` reads the vectors in the order of their keys. Without it SQLite starts from another table and
# sorts what is left for every batch.
TEXTS = FeedSql(
    pending="SELECT sequence, element_id FROM outbox ORDER BY sequence LIMIT ?",
    acknowledge="DELETE FROM outbox WHERE sequence IN (SELECT value FROM json_each(?))",
    by_id="""
SELECT e.id, i.document_id, p.number, v.kind, v.data
FROM json_each(?2) j CROSS JOIN element e ON e.id = j.value CROSS JOIN vector v ON v.element = e.key
CROSS JOIN page p ON p.key = e.page CROSS JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.embedder = ?1
""",
    ids=_VECTORS,
    count="SELECT coalesce(sum(vectors), 0) FROM edition WHERE published = 1 AND embedder = ?",
    batch="""
SELECT v.element, e.id, i.document_id, p.number, v.kind, v.data
FROM vector v CROSS JOIN element e ON e.key = v.element CROSS JOIN page p ON p.key = e.page
CROSS JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.embedder = ?1
WHERE v.element > ?2 ORDER BY v.element LIMIT ?3
""",
    within="""
SELECT e.id, v.data FROM edition i JOIN page p ON p.edition = i.key JOIN element e ON e.page = p.key
JOIN vector v ON v.element = e.key
WHERE i.published = 1 AND i.embedder = ?1 AND i.document_id IN (SELECT value FROM json_each(?2)) AND length(v.data) = ?3
""",
    count_within="""
SELECT coalesce(sum(vectors), 0) FROM edition
WHERE published = 1 AND embedder = ?1 AND document_id IN (SELECT value FROM json_each(?2))
""",
    requeue=f"INSERT OR REPLACE INTO outbox (element_id) {_VECTORS}",
)

PICTURES = FeedSql(
    pending="SELECT sequence, picture_id FROM picture_outbox ORDER BY sequence LIMIT ?",
    acknowledge="DELETE FROM picture_outbox WHERE sequence IN (SELECT value FROM json_each(?))",
    by_id="""
SELECT c.id, i.document_id, p.number, c.kind, c.data
FROM json_each(?2) j CROSS JOIN picture c ON c.id = j.value CROSS JOIN page p ON p.key = c.page
CROSS JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.image_embedder = ?1
""",
    ids=_PICTURES,
    count="SELECT coalesce(sum(pictures), 0) FROM edition WHERE published = 1 AND image_embedder = ?",
    batch="""
SELECT c.key, c.id, i.document_id, p.number, c.kind, c.data
FROM picture c CROSS JOIN page p ON p.key = c.page
CROSS JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.image_embedder = ?1
WHERE c.key > ?2 ORDER BY c.key LIMIT ?3
""",
    within="""
SELECT c.id, c.data FROM edition i JOIN page p ON p.edition = i.key JOIN picture c ON c.page = p.key
WHERE i.published = 1 AND i.image_embedder = ?1 AND i.document_id IN (SELECT value FROM json_each(?2))
AND length(c.data) = ?3
""",
    count_within="""
SELECT coalesce(sum(pictures), 0) FROM edition
WHERE published = 1 AND image_embedder = ?1 AND document_id IN (SELECT value FROM json_each(?2))
""",
    requeue=f"INSERT OR REPLACE INTO picture_outbox (picture_id) {_PICTURES}",
)
