"""mmrag beside the usual ways of doing it: the same files, the same text of the same pages, one table.

    python benchmarks/peers.py [DATASET] [--store DIR] [--kinds KIND ...] [--quick] [--markdown]
                               [--parsers-python PATH] [--local-url URL --sample N]

DATASET is a JSON Lines file or a folder, as for ``mmrag eval``; without it the sample documents are ingested and asked
about.

* ``llama-index``: SentenceSplitter chunks of each page, MiniLM vectors (mmrag's own) in its SimpleVectorStore;
* ``bm25``: BM25 (bm25s) over whole pages;
* ``docling``, ``unstructured``: their chunks, the same vectors; the interpreter that has them is named with
  ``--parsers-python``. Their models are not downloaded: what they do without is written under the table;
* ``mmrag keyless``: search and the reader, without any key or download;
* ``mmrag + local``: the reader, and a model behind an OpenAI-compatible server at ``--local-url`` for what it leaves open;
  ``--sample N`` asks N questions of each kind, and shows the keyless row over the same questions.

None but mmrag answers without a language model, so only their finding is measured. What cannot run is named, with the
reason.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from _measuring import asked_by_kind, born_digital, figure, measured, page_texts, show
from _parsing import PARSERS, LeftOut, parsed_by
from _systems import Bm25Pages, NearestChunks, PageTexts, split_by_sentences

from mmrag.api import Session, open_session
from mmrag.app import App
from mmrag.evaluation.asking import StoreAsker
from mmrag.evaluation.datasets.reading import read_dataset
from mmrag.evaluation.questions import Dataset
from mmrag.evaluation.runner import Asker
from mmrag.evaluation.scoring import Result, Scored
from mmrag.evaluation.summary import mean_of
from mmrag.settings import Settings, TierSettings, load_settings

SAMPLES = Path(__file__).parents[1] / "examples" / "samples"
HEAD = (
    "system", "kind", "n", "doc R@1", "R@5", "page R@1", "R@5", "MRR", "nDCG@10", "right", "ANLS", "attributed", "made up",
    "ms",
)  # fmt: skip
FINDING = ("document_recall@1", "document_recall@5", "page_recall@1", "page_recall@5", "page_mrr", "page_ndcg@10")
FIGURES = (*FINDING, "right", "anls", "strict_attributed")
KINDS = ("receipt", "form", "chart", "slide", "pdf", "photo")
READER = TierSettings(name="reader", model="reader")


def rows_of(system: str, scored: Sequence[Scored], *, answers: bool) -> list[list[str]]:
    """One row a kind, and one for all. A figure that the system does not have is ``-``."""
    kinds = {s.question.kind for s in scored}
    rows = []
    for kind in [*(k for k in KINDS if k in kinds), *sorted(kinds - {*KINDS}), "all"]:
        group = [s for s in scored if kind in (s.question.kind, "all")]
        shown = FIGURES if answers else FINDING
        cells = [figure(mean_of(group, name) if name in shown else None) for name in FIGURES]
        made_up = str(sum(s.result is Result.HALLUCINATED for s in group)) if answers else "-"
        ms = 1000 * sum(s.outcome.seconds for s in group) / len(group) if group else 0.0
        rows.append([system, kind, str(len(group)), *cells, made_up, f"{ms:.0f}"])
    return rows


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The systems measured so far, and a line on each that was left out or given something else."""

    dataset: Dataset
    app: App
    keep: Path | None
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    async def add(self, system: str, asker: Asker, *, answers: bool = False) -> tuple[Scored, ...]:
        scored = await measured(self.dataset, self.app, asker, keep=self.keep, name=system)
        self.rows += rows_of(system, scored, answers=answers)
        return scored


async def add_finders(to: Comparison, texts: PageTexts, python: Path | None) -> None:
    """The systems that find and do not answer."""
    try:
        chunks = split_by_sentences(texts)
    except ImportError:
        to.notes.append("llama-index, docling, unstructured: left out, llama-index-core is not installed")
    else:
        await to.add("llama-index", await NearestChunks(to.app.embedder).build(chunks))
    await to.add("bm25", Bm25Pages(texts))
    if any("llama-index-core" in note for note in to.notes):
        return
    files = await born_digital(to.app)
    for parser in PARSERS:
        try:
            parsed = await asyncio.to_thread(parsed_by, parser, texts, files, python=python, keep=to.keep)
        except LeftOut as reason:
            to.notes.append(str(reason))
        else:
            await to.add(parser, await NearestChunks(to.app.embedder).build(parsed.chunks))
            to.notes.append(f"{parsed.version}: {parsed.how}; {len(parsed.chunks)} chunks")


