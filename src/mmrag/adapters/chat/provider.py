"""What all providers have in common: one call with its time limit, and their faults in our words."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, ImagePart, Reply, StopReason
from mmrag.errors import (
    ModelError,
    ModelMissingError,
    ModelRefusedError,
    ModelRequestError,
    ModelUnavailableError,
)
from mmrag.ports import OnDelta

CONNECT_TIMEOUT_S = 10.0
_TRANSIENT = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a model is and what it takes. ``rejects`` names parameters of a request that must not be sent.

    ``timeout_s`` is for the whole call, a stream included. ``key`` is empty where none is needed and None where one is
    needed and none of ``key_variables`` is set.
    """

    provider: str
    model: str
    key: str | None = field(repr=False)
    key_variables: tuple[str, ...] = ()
    base_url: str | None = None
    rejects: frozenset[str] = frozenset()
    timeout_s: float = 60.0

    @property
    def identity(self) -> str:
        return f"{self.provider}:{self.model}" + (f"@{self.base_url}" if self.base_url else "")

    def takes(self, parameter: str) -> bool:
        return parameter not in self.rejects


class ProviderModel(ABC):
    """``ChatModel`` over a provider's own package, whose retries are off: ``Retrying`` decides what is tried again."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    @property
    def identity(self) -> str:
        return self.endpoint.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises ``ModelMissingError`` without package or key, or for a model that the provider does not know,
        ``ModelRequestError``, ``ModelRefusedError``, ``ModelUnavailableError``."""
        if self.endpoint.key is None:
            raise ModelMissingError(f"{self.identity} needs a key: set {' or '.join(self.endpoint.key_variables)}.")
        self._open()
        with self._in_our_words():
            async with asyncio.timeout(self.endpoint.timeout_s):
                reply = await (self._whole(request) if on_delta is None else self._streamed(request, on_delta))
        if reply.stop is StopReason.REFUSAL:
            raise ModelRefusedError(f"{self.identity} refused to answer.", usage=reply.usage)
        return reply

    @abstractmethod
    def _open(self) -> None:
        """Make the client, once. Raises ``ModelMissingError`` with the line to install."""

    @abstractmethod
    async def _whole(self, request: ChatRequest) -> Reply: ...

    @abstractmethod
    async def _streamed(self, request: ChatRequest, on_delta: OnDelta) -> Reply: ...

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    def _faults(self) -> tuple[type[Exception], ...]:
        """What the provider's package raises."""

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        faults: tuple[type[Exception], ...] = (ValueError, *self._faults())
        try:
            yield
        except TimeoutError as error:
            raise self.broken_off(f"gave no answer within {self.endpoint.timeout_s:g} seconds") from error
        except ModelError:
            raise
        except faults as error:
            raise self._model_error(error) from error

    def broken_off(self, what: str) -> ModelUnavailableError:
        """The error of a call that was sent and whose bill nobody told."""
        return ModelUnavailableError(f"{self.identity} {what}.", usage=Usage(unreported_calls=1))

    def _model_error(self, error: Exception) -> ModelError:
        status = getattr(error, "status_code", None) or getattr(error, "code", None)
        if isinstance(status, int) and status >= 400:
            return self._status_error(status, error)
        if isinstance(error, ValueError):
            return self.broken_off("sent a reply that cannot be read")
        cause = error.__cause__ or error
        if type(cause).__name__ in {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"}:
            return ModelUnavailableError(f"{self.identity} cannot be reached.")
        return self.broken_off("broke off before the end of its reply")

    def _status_error(self, status: int, error: Exception) -> ModelError:
        if status in {401, 403}:  # the provider's own text may repeat the key
            return ModelMissingError(f"{self.identity} does not accept the key (HTTP {status}): set the right one.")
        said = " ".join(str(getattr(error, "message", error)).split()).replace(self.endpoint.key or "\0", "***")[:200]
        if status == 404:
            return ModelMissingError(f"{self.identity} is not known there (HTTP 404): {said}")
        if status in _TRANSIENT or status >= 500:
            return ModelUnavailableError(f"{self.identity} is busy (HTTP {status}).", retry_after_s=_retry_after(error))
        return ModelRequestError(f"{self.identity} does not take this call (HTTP {status}): {said}")


def install_line(package: str, extra: str) -> ModelMissingError:
    """The error for a package that is not installed."""
    return ModelMissingError(f'The package {package} is not installed: pip install "mmrag[{extra}]"')


def base64_of(image: ImagePart) -> str:
    return b64encode(image.data).decode("ascii")


def labelled(image: ImagePart) -> str:
    """The line of text that goes before a picture."""
    return f"[{image.label}]"


def images_in(request: ChatRequest) -> int:
    return sum(isinstance(part, ImagePart) for message in request.messages for part in message.parts)


def _retry_after(error: Exception) -> float | None:
    """The header ``Retry-After`` in seconds; a date in it counts as not said."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    try:
        return max(0.0, float(headers["retry-after"])) if headers is not None else None
    except (KeyError, ValueError):
        return None
