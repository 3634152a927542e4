"""What mmrag needs from the outside, as protocols of few methods. Adapters implement them; ``mmrag.testing`` ships fakes.

All of them are async and none blocks the event loop: implementations that compute or touch a disk do so in worker threads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from mmrag.domain.answers import Draft, Entailed
from mmrag.domain.bookkeeping import Receipt
from mmrag.domain.conversations import Conversation, Turn
from mmrag.domain.costs import Claim, LedgerEntry, Limits, Overrun
from mmrag.domain.documents import Document, Element, ElementPlace, Page
from mmrag.domain.documents import PageRef as PageRef
from mmrag.domain.evidence import Scored
from mmrag.domain.geometry import BBox
from mmrag.domain.messages import ChatRequest, Delta, Reply
from mmrag.domain.pictures import Caption, PageKind, Picture
from mmrag.domain.plans import Plan, Reading
from mmrag.domain.rereading import RegionPicture, Reread, Way
from mmrag.domain.values import FoundValue, ValueKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]
    """Shape ``(n, dimension)``, dtype float32, each row of Euclidean length 1."""
    Pixels: TypeAlias = NDArray[np.uint8]
    """A picture: shape ``(height, width, 3)``, dtype uint8, RGB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageScored:
    """A page and its score in one ranking; higher is better, comparable only within that ranking."""

    ref: PageRef
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorRecord:
    """One element's vector as stored: what the index needs to find and filter it."""

    element_id: str
    document_id: str
    page: int
    kind: str
    vector: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRecord:
    """A picture with its image vector, as staged. ``kind`` is ``page`` or the kind of its element."""

    picture: Picture
    kind: str
    vector: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexChange:
    """An entry of the catalog's outbox: the vector index still has to take in (or drop) this element."""

    sequence: int
    element_id: str
    record: VectorRecord | None  # None: drop it


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCounts:
    """What is published. ``elements`` are printed ones, without captions and summaries, as in the reports of ingestion."""

    documents: int
    quarantined: int
    pages: int
    elements: int
    vectors: int
    pictures: int = 0


class Catalog(Protocol):
    """The record of truth, read. Only published documents are seen; a reader never sees half a document."""

    async def counts(self) -> StoreCounts: ...

    async def documents(self) -> tuple[Document, ...]:
        """Every document, quarantined ones too, by name."""
        ...

    async def document(self, document_id: str) -> Document | None: ...

    async def page(self, ref: PageRef) -> Page | None:
        """One page with its words and elements in reading order."""
        ...

    async def elements(self, ids: Sequence[str]) -> tuple[Element, ...]:
        """The elements that exist among ``ids``, in the order of ``ids``."""
        ...

    async def elements_of(self, pages: Sequence[PageRef]) -> tuple[Element, ...]: ...

    async def places(self, ids: Sequence[str]) -> tuple[ElementPlace, ...]:
        """Where the elements that exist among ``ids`` stand, in the order of ``ids``."""
        ...

    async def places_of(self, pages: Sequence[PageRef]) -> tuple[ElementPlace, ...]:
        """Where the elements of ``pages`` stand: as :meth:`elements_of`, without what they say."""
        ...

    async def pictures(self, ids: Sequence[str]) -> tuple[Picture, ...]:
        """The pictures that exist among ``ids``, in the order of ``ids``."""
        ...

    async def pages_of_kind(self, kinds: Sequence[PageKind]) -> tuple[PageRef, ...]:
        """The pages that the image model took for one of these, in order."""
        ...

    async def pages_in_language(self, languages: Sequence[str]) -> tuple[PageRef, ...]:
        """The pages that are written in one of these languages (ISO 639-1), in order. Pages of unknown language are not."""
        ...


