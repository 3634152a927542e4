"""What confidence is worth before and after calibration, and what each way to set thresholds does to answers.

Usage: python benchmarks/calibration.py DATASET --store DIR [--kinds receipt form] [--quick]

The reader is asked every question of DATASET once, without thresholds. Confidence is then compared with what was right: as
scored, by the curve that ships, and by curves fitted to this data set out of fold. A second table shows what is answered,
wrong and refused under each: as scored with thresholds set by hand (0.35, and 0.5 for open questions), as it ships, and as
``mmrag calibrate`` chooses for a risk of 5 %.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mmrag.adapters.calibrations import shipped_calibration
from mmrag.api import with_tiers
from mmrag.cli.calibrating import observations, without_thresholds
from mmrag.cli.evaluating import Wanted, measure
from mmrag.domain.calibration import UNCALIBRATED, Calibration, Origin
from mmrag.evaluation.calibrating.calibrate import Sureness, calibrate
from mmrag.evaluation.calibrating.fitting import Observation, out_of_fold
from mmrag.evaluation.datasets.reading import read_dataset
from mmrag.settings import CascadeSettings, Settings, StoreSettings, TierSettings

TARGET_RISK = 0.05
READER = "reader"
_Given = Callable[[Observation], bool]


async def observe(dataset: Path, store: Path, kinds: Sequence[str]) -> tuple[Observation, ...]:
    cascade = CascadeSettings(tiers=(TierSettings(name=READER, model=READER),))
    settings = without_thresholds(with_tiers(Settings(store=StoreSettings(path=store), cascade=cascade)))
    measured = await measure(read_dataset(dataset, None), settings, Wanted(kinds=tuple(kinds), tier=READER))
    return observations(measured.scored)


def reliability_rows(standing: Sequence[Observation]) -> list[tuple[str, Sureness]]:
    shipped, right = shipped_calibration().readers, tuple(o.right for o in standing)
    scores = {
        "as scored": tuple(o.score for o in standing),
        "as it ships": tuple(shipped.probability(o.score, o.group) for o in standing),
        "fitted to the store, out of fold": out_of_fold(standing, shipped),
    }
    return [(name, Sureness(confidence=confidence, right=right)) for name, confidence in scores.items()]


def rule(calibration: Calibration) -> _Given:
    """Whether an answer is given."""

    def given(o: Observation) -> bool:
        sure = calibration.of(READER, None).probability(o.score, o.group)
        return o.stands and round(sure, 4) >= calibration.floors[o.group]

    return given


def show(all_: Sequence[Observation]) -> None:
    console = Console(width=120)
    standing = [o for o in all_ if o.stands]
    table = Table("confidence", "answers", "right", "ECE", "Brier", title="What confidence is worth")
    for name, sure in reliability_rows(standing):
        share = sum(sure.right) / len(sure.right)
        table.add_row(name, str(len(sure.right)), f"{share:.3f}", f"{sure.ece:.4f}", f"{sure.brier:.4f}")
    console.print(table)
    origin = Origin(made=datetime.now(UTC), dataset="", digest="", questions=len(all_), target_risk=TARGET_RISK)
    fitted = calibrate({READER: all_}, {READER: ""}, shipped_calibration(), origin)
    rules = {
        "as scored, thresholds by hand": rule(UNCALIBRATED),
        "as it ships": rule(shipped_calibration()),
        f"chosen for a risk of {TARGET_RISK:.0%}": rule(fitted.calibration),
    }
    table = Table("thresholds", "answered", "right", "wrong", "refused rightly", "refused wrongly", title="What is answered")
    for name, given in rules.items():
        answered = [o for o in all_ if given(o)]
        right, refused = sum(o.right for o in answered), [o for o in all_ if not given(o)]
        rightly, none = sum(not o.answerable for o in refused), sum(not o.answerable for o in all_)
        cells = (len(answered), right, len(answered) - right)
        table.add_row(name, *map(str, cells), f"{rightly} of {none}", str(len(refused) - rightly))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, nargs="?")
    parser.add_argument("--store", type=Path)
    parser.add_argument("--kinds", nargs="+", default=())
    parser.add_argument("--quick", action="store_true", help="measure nothing: a short run has no store")
    args = parser.parse_args()
    if args.quick or args.dataset is None or args.store is None:
        print("No data set and no store are named, so nothing is measured here.")
        return
    show(asyncio.run(observe(args.dataset, args.store, args.kinds)))


if __name__ == "__main__":
    main()
