"""What every catalog does: nothing is seen before it is published, and then all of it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from store_support import Parts, make_document, make_page, make_summary, put, stage, vectors_of

from mmrag.domain.documents import Cell, DocumentStatus, Element, ElementKind, ElementPlace, ReadReport, element_id
from mmrag.domain.geometry import BBox, Polygon
from mmrag.errors import StoreError
from mmrag.ports import PageRef, StoreCounts

pytestmark = pytest.mark.usefixtures("loop_guard")

NOTHING = StoreCounts(documents=0, quarantined=0, pages=0, elements=0, vectors=0)


async def test_staged_pages_are_not_seen_and_publishing_shows_them_all(parts: Parts) -> None:
    pages = [make_page("doc-a", n, f"page {n}", "Total 46.65") for n in (1, 2)]
    for page in pages:
        await stage(parts.writer, page)
        assert await parts.catalog.counts() == NOTHING
        assert await parts.catalog.page(PageRef(document_id="doc-a", page=1)) is None
        assert await parts.catalog.elements([pages[0].elements[0].id]) == ()
        assert await parts.feed.pending(10) == ()
    await parts.writer.publish(make_document("doc-a", pages=2))
    assert await parts.catalog.counts() == StoreCounts(documents=1, quarantined=0, pages=2, elements=4, vectors=4)
    for page in pages:
        assert await parts.catalog.page(PageRef(document_id="doc-a", page=page.number)) == page
    assert len(await parts.feed.pending(10)) == 4


async def test_a_page_comes_back_as_it_went_in(parts: Parts) -> None:
    plain = make_page("doc-a", 1, "Ünïcode ﷽ 日本 \u202etext", "b c", image="a" * 64)
    words = (
        replace(plain.words[0], polygon=Polygon(((0.1, 0.2), (1 / 3, 0.2), (0.3, 0.25))), confidence=0.123456789),
        replace(plain.words[1], text="half \ud800 a surrogate"),
        *plain.words[2:],
    )
    table = Element(
        id=element_id("doc-a", 1, 2, ElementKind.TABLE, "x"),
        document_id="doc-a",
        page=1,
        ordinal=2,
        kind=ElementKind.TABLE,
        bbox=BBox(0, 0.1, 1, 1),
        text="x",
        words=(0, 1, 2, 4),
        confidence=0.5,
        label="Total",
        value="46.65",
        cells=(
            Cell(row=0, column=0, text="h", bbox=BBox(0, 0.1, 0.5, 0.2), words=(0,), is_header=True, column_span=2),
            Cell(row=1, column=1, text="", bbox=BBox(0.5, 0.2, 1, 1)),
            Cell(row=2, column=1, text="42", bbox=BBox(0.5, 0.3, 1, 1), error=0.5),
        ),
        section=("1 Sums", "1.1 Details"),
        author="model-x",
    )
    page = replace(plain, words=words, elements=(*plain.elements, table), warnings=("turned by 90 degrees",), language="de")
    await put(parts.writer, make_document("doc-a", pages=1), [page])
    assert await parts.catalog.page(PageRef(document_id="doc-a", page=1)) == page
    assert await parts.catalog.elements([table.id]) == (table,)


async def test_a_document_comes_back_as_it_went_in(parts: Parts) -> None:
    report = ReadReport(
        pages_ocr=1, mean_ocr_confidence=0.97, unreadable_pages=(1,), warnings=("w",), seconds=1.5, elements=1
    )
    document = replace(make_document("doc-a", pages=1), report=report, name="odd \udcff name.pdf", location="/in/odd \udcff")
    await put(parts.writer, document, [make_page("doc-a", 1, "x")])
    assert await parts.catalog.document("doc-a") == document
    assert await parts.catalog.documents() == (document,)
    assert await parts.writer.known() == {document.location: document}
    assert await parts.catalog.document("doc-b") is None


async def test_elements_come_in_the_order_asked_for(parts: Parts) -> None:
    page = make_page("doc-a", 1, "a", "b", "c")
    await put(parts.writer, make_document("doc-a", pages=1), [page])
    a, b, c = page.elements
    assert await parts.catalog.elements([c.id, "el-none", a.id]) == (c, a)
    refs = [PageRef(document_id="doc-none", page=1), PageRef(document_id="doc-a", page=1)]
    assert await parts.catalog.elements_of(refs) == (a, b, c)
    stand = tuple(ElementPlace(e.id, e.document_id, e.page, e.ordinal, e.kind) for e in (a, b, c))
    assert await parts.catalog.places_of(refs) == stand
    assert await parts.catalog.places([c.id, "no-such", a.id]) == (stand[2], stand[0])


async def test_documents_are_listed_by_name(parts: Parts) -> None:
    for name in ("doc-c", "doc-a", "doc-b"):
        await put(parts.writer, make_document(name, pages=1), [make_page(name, 1, "x")])
    assert [d.id for d in await parts.catalog.documents()] == ["doc-a", "doc-b", "doc-c"]


async def test_a_new_version_at_the_same_location_replaces_the_old_one(parts: Parts) -> None:
    old, new = make_page("doc-old", 1, "old"), make_page("doc-new", 1, "new")
    await put(parts.writer, make_document("doc-old", pages=1, location="/in/a"), [old])
    await parts.feed.acknowledge([c.sequence for c in await parts.feed.pending(10)])
    await put(parts.writer, make_document("doc-new", pages=1, location="/in/a"), [new])
    assert [d.id for d in await parts.catalog.documents()] == ["doc-new"]
    assert await parts.catalog.elements([old.elements[0].id]) == ()
    changes = {c.element_id: c.record is None for c in await parts.feed.pending(10)}
    assert changes == {old.elements[0].id: True, new.elements[0].id: False}


async def test_reading_again_by_another_recipe_replaces(parts: Parts) -> None:
    same = make_page("doc-a", 1, "kept line", "dropped line")
    await put(parts.writer, make_document("doc-a", pages=1), [same])
    again = make_page("doc-a", 1, "kept line")
    await stage(parts.writer, again, recipe="r2")
    assert await parts.catalog.page(PageRef(document_id="doc-a", page=1)) == same
    await parts.writer.publish(make_document("doc-a", pages=1, recipe="r2"))
    assert await parts.catalog.page(PageRef(document_id="doc-a", page=1)) == again
    changes = {c.element_id: c.record is None for c in await parts.feed.pending(10)}
    assert changes == {same.elements[0].id: False, same.elements[1].id: True}


async def test_an_interrupted_document_goes_on_where_it_stopped(parts: Parts) -> None:
    for n in (1, 2, 4):
        await stage(parts.writer, make_page("doc-a", n, f"page {n}"))
    assert await parts.writer.staged_pages("doc-a", "r1") == 2
    assert await parts.writer.staged_pages("doc-a", "r2") == 0
    assert await parts.writer.staged_pages("doc-b", "r1") == 0
    assert await parts.writer.staged_page(PageRef(document_id="doc-a", page=2), "r1") == make_page("doc-a", 2, "page 2")
    assert await parts.writer.staged_page(PageRef(document_id="doc-a", page=3), "r1") is None


async def test_a_page_staged_twice_is_there_once(parts: Parts) -> None:
    await stage(parts.writer, make_page("doc-a", 1, "first try", "more"))
    page = make_page("doc-a", 1, "second try")
    await put(parts.writer, make_document("doc-a", pages=1), [page])
    assert await parts.catalog.page(PageRef(document_id="doc-a", page=1)) == page
    assert (await parts.catalog.counts()).elements == 1


async def test_a_document_with_pages_missing_cannot_be_published(parts: Parts) -> None:
    await stage(parts.writer, make_page("doc-a", 1, "x"))
    for document in (make_document("doc-a", pages=2), make_document("doc-b", pages=1)):
        with pytest.raises(StoreError):
            await parts.writer.publish(document)
    assert await parts.catalog.counts() == NOTHING


async def test_quarantine_drops_what_was_there(parts: Parts) -> None:
    await put(parts.writer, make_document("doc-old", pages=1, location="/in/a"), [make_page("doc-old", 1, "x")])
    await stage(parts.writer, make_page("doc-new", 1, "y"))
    await parts.writer.quarantine(make_document("doc-new", pages=0, location="/in/a"))
    assert await parts.catalog.counts() == replace(NOTHING, quarantined=1)
    (document,) = await parts.catalog.documents()
    assert (document.status, document.reason) == (DocumentStatus.QUARANTINED, "it is broken")
    assert await parts.writer.staged_pages("doc-new", "r1") == 0
    assert [c.record for c in await parts.feed.pending(10)] == [None]


async def test_a_document_out_of_quarantine(parts: Parts) -> None:
    await parts.writer.quarantine(make_document("doc-a", pages=0))
    await put(parts.writer, make_document("doc-a", pages=1), [make_page("doc-a", 1, "x")])
    assert await parts.catalog.counts() == replace(NOTHING, documents=1, pages=1, elements=1, vectors=1)


async def test_the_same_document_at_two_locations_is_one(parts: Parts) -> None:
    page = make_page("doc-a", 1, "x")
    for location in ("/in/b", "/in/a"):
        await put(parts.writer, make_document("doc-a", pages=1, location=location), [page])
    assert (await parts.catalog.counts()).documents == 1
    assert set(await parts.writer.known()) == {"/in/a", "/in/b"}
    await put(parts.writer, make_document("doc-b", pages=1, location="/in/a"), [make_page("doc-b", 1, "y")])
    assert {d.id: d.location for d in await parts.catalog.documents()} == {"doc-a": "/in/b", "doc-b": "/in/a"}


async def test_removing(parts: Parts) -> None:
    for name in ("doc-a", "doc-b"):
        await put(parts.writer, make_document(name, pages=1), [make_page(name, 1, "x")])
    await parts.writer.remove(["doc-a", "doc-none"])
    assert [d.id for d in await parts.catalog.documents()] == ["doc-b"]
    assert set(await parts.writer.known()) == {"/in/doc-b.pdf"}
    assert len(await parts.feed.vector_ids()) == 1


async def test_sweep_names_the_images_that_nothing_refers_to(parts: Parts) -> None:
    shared, own = "5" * 64, "0" * 64
    await put(parts.writer, make_document("doc-a", pages=2), [
        make_page("doc-a", 1, "x", image=own), make_page("doc-a", 2, "x", image=shared)
    ])  # fmt: skip
    await put(parts.writer, make_document("doc-b", pages=1), [make_page("doc-b", 1, "x", image=shared)])
    await stage(parts.writer, make_page("doc-c", 1, "x", image="c" * 64))
    assert await parts.writer.sweep() == ()
    await parts.writer.remove(["doc-a"])
    assert await parts.writer.sweep() == (own,)
    await stage(parts.writer, make_page("doc-d", 1, "x", image=own))
    assert await parts.writer.sweep() == ()


async def test_the_feed_gives_every_vector_once(parts: Parts) -> None:
    pages = [make_page("doc-a", n, *(f"line {i}" for i in range(5))) for n in (1, 2, 3)]
    await put(parts.writer, make_document("doc-a", pages=3), pages)
    batches = [batch async for batch in parts.feed.vectors(4)]
    assert max(map(len, batches)) <= 4
    records = {r.element_id: r for batch in batches for r in batch}
    expected = {r.element_id: r for page in pages for r in vectors_of(page)}
    assert records.keys() == expected.keys() == await parts.feed.vector_ids()
    for id_, record in records.items():
        wanted = expected[id_]
        assert (record.document_id, record.page, record.kind) == (wanted.document_id, wanted.page, wanted.kind)
        assert list(record.vector) == pytest.approx(list(wanted.vector), abs=1e-6)


async def test_the_outbox_goes_in_order_and_forgets_what_was_acknowledged(parts: Parts) -> None:
    await put(parts.writer, make_document("doc-a", pages=1), [make_page("doc-a", 1, "a", "b", "c")])
    changes = await parts.feed.pending(2)
    assert [c.sequence for c in changes] == sorted(c.sequence for c in changes)
    await parts.feed.acknowledge([c.sequence for c in changes])
    (last,) = await parts.feed.pending(10)
    assert last.element_id not in {c.element_id for c in changes}
    await parts.feed.requeue_all()
    assert len(await parts.feed.pending(10)) == 3


async def test_a_change_after_pending_survives_its_acknowledgement(parts: Parts) -> None:
    await put(parts.writer, make_document("doc-a", pages=1), [make_page("doc-a", 1, "a")])
    taken = await parts.feed.pending(10)
    await parts.writer.remove(["doc-a"])
    await parts.feed.acknowledge([c.sequence for c in taken])
    (change,) = await parts.feed.pending(10)
    assert change.record is None


async def test_summaries_are_searched_by_themselves(parts: Parts) -> None:
    assert parts.summaries is not None
    plain = make_page("doc-a", 1, "invoice total")
    page = replace(plain, elements=(*plain.elements, make_summary(plain, "an invoice for paper")))
    await stage(parts.writer, page)
    assert await parts.summaries.matching("invoice", 5) == ()
    await parts.writer.publish(make_document("doc-a", pages=1))
    await put(parts.writer, make_document("doc-b", pages=1), [make_page("doc-b", 1, "an invoice")])
    summary = page.elements[-1]
    assert [s.id for s in await parts.summaries.matching("invoice paper", 5)] == [summary.id]
    assert await parts.summaries.matching("invoice", 5, documents=["doc-b"]) == ()
    vector = next(v.vector for v in vectors_of(page) if v.element_id == summary.id)
    (near,) = await parts.summaries.near(vector, 5, documents=["doc-a"])
    assert (near.id, round(near.score, 5)) == (summary.id, 1.0)
    assert await parts.summaries.near(vector, 5, documents=["doc-b"]) == ()
    assert summary.id not in await parts.feed.vector_ids()
    assert summary.id not in {change.element_id for change in await parts.feed.pending(9)}
    if parts.lexical is not None:
        assert summary.id not in {s.id for s in await parts.lexical.search_elements("invoice", 9)}
    await parts.writer.remove(["doc-a"])
    assert await parts.summaries.matching("invoice", 5) == await parts.summaries.near(vector, 5) == ()


async def test_a_summary_takes_the_place_of_another(parts: Parts) -> None:
    assert parts.summaries is not None
    plain = make_page("doc-a", 1, "invoice total")
    first, whole = make_summary(plain, "an invoice for paper"), make_summary(plain, "of paper", of_document=True)
    whole = replace(whole, ordinal=first.ordinal + 1)
    page = replace(plain, elements=(*plain.elements, first, whole))
    document = make_document("doc-a", pages=1)
    await put(parts.writer, document, [page])
    await put(parts.writer, make_document("doc-b", pages=1), [make_page("doc-b", 1, "x")])
    assert await parts.writer.summarised_otherwise(("test",)) == ()
    assert await parts.writer.summarised_otherwise(("model", "extract")) == ("doc-a",)
    told = replace(make_summary(plain, "a bill from a mill"), author="model")
    (vector,) = [v for v in vectors_of(replace(plain, elements=(told,))) if v.element_id == told.id]
    warned = replace(document, report=replace(document.report, warnings=("1 summary was kept",)))
    pending = {change.element_id for change in await parts.feed.pending(99)}
    await parts.writer.replace_summaries(warned, [told], [vector])
    assert await parts.summaries.matching("invoice", 5) == ()
    assert [s.id for s in await parts.summaries.matching("mill", 5)] == [told.id]
    assert [s.id for s in await parts.summaries.near(vector.vector, 1)] == [told.id]
    stored = await parts.catalog.page(PageRef(document_id="doc-a", page=1))
    assert stored is not None
    assert {e.id for e in stored.elements} == {e.id for e in (*plain.elements, told, whole)}
    assert await parts.writer.summarised_otherwise(("model", "test")) == ()
    assert await parts.writer.summarised_otherwise(("model",)) == ("doc-a",)
    again = await parts.catalog.document("doc-a")
    assert again is not None
    assert again.report.warnings == ("1 summary was kept",)
    assert {change.element_id for change in await parts.feed.pending(99)} == pending, "no vector index follows summaries"
    with pytest.raises(StoreError):
        await parts.writer.replace_summaries(warned, [replace(told, page=7)], [vector])
    await parts.writer.remove(["doc-a"])
    assert await parts.summaries.matching("mill", 5) == ()


async def test_what_is_printed_is_counted(parts: Parts) -> None:
    plain = make_page("doc-a", 1, "Invoice for paper", "due soon")
    page = replace(plain, elements=(*plain.elements, make_summary(plain, "an invoice for paper")))
    await put(parts.writer, make_document("doc-a", pages=1), [page])
    assert (await parts.catalog.counts()).elements == len(page.printed) == 2


async def test_a_document_has_one_summary(parts: Parts) -> None:
    assert parts.summaries is not None
    page = make_page("doc-a", 1, "x")
    await stage(parts.writer, page)
    for text in ("older words", "newer words"):
        summary = make_summary(page, text, of_document=True)
        vector = replace(vectors_of(page)[0], element_id=summary.id, kind=summary.kind.value)
        await parts.writer.stage_summary(summary, recipe="r1", vector=vector)
    await parts.writer.publish(make_document("doc-a", pages=1))
    shown = await parts.catalog.page(PageRef(document_id="doc-a", page=1))
    assert shown is not None
    assert [e.text for e in shown.elements] == ["x", "newer words"]
    assert shown.elements[-1].is_of_document
    assert [s.id for s in await parts.summaries.matching("words", 5)] == [shown.elements[-1].id]
    missing = make_summary(make_page("doc-b", 1, "y"), "of nothing", of_document=True)
    with pytest.raises(StoreError):
        await parts.writer.stage_summary(missing, recipe="r1", vector=vector)


async def test_pages_in_a_language(parts: Parts) -> None:
    pages = [replace(make_page("doc-a", n, "x"), language=code) for n, code in ((1, "de"), (2, None), (3, "en"))]
    await put(parts.writer, make_document("doc-a", pages=3), pages)
    found = await parts.catalog.pages_in_language(["de", "fr"])
    assert [(ref.document_id, ref.page) for ref in found] == [("doc-a", 1)]
