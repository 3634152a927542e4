"""A catalog that remembers: what it gives is what is stored, whenever the store changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from store_support import make_document, make_page, open_parts, put

from mmrag.adapters.catalog.kept import KeptCatalog
from mmrag.domain.documents import Document, Element, Page
from mmrag.ports import PageRef
from mmrag.testing import MemoryCatalog

pytestmark = pytest.mark.usefixtures("loop_guard")

REF = PageRef(document_id="doc-a", page=1)


class Counted(MemoryCatalog):
    """Counts how often it is asked for a page or a document, or for elements by their ids or pages."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def page(self, ref: PageRef) -> Page | None:
        self.asked.append(f"page {ref.page}")
        return await super().page(ref)

    async def document(self, document_id: str) -> Document | None:
        self.asked.append(document_id)
        return await super().document(document_id)

    async def elements(self, ids: Sequence[str]) -> tuple[Element, ...]:
        self.asked.append(f"{len(ids)} elements")
        return await super().elements(ids)

    async def elements_of(self, pages: Sequence[PageRef]) -> tuple[Element, ...]:
        self.asked.append(f"elements of {len(pages)} pages")
        found = [await super(Counted, self).page(ref) for ref in pages]
        return tuple(e for page in found if page is not None for e in page.elements)


class Files:
    """The stamps of two files, at an hour of the clock."""

    def __init__(self) -> None:
        self.changed_ns = 1_000_000_000
        self.now_s = 100.0

    def stamps(self) -> tuple[int, ...]:
        return (self.changed_ns, 10, 0, 0)

    def now(self) -> float:
        return self.now_s


async def kept_over(pages: Sequence[Page]) -> tuple[Counted, Files, KeptCatalog]:
    inner, files = Counted(), Files()
    await put(inner, make_document("doc-a", pages=len(pages)), pages)
    return inner, files, KeptCatalog(inner, files.stamps, now=files.now)


async def test_what_was_read_is_not_read_again() -> None:
    page = make_page("doc-a", 1, "one", "two")
    inner, _, kept = await kept_over([page])
    ids = [e.id for e in page.elements]
    for _ in range(3):
        assert await kept.elements([*reversed(ids)]) == tuple(reversed(page.elements))
        assert await kept.elements_of([REF]) == page.elements
        assert await kept.page(REF) == page
        assert await kept.document("doc-a") == make_document("doc-a", pages=1)
    assert inner.asked == ["2 elements", "elements of 1 pages", "page 1", "doc-a"]


async def test_only_what_is_missing_is_asked_for_and_what_is_not_there_is_asked_for_again() -> None:
    page = make_page("doc-a", 1, "one", "two")
    inner, _, kept = await kept_over([page])
    first, second = page.elements
    assert await kept.elements([first.id]) == (first,)
    for _ in range(2):
        assert await kept.elements([second.id, "no-such", first.id]) == (second, first)
    assert inner.asked == ["1 elements", "2 elements", "1 elements"]


async def test_files_that_change_are_read_anew() -> None:
    page = make_page("doc-a", 1, "one")
    inner, files, kept = await kept_over([page])
    assert await kept.page(REF) == page
    await inner.remove(["doc-a"])
    files.changed_ns += 1
    assert await kept.page(REF) is None


async def test_a_change_while_reading_leaves_nothing_of_the_old_state() -> None:
    page = make_page("doc-a", 1, "one", "two")
    inner, files, kept = await kept_over([page])
    first, second = page.elements
    assert await kept.elements([first.id]) == (first,)

    async def replaced(ids: Sequence[str]) -> tuple[Element, ...]:
        files.changed_ns += 1
        inner.elements = plain  # type: ignore[method-assign]
        await inner.remove(["doc-a"])
        return (second,)

    plain = inner.elements
    inner.elements = replaced  # type: ignore[method-assign]
    assert await kept.elements([first.id, second.id]) == (), "all of the new state, and not half of each"


async def test_what_was_changed_a_moment_ago_is_not_remembered() -> None:
    page = make_page("doc-a", 1, "one")
    inner, files, kept = await kept_over([page])
    files.now_s = 2.5  # a second and a half after the change: another one may bear the same time
    for _ in range(2):
        assert await kept.page(REF) == page
        assert await kept.elements([page.elements[0].id]) == page.elements
        assert await kept.elements_of([REF]) == page.elements
    assert inner.asked == 2 * ["page 1", "1 elements", "elements of 1 pages"]


async def test_a_page_replaced_on_disk_is_seen(tmp_path: Path) -> None:
    with open_parts(tmp_path, keeps=True) as parts:
        first, second = make_page("doc-a", 1, "first"), make_page("doc-b", 1, "second")
        await put(parts.writer, make_document("doc-a", pages=1, location="/in/x.pdf"), [first])
        assert await parts.catalog.page(REF) == first
        assert await parts.catalog.elements([first.elements[0].id]) == first.elements
        await put(parts.writer, make_document("doc-b", pages=1, location="/in/x.pdf"), [second])
        assert await parts.catalog.page(REF) is None
        assert await parts.catalog.elements([first.elements[0].id, second.elements[0].id]) == second.elements
        assert await parts.catalog.elements_of([REF, PageRef(document_id="doc-b", page=1)]) == second.elements
        assert await parts.catalog.document("doc-a") is None


async def test_pages_used_least_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmrag.adapters.catalog.kept._WORDS", 7)  # two pages of two words, each with one more for itself
    pages = [make_page("doc-a", n, "one two") for n in (1, 2, 3)]
    inner, _, kept = await kept_over(pages)
    refs = [PageRef(document_id="doc-a", page=n) for n in (1, 2, 3)]
    for ref in (refs[0], refs[1], refs[0], refs[2], refs[0], refs[1]):
        await kept.page(ref)
    assert inner.asked == ["page 1", "page 2", "page 3", "page 2"], "page 1 was used more lately than page 2"
