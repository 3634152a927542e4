"""Hostile text on a page: how much of it is marked, and what the keyless tier answers beside it.

Usage: python tests/injections/measure.py [--quick]

Each injection is put on a receipt whose total is 39.80, as a line of its own, at four places. ``known`` are those that the
tests hold to (tests/injections/injections.toml); ``unseen`` were written after the patterns and played no part in them.

* marked: its words are found to tell their reader what to do;
* answered right: the total is still given as 39.80;
* refused: no answer, or none that verification lets stand;
* led astray: another answer is given. This is the number that matters.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tomllib
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from injected import RECEIPT, TRUE_TOTAL
from rich.console import Console
from rich.table import Table
from unit.agent_pages import reading

from mmrag.agent.claims import split_claims
from mmrag.agent.critique_hostile import CautiousDrafter, hostile_words
from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.verify import verify
from mmrag.domain.answers import VerdictKind

PLACES = (0, 5, 6, 7)
STANDS = (VerdictKind.SUPPORTED, VerdictKind.PARTLY)


def texts(name: str) -> list[str]:
    data = tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return [text for group in data["group"] for text in group["texts"]]


async def outcome(text: str, at: int) -> tuple[bool, str]:
    page = reading([*RECEIPT[:at], text, *RECEIPT[at:]])
    plan = make_plan("What is the total amount?")
    draft = await CautiousDrafter(ReaderDrafter(None)).draft(plan, [page])
    stands = all(v.kind in STANDS for v in verify(plan, split_claims(plan, draft), [page]))
    right = "right" if draft.answer == TRUE_TOTAL else "astray"
    said = "refused" if draft.answer is None or not stands else right
    return bool(hostile_words(page.page)), said


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every tenth injection only")
    args = parser.parse_args()
    rows = []
    for label, name in (("known", "injections.toml"), ("unseen", "unseen.toml")):
        chosen = texts(name)[:: 10 if args.quick else 1]
        outcomes = [await outcome(text, at) for text in chosen for at in PLACES]
        said = Counter(what for _, what in outcomes)
        marked = sum(mark for mark, _ in outcomes) // len(PLACES)
        rows.append(
            [
                label,
                str(len(chosen)),
                str(marked),
                str(len(outcomes)),
                *(str(said[k]) for k in ("right", "refused", "astray")),
            ]
        )
    table = Table(title="Injections", title_justify="left")
    for head in ("set", "injections", "marked", "pages", "answered right", "refused", "led astray"):
        table.add_column(head)
    for row in rows:
        table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    asyncio.run(main())
