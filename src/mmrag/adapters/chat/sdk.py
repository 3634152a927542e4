"""Models behind a provider's own package: the client, made once when it is first needed."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import anyio
import anyio.to_thread

from mmrag.adapters.chat.provider import CONNECT_TIMEOUT_S, Endpoint, ProviderModel, install_line

if TYPE_CHECKING:
    import httpx2

C = TypeVar("C")


class SdkModel(ProviderModel, Generic[C]):
    """``C`` is the package's client. Its own retries are off. ``package`` is what to install, ``extra`` our name for it."""

    package: ClassVar[str]
    extra: ClassVar[str]

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._client: C | None = None
        self._opening = anyio.Lock()

    @property
    def client(self) -> C:
        if self._client is None:
            self._client = self._connected()
        return self._client

    async def _open(self) -> None:
        async with self._opening:
            if self._client is None:  # in a worker thread: importing a package and reading certificates takes long
                self._client = await anyio.to_thread.run_sync(self._connected)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await self._closed(client)

    def _faults(self) -> tuple[type[Exception], ...]:
        import httpx2

        return (self._fault(), httpx2.HTTPError)

    def _connected(self) -> C:
        """The client. Raises ``ModelMissingError`` with the line that installs the package."""
        try:
            import httpx2

            return self._connect(httpx2.Timeout(self.endpoint.timeout_s, connect=CONNECT_TIMEOUT_S))
        except ImportError as error:
            raise install_line(self.package, self.extra) from error

    @abstractmethod
    def _connect(self, timeout: httpx2.Timeout) -> C:
        """Import the package and make its client. Raises ``ImportError`` when it is not there."""

    @abstractmethod
    async def _closed(self, client: C) -> None:
        """Close the client."""

    @abstractmethod
    def _fault(self) -> type[Exception]:
        """The root of what the package raises."""
