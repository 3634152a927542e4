"""A row looked up by its value: 'which item costs 4.50?' is answered by the name in the one row that prints 4.50."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.lexicon import Lexicon
from mmrag.agent.reading.near import is_label
from mmrag.agent.reading.working import Operand, Worked
from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_values

_ASKED = re.compile(
    r"^\W*(?:(?:on|in|of|at)\s+[^?,]{1,80},\s*)?(?:which|what)\b(?P<noun>[^?]*?)\s+(?:costs?|(?:is|are|was|were)\s+(?:priced|listed|sold|charged)\s+(?:at|for)"
    r"|sells?\s+for|(?:has|have|had)\s+(?:a|the)\s+(?:unit\s+)?(?:price|cost|amount|charge)\s+of)\s+(?:exactly\s+)?(?P<value>[^?]+?)\s*\?*$",
    re.IGNORECASE,
)
_NUMERIC = frozenset({ValueKind.AMOUNT, ValueKind.NUMBER})
_SURE = 0.9


@lru_cache(maxsize=64)
def value_asked(question: str) -> Decimal | None:
    """The value that ``question`` gives and asks the bearer of; None for any other question."""
    found = _ASKED.search(question)
    if found is None:
        return None
    values = [v for v in find_values(found["value"]) if v.kind in _NUMERIC]
    return _decimal(values[0]) if len(values) == 1 and values[0].start <= len("EUR ") else None


def by_value(question: str, layout: Layout, lexicon: Lexicon) -> Worked | None:
    """The name of the row that prints the value asked for; None where none does, or more than one."""
    wanted = value_asked(question)
    if wanted is None:
        return None
    found = [
        (name, run, value)
        for row in layout.rows
        for run in row
        for value in layout.values(run)
        if value.kind in _NUMERIC and _decimal(value) == wanted
        if (name := _name(row, run, value, lexicon)) is not None
    ]
    if len({name.text for name, _, _ in found}) != 1:
        return None
    name, run, value = found[0]
    bearing = Operand(text=value.text.strip(), words=run.words_between(value.start, value.end))
    confidence = min(w.confidence for w in (*name.words, *bearing.words))
    return Worked(text=name.text, operands=(bearing,), score=_SURE * (0.5 + 0.5 * confidence), named=name)


def _name(row: Sequence[Run], run: Run, value: Value, lexicon: Lexicon) -> Operand | None:
    """What stands first in the row, before the value; None where that is a label, such as 'Total', or no words."""
    for first in row:
        if first is run:
            head = run.text[: value.start].rstrip(" .:·…-")
            return _named(run, head) if _is_name(head) and not _known(head, lexicon) else None
        if _is_name(first.text):
            return None if is_label(first, lexicon) else _named(first, first.text.strip())
    return None


def _named(run: Run, text: str) -> Operand:
    start = run.text.find(text)
    return Operand(text=text, words=run.words_between(start, start + len(text)))


def _is_name(text: str) -> bool:
    return sum(c.isalpha() for c in text) > 2


def _known(text: str, lexicon: Lexicon) -> bool:
    return re.sub(r"[^a-z]", "", text.casefold()) in lexicon.label_keys


def _decimal(value: Value) -> Decimal | None:
    try:
        return Decimal(value.normal)
    except InvalidOperation:
        return None
