"""A store of synthetic receipts for benchmarks of the model path, and a question about each."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

from latency import SEED, document_of, page_of, receipt
from mmrag_ingest.values import values_of

from mmrag.app import open_app
from mmrag.domain.documents import document_id
from mmrag.domain.hashing import sha256_hex
from mmrag.settings import CascadeSettings, LimitSettings, Settings, StoreSettings, TierSettings


def settings_for(store: Path, url: str, *, concurrency: int = 8, prices: Path | None = None) -> Settings:
    """One tier: the provider at ``url``."""
    tier = TierSettings(name="hosted", model="openai:bench", base_url=f"{url}/v1")
    settings = Settings(
        store=StoreSettings(path=store),
        cascade=CascadeSettings(tiers=(tier,), max_usd=1.0),
        limits=LimitSettings(concurrency=concurrency),
    )
    models = settings.models.model_copy(update={"file": prices})
    return settings.model_copy(update={"models": models})


def price_file(folder: Path, url: str) -> Path:
    """A list that gives the provider a price, so that its calls are set aside and paid."""
    file = folder / "prices.toml"
    file.write_text(f'[[price]]\nmodel = "bench@{url}/v1"\ninput = "{Decimal(2)}"\noutput = "10"\nsource = "benchmark"\n')
    return file


async def fill(settings: Settings, count: int) -> list[str]:
    """Put ``count`` receipts into a new store; returns a question about the total of each."""
    rng, questions = random.Random(SEED), dict[str, None]()
    async with open_app(settings, write=True) as app:
        assert app.writer is not None
        while len(questions) < count:
            shop, date, lines = receipt(rng)
            question = f"What is the total on the receipt from {shop} dated {date}?"
            if question in questions:
                continue
            name, sha = f"receipt-{len(questions):05d}.jpg", sha256_hex("\n".join(lines).encode())
            page = page_of(lines, document_id(name, sha))
            await app.writer.stage_page(page, recipe="bench", vectors=[], values=values_of(page))
            await app.writer.publish(document_of(page, name, sha))
            questions[question] = None
    return list(questions)