async def add_mmrag(to: Comparison, session: Session, local: TierSettings | None, sample: int | None) -> None:
    """mmrag without a model, and with a local one where there is a server."""
    traces = session.settings.store.path / "traces"
    keyless = await to.add("mmrag keyless", StoreAsker(session, traces, tier=READER.name), answers=True)
    if local is None:
        to.notes.append("mmrag + local: left out, no --local-url")
        return
    to.dataset = replace(to.dataset, questions=asked_by_kind(to.dataset.questions, sample))
    same = {q.id for q in to.dataset.questions}
    if sample is not None:
        to.rows += rows_of("mmrag keyless, sample", [s for s in keyless if s.question.id in same], answers=True)
    scored = await to.add("mmrag + local", StoreAsker(session, traces), answers=True)
    tiers = Counter(s.outcome.tier for s in scored if s.outcome.answered)
    tokens = sum(s.outcome.input_tokens for s in scored), sum(s.outcome.output_tokens for s in scored)
    failed = sum(s.result is Result.FAILED for s in scored)
    answered = ", ".join(f"{n} by {tier}" for tier, n in sorted(tiers.items())) or "none"
    to.notes.append(
        f"mmrag + local: {local.model} at {local.base_url}; answered: {answered}; {failed} failed; "
        f"{tokens[0]} tokens in, {tokens[1]} out, {sum(s.outcome.calls for s in scored)} calls"
    )


def settings_of(store: Path, local: TierSettings | None, timeout_s: float) -> Settings:
    """The user's settings with the reader alone, or the reader and then the local tier."""
    settings = load_settings(store=store)
    tiers = (READER,) if local is None else (READER, local)
    cascade = settings.cascade.model_copy(update={"tiers": tiers})
    ask = settings.ask if local is None else settings.ask.model_copy(update={"timeout_s": timeout_s})
    return settings.model_copy(update={"cascade": cascade, "ask": ask})


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add: Callable[..., object] = parser.add_argument
    add("dataset", nargs="?", type=Path, default=SAMPLES)
    add("--store", type=Path, help="a store that holds the files already; without it they are ingested")
    add("--kinds", nargs="+")
    add("--quick", action="store_true", help="every fourth question")
    add("--parsers-python", type=Path, help="the interpreter of an environment with docling or unstructured")
    add("--local-url", help="base address of an OpenAI-compatible server, such as http://127.0.0.1:8080/v1")
    add("--local-model", default="local", help="the model's name there")
    add("--local-timeout-s", type=float, default=300.0, help="the longest that one question may take with it")
    add("--sample", type=int, help="ask the local server N questions of each kind only")
    add("--keep", type=Path, help="keep outcomes in this folder: a run that was stopped goes on where it stood")
    add("--markdown", action="store_true", help="print the table as Markdown")
    return parser.parse_args()


async def main() -> None:
    args = options()
    dataset = read_dataset(args.dataset)
    chosen = [q for q in dataset.questions if not args.kinds or q.kind in args.kinds][:: 4 if args.quick else 1]
    dataset = replace(dataset, questions=tuple(chosen))
    local = None
    if args.local_url:
        local = TierSettings(name="local", model=f"openai:{args.local_model}", base_url=args.local_url)
    with tempfile.TemporaryDirectory() as place:
        settings = settings_of(args.store or Path(place, "store"), local, args.local_timeout_s)
        async with open_session(settings=settings) as session:
            if args.store is None:
                await session.ingest([dataset.folder])
            app = await session.app()
            texts = await page_texts(app)
            comparison = Comparison(dataset=dataset, app=app, keep=args.keep)
            await add_finders(comparison, texts, args.parsers_python)
            await add_mmrag(comparison, session, local, args.sample)
    show(f"{dataset.name}: {len(texts)} pages", HEAD, comparison.rows, markdown=args.markdown)
    print("\n".join(comparison.notes))


if __name__ == "__main__":
    asyncio.run(main())
