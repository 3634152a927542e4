"""What a cascade of three priced tiers would cost at nearly the best tier's quality.

Usage: python benchmarks/simulation.py FILE CORPUS --store DIR [--accuracy 0.95]

FILE holds the answers that ``cascade_local.py`` has recorded: the reader's and a small model's, each question put to each.

* **reader**: measured; costs nothing.
* **cheap**: the small model's measured answers, at the price of the cheap hosted model for the tokens that were measured.
* **flagship**: assumed, because nothing hosted is asked here. It is right with the probability ``--accuracy`` whenever the
  true document is among the evidence that was retrieved for the question (measured), and refuses otherwise; it refuses a
  question without an answer with that probability too. Its confidence tells nothing: always 0.9. A call is priced for
  4,500 tokens in and 80 out: the most text that a hosted model is shown.

The thresholds are chosen and judged on probabilities out of fold. Means over seeds for the assumed answers.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import fmean

from cascade_local import LOCAL, READER, Row, observed, read
from rich.console import Console
from rich.table import Table

from mmrag.adapters.calibrations import shipped_calibration
from mmrag.api import open_session
from mmrag.domain.calibration import Origin
from mmrag.domain.costs import Price, Usage
from mmrag.evaluation.calibrating.calibrate import Fitted, calibrate
from mmrag.evaluation.calibrating.choosing import QUALITY_KEPT, Operating
from mmrag.evaluation.calibrating.fitting import Observation
from mmrag.evaluation.datasets.reading import read_dataset
from mmrag.evaluation.questions import LabelledQuestion
from mmrag.middleware.prices import price_list

CHEAP, FLAGSHIP = "cheap", "flagship"
FLAGSHIP_CALL = Usage(input_tokens=4_500, output_tokens=80)
SEEDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One seed's result: the best tier alone, and the cheapest cascade that ends nearly as many questions well."""

    best_name: str
    best: Operating
    cascade: Operating
    alone: Mapping[str, Operating]


def priced(observations: Sequence[Observation], rows: Mapping[tuple[str, str], Row], price: Price) -> list[Observation]:
    """The small model's answers with what they would have cost."""
    return [replace(o, usd=float(price.of(_usage(rows[o.question_id, LOCAL]))), calls=1, unpriced=0) for o in observations]


def assumed_flagship(
    like: Sequence[Observation], retrieved: frozenset[str], price: Price, *, accuracy: float, seed: int
) -> list[Observation]:
    """What a flagship would make of the same questions, by the assumption above."""
    rng = random.Random(seed)
    answers = []
    for o in like:
        able = rng.random() < accuracy
        says = (able and o.question_id in retrieved) or (not able and (o.question_id in retrieved or not o.answerable))
        answers.append(
            replace(
                o, score=0.9 if says else 0.0, stands=says, right=says and able and o.answerable,
                usd=float(price.of(FLAGSHIP_CALL)), calls=1, unpriced=0,
            )
        )  # fmt: skip
    return answers


def simulate(tiers: Mapping[str, Sequence[Observation]]) -> Outcome:
    origin = Origin(made=datetime.now(UTC), dataset="", digest="", questions=len(tiers[READER]), target_risk=0.05)
    models = {name: "" if name == READER else name for name in tiers}
    fitted = calibrate(tiers, models, shipped_calibration(), origin)
    alone = {name: best_alone(fitted, name) for name in tiers}
    best_name = max(alone, key=lambda name: alone[name].quality)
    best = alone[best_name]
    good = [p for p in fitted.points if p.quality >= QUALITY_KEPT * best.quality]
    return Outcome(
        best_name=best_name, best=best, alone=alone, cascade=min(good, key=lambda p: (p.usd, -p.quality), default=best)
    )


def best_alone(fitted: Fitted, name: str) -> Operating:
    """One tier asked every question, under the floor that suits it best."""
    floors = sorted({0.0, *(float(p) for p in fitted.recorded.probability.ravel() if p > 0)})
    return max((fitted.tier_alone(name, floor) for floor in floors), key=lambda point: point.quality)


def _usage(row: Row) -> Usage:
    return Usage(input_tokens=row.input_tokens, output_tokens=row.output_tokens)


async def retrieved_of(questions: Sequence[LabelledQuestion], store: Path) -> frozenset[str]:
    """Ids of the questions whose true document is among the evidence."""
    found = set()
    async with open_session(store) as session:
        for q in questions:
            hits = await session.search(q.corpus_question or q.question, 12)
            if any(f"/{file}".endswith(f"/{hit.document}") for file in q.true_files for hit in hits):
                found.add(q.id)
    return frozenset(found)


def show(outcomes: Sequence[Outcome], questions: int, retrieved: int, accuracy: float) -> None:
    console = Console(width=120)
    console.print(
        f"{questions} questions; the true document is among the evidence of {retrieved}. The flagship is assumed to be "
        f"right on {accuracy:.0%} of those. Means over {len(outcomes)} seeds."
    )
    table = Table("", "USD per 1,000 questions", "end well", "wrong of those answered", "reader / cheap / flagship asked")
    for name in outcomes[0].alone:
        _row(table, f"all {name}", [o.alone[name] for o in outcomes])
    _row(table, f"cascade at {QUALITY_KEPT:.0%} of the best", [o.cascade for o in outcomes])
    console.print(table)
    ratio = fmean(o.cascade.usd / o.best.usd if o.best.usd else 1.0 for o in outcomes)
    kept = fmean(o.cascade.quality / o.best.quality for o in outcomes)
    console.print(
        f"The best tier alone is {outcomes[0].best_name}. The cascade keeps {kept:.1%} of its quality at {ratio:.1%} of its "
        f"cost."
    )


def _row(table: Table, name: str, points: Sequence[Operating]) -> None:
    reached = [fmean(n) for n in zip(*(p.reached for p in points), strict=True)]
    asked = " / ".join(f"{n:.0f}" for n in reached) if len(reached) > 1 else "-"
    usd, quality, risk = (fmean(v) for v in zip(*((p.usd, p.quality, p.risk) for p in points), strict=True))
    table.add_row(name, f"{1000 * usd:.3f}", f"{quality:.3f}", f"{risk:.3f}", asked)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--accuracy", type=float, default=0.95)
    parser.add_argument("--on", type=date.fromisoformat, default=datetime.now(UTC).date(), help="the day of the prices")
    parser.add_argument(
        "--quick", action="store_true", help="simulate nothing: there are no recorded answers in a short run"
    )
    args = parser.parse_args()
    if args.quick or args.file is None or args.corpus is None or args.store is None:
        print("No recorded answers are named, so nothing is simulated here.")
        return
    rows = read(args.file)
    measured = observed(rows)
    asked = {o.question_id for o in measured[READER]}
    questions = [q for q in read_dataset(args.corpus, None).questions if q.id in asked]
    retrieved = asyncio.run(retrieved_of(questions, args.store))
    prices = price_list()
    cheap, flagship = (prices.price_of(model, on=args.on) for model in (prices.cheap, prices.flagship))
    if cheap is None or flagship is None:
        raise SystemExit("The reference models have no price on that day.")
    outcomes = [
        simulate(
            {
                READER: measured[READER],
                CHEAP: priced(measured[LOCAL], rows, cheap),
                FLAGSHIP: assumed_flagship(measured[READER], retrieved, flagship, accuracy=args.accuracy, seed=seed),
            }
        )
        for seed in range(SEEDS)
    ]
    show(outcomes, len(asked), len(retrieved), args.accuracy)


if __name__ == "__main__":
    main()
