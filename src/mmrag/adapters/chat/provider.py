"""What all providers have in common: one call with its time limit, and their faults in our words."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from mmrag.adapters.chat.fitting import fitted
from mmrag.domain.capabilities import NOTHING_KNOWN, Capabilities
from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, ImagePart, Reply, Role, StopReason, TextPart, TokenLogprob, ToolCall
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
    """Where a model is and what it takes.

    ``timeout_s`` is for the whole call, a stream included. ``key`` is empty where none is needed and None where one is
    needed and none of ``key_variables`` is set.
    """

    provider: str
    model: str
    key: str | None = field(repr=False)
    key_variables: tuple[str, ...] = ()
    base_url: str | None = None
    can: Capabilities = NOTHING_KNOWN
    timeout_s: float = 60.0

    @property
    def identity(self) -> str:
        return f"{self.provider}:{self.model}" + (f"@{self.base_url}" if self.base_url else "")

    def takes(self, parameter: str) -> bool:
        return self.can.takes(parameter)


class ProviderModel(ABC):
    """``ChatModel`` for one model: a time limit, requests made to fit, faults in our words. It tries nothing twice:
    ``Retrying`` decides what is tried again."""

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
        await self._open()
        sent, notes = await fitted(request, self.endpoint.can, identity=self.identity)
        with self._in_our_words():
            async with asyncio.timeout(self.endpoint.timeout_s):
                reply = await (self._whole(sent) if on_delta is None else self._streamed(sent, on_delta))
        if reply.stop is StopReason.REFUSAL:
            raise ModelRefusedError(f"{self.identity} refused to answer.", usage=reply.usage)
        return replace(reply, notes=notes)

    @abstractmethod
    async def _open(self) -> None:
        """Make ready what the call needs, once. Raises ``ModelMissingError`` with the line to install."""

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

    def broken_off(self, what: str = "broke off before the end of its reply") -> ModelUnavailableError:
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
        return self.broken_off()

    def _status_error(self, status: int, error: Exception) -> ModelError:
        if status in {401, 403}:  # the provider's own text may repeat the key
            return ModelMissingError(f"{self.identity} does not accept the key (HTTP {status}): set the right one.")
        said = " ".join(str(getattr(error, "message", error)).split()).replace(self.endpoint.key or "\0", "***")[:200]
        if status == 404:
            return ModelMissingError(f"{self.identity} is not known there (HTTP 404): {said}")
        if status in _TRANSIENT or status >= 500:
            return ModelUnavailableError(f"{self.identity} is busy (HTTP {status}).", retry_after_s=_retry_after(error))
        return ModelRequestError(f"{self.identity} does not take this call (HTTP {status}): {said}")

    def _answered(
        self,
        request: ChatRequest,
        text: str,
        tally: Tally | None,
        *,
        stop: StopReason,
        tool_calls: tuple[ToolCall, ...] = (),
        logprobs: tuple[TokenLogprob, ...] = (),
    ) -> Reply:
        """The reply to ``request``; ``tally`` is None when its usage was not told."""
        images = images_in(request)
        usage = Usage(images=images, unreported_calls=1)
        if tally is not None:
            usage = Usage(
                input_tokens=tally.read,
                output_tokens=tally.written,
                cached_input_tokens=tally.kept or 0,
                images=images,
            )
        return Reply(text=text, usage=usage, model=self.identity, stop=stop, tool_calls=tool_calls, logprobs=logprobs)

    def _temperature(self, request: ChatRequest) -> float | None:
        """The temperature to send, None when none is asked for or the model takes none."""
        return request.temperature if self.endpoint.takes("temperature") else None

    def _wants_logprobs(self, request: ChatRequest) -> bool:
        return request.logprobs and self.endpoint.takes("logprobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Tokens of one call as a provider counts them; ``kept`` are those of ``read`` that it had kept from earlier."""

    read: int
    written: int
    kept: int | None = None


def system_text(request: ChatRequest) -> str:
    """What is said in the system's role, for providers that want it in a place of its own."""
    spoken = [m for m in request.messages if m.role is Role.SYSTEM]
    return "\n\n".join(part.text for m in spoken for part in m.parts if isinstance(part, TextPart))


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
