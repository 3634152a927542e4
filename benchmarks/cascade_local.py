"""The cascade over a real small model: what the reader saves it, and what calibration does to confidence.

Usage: python benchmarks/cascade_local.py CORPUS --store DIR --out FILE [--base-url URL] [--model NAME] [--questions N]
       python benchmarks/cascade_local.py --report FILE

CORPUS is what ``mmrag eval`` takes, and is in the store. URL is a server that speaks OpenAI's chat completions (llama.cpp,
Ollama, vLLM). A seeded sample of N questions, by kind and answerable or not in the proportions of the data set, is put to
the reader and to the model, each alone and without thresholds; every answer is a line of FILE, so that a run that was
stopped goes on where it stood. Tiers of the cascade do not see one another's drafts, so the cascade is played over the
recorded answers afterwards, by the rules that it decides with (a property test holds the two together).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from mmrag.adapters.calibrations import shipped_calibration
from mmrag.agent.plan import make_plan
from mmrag.api import Session, open_session
from mmrag.cli.calibrating import without_thresholds
from mmrag.domain.calibration import Group, Origin
from mmrag.errors import UsageError
from mmrag.evaluation.calibrating.calibrate import Fitted, calibrate
from mmrag.evaluation.calibrating.choosing import Operating
from mmrag.evaluation.calibrating.fitting import Observation
from mmrag.evaluation.calibrating.report import summary, tables
from mmrag.evaluation.datasets.reading import read_dataset
from mmrag.evaluation.metrics.text import is_right
from mmrag.evaluation.questions import LabelledQuestion
from mmrag.settings import AskSettings, CascadeSettings, Settings, StoreSettings, TierSettings

READER, LOCAL = "reader", "local"
TIERS = (READER, LOCAL)
SEED = 5
TARGET_RISK = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question put to one tier. ``score`` is not calibrated; ``outcome`` says why there is no answer."""

    id: str
    kind: str
    tier: str
    group: str
    answerable: bool
    answer: str | None
    outcome: str
    score: float
    right: bool
    calls: int
    input_tokens: int
    output_tokens: int
    seconds: float


def sampled(questions: Sequence[LabelledQuestion], count: int) -> list[LabelledQuestion]:
    """``count`` questions in the proportions of kind and answerability, at least two of each, in a seeded order."""
    groups: dict[tuple[str, bool], list[LabelledQuestion]] = defaultdict(list)
    for q in questions:
        if q.corpus_question and not q.names_a_file:
            groups[q.kind, q.is_answerable].append(q)
    total = sum(map(len, groups.values()))
    rng = random.Random(SEED)
    chosen = [
        q
        for _, group in sorted(groups.items())
        for q in rng.sample(group, min(len(group), max(2, round(count * len(group) / total))))
    ]
    rng.shuffle(chosen)
    return chosen


def settings_for(args: argparse.Namespace) -> Settings:
    local = TierSettings(name=LOCAL, model=f"openai:{args.model}", base_url=args.base_url)
    return without_thresholds(
        Settings(
            store=StoreSettings(path=args.store),
            ask=AskSettings(timeout_s=900),
            cascade=CascadeSettings(tiers=(TierSettings(name=READER, model=READER), local)),
        )
    )


async def put(session: Session, q: LabelledQuestion, tier: str) -> Row:
    asked = q.corpus_question or q.question
    started = time.perf_counter()
    answer = await session.ask(asked, tier=tier)
    return Row(
        id=q.id,
        kind=q.kind,
        tier=tier,
        group=Group.of(make_plan(asked)).value,
        answerable=q.is_answerable,
        answer=answer.answer,
        outcome="answered" if answer.abstention is None else f"{answer.abstention.reason.value}: {answer.abstention.detail}",
        score=answer.confidence if answer.answered else 0.0,
        right=answer.answer is not None and is_right(answer.answer, q.answers),
        calls=answer.bill.calls + answer.bill.cache_hits,
        input_tokens=answer.bill.usage.input_tokens,
        output_tokens=answer.bill.usage.output_tokens,
        seconds=round(time.perf_counter() - started, 2),
    )


