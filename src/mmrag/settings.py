"""Settings: the only reader of the environment and of ``mmrag.toml``.

Order, the later wins: defaults, ``mmrag.toml`` (in the working folder, or the file named by ``MMRAG_CONFIG``),
``MMRAG_*`` variables with ``__`` between levels (``MMRAG_CASCADE__MAX_USD=0.02``), then flags of the command line.
A key that does not exist is refused: a typing error never passes for a setting.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from mmrag.errors import SettingsError

DEFAULT_STORE = "mmrag-store"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(_Section):
    path: Path = Path(DEFAULT_STORE)
    vectors: str = Field(default="embedded", pattern=r"^(embedded|https?://.+)$")
    lock_timeout_s: float = Field(default=2.0, ge=0)


def default_cache_dir() -> Path:
    """Where prepared models are kept: ``XDG_CACHE_HOME/mmrag``, else ``~/.cache/mmrag``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mmrag"


class ModelSettings(_Section):
    """``cache_dir`` holds models in the form they run in, made once for each user. ``file`` is put over the list of models
    with their prices and limits that ships with mmrag. ``entailment`` is off unless named, whatever the profile."""

    profile: Literal["embedded", "hub"] = "embedded"
    text: str = "sentence-transformers/all-MiniLM-L6-v2"
    clip: str = "openai/clip-vit-base-patch32"
    captioner: str = "Salesforce/blip-image-captioning-base"
    entailment: str | None = None
    quantize: Literal["none", "int8", "4bit"] = "none"
    cache_dir: Path = Field(default_factory=default_cache_dir)
    file: Path | None = None


class TierSettings(_Section):
    """``images``: whether the model is shown pictures; ``auto`` goes by what is known of it. ``context_tokens`` is what it
    takes in all, where that is not known. ``revision`` pins a model of the Hugging Face hub to one commit. ``hosted``:
    whether what it is sent leaves one's own network; ``auto`` goes by its provider and address."""

    name: str = Field(min_length=1)
    model: str = Field(pattern=r"^[a-z_]+(:.+)?$")
    base_url: str | None = None
    api_key_env: str | None = None
    images: bool | Literal["auto"] = "auto"
    hosted: bool | Literal["auto"] = "auto"
    context_tokens: int | None = Field(default=None, ge=512)
    revision: str | None = None

    @property
    def provider(self) -> str:
        return self.model.split(":", 1)[0]


class LocalSettings(_Section):
    """A model of one's own, asked after the reader where no tiers are named."""

    model: str = Field(pattern=r"^[a-z_]+:.+$")
    base_url: str | None = None
    api_key_env: str | None = None


class CascadeSettings(_Section):
    """Without ``tiers``, those are asked that can be: the reader, ``local``, and hosted models whose key is there.
    ``calibrated``: confidence is the probability of being right; False leaves scores as they come, for measuring."""

    tiers: tuple[TierSettings, ...] = (TierSettings(name="reader", model="reader"),)
    local: LocalSettings | None = None
    max_usd: float = Field(default=0.05, ge=0)
    max_usd_per_day: float = Field(default=0.0, ge=0)
    max_usd_per_store: float = Field(default=0.0, ge=0)
    target_risk: float = Field(default=0.05, gt=0, lt=1)
    calibrated: bool = True


class LimitSettings(_Section):
    """What is asked of one provider at one address; 0 a minute is no limit. After ``failures`` in a row it is left alone for
    ``pause_s`` seconds."""

    concurrency: int = Field(default=8, ge=1)
    requests_per_minute: int = Field(default=0, ge=0)
    tokens_per_minute: int = Field(default=0, ge=0)
    failures: int = Field(default=10, ge=1)
    pause_s: float = Field(default=15.0, gt=0)


class CacheSettings(_Section):
    """Replies of models are kept in the store, so that the same call is not paid twice."""

    enabled: bool = True
    max_bytes: int = Field(default=200_000_000, ge=0)