class LexicalIndex(Protocol):
    """Exact and near-exact text search over published documents. ``documents`` restricts to those document ids."""

    async def search_elements(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        """BM25 over element texts. ``query`` is plain text: operators in it have no meaning."""
        ...

    async def search_pages(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        """BM25 over whole page texts."""
        ...

    async def search_names(self, name: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        """Pages that show a name in spite of spacing, punctuation and OCR errors, best first.

        The score is in [0, 1]; rare words of the name weigh more than common ones.
        """
        ...

    async def search_values(
        self, normals: Sequence[str], *, kinds: Sequence[ValueKind] | None = None, documents: Sequence[str] | None = None
    ) -> tuple[FoundValue, ...]:
        """Every place where a value with one of these normal forms stands."""
        ...


class SummaryIndex(Protocol):
    """Search over the summaries of published pages and documents, apart from what is printed."""

    async def matching(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        """BM25 over their texts."""
        ...

    async def near(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        """The ``k`` nearest by meaning; ``score`` is the cosine similarity. Compares with every one: exact, no index."""
        ...


class CatalogWriter(Protocol):
    """The record of truth, written by the one process that holds the store's lock."""

    async def known(self) -> Mapping[str, Document]:
        """Every document (published or quarantined) by its location."""
        ...

    async def staged_pages(self, document_id: str, recipe: str) -> int:
        """How many leading pages of this document an earlier, interrupted run has staged with the same recipe."""
        ...

    async def staged_page(self, ref: PageRef, recipe: str) -> Page | None:
        """One staged page of an unpublished document, so that a run can go on from it with its report complete."""
        ...

    async def stage_page(
        self,
        page: Page,
        *,
        recipe: str,
        vectors: Sequence[VectorRecord],
        values: Sequence[FoundValue],
        pictures: Sequence[PictureRecord] = (),
    ) -> None:
        """Keep one page of a document that is not published yet, in one transaction.

        Vectors of summaries are for :class:`SummaryIndex` and never reach a vector index.
        """
        ...

    async def stage_summary(self, summary: Element, *, recipe: str, vector: VectorRecord) -> None:
        """Keep the summary of a whole document with its first page, which is staged; in place of an older one."""
        ...

    async def summarised_otherwise(self, authors: Sequence[str]) -> tuple[str, ...]:
        """The ids of published documents with a summary that none of ``authors`` has written, in order."""
        ...

    async def replace_summaries(
        self, document: Document, summaries: Sequence[Element], vectors: Sequence[VectorRecord]
    ) -> None:
        """Put summaries of a published document in the place of those of the same page and label, with their vectors, and
        the document's report with them, in one transaction. Raises ``StoreError`` when there is none in such a place."""
        ...

    async def publish(self, document: Document) -> None:
        """Make a staged document visible and drop the older one at the same location, in one transaction."""
        ...

    async def quarantine(self, document: Document) -> None:
        """Record a document that could not be read, drop its staged pages and any older one at its location."""
        ...

    async def remove(self, document_ids: Sequence[str]) -> None: ...

    async def sweep(self) -> tuple[str, ...]:
        """Drop staged pages that no run can continue; returns the digests of page images that nothing refers to."""
        ...


class IndexFeed(Protocol):
    """The catalog's side of keeping the vector index in step: an outbox written in the same transaction as documents."""

    async def pending(self, limit: int) -> tuple[IndexChange, ...]: ...

    async def acknowledge(self, sequences: Sequence[int]) -> None: ...

    async def vector_ids(self) -> frozenset[str]:
        """Ids of all published vectors."""
        ...

    def vectors(self, batch: int) -> AsyncIterator[tuple[VectorRecord, ...]]:
        """All published vectors, in batches."""
        ...

    async def requeue_all(self) -> None:
        """Put every published vector into the outbox again."""
        ...


class VectorIndex(Protocol):
    """Nearest neighbours by cosine similarity. It can always be rebuilt from the catalog."""

    async def upsert(self, records: Sequence[VectorRecord]) -> None: ...

    async def delete(self, element_ids: Sequence[str]) -> None: ...

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        """The ``k`` nearest, best first; ``score`` is the cosine similarity in ``[-1, 1]``."""
        ...

    async def ids(self) -> frozenset[str]: ...

    async def count(self) -> int: ...

    async def clear(self) -> None: ...


class TextEmbedder(Protocol):
    """Text to vectors. ``identity`` names model and revision: vectors of different identities never mix."""

    @property
    def identity(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, shape ``(len(texts), dimension)``, float32, Euclidean length 1."""
        ...


class ImageEmbedder(Protocol):
    """Pictures and texts to vectors of one space. ``identity`` names model and revision."""

    @property
    def identity(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def logit_scale(self) -> float:
        """What a cosine is multiplied by before a softmax over labels: the model's learned inverse temperature."""
        ...

    async def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """One row a picture, shape ``(len(images), dimension)``, float32, Euclidean length 1. Raises ``ModelError``."""
        ...

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in the space of the pictures."""
        ...


class Captioner(Protocol):
    """Says what is on a picture. ``identity`` names model and revision, and the prompt where there is one."""

    @property
    def identity(self) -> str: ...

    async def caption(self, images: Sequence[Pixels], *, prefix: str | None = None) -> tuple[Caption, ...]:
        """One caption a picture. ``prefix`` is how ``short`` has to begin, where it has to. Raises ``ModelError``."""
        ...


class Blobs(Protocol):
    """Bytes kept by their SHA-256."""

    async def put(self, data: bytes) -> str:
        """Store and return the digest. Storing the same bytes twice keeps them once; a crash never leaves half a file."""
        ...

    async def get(self, digest: str) -> bytes:
        """Raises ``StoreDamagedError`` when missing or when the bytes no longer have that digest."""
        ...

    async def discard(self, digests: Sequence[str]) -> None: ...


class Originals(Protocol):
    """The files that were ingested, looked at again. They are opened in a process of their own, as when they were read.

    Where the file is gone or has changed since, ``stored``, the page's picture in the store, takes its place, and the
    picture's ``note`` says so. Both raise ``UnreadableFileError`` when neither can be drawn.
    """

    async def draw(self, document: Document, page: int, box: BBox, *, longest: int, stored: bytes) -> RegionPicture:
        """The part of the page in ``box``, in as many pixels as the file has for it, ``longest`` a side at most."""
        ...

    async def read(
        self, document: Document, page: int, box: BBox, *, ways: Sequence[Way], longest: int, stored: bytes
    ) -> Reread:
        """The same, read by OCR in one of ``ways`` after the other, until a reading leaves no doubt."""
        ...


class Ledger(Protocol):
    """The account book: every model call is written before its answer is used."""

    async def write(self, entry: LedgerEntry, at: datetime) -> None: ...

    async def entries(self, question_id: str | None = None) -> tuple[LedgerEntry, ...]: ...

    async def reserve(self, claim: Claim, limits: Limits, at: datetime) -> Overrun | None:
        """Set money aside, unless it would break one of ``limits`` together with all entries and claims so far.

        A claim of the same id is replaced, or stays when the new one does not fit. The question's limit does not count for
        an empty ``question_id``.
        """
        ...

    async def settle(self, claim_id: str, entries: Sequence[LedgerEntry], at: datetime) -> None:
        """Write what the call really took and give up its claim, in one step. ``claim_id`` may be empty: no claim."""
        ...


class Receipts(Protocol):
    """One line for each question that was asked, whether a model was or not."""

    async def write(self, receipt: Receipt) -> None: ...

    async def receipts(self) -> tuple[Receipt, ...]: ...


class Conversations(Protocol):
    """Conversations that go on another day."""

    async def add(self, conversation_id: str, turn: Turn) -> None: ...

    async def get(self, conversation_id: str) -> Conversation | None: ...

    async def latest(self, limit: int) -> tuple[Conversation, ...]:
        """Those that went on last, the latest first."""
        ...


OnDelta: TypeAlias = Callable[[Delta], Awaitable[None]]
"""Hears the pieces of a reply as they come in."""


class ChatModel(Protocol):
    """One question to a model, one reply. Middleware takes one and gives one.

    ``identity`` is ``provider:model``; what sits at another address than the provider's own has that address in it too.
    """

    @property
    def identity(self) -> str: ...

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """With ``on_delta`` the reply is streamed: it hears each piece of text in turn, and the reply has all of them.

        Raises ``ModelError``. See ``mmrag.middleware.streaming.stream`` for the same as an async iterator.
        """
        ...


class Drafter(Protocol):
    """A tier's way to answer: from a plan and the pages read to a proposal with the words it stands on."""

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft: ...


class Entailment(Protocol):
    """Says whether a text carries a statement. ``identity`` names model and revision."""

    @property
    def identity(self) -> str: ...

    async def judge(self, text: str, statement: str) -> Entailed:
        """Raises ``ModelError``."""
        ...


class Topics(Protocol):
    """Says what pictures of pages show that asks for care: ``people``, ``identity`` papers, ``medical`` pictures,
    ``violence``, ``nudity``."""

    async def shown_on(self, pages: Sequence[Page]) -> tuple[frozenset[str] | None, ...]:
        """The topics of each page, None where that cannot be told: a page without a picture. Raises ``ModelError``, and
        ``StoreDamagedError`` for a page whose picture is gone."""
        ...


class ReplyCache(Protocol):
    """Replies by the hash of everything that changes them."""

    async def get(self, key: str) -> Reply | None: ...

    async def put(self, key: str, reply: Reply) -> None: ...


class Clock(Protocol):
    """Time is an argument."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; only differences mean anything."""
        ...


class TraceSink(Protocol):
    """Where the trace of a question goes."""

    async def save(self, trace_id: str, data: bytes) -> Path | None: ...
