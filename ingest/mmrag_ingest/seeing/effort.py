"""How much work the readings of one page may be: a page that could be read in more ways is not lost for want of time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

SHARE: Final = 0.6
"""Of the time limit of a page, for its readings: drawing it and taking its layout come beside them."""


@dataclass(slots=True, kw_only=True)
class Effort:
    """Readings are made while the longest one so far would still end within ``most_s`` seconds.

    Seconds are those in which the threads of this process ran: a page is read alike on a crowded machine and an idle one.
    ``cut_short`` says that a reading was not made for that reason.
    """

    most_s: float = math.inf
    clock: Callable[[], float] = time.process_time
    began: float = field(init=False)
    longest_s: float = field(init=False, default=0.0)
    cut_short: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @classmethod
    def of_page(cls, limit_s: float, threads: int = 1) -> Effort:
        """What may be spent on a page that is given up after ``limit_s`` seconds and read by ``threads`` threads."""
        return cls(most_s=SHARE * limit_s * threads)

    def allows_another(self) -> bool:
        """True when one more reading is likely to end in time."""
        fits = self.clock() - self.began + self.longest_s <= self.most_s
        self.cut_short = self.cut_short or not fits
        return fits

    def took(self, seconds: float) -> None:
        self.longest_s = max(self.longest_s, seconds)
