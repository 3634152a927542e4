"""The form of ``adapters/models.toml``, and of the file that a user puts over it."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmrag.domain.messages import Detail
from mmrag.errors import SettingsError


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceRow(_Row):
    """A price of one model, in USD per million tokens; ``since`` and ``until`` are its first and last day."""

    model: str
    aliases: tuple[str, ...] = ()
    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)
    image: str | None = None
    source: str
    above_prompt_tokens: int | None = None
    input_above: Decimal | None = None
    output_above: Decimal | None = None
    since: date | None = None
    until: date | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


class ImageRow(_Row):
    """What one picture costs: patches of ``side`` pixels times ``factor`` up to ``cap``, or ``tokens`` by detail."""

    side: int = Field(default=1, ge=1)
    factor: Decimal = Decimal(1)
    cap: int | None = None
    tokens: dict[Detail, int] | None = None


class Family(_Row):
    """What models whose name begins with ``prefix`` can take; see ``Capabilities``. ``ends``: the day it is turned off."""

    prefix: str = Field(min_length=1)
    source: str
    rejects: frozenset[str] = frozenset()
    images: bool = True
    max_images: int | None = None
    max_image_side: int | None = None
    crowd: int | None = None
    crowd_side: int | None = None
    max_image_bytes: int | None = None
    max_request_bytes: int | None = None
    context_tokens: int | None = None
    effort: str | None = None
    thinking_tokens: int = 0
    ends: date | None = None


class Reference(_Row):
    flagship: str
    cheap: str


class ProviderRow(_Row):
    """The models of one provider that are asked when its key is there and nobody names tiers."""

    name: str
    cheap: str
    flagship: str


class ModelsFile(_Row):
    """Everything known of models. A file of a user may leave out any of it."""

    read: date | None = None
    reference: Reference | None = None
    provider: tuple[ProviderRow, ...] = ()
    price: tuple[PriceRow, ...] = ()
    family: tuple[Family, ...] = ()
    image: dict[str, ImageRow] = Field(default_factory=dict)

    def under(self, user: ModelsFile) -> ModelsFile:
        """With ``user`` put over it: its prices of a model replace all prices of that model, its families those of the same
        prefix, its ways to count pictures those of the same name."""
        priced = {row.model for row in user.price}
        known = {family.prefix for family in user.family}
        return ModelsFile(
            read=user.read or self.read,
            reference=user.reference or self.reference,
            provider=(
                *user.provider,
                *(row for row in self.provider if row.name not in {own.name for own in user.provider}),
            ),
            price=(*user.price, *(row for row in self.price if row.model not in priced)),
            family=(*user.family, *(family for family in self.family if family.prefix not in known)),
            image={**self.image, **user.image},
        )


@cache
def shipped() -> ModelsFile:
    """What ships with mmrag, read once."""
    text = files("mmrag").joinpath("adapters", "models.toml").read_text(encoding="utf-8")
    return ModelsFile.model_validate(tomllib.loads(text))


def read_models_file(file: Path) -> ModelsFile:
    """The file of a user over what ships. Raises ``SettingsError``, in one line, when it is not there or has a wrong key."""
    try:
        user = ModelsFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"models.file names {file}, which cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = "there is no such key" if first["type"] == "extra_forbidden" else first["msg"]
        raise SettingsError(f"{file}: {where}: {what}. See mmrag/adapters/models.toml for the form.") from error
    merged = shipped().under(user)
    for row in user.price:
        if row.image is not None and row.image not in merged.image:
            raise SettingsError(f"{file}: the price of {row.model} names [image.{row.image}], which is not there.")
    return merged
