"""Whatever is done to a store, in whatever order: it fits together, and it holds what the plain statement says."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from store_support import Parts, make_document, make_page, open_parts, stage

from mmrag.domain.documents import DocumentStatus
from mmrag.errors import StoreError
from mmrag.ports import PageRef
from mmrag.retrieval.index import IndexKeeper
from mmrag.testing import MemoryCatalog, MemoryVectors, inconsistencies

T = TypeVar("T")
NAMES = st.sampled_from(["doc-a", "doc-b", "doc-c"])
PLACES = st.sampled_from(["/in/1", "/in/2"])
RECIPES = st.sampled_from(["r1", "r2"])
LINES = st.lists(st.sampled_from(["Total 46.65", "Tax 1.10", "AND OR", "l0 Sdn Bhd", "", "ﷺ 日本 \udc80"]), max_size=3)


class Store(RuleBasedStateMachine):
    """The real catalog beside the one in memory; both are told the same."""

    @initialize(keeps=st.booleans())
    def open(self, keeps: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mmrag-property-"))
        self.runner = asyncio.Runner()
        self.stack = ExitStack()
        self.keeps = keeps
        self.real: Parts = self.stack.enter_context(open_parts(self.folder, keeps=keeps))
        self.plain = MemoryCatalog()
        self.index = MemoryVectors()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def both(self, name: str, *arguments: object) -> None:
        outcomes = []
        for writer in (self.real.writer, self.plain):
            try:
                self.run(getattr(writer, name)(*arguments))
                outcomes.append("done")
            except StoreError:
                outcomes.append("refused")
        assert outcomes[0] == outcomes[1], (name, arguments)

    @rule(name=NAMES, number=st.integers(1, 3), lines=LINES, recipe=RECIPES)
    def stage_page(self, name: str, number: int, lines: list[str], recipe: str) -> None:
        page = make_page(name, number, *lines, image=("ab" * 32)[:63] + str(number))
        for writer in (self.real.writer, self.plain):
            self.run(stage(writer, page, recipe=recipe))

    @rule(name=NAMES, lines=LINES, pages=st.integers(1, 3), place=PLACES, recipe=RECIPES)
    def ingest(self, name: str, lines: list[str], pages: int, place: str, recipe: str) -> None:
        for number in range(1, pages + 1):
            self.stage_page(name, number, lines, recipe)
        self.publish(name, pages, place, recipe)

    @rule(name=NAMES, pages=st.integers(1, 3), place=PLACES, recipe=RECIPES)
    def publish(self, name: str, pages: int, place: str, recipe: str) -> None:
        self.both("publish", make_document(name, pages=pages, location=place, recipe=recipe))

    @rule(name=NAMES, place=PLACES)
    def quarantine(self, name: str, place: str) -> None:
        document = replace(make_document(name, pages=0, location=place), status=DocumentStatus.QUARANTINED)
        self.both("quarantine", document)

    @rule(names=st.lists(NAMES, max_size=2))
    def remove(self, names: list[str]) -> None:
        self.both("remove", names)

    @rule()
    def sweep(self) -> None:
        self.run(self.real.writer.sweep())

    @rule()
    def reopen(self) -> None:
        self.stack.close()
        self.real = self.stack.enter_context(open_parts(self.folder, keeps=self.keeps))

    @rule()
    def drain(self) -> None:
        self.run(IndexKeeper(self.real.feed, self.index).drain())
        assert self.run(self.index.ids()) == self.run(self.plain.vector_ids())

    @invariant()
    def fits_together(self) -> None:
        if hasattr(self, "folder"):
            assert inconsistencies(self.folder) == ()

    @invariant()
    def says_the_same(self) -> None:
        if not hasattr(self, "folder"):
            return
        assert self.run(self.real.catalog.counts()) == self.run(self.plain.counts())
        documents = self.run(self.plain.documents())
        assert self.run(self.real.catalog.documents()) == documents
        assert dict(self.run(self.real.writer.known())) == dict(self.run(self.plain.known()))
        assert self.run(self.real.feed.vector_ids()) == self.run(self.plain.vector_ids())
        for document in documents:
            for number in range(1, 4):
                ref = PageRef(document_id=document.id, page=number)
                a, b = self.run(self.real.catalog.page(ref)), self.run(self.plain.page(ref))
                assert (a is None) == (b is None)
                if a is not None and b is not None:
                    assert a.words == b.words
                    assert [e.id for e in a.elements] == [e.id for e in b.elements]

    @invariant()
    def finds_what_is_published_and_nothing_else(self) -> None:
        if not hasattr(self, "folder") or self.real.lexical is None:
            return
        documents = self.run(self.plain.documents())
        refs = [PageRef(document_id=d.id, page=n) for d in documents for n in range(1, d.pages + 1)]
        pages = [page for ref in refs if (page := self.run(self.plain.page(ref))) is not None]
        wanted = {e.id for page in pages for e in page.elements if "Total" in e.text}
        assert {s.id for s in self.run(self.real.lexical.search_elements("total", 100))} == wanted
        by_value = {v.element_id for v in self.run(self.real.lexical.search_values(["46.65"]))}
        assert by_value == wanted
        named = self.run(self.real.lexical.search_names("IO SDN. BHD", 100))
        best = {s.ref for s in named if s.score == 1.0}
        assert best == {PageRef(document_id=p.document_id, page=p.number) for p in pages if "Sdn" in p.text}

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.stack.close()
            self.runner.close()
            shutil.rmtree(self.folder)


Store.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestStore = Store.TestCase