class IngestSettings(_Section):
    """``workers`` is the number of reading processes, 0 for one a core. Pixel and page limits guard against bombs. Locked
    PDFs are tried with ``passwords`` and with the lines of ``passwords_file``. ``summaries``: ``extractive`` ones quote
    printed sentences; ``local`` has a model of one's own write them once all is read, which takes seconds a page."""

    workers: int = Field(default=0, ge=0, le=64)
    dpi: int = Field(default=200, ge=72, le=600)
    max_pixels: int = Field(default=60_000_000, ge=1_000_000)
    max_pages: int = Field(default=5_000, ge=1)
    max_file_bytes: int = Field(default=1_000_000_000, ge=1)
    page_timeout_s: float = Field(default=18.0, gt=0)
    worker_memory_bytes: int = Field(default=1_000_000_000, ge=300_000_000)
    images: bool = True
    summaries: Literal["extractive", "local"] = "extractive"
    passwords: tuple[SecretStr, ...] = ()
    passwords_file: Path | None = None

    @field_validator("passwords", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class AskSettings(_Section):
    """``hits`` elements are kept as evidence; an answer under ``min_confidence`` is refused, and under
    ``min_confidence_open`` where the question leaves much open (counts, shares, lists, yes or no, free questions): there a
    wrong place looks like a right one more often. None: what the calibration of the store says.

    ``constitution`` is a file of your own principles. ``critique``: ``rules`` holds answers to it without a model; ``auto``
    also asks a model about drafts that say more than is printed word for word, ``always`` about every draft of a model.
    ``revisions`` is how often such a draft may be revised. Pages that show one of ``keep_local`` are never sent to a hosted
    model; nor is, where it is set, a page of which no image model can tell: with the compact ones, any."""

    hits: int = Field(default=12, ge=1, le=200)
    pages: int = Field(default=6, ge=1, le=50)
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    min_confidence_open: float | None = Field(default=None, ge=0, le=1)
    constitution: Path | None = None
    critique: Literal["rules", "auto", "always"] = "auto"
    revisions: int = Field(default=1, ge=0, le=5)
    keep_local: tuple[Literal["people", "identity", "medical", "violence", "nudity"], ...] = ()
    timeout_s: float = Field(default=60.0, gt=0)


class ServedStore(_Section):
    """One of several stores that one server offers. Its token, and nothing else, says that a request is for it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    path: Path
    token: SecretStr | None = Field(default=None, min_length=16)


class ServeSettings(_Section):
    """``mmrag serve``. Without ``token`` a server beyond loopback makes one and keeps it in the store. Rates are a minute
    for each client, 0 is no limit. ``hosts`` and ``origins`` are those that the server answers to besides its own."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8765, ge=0, le=65535)
    token: SecretStr | None = Field(default=None, min_length=16)
    stores: tuple[ServedStore, ...] = ()
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    max_upload_bytes: int = Field(default=200_000_000, ge=1)
    max_upload_files: int = Field(default=50, ge=1)
    max_waiting_files: int = Field(default=1_000, ge=1)
    requests_per_minute: int = Field(default=1_200, ge=0)
    questions_per_minute: int = Field(default=60, ge=0)
    uploads_per_minute: int = Field(default=120, ge=0)
    questions_at_once: int = Field(default=8, ge=1)
    max_waiting_questions: int = Field(default=100, ge=0)
    link_hours: float = Field(default=24.0, gt=0)
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+(/\S*)?$")
    otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://.+$")
    shutdown_s: float = Field(default=30.0, ge=0)


class EvaluationSettings(_Section):
    """``without`` leaves parts of the agent out, to measure what they earn and cost. Never set it to answer people."""

    without: tuple[Literal["critique", "verification", "tools"], ...] = ()

    def leaves_out(self, part: Literal["critique", "verification", "tools"]) -> bool:
        return part in self.without


class Settings(_Section):
    store: StoreSettings = StoreSettings()
    models: ModelSettings = ModelSettings()
    cascade: CascadeSettings = CascadeSettings()
    limits: LimitSettings = LimitSettings()
    cache: CacheSettings = CacheSettings()
    ingest: IngestSettings = IngestSettings()
    ask: AskSettings = AskSettings()
    serve: ServeSettings = ServeSettings()
    evaluation: EvaluationSettings = EvaluationSettings()


KEYS_OF_PROVIDERS = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}
PROVIDER_KEYS = tuple(name for names in KEYS_OF_PROVIDERS.values() for name in names)


def keys_present(settings: Settings, *, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    """The names of the variables that hold a key, those that tiers name included. Values are never read out."""
    env = dict(os.environ) if environ is None else environ
    named = [tier.api_key_env for tier in settings.cascade.tiers if tier.api_key_env]
    return tuple(name for name in dict.fromkeys([*PROVIDER_KEYS, *named]) if env.get(name))


def key_variables(tier: TierSettings) -> tuple[str, ...]:
    """The variables that may hold the key of ``tier``, the first that is set counts. None for a tier at another address
    that names no variable: a provider's own key is not sent elsewhere.
    """
    if tier.api_key_env:
        return (tier.api_key_env,)
    return () if tier.base_url else KEYS_OF_PROVIDERS.get(tier.provider, ())


def key_of(tier: TierSettings, *, environ: dict[str, str] | None = None) -> str | None:
    """The key for ``tier``: empty when it needs none, None when it needs one and there is none."""
    env = dict(os.environ) if environ is None else environ
    names = key_variables(tier)
    return next((env[name] for name in names if env.get(name)), None) if names else ""


_NOT_SETTINGS = frozenset({"MMRAG_STORE", "MMRAG_CONFIG"})
"""``MMRAG_STORE`` is the path of the store in short; ``MMRAG_CONFIG`` names the settings file. Neither is a section."""


def load_settings(*, store: Path | None = None, environ: dict[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """Read file, environment and flags. Raises ``SettingsError`` with one line that names the key that is wrong."""
    env = dict(os.environ) if environ is None else environ
    file = Path(env["MMRAG_CONFIG"]) if env.get("MMRAG_CONFIG") else (cwd or Path.cwd()) / "mmrag.toml"
    if env.get("MMRAG_CONFIG") and not file.is_file():
        raise SettingsError(f"MMRAG_CONFIG names {file}, which is not there: correct the path or unset it.")
    path = store or (Path(env["MMRAG_STORE"]) if env.get("MMRAG_STORE") else None)
    merged = _read_toml(file)
    for name, value in sorted(env.items()):
        if name.startswith("MMRAG_") and name not in _NOT_SETTINGS:
            _put(merged, name, value)
    if path is not None:
        section = merged.setdefault("store", {})
        if isinstance(section, dict):
            section["path"] = str(path)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = "is not a setting" if first["type"] == "extra_forbidden" else first["msg"]
        raise SettingsError(f"Setting {where}: {what}. See docs/settings.md for what there is.") from error


def _read_toml(file: Path) -> dict[str, object]:
    if not file.is_file():
        return {}
    try:
        return dict(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error


def _put(merged: dict[str, object], name: str, raw: str) -> None:
    """Set one ``MMRAG_A__B`` variable in the nested settings. JSON where it is JSON, else the text itself."""
    *parents, leaf = name.removeprefix("MMRAG_").lower().split("__")
    level = merged
    for parent in parents:
        below = level.setdefault(parent, {})
        if not isinstance(below, dict):
            raise SettingsError(f"{name} sets a part of {parent}, which is not a section.")
        level = below
    try:
        level[leaf] = json.loads(raw)
    except ValueError:
        level[leaf] = raw
