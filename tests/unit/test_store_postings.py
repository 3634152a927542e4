"""Searching from memory: the same ranks as SQLite's own, whatever was searched before, and never those of an older state."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_support import Parts, make_document, make_page, open_parts, put

from mmrag.adapters.catalog.connect import CATALOG_FILE, Readers
from mmrag.adapters.catalog.lexical import SqliteLexical
from mmrag.adapters.catalog.postings import AT_ONCE, distinct
from mmrag.adapters.catalog.text import match_any
from mmrag.ports import LexicalIndex

pytestmark = pytest.mark.usefixtures("loop_guard")

T = TypeVar("T")
WORDS = ("total", "tax", "cash", "46.65", "06", "café", "Sdn", "Bhd", "Inc.", "2018")
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


class CountedReaders(Readers):
    """Counts how often a connection is asked for."""

    asked = 0

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self.asked += 1
        return await super().run(work)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    asyncio.run(fill(folder))
    return folder


async def fill(folder: Path) -> None:
    """Sixty pages in twenty documents, in which the words stand unevenly."""
    draw = np.random.default_rng(7)
    odds = np.linspace(1, 6, len(WORDS)) ** 2
    with open_parts(folder) as parts:
        for number in range(20):
            lines = [" ".join(draw.choice(WORDS, draw.integers(1, 9), p=odds / odds.sum())) for _ in range(15)]
            pages = [make_page(f"doc-{number}", n + 1, *lines[5 * n : 5 * n + 5]) for n in range(3)]
            await put(parts.writer, make_document(f"doc-{number}", pages=3), pages)


@pytest.fixture
def readers(folder: Path) -> Iterator[CountedReaders]:
    readers = CountedReaders(folder / CATALOG_FILE)
    yield readers
    readers.close()


def remembering(readers: Readers) -> SqliteLexical:
    return SqliteLexical(readers, now=lambda: 1e12)


@given(
    queries=st.lists(TEXTS, min_size=1, max_size=4), k=st.integers(1, 400), documents=st.sets(st.integers(0, 25), max_size=4)
)
@settings(max_examples=40, deadline=None)
def test_ranks_are_those_of_sqlite(folder: Path, queries: list[str], k: int, documents: frozenset[int]) -> None:
    chosen = sorted(f"doc-{n}" for n in documents) or None
    asyncio.run(ranks_alike(folder, queries, k, chosen))


async def ranks_alike(folder: Path, queries: Sequence[str], k: int, chosen: Sequence[str] | None) -> None:
    readers, connection = Readers(folder / CATALOG_FILE), sqlite3.connect(folder / CATALOG_FILE)
    lexical = remembering(readers)
    of = "SELECT p.key, i.document_id FROM page p JOIN edition i ON i.key = p.edition"
    document_of = dict(connection.execute(of))
    element_of = {
        key: (id_, document_of[page]) for key, id_, page in connection.execute("SELECT key, id, page FROM element")
    }
    for query in queries:
        sql = "SELECT rowid, rank FROM element_text WHERE element_text MATCH ? ORDER BY rank, rowid"
        ranked = [(*element_of[key], -rank) for key, rank in connection.execute(sql, (match_any(query),))]
        wanted = [(id_, score) for id_, document, score in ranked if chosen is None or document in chosen]
        found = await lexical.search_elements(query, k, documents=chosen)
        assert [(s.id, s.score) for s in found] == wanted[:k]
        sql = "SELECT rowid, rank FROM page_text WHERE page_text MATCH ? ORDER BY rank, rowid"
        scores = [
            (document_of[key], -rank)
            for key, rank in connection.execute(sql, (match_any(query),))
            if chosen is None or document_of[key] in chosen
        ]
        pages = await lexical.search_pages(query, k, documents=chosen)
        assert [(p.ref.document_id, p.score) for p in pages] == scores[:k]
    connection.close()
    readers.close()


async def test_what_is_in_memory_is_not_read_again(readers: CountedReaders) -> None:
    lexical = remembering(readers)

    async def all_of_it() -> tuple[object, ...]:
        within = await lexical.search_elements("cash 2018", 9, documents=["doc-3", "doc-4"])
        named = await lexical.search_names("Sdn. Bhd. 2018", 5)
        return await lexical.search_elements("total cash", 9), await lexical.search_pages("tax 2018", 9), within, named

    first = await all_of_it()
    assert all(first)
    asked = readers.asked
    assert await all_of_it() == first
    assert readers.asked == asked


async def test_names_are_found_alike_in_small_stores_and_in_large_ones(
    readers: CountedReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = await remembering(readers).search_names("Inc. 2018 café Sdn", 9)
    monkeypatch.setattr("mmrag.adapters.catalog.names._SMALL", 0)
    assert len(small) == 9
    assert await remembering(readers).search_names("Inc. 2018 café Sdn", 9) == small


async def test_nothing_is_remembered_of_files_that_changed_just_now(readers: CountedReaders) -> None:
    lexical = SqliteLexical(readers, now=lambda: readers.version()[0] / 1e9 + 1)
    first = await lexical.search_elements("total", 9)
    assert await lexical.search_elements("total", 9) == first
    assert readers.asked == 2


async def test_a_new_state_is_read_anew(tmp_path: Path) -> None:
    with open_parts(tmp_path, keeps=True) as parts:
        for number in range(1, 4):
            page = make_page(f"doc-{number}", 1, "Total 1", f"Firm number {number} Sdn Bhd")
            await put(parts.writer, make_document(f"doc-{number}", pages=1), [page])
            assert await seen(parts) == (number, number, number)
        await parts.writer.remove(["doc-2"])
        assert await seen(parts) == (2, 2, 2)


async def seen(parts: Parts) -> tuple[int, int, int]:
    """How many elements, pages and names are found, twice over."""
    lexical = parts.lexical
    assert lexical is not None

    async def once(lexical: LexicalIndex) -> tuple[int, int, int]:
        elements, pages = await lexical.search_elements("total", 9), await lexical.search_pages("total", 9)
        return len(elements), len(pages), len(await lexical.search_names("Firm number", 9))

    found = await once(lexical)
    assert await once(lexical) == found
    return found


async def test_much_is_not_added_up_between_two_events(readers: CountedReaders, monkeypatch: pytest.MonkeyPatch) -> None:
    lexical = remembering(readers)
    first = await lexical.search_elements("total", 9)
    monkeypatch.setattr("mmrag.adapters.catalog.postings.AT_ONCE", 3)
    assert await lexical.search_elements("total", 9) == first
    assert readers.asked == 2
    assert AT_ONCE > 3


@given(st.lists(st.integers(1, 10**9) | st.integers(1, 50), max_size=60))
def test_distinct_is_what_numpy_says(keys: list[int]) -> None:
    given = np.array(keys, np.int64)
    rows, at = distinct(given)
    wanted, places = np.unique(given, return_inverse=True)
    assert rows.tolist() == wanted.tolist()
    assert at.tolist() == places.tolist()
