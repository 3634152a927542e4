"""The dated price list, and what a question would have cost elsewhere.

Data, dates and sources are in ``adapters/models.toml``. What is not in it has no price: ``None``, never zero.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from mmrag.domain.costs import Price, Usage

CHARACTERS_PER_TOKEN = 4
"""Rule of thumb for English text, used for estimates only."""
_OUTPUT_TOKENS = 100
"""An answer with its citations; an estimate, used for nothing else."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Price(_Row):
    model: str
    input: Decimal
    output: Decimal
    image: str
    source: str
    above_prompt_tokens: int | None = None
    input_above: Decimal | None = None
    output_above: Decimal | None = None
    since: date | None = None
    until: date | None = None
    cache_read: Decimal | None = None


class _Image(_Row):
    side: int = 1
    factor: Decimal = Decimal(1)
    cap: int | None = None
    tokens: int | None = None


class Family(_Row):
    """What models whose name begins with ``prefix`` do not take. Sides are in pixels; None: no limit is known."""

    prefix: str
    rejects: tuple[str, ...]
    source: str
    max_images: int | None = None
    max_image_side: int | None = None
    max_request_bytes: int | None = None


class _Reference(_Row):
    flagship: str
    cheap: str


class _File(_Row):
    read: date
    reference: _Reference
    price: tuple[_Price, ...]
    family: tuple[Family, ...] = ()
    image: dict[str, _Image]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices by model, day and length of the prompt."""

    file: _File

    @property
    def flagship(self) -> str:
        return self.file.reference.flagship

    @property
    def cheap(self) -> str:
        return self.file.reference.cheap

    def price_of(self, model: str, *, prompt_tokens: int = 0, on: date) -> Price | None:
        """The price of ``model`` on a day for a prompt of that length, None when it is not known.

        ``model`` may carry its provider (``anthropic:claude-opus-5.5``).
        """
        row = self._row(model, on)
        if row is None:
            return None
        if row.above_prompt_tokens is None or prompt_tokens <= row.above_prompt_tokens:
            return _priced(row.input, row.output, row.cache_read)
        if row.input_above is None or row.output_above is None:
            return None
        return _priced(row.input_above, row.output_above, row.cache_read)

    def family_of(self, model: str) -> Family | None:
        """What is known of models with such a name."""
        name = model.rsplit(":", 1)[-1]
        return next((family for family in self.file.family if name.startswith(family.prefix)), None)

    def image_tokens(self, model: str, width: int, height: int, *, on: date) -> int | None:
        """Input tokens of one image of that size in pixels, None when the model is not known."""
        row = self._row(model, on)
        if row is None:
            return None
        rule = self.file.image[row.image]
        if rule.tokens is not None:
            return rule.tokens
        tokens = math.ceil(rule.factor * math.ceil(width / rule.side) * math.ceil(height / rule.side))
        return tokens if rule.cap is None else min(tokens, rule.cap)

    def estimate(self, model: str, *, characters: int, images: Sequence[tuple[int, int]], on: date) -> Decimal | None:
        """USD for one call with so many characters of text, images of these pixel sizes, and a short answer."""
        tokens = math.ceil(characters / CHARACTERS_PER_TOKEN)
        for width, height in images:
            of_image = self.image_tokens(model, width, height, on=on)
            if of_image is None:
                return None
            tokens += of_image
        price = self.price_of(model, prompt_tokens=tokens, on=on)
        if price is None:
            return None
        return price.of(Usage(input_tokens=tokens, output_tokens=_OUTPUT_TOKENS, images=len(images)))

    def _row(self, model: str, on: date) -> _Price | None:
        name = model.rsplit(":", 1)[-1]
        for row in self.file.price:
            begun = row.since is None or row.since <= on
            if row.model == name and begun and (row.until is None or on <= row.until):
                return row
        return None


@cache
def price_list() -> PriceList:
    """The list that ships with mmrag, read once."""
    text = files("mmrag").joinpath("adapters", "models.toml").read_text(encoding="utf-8")
    return PriceList(file=_File.model_validate(tomllib.loads(text)))


def _priced(input_usd: Decimal, output_usd: Decimal, cache_read: Decimal | None) -> Price:
    kept = None if cache_read is None else input_usd * cache_read
    return Price(input_usd=input_usd, output_usd=output_usd, cached_input_usd=kept)
