"""The dated price list, and what a question would have cost elsewhere.

Data, dates and sources are in ``adapters/models.toml``, and in the file that a user puts over it. What is in neither has no
price: ``None``, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from mmrag.domain.costs import Price, Usage
from mmrag.domain.messages import Detail
from mmrag.middleware.models_file import Family, ModelsFile, PriceRow, read_models_file, shipped

CHARACTERS_PER_TOKEN = 4
"""Rule of thumb for English text, used for estimates only."""
_OUTPUT_TOKENS = 100
"""An answer with its citations; an estimate, used for nothing else."""
_PROVIDERS = frozenset({"anthropic", "openai", "gemini", "transformers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices by model, day and length of the prompt."""

    file: ModelsFile

    @property
    def flagship(self) -> str:
        return self.file.reference.flagship if self.file.reference else ""

    @property
    def cheap(self) -> str:
        return self.file.reference.cheap if self.file.reference else ""

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

    def api_name(self, model: str) -> str:
        """The name that the provider's API takes for a model that goes by others too."""
        return next((row.model for row in self.file.price if model in row.aliases), model)

    def family_of(self, model: str) -> Family | None:
        """What is known of models with such a name: the longest prefix that fits. A folder before the name is left out."""
        name = self.api_name(_bare(model)).rsplit("/", 1)[-1].lower()
        fitting = [family for family in self.file.family if name.startswith(family.prefix)]
        return max(fitting, key=lambda family: len(family.prefix), default=None)

    def image_tokens(
        self, model: str, width: int, height: int, *, on: date | None = None, detail: Detail = Detail.HIGH
    ) -> int | None:
        """Input tokens of one image of that size in pixels, None when the model or its way to count is not known.

        Without ``on`` it does not matter when: prices change, patches do not."""
        row = self._row(model, on)
        rule = self.file.image.get(row.image) if row is not None and row.image is not None else None
        if rule is None:
            return None
        if rule.tokens is not None:
            return rule.tokens.get(detail)
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

    def _row(self, model: str, on: date | None) -> PriceRow | None:
        name = _bare(model)
        for row in self.file.price:
            begun = on is None or row.since is None or row.since <= on
            if name in (row.model, *row.aliases) and begun and (on is None or row.until is None or on <= row.until):
                return row
        return None


@cache
def price_list(file: Path | None = None) -> PriceList:
    """The list that ships with mmrag, under that of ``file`` where one is given; each is read once.

    Raises ``SettingsError`` for a file that cannot be read.
    """
    return PriceList(file=shipped() if file is None else read_models_file(file))


def _bare(model: str) -> str:
    """Without the provider. What sits at another address than the provider's keeps it: another one has other prices."""
    provider, _, name = model.partition(":")
    return name if provider in _PROVIDERS else model


def _priced(input_usd: Decimal, output_usd: Decimal, cache_read: Decimal | None) -> Price:
    kept = None if cache_read is None else input_usd * cache_read
    return Price(input_usd=input_usd, output_usd=output_usd, cached_input_usd=kept)
