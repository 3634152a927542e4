"""Questions about charts that print no values: what is answered, how well, and whether the confidence means what it says.

    python benchmarks/chart_questions.py --each 2 --seed fresh

Draws charts of known data in many styles, reads them into a store of their own and asks of each, without a model: two
values, which category is the largest, and three questions that it does not answer: for a category, a series or year, and a
subject
that are not there. An answer is right when it is within 5 % of the largest value of its chart.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from _charts_drawn import KINDS, NAMES, SERIES, DrawnChart, draw

from mmrag.agent.formulas import number_in
from mmrag.api import open_session

_BINS = (0.0, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``value`` or ``name`` is the true answer; with neither it is not shown. ``near`` is how far off is right."""

    text: str
    why: str
    value: float | None = None
    name: str | None = None
    near: float = 0.0


def questions(chart: DrawnChart, rng: random.Random) -> Iterator[Question]:
    file = chart.file.name
    largest = max(chart.values.values())
    for category, series in rng.sample(sorted(chart.values), min(2, len(chart.values))):
        of = f"{series} in {category}" if series else category
        near = 0.05 * largest
        yield Question(
            text=f"What is the value for {of} in {file}?", why="value", value=chart.values[category, series], near=near
        )
    series = rng.choice(sorted({s for _, s in chart.values}))
    ranked = sorted(((v, c) for (c, s), v in chart.values.items() if s == series), reverse=True)
    of = f" for {series}" if series else ""
    yield Question(text=f"Which category has the highest value{of} in {file}?", why="extreme", name=ranked[0][1])
    there = {c for c, _ in chart.values}
    years = all(c.isdigit() for c in there)
    absent = "2009" if years else rng.choice([n for n in NAMES if n not in there])
    beside = f"{series} in " if series else ""
    yield Question(text=f"What is the value for {beside}{absent} in {file}?", why="no such category")
    category = rng.choice(sorted(there))
    other = rng.choice([s for s in (*SERIES, "Wholesale") if s not in {s for _, s in chart.values}])
    yield Question(text=f"What is the value for {other} in {category} in {file}?", why="no such series")
    yield Question(text=f"How many penguins were counted in {category} in {file}?", why="no such subject")


def is_right(question: Question, answer: str) -> bool:
    if question.name is not None:
        return question.name.casefold() in answer.casefold()
    said = number_in(answer)
    return question.value is not None and said is not None and abs(float(said) - question.value) <= question.near


async def ask_all(folder: Path, charts: list[DrawnChart], rng: random.Random, *, misses: bool) -> None:
    outcomes: dict[str, list[str]] = defaultdict(list)
    sure: list[tuple[float, bool]] = []
    async with open_session(folder / "store") as session:
        await session.ingest([folder / "charts"])
        for chart in charts:
            for question in questions(chart, rng):
                answer = await session.ask(question.text)
                given = answer.answer
                due = question.value is not None or question.name is not None
                right = given is not None and is_right(question, given)
                outcomes[question.why].append("refused" if given is None else "right" if right else "wrong")
                if given is not None:
                    sure.append((answer.confidence, right))
                if misses and (given is not None) != due:
                    print(f"{chart.kind}: {question.text} -> {given} ({answer.confidence:.2f})")
    print(f"{'question':18} asked right wrong refused")
    for why, of in outcomes.items():
        print(f"{why:18} {len(of):5} {of.count('right'):5} {of.count('wrong'):5} {of.count('refused'):7}")
    print("confidence of what was answered   answers  right")
    for least, most in itertools.pairwise(_BINS):
        here = [right for confidence, right in sure if least <= confidence < most]
        if here:
            print(f"{least:.2f} to {min(1.0, most):.2f}                      {len(here):7}  {sum(here) / len(here):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=2, help="charts of each kind")
    parser.add_argument("--seed", default="bench")
    parser.add_argument("--misses", action="store_true", help="print what was answered wrongly, and what was refused")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "charts").mkdir()
        charts = [
            draw(
                random.Random(f"{arguments.seed} {kind} {n}"), kind, folder / "charts" / f"{kind.replace(' ', '-')}-{n}.png"
            )
            for kind in KINDS
            for n in range(arguments.each)
        ]
        asyncio.run(ask_all(folder, charts, random.Random(arguments.seed), misses=arguments.misses))


if __name__ == "__main__":
    main()
