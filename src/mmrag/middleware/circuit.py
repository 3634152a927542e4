"""The states of a circuit breaker, pure: when a provider that is in trouble is left alone, and when it is tried again.

Closed, calls pass, and failures in a row are counted. Open, none passes until a time. After it one call passes as a probe;
the others wait for what becomes of it. Times are in seconds of the event loop's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``failures`` in a row open the circuit for ``pause_s`` seconds, twice as long after each probe that fails, up to
    ``longest_pause_s``; or for as long as the provider asked. More than are made at once, so that one moment of trouble,
    which hits all that are on their way, does not open it."""

    failures: int = 10
    pause_s: float = 15.0
    longest_pause_s: float = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """``open_until`` is None when it is closed; ``trips`` counts how often it has opened since a call went well."""

    failures: int = 0
    open_until: float | None = None
    probing: bool = False
    trips: int = 0


class Admission(Enum):
    PASS = auto()
    PROBE = auto()
    WAIT = auto()
    REFUSE = auto()


def admit(circuit: Circuit, now: float) -> tuple[Circuit, Admission]:
    """Whether a call may be made now."""
    if circuit.open_until is None:
        return circuit, Admission.PASS
    if now < circuit.open_until:
        return circuit, Admission.REFUSE
    if circuit.probing:
        return circuit, Admission.WAIT
    return replace(circuit, probing=True), Admission.PROBE


def answered(circuit: Circuit) -> Circuit:
    """After a call that the provider answered, well or not."""
    return circuit if circuit == Circuit() else Circuit()


def failed(circuit: Circuit, rule: Rule, now: float, *, probe: bool, asked_s: float | None = None) -> Circuit:
    """After a call that the provider did not answer. ``asked_s`` is how many seconds it asked to be left alone."""
    if circuit.open_until is not None and not probe:
        return circuit  # sent before it opened
    failures = circuit.failures + 1
    if failures < rule.failures and not probe:
        return replace(circuit, failures=failures)
    grown = min(rule.pause_s * 2**circuit.trips, rule.longest_pause_s)
    pause = grown if asked_s is None else min(asked_s, rule.longest_pause_s)
    return Circuit(failures=failures, open_until=now + pause, trips=circuit.trips + 1)


def gave_up(circuit: Circuit) -> Circuit:
    """After a probe that says nothing of the provider: the next call is one."""
    return replace(circuit, probing=False)
