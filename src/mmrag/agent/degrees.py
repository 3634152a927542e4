"""Words that compare two things, as alternatives of a pattern."""

from __future__ import annotations

from typing import Final

LARGER: Final = r"higher|larger|bigger|greater|dearer|costlier|more\s+expensive"
SMALLER: Final = r"lower|smaller|cheaper|less\s+expensive"
LATER: Final = r"later|newer|more\s+recent"
EARLIER: Final = r"earlier|older"
