"""Questions for a yes or a no: which value decides, and what it has to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag.domain.aggregates import Condition

if TYPE_CHECKING:
    from mmrag.domain.plans import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``asks`` is the question for the value that decides; it is yes where that value keeps ``condition``, or is ``name``.

    ``other`` is what a comparison names beside ``name``: where the value is that, it is no. None where every value that is
    not ``name`` says no. Just one of ``condition`` and ``name`` is set. ``sides`` ask for the two values of a comparison one
    by one, where nothing answers ``asks``: it is yes where the first is ``larger``, or smaller.
    """

    asks: Plan
    condition: Condition | None = None
    name: str | None = None
    other: str | None = None
    sides: tuple[Plan, Plan] | None = None
    larger: bool = True
