"""Blobs, ledger, traces and text embedders."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from mmrag.domain.costs import Bill, LedgerEntry, Usage
from mmrag.domain.hashing import sha256_hex
from mmrag.errors import StoreDamagedError
from mmrag.ports import Blobs, Ledger, TextEmbedder, TraceSink

pytestmark = pytest.mark.usefixtures("loop_guard")
AT = datetime(2026, 1, 2, tzinfo=UTC)


async def test_blobs_keep_bytes_by_their_digest(blobs: Blobs) -> None:
    data = bytes(range(256)) * 100
    assert await blobs.put(data) == sha256_hex(data) == await blobs.put(data)
    assert await blobs.get(sha256_hex(data)) == data
    assert await blobs.get(await blobs.put(b"")) == b""


async def test_discarded_blobs_are_gone(blobs: Blobs) -> None:
    digest = await blobs.put(b"x")
    await blobs.discard([digest, "0" * 64])
    with pytest.raises(StoreDamagedError):
        await blobs.get(digest)


async def test_the_ledger_adds_up_to_the_bill(ledger: Ledger) -> None:
    assert await ledger.entries() == ()
    usage = Usage(input_tokens=10, output_tokens=2, cached_input_tokens=3, images=1)
    entries = [
        LedgerEntry(question_id="q1", stage="draft", tier="cheap", model="m", usage=usage, usd=Decimal("0.0000001")),
        LedgerEntry(question_id="q2", stage="draft", tier="cheap", model="m", usage=usage, usd=None),
        LedgerEntry(question_id="q1", stage="critique", tier="cheap", model="m", usage=usage, usd=None, cache_hit=True),
    ]
    for entry in entries:
        await ledger.write(entry, AT)
    assert await ledger.entries() == tuple(entries)
    assert await ledger.entries("q1") == (entries[0], entries[2])
    bill = Bill.of(await ledger.entries())
    assert (bill.cost.usd, bill.cost.unpriced_calls, bill.cache_hits) == (Decimal("0.0000001"), 1, 1)


async def test_a_trace_can_be_saved_twice(traces: TraceSink) -> None:
    await traces.save("q-1", b"{}")
    path = await traces.save("q-1", b'{"a": 1}')
    assert path is None or path.read_bytes() == b'{"a": 1}'


async def test_vectors_have_length_one_and_do_not_depend_on_company(embedder: TextEmbedder) -> None:
    texts = ["total amount 46.65", "", "x" * 5000, "the total amount of the receipt", "日本語 \udcff"]
    together = await embedder.embed(texts)
    assert together.shape == (5, embedder.dimension)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    alone = np.vstack([await embedder.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert (await embedder.embed([])).shape == (0, embedder.dimension)


async def test_texts_alike_are_near(embedder: TextEmbedder) -> None:
    a, b, c = await embedder.embed(["total amount of the receipt", "the receipt total amount", "a dog in the garden"])
    assert a @ b > a @ c
