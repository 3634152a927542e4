"""The circuit breaker of one provider, shared by the tiers that ask it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from mmrag.errors import BudgetExceededError, CircuitOpenError, ModelError, ModelMissingError, ModelUnavailableError
from mmrag.middleware.circuit import Admission, Circuit, Rule, admit, answered, failed, gave_up
from mmrag.ports import Clock


class Breaker:
    """Trouble is a provider that does not answer: unreachable, over its time, overloaded (429), broken (5xx), cut off.

    A refusal, a call that it does not take, and a bad answer are answers. A missing key or package, a budget and a
    cancelled call say nothing of the provider.
    """

    def __init__(self, provider: str, *, rule: Rule, clock: Clock) -> None:
        self._provider = provider
        self._rule = rule
        self._clock = clock
        self._circuit = Circuit()
        self._changed = asyncio.Event()
        self._trouble = ""

    def check(self) -> None:
        """Raises ``CircuitOpenError`` while the provider is left alone."""
        now, until = _now(), self._circuit.open_until
        if until is not None and now < until:
            raise self._open_error(until - now)

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Around one call. Waits for a probe that is on its way. Raises ``CircuitOpenError``, and what the call raises."""
        probe = await self._admitted()
        try:
            yield
        except ModelUnavailableError as error:
            self._trouble = str(error)
            asked = error.retry_after_s
            self._become(failed(self._circuit, self._rule, _now(), probe=probe, asked_s=asked))
            raise
        except (ModelMissingError, BudgetExceededError):
            self._give_up(probe)
            raise
        except ModelError:
            self._become(answered(self._circuit))
            raise
        except BaseException:
            self._give_up(probe)
            raise
        self._become(answered(self._circuit))

    async def _admitted(self) -> bool:
        while True:
            circuit, admission = admit(self._circuit, _now())
            self._circuit = circuit
            if admission is Admission.REFUSE:
                self.check()
            elif admission is Admission.WAIT:
                await self._changed.wait()
            else:
                return admission is Admission.PROBE

    def _give_up(self, probe: bool) -> None:
        if probe:
            self._become(gave_up(self._circuit))

    def _become(self, circuit: Circuit) -> None:
        if circuit != self._circuit:
            self._circuit = circuit
            self._changed.set()
            self._changed = asyncio.Event()

    def _open_error(self, left_s: float) -> CircuitOpenError:
        at = self._clock.now() + timedelta(seconds=left_s)
        return CircuitOpenError(
            f"{self._provider} is left alone after {self._circuit.failures} failures in a row; it is tried again in "
            f"{math.ceil(left_s)} s, at {at:%H:%M:%S} UTC. The last one: {self._trouble}",
            retry_after_s=left_s,
        )


def _now() -> float:
    return asyncio.get_running_loop().time()
