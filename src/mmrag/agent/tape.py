"""A tape of everything that a question was given from outside: store, models, clock, ledger. Played back, the same code
gives the same answer and the same trace, byte for byte, with nothing of all that there.

What is called with the same arguments several times is played in the order in which it was recorded.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import to_jsonable_python

from mmrag import errors
from mmrag.domain.answers import Entailed
from mmrag.domain.costs import LedgerEntry, Usage
from mmrag.domain.documents import Document, Element, ElementPlace, Page
from mmrag.domain.evidence import Scored
from mmrag.domain.hashing import Json, canonical_bytes, content_id
from mmrag.domain.messages import ChatRequest, Delta, Reply
from mmrag.domain.pictures import Picture
from mmrag.domain.rereading import RegionPicture, Reread
from mmrag.domain.values import FoundValue
from mmrag.errors import MMRagError, ModelError, TraceError
from mmrag.ports import Blobs, ChatModel, Clock, Entailment, Ledger, OnDelta, Originals, PageRef, PageScored, Topics
from mmrag.retrieval.search import SearchParts

_TEXT_BYTES = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
RECORDED: Mapping[str, Any] = {
    "catalog.documents": tuple[Document, ...],
    "catalog.document": Document | None,
    "catalog.page": Page | None,
    "catalog.elements": tuple[Element, ...],
    "catalog.elements_of": tuple[Element, ...],
    "catalog.places": tuple[ElementPlace, ...],
    "catalog.places_of": tuple[ElementPlace, ...],
    "catalog.pictures": tuple[Picture, ...],
    "catalog.pages_of_kind": tuple[PageRef, ...],
    "catalog.pages_in_language": tuple[PageRef, ...],
    "lexical.search_elements": tuple[Scored, ...],
    "lexical.search_pages": tuple[PageScored, ...],
    "lexical.search_names": tuple[PageScored, ...],
    "lexical.search_values": tuple[FoundValue, ...],
    "summaries.matching": tuple[Scored, ...],
    "summaries.near": tuple[Scored, ...],
    "vectors.query": tuple[Scored, ...],
    "pictures.query": tuple[Scored, ...],
    "embedder.embed": list[list[float]],
    "image_embedder.embed_texts": list[list[float]],
    "image_embedder.embed_images": list[list[float]],
    "blobs.get": bytes,
    "ledger.entries": tuple[LedgerEntry, ...],
    "originals.draw": RegionPicture,
    "originals.read": Reread,
    "topics.shown_on": tuple[frozenset[str] | None, ...],
    "entailment.judge": Entailed,
    "model.reply": Reply,
    "clock.now": datetime,
    "clock.monotonic": float,
}
"""What each call gives back. A method that is not here cannot be recorded: the question must not call it."""
_ARRAYS = frozenset({"embedder.embed", "image_embedder.embed_texts", "image_embedder.embed_images"})


class Tape:
    """Calls with their results, by what was called with which arguments. ``facts`` are properties: names, dimensions."""

    def __init__(self, calls: Mapping[str, list[Json]] | None = None, facts: Mapping[str, Json] | None = None) -> None:
        self.calls: dict[str, list[Json]] = {key: list(results) for key, results in (calls or {}).items()}
        self.facts: dict[str, Json] = dict(facts or {})
        self.plays = calls is not None

    def to_json(self) -> dict[str, Json]:
        return {"calls": self.calls, "facts": self.facts}

    def key(self, name: str, args: tuple[object, ...], kwargs: Mapping[str, object]) -> str:
        told = to_jsonable_python([name, args, dict(kwargs)], bytes_mode="base64", serialize_unknown=True)
        return f"{name} {content_id('call', told)}"

    def record(self, name: str, key: str, value: object) -> None:
        value = value.tolist() if name in _ARRAYS else value  # type: ignore[attr-defined]
        self.calls.setdefault(key, []).append({"gave": to_jsonable_python(value, bytes_mode="base64", fallback=dict)})

    def record_error(self, key: str, error: MMRagError) -> None:
        usage = _usage().dump_python(error.usage, mode="json") if isinstance(error, ModelError) else None
        self.calls.setdefault(key, []).append({"raised": type(error).__name__, "message": str(error), "usage": usage})

    def play(self, name: str, key: str) -> object:
        """The next result of this call. Raises what it raised, and ``TraceError`` when it is not on the tape."""
        left = self.calls.get(key)
        if not left:
            raise TraceError(f"The trace does not hold what {name} gave: it was made by another version of mmrag.")
        told = left.pop(0)
        if not isinstance(told, dict):
            raise TraceError("The trace is damaged.")
        if "raised" in told:
            raise _error(told)
        value = _adapter(name).validate_json(canonical_bytes(told["gave"]))
        if name in _ARRAYS:
            import numpy as np

            return np.asarray(value, dtype=np.float32)
        return _with_bytes(value)


def _with_bytes(value: object) -> object:
    """Pictures inside records with their bytes as they were: pydantic reads base64 only where a type of its own says so."""
    if isinstance(value, RegionPicture):
        return replace(value, data=base64.urlsafe_b64decode(value.data))
    if isinstance(value, Reread):
        return replace(value, picture=cast(RegionPicture, _with_bytes(value.picture)))
    return value


class _Taped:
    """Stands for a port. Every call goes through the tape."""

    def __init__(self, tape: Tape, name: str, inner: object | None) -> None:
        self._tape = tape
        self._name = name
        self._inner = inner

    def __getattr__(self, method: str) -> Any:
        name = f"{self._name.partition(':')[0]}.{method}"
        if name in ("clock.now", "clock.monotonic"):
            return functools.partial(self._at_once, name, method)
        if name not in RECORDED:
            return self._fact(method)
        if name == "model.reply":
            return self._reply
        return functools.partial(self._call, name, method)

    def _fact(self, method: str) -> Json:
        key = f"{self._name}.{method}"
        if self._inner is not None:
            fact = getattr(self._inner, method)
            if fact is not None and not isinstance(fact, bool | int | float | str):
                raise AttributeError(f"{key} is not recorded")
            self._tape.facts[key] = fact
        if key not in self._tape.facts:
            raise TraceError(f"The trace does not hold {key}: it was made by another version of mmrag.")
        return self._tape.facts[key]

    def _at_once(self, name: str, method: str) -> object:
        key = self._tape.key(name, (), {})
        if self._inner is None:
            return self._tape.play(name, key)
        value = getattr(self._inner, method)()
        self._tape.record(name, key, value)
        return value

    async def _call(self, name: str, method: str, *args: object, **kwargs: object) -> object:
        key = self._tape.key(name, args, kwargs)
        if self._inner is None:
            return self._tape.play(name, key)
        return await self._recorded(name, key, functools.partial(getattr(self._inner, method), *args, **kwargs))

    async def _reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """A model's reply. Whether it was streamed makes no difference to it."""
        key = self._tape.key(f"{self._name}.reply", (request,), {})
        if self._inner is not None:
            ask = functools.partial(cast(ChatModel, self._inner).reply, request, on_delta)
            return cast(Reply, await self._recorded("model.reply", key, ask))
        reply = cast(Reply, self._tape.play("model.reply", key))
        if on_delta is not None and reply.text:
            await on_delta(Delta(text=reply.text))
        return reply

    async def _recorded(self, name: str, key: str, call: Callable[[], Any]) -> object:
        try:
            value = await call()
        except MMRagError as error:
            self._tape.record_error(key, error)
            raise
        self._tape.record(name, key, value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a question is given from outside. ``models`` are the chat models by the names of their tiers."""

    search: SearchParts
    models: Mapping[str, ChatModel]
    blobs: Blobs
    ledger: Ledger
    clock: Clock
    originals: Originals | None = None
    topics: Topics | None = None
    entailment: Entailment | None = None


def recorded(outside: Outside, tape: Tape) -> Outside:
    """``outside`` with everything that it gives written on ``tape``."""
    search = outside.search
    tape.facts["has"] = {
        "models": list(outside.models),
        "summaries": search.summaries is not None,
        "pictures": search.pictures is not None,
        "image_embedder": search.image_embedder is not None,
        "originals": outside.originals is not None,
        "topics": outside.topics is not None,
        "entailment": outside.entailment is not None,
    }
    return _over(tape, outside)


def played(tape: Tape) -> Outside:
    """What stands on ``tape``, in place of the outside. Raises ``TraceError`` where it does not say what there was."""
    return _over(tape, None)


def _over(tape: Tape, real: Outside | None) -> Outside:
    has = tape.facts.get("has")
    if not isinstance(has, Mapping):
        raise TraceError("The trace does not say what it was recorded from.")
    names = has.get("models")

    def over(name: str, inner: object | None, *, there: bool = True) -> Any:
        return _Taped(tape, name, inner) if there else None

    search = real.search if real else None
    models = real.models if real else dict.fromkeys(cast(list[str], names))
    return Outside(
        search=SearchParts(
            catalog=over("catalog", search and search.catalog),
            lexical=over("lexical", search and search.lexical),
            vectors=over("vectors", search and search.vectors),
            embedder=over("embedder", search and search.embedder),
            summaries=over("summaries", search and search.summaries, there=bool(has.get("summaries"))),
            pictures=over("pictures", search and search.pictures, there=bool(has.get("pictures"))),
            image_embedder=over("image_embedder", search and search.image_embedder, there=bool(has.get("image_embedder"))),
        ),
        models={name: over(f"model:{name}", model) for name, model in models.items()},
        blobs=over("blobs", real and real.blobs),
        ledger=over("ledger", real and real.ledger),
        clock=over("clock", real and real.clock),
        topics=over("topics", real and real.topics, there=bool(has.get("topics"))),
        entailment=over("entailment", real and real.entailment, there=bool(has.get("entailment"))),
        originals=over("originals", real and real.originals, there=bool(has.get("originals"))),
    )


@functools.cache
def _adapter(name: str) -> TypeAdapter[Any]:
    kind = RECORDED[name]
    return TypeAdapter(kind, config=_TEXT_BYTES) if kind is bytes else TypeAdapter(kind)


@functools.cache
def _usage() -> TypeAdapter[Usage]:
    return TypeAdapter(Usage)


def _error(told: Mapping[str, Json]) -> MMRagError:
    kind = getattr(errors, str(told["raised"]), MMRagError)
    message = str(told["message"])
    if isinstance(kind, type) and issubclass(kind, ModelError):
        return kind(message, usage=_usage().validate_python(told["usage"]))
    return kind(message) if isinstance(kind, type) and issubclass(kind, MMRagError) else MMRagError(message)
