"""The pages that were read last, as they were laid out."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from mmrag.agent.reading.labels import LabelIndex
from mmrag.agent.reading.layout import Layout
from mmrag.domain.documents import Page


class LaidOutPages:
    """The label indexes of the pages used last, as many as have ``words`` together. Threads may share one."""

    def __init__(self, *, words: int) -> None:
        self._room = words
        self._held = 0
        self._pages: OrderedDict[tuple[str, int], LabelIndex] = OrderedDict()
        self._turn = Lock()

    def of(self, page: Page) -> LabelIndex:
        """The labels of ``page``: those kept when the same page was read before."""
        key = (page.document_id, page.number)
        with self._turn:
            kept = self._pages.get(key)
            if kept is not None:
                self._pages.move_to_end(key)
        # A page may have been read anew meanwhile, or lack words that address a model: the same is what has the same words.
        if kept is None or (kept.layout.page is not page and kept.layout.page != page):
            kept = LabelIndex(Layout(page))
            self._keep(key, kept)
        return kept

    def _keep(self, key: tuple[str, int], made: LabelIndex) -> None:
        with self._turn:
            old = self._pages.pop(key, None)
            self._pages[key] = made
            self._held += _weight(made) - (0 if old is None else _weight(old))
            while self._held > self._room and len(self._pages) > 1:
                self._held -= _weight(self._pages.popitem(last=False)[1])


def _weight(index: LabelIndex) -> int:
    return len(index.layout.page.words) + 1