def read(file: Path) -> dict[tuple[str, str], Row]:
    if not file.is_file():
        return {}
    rows = [Row(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {(row.id, row.tier): row for row in rows}


async def ask_all(args: argparse.Namespace) -> None:
    questions = sampled(read_dataset(args.corpus, None).questions, args.questions)
    done = read(args.out)
    async with open_session(settings=settings_for(args)) as session:
        for n, q in enumerate(questions, 1):
            for tier in TIERS:
                if (q.id, tier) in done:
                    continue
                row = await put(session, q, tier)
                if row.outcome.startswith("model_unavailable: There was no answer within"):
                    continue  # the machine was too slow: ask again another time
                with args.out.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
                print(f"{n}/{len(questions)} {tier} {q.kind} {row.seconds:.0f} s {row.input_tokens} tokens", file=sys.stderr)


def observed(rows: dict[tuple[str, str], Row]) -> dict[str, tuple[Observation, ...]]:
    """The questions that both tiers were asked, in the same order for both."""
    ids = [id_ for id_, tier in rows if tier == LOCAL and (id_, READER) in rows]
    return {tier: tuple(_observation(rows[id_, tier]) for id_ in ids) for tier in TIERS}


def _observation(row: Row) -> Observation:
    return Observation(
        question_id=row.id,
        group=Group(row.group),
        score=row.score,
        stands=row.score > 0,
        right=row.right,
        answerable=row.answerable,
        calls=row.calls,
        unpriced=row.calls,
        seconds=row.seconds,
    )


def at_equal_quality(fitted: Fitted) -> tuple[Operating, Operating]:
    """The model alone under its best floor, and the cascade with the fewest calls that ends as many questions well."""
    floors = sorted({0.0, *(float(p) for p in fitted.recorded.probability.ravel() if p > 0)})
    alone = max((fitted.tier_alone(LOCAL, floor) for floor in floors), key=lambda point: point.quality)
    as_good = [p for p in fitted.points if p.quality >= alone.quality and p.risk <= max(alone.risk, TARGET_RISK)]
    return alone, min(as_good, key=lambda p: (p.calls, -p.quality), default=alone)


def report(file: Path) -> None:
    rows = read(file)
    answers = observed(rows)
    console = Console(width=140)
    console.print(_by_kind(rows))
    origin = Origin(made=datetime.now(UTC), dataset="", digest="", questions=len(answers[READER]), target_risk=TARGET_RISK)
    try:
        fitted = calibrate(answers, {READER: "", LOCAL: LOCAL}, shipped_calibration(), origin)
    except UsageError as error:
        console.print(str(error))
        return
    for table in tables(fitted):
        drawn = RichTable(*table.head, title=table.title)
        for cells in table.rows:
            drawn.add_row(*cells)
        console.print(drawn)
    console.print(summary(fitted))
    alone, cascade = at_equal_quality(fitted)
    saved = 1 - cascade.calls / alone.calls if alone.calls else 0.0
    console.print(
        f"All to the model: {alone.quality:.1%} end well, {alone.risk:.1%} of its answers wrong, {alone.calls:.2f} calls a "
        f"question. The cascade does as well ({cascade.quality:.1%}, {cascade.risk:.1%} wrong) with {cascade.calls:.2f}: "
        f"{saved:.0%} of the calls saved."
    )


def _by_kind(rows: dict[tuple[str, str], Row]) -> RichTable:
    table = RichTable(
        "kind",
        "tier",
        "n",
        "answered",
        "right",
        "right of those",
        "refused rightly",
        "tokens in",
        "s",
        title="Each tier alone",
    )
    kinds = sorted({row.kind for row in rows.values()})
    for kind in [*kinds, "all"]:
        for tier in TIERS:
            of = [r for r in rows.values() if r.tier == tier and kind in (r.kind, "all")]
            if not of:
                continue
            given = [r for r in of if r.answer is not None]
            none = [r for r in of if not r.answerable]
            right = sum(r.right for r in given)
            table.add_row(
                kind, tier, str(len(of)), str(len(given)), str(right), f"{right / max(1, len(given)):.3f}",
                f"{sum(r.answer is None for r in none)} of {len(none)}", f"{sum(r.input_tokens for r in of) / len(of):.0f}",
                f"{sorted(r.seconds for r in of)[len(of) // 2]:.1f}",
            )  # fmt: skip
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--base-url")
    parser.add_argument("--model", default="local")
    parser.add_argument("--questions", type=int, default=110)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--quick", action="store_true", help="measure nothing: there is no model server in a short run")
    args = parser.parse_args()
    if args.corpus is not None and not args.quick:
        if args.store is None or args.out is None or args.base_url is None:
            parser.error("CORPUS needs --store, --out and --base-url")
        asyncio.run(ask_all(args))
    file = args.report or args.out
    if file is None:
        print("No corpus and no recorded answers are named, so nothing is measured here.")
    else:
        report(file)


if __name__ == "__main__":
    main()
