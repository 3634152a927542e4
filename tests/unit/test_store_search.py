"""Searching the catalog: plain text in, nothing in it is an operator; names in spite of OCR errors; values."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_support import Parts, make_document, make_page, open_parts, put

from mmrag.adapters.catalog.lexical import SqliteLexical
from mmrag.adapters.catalog.text import match_any, squash, trigrams
from mmrag.domain.values import ValueKind
from mmrag.ports import LexicalIndex

PAGES = {
    "doc-a": ("UNIHAKKA INTERNATI0NAL SDN BHD", "12 Jalan Tampoi", "Total 46.65", "Café crème"),
    "doc-b": ("GERBANG ALAF RESTAURANTS SDN BHD", "Golden Arches", "Total 8.20", "AND OR NOT NEAR"),
    "doc-c": ("MR D.I.Y. (M) SDN BHD", "Invoice ES-F00009/2018", "Cash 46.65", "Total 46.65"),
}


@pytest.fixture
async def store(tmp_path: Path) -> Parts:
    """The three pages, published; the catalog stays open for the test."""
    parts = await filled(tmp_path)
    assert parts.lexical is not None
    return parts


async def filled(folder: Path) -> Parts:
    with open_parts(folder) as parts:
        for name, lines in PAGES.items():
            await put(parts.writer, make_document(name, pages=1), [make_page(name, 1, *lines)])
    return parts


@pytest.fixture
def lexical(store: Parts) -> Iterator[LexicalIndex]:
    found = store.lexical
    assert isinstance(found, SqliteLexical)
    yield found
    found._readers.close()


async def documents(lexical: LexicalIndex, query: str) -> list[str]:
    return [s.ref.document_id for s in await lexical.search_pages(query, 10)]


async def test_pages_come_by_bm25(lexical: LexicalIndex) -> None:
    assert (await documents(lexical, "golden arches total"))[0] == "doc-b"
    assert (await documents(lexical, "cash 46.65"))[0] == "doc-c"
    assert await documents(lexical, "nothing of the kind zzz") == []
    scores = [s.score for s in await lexical.search_pages("total 46.65 cash", 10)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0


async def test_elements_come_by_bm25_and_within_documents(lexical: LexicalIndex) -> None:
    assert len(await lexical.search_elements("total", 10)) == 3
    assert len(await lexical.search_elements("total", 2)) == 2
    assert len(await lexical.search_elements("total", 10, documents=["doc-a", "doc-b"])) == 2
    assert await lexical.search_elements("total", 10, documents=[]) == ()
    assert await lexical.search_elements("golden", 10, documents=["doc-a"]) == ()
    assert [s.ref.document_id for s in await lexical.search_pages("total", 10, documents=["doc-c"])] == ["doc-c"]


async def test_accents_and_case_do_not_matter(lexical: LexicalIndex) -> None:
    assert await documents(lexical, "CAFE CREME") == ["doc-a"]
    assert await documents(lexical, "café") == ["doc-a"]


OPERATORS = ["AND", '"', "NEAR(", "a* OR", "text:", "-", "^total", "()", "", " ", "'; DROP TABLE page", "\udc80"]


@pytest.mark.parametrize("query", OPERATORS)
async def test_operators_have_no_meaning(lexical: LexicalIndex, query: str) -> None:
    for found in (await lexical.search_elements(query, 5), await lexical.search_pages(query, 5)):
        assert isinstance(found, tuple)
    await lexical.search_names(query, 5)
    assert (await documents(lexical, "golden"))[0] == "doc-b"


async def test_words_that_operators_are_made_of_are_words(lexical: LexicalIndex) -> None:
    assert await documents(lexical, "NOT NEAR") == ["doc-b"]


async def test_a_name_is_found_in_spite_of_ocr_errors(lexical: LexicalIndex) -> None:
    async def best(name: str) -> tuple[str, float]:
        found = (await lexical.search_names(name, 3))[0]
        return found.ref.document_id, found.score

    assert await best("Unihakka International Sdn. Bhd.") == ("doc-a", 1.0)
    assert await best("UNlHAKKA lNTERNATIONAL") == ("doc-a", 1.0)
    assert await best("mr diy") == ("doc-c", 1.0)
    document, score = await best("Gerbang Alaf Restaurant Sdn Bhd")
    assert document == "doc-b"
    assert 0.8 < score < 1
    assert (await lexical.search_names("mr diy", 3, documents=["doc-a", "doc-c"]))[0].ref.document_id == "doc-c"
    within = await lexical.search_names("mr diy", 3, documents=["doc-a"])
    assert {found.ref.document_id for found in within} <= {"doc-a"}
    assert await lexical.search_names("mr diy", 3, documents=[]) == ()
    assert await lexical.search_names("ab", 5) == ()
    assert await lexical.search_names("qqqqqq wwwwww", 5) == ()


async def test_values_are_found_by_any_normal_form(lexical: LexicalIndex) -> None:
    found = await lexical.search_values(["46.65", "1"])
    assert [(v.document_id, v.text, v.words) for v in found] == [
        ("doc-a", "46.65", (8,)),
        ("doc-c", "46.65", (8,)),
        ("doc-c", "46.65", (10,)),
    ]
    assert await lexical.search_values(["46.65"], kinds=[ValueKind.DATE]) == ()
    assert len(await lexical.search_values(["46.65"], kinds=[ValueKind.AMOUNT], documents=["doc-a"])) == 1
    assert await lexical.search_values([]) == ()


def test_what_a_query_becomes() -> None:
    assert match_any("What is the total of the receipt?") == '"total" OR "receipt"'
    assert match_any("what is it") == '"what" OR "is" OR "it"'
    assert match_any("46.65 on 04/03/2018") == '"46.65" OR "46" OR "65" OR "04/03/2018" OR "04" OR "03" OR "2018"'
    assert match_any("?!") is None


def test_squashing() -> None:
    assert squash("A8C l0 Sdn. Bhd") == squash("ABC IO SDN BHD") == "abciosdnbhd"
    assert squash("Café — 日本") == "cafe日本"
    assert trigrams("abab") == ("aba", "bab")
    assert trigrams("ab") == ()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzzed")
    asyncio.run(filled(folder))
    return folder


@settings(max_examples=150, deadline=None)
@given(query=st.text(st.characters(), max_size=60))
async def test_any_text_is_a_query(fuzzed: Path, query: str) -> None:
    with open_parts(fuzzed) as opened:
        assert opened.lexical is not None
        await opened.lexical.search_elements(query, 5)
        await opened.lexical.search_pages(query, 5)
        assert all(0 <= s.score <= 1 for s in await opened.lexical.search_names(query, 5))
        await opened.lexical.search_values([query])
