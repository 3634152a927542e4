"""What stays on this machine: no page that shows one of ``ask.keep_local`` reaches a model elsewhere, whoever asks it.

Every request says which pages are in it (``ChatRequest.pages``); one that does not is kept like a page that nobody has
looked at. So a caller that forgets is refused, and nothing leaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mmrag.domain.documents import PageRef
from mmrag.domain.messages import ChatRequest, Reply
from mmrag.errors import MMRagError, PageStaysError
from mmrag.ports import Catalog, ChatModel, OnDelta, Topics

_UNSAID = "nobody has said which pages are in it"
_UNSEEN = "nothing here can tell what its pages show (docs/security.md says what can)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Says which pages stay: those that show one of ``keep``, and those of which nobody can tell what they show.

    ``topics`` looks at pages, None where nothing here can. Nothing stays when ``keep`` is empty.
    """

    keep: frozenset[str]
    topics: Topics | None
    catalog: Catalog

    async def staying(self, pages: Iterable[PageRef]) -> Mapping[PageRef, frozenset[str]]:
        """Those of ``pages`` that stay, each with what it shows of ``keep``: nothing where that cannot be told."""
        if not self.keep:
            return {}
        refs = tuple(dict.fromkeys(pages))
        stays: dict[PageRef, frozenset[str]] = {}
        for ref, shown in zip(refs, await self._shown(refs), strict=True):
            if shown is None:
                stays[ref] = frozenset()
            elif found := shown & self.keep:
                stays[ref] = found
        return stays

    async def why(self, pages: Sequence[PageRef] | None) -> str:
        """Why a request with ``pages`` may not leave this machine, None for one that does not say; empty when it may."""
        if not self.keep:
            return ""
        if pages is None:
            return _UNSAID
        stays = await self.staying(pages)
        if not stays:
            return ""
        shown = frozenset[str]().union(*stays.values())
        return f"a page shows {', '.join(sorted(shown))}" if shown else _UNSEEN

    async def _shown(self, refs: Sequence[PageRef]) -> Sequence[frozenset[str] | None]:
        if self.topics is None:
            return [None] * len(refs)
        shown: list[frozenset[str] | None] = []
        for ref in refs:
            page = await self.catalog.page(ref)
            try:
                seen = (None,) if page is None else await self.topics.shown_on([page])
            except MMRagError:  # a picture that is gone or a model that fails: nobody can tell
                seen = (None,)
            shown.append(seen[0])
        return shown


class StaysHere:
    """In front of the model of ``tier``, which is elsewhere: what has to stay is not sent.

    ``told`` are pages that are in every request: a question that was put together from earlier answers holds what those say.
    None: which, is not known.
    """

    def __init__(self, model: ChatModel, *, tier: str, keeper: Keeper, told: tuple[PageRef, ...] | None = ()) -> None:
        self._model = model
        self._tier = tier
        self._told = told
        self.keeper = keeper

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises ``PageStaysError`` when a page has to stay, before anything is sent; and what the model raises."""
        why = await self.why(request.pages)
        if why:
            raise PageStaysError(
                f"A request was not sent to {self._tier}: {why}, and ask.keep_local keeps such pages on this machine."
            )
        return await self._model.reply(request, on_delta)

    async def why(self, pages: Sequence[PageRef] | None) -> str:
        """Why a request with ``pages`` would be refused, empty when it would not."""
        return await self.keeper.why(None if pages is None or self._told is None else (*pages, *self._told))


async def kept_back(model: ChatModel, pages: Sequence[PageRef] | None) -> bool:
    """True when ``model`` may not be shown ``pages``: whoever can choose takes another one."""
    return isinstance(model, StaysHere) and await model.why(pages) != ""


async def staying(model: ChatModel, pages: Iterable[PageRef]) -> frozenset[PageRef]:
    """Those of ``pages`` that ``model`` may not be shown."""
    return frozenset(await model.keeper.staying(pages)) if isinstance(model, StaysHere) else frozenset()
