"""The figures of a report as tables of text: what a terminal shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmrag.domain.hashing import Json
from mmrag.evaluation.cells import Column, Table, at, grouped_table, groups_of, number
from mmrag.evaluation.comparing import Comparison
from mmrag.evaluation.scoring import ERRORS
from mmrag.evaluation.special_tables import special_tables

RETRIEVAL: tuple[Column, ...] = (
    ("n doc", ("retrieval", "document", "n")),
    ("doc R@1", ("retrieval", "document", "recall@1")),
    ("R@5", ("retrieval", "document", "recall@5")),
    ("R@10", ("retrieval", "document", "recall@10")),
    ("MRR", ("retrieval", "document", "mrr")),
    ("nDCG@10", ("retrieval", "document", "ndcg@10")),
    ("n page", ("retrieval", "page", "n")),
    ("page R@1", ("retrieval", "page", "recall@1")),
    ("R@5", ("retrieval", "page", "recall@5")),
    ("R@10", ("retrieval", "page", "recall@10")),
    ("MRR", ("retrieval", "page", "mrr")),
    ("nDCG@10", ("retrieval", "page", "ndcg@10")),
)
ANSWERS: tuple[Column, ...] = (
    ("n", ("answers", "n")),
    ("right", ("answers", "right")),
    ("ANLS", ("answers", "anls")),
    ("ANLS*", ("answers", "anls_star")),
    ("exact", ("answers", "exact_match")),
    ("right when given", ("answers", "right_when_answered")),
    ("n box", ("attribution", "n")),
    ("strict attributed", ("attribution", "strict_attributed_accuracy")),
    ("IoU", ("attribution", "box_iou")),
    ("box F1", ("attribution", "box_f1")),
    ("citation P", ("attribution", "citation_precision")),
    ("citation R", ("attribution", "citation_recall")),
)
TRUST: tuple[Column, ...] = (
    ("answered", ("counts", "answered")),
    ("refused", ("refusal", "refused")),
    ("unanswerable", ("refusal", "unanswerable")),
    ("refusal P", ("refusal", "precision")),
    ("refusal R", ("refusal", "recall")),
    ("ECE", ("calibration", "ece")),
    ("Brier", ("calibration", "brier")),
    ("AURC", ("calibration", "aurc")),
    ("flips", ("verifier", "flips")),
    ("harms", ("verifier", "harms")),
    ("rescues", ("verifier", "rescues")),
)
COST: tuple[Column, ...] = (
    ("questions", ("counts", "questions")),
    ("USD", ("cost", "usd")),
    ("USD a question", ("cost", "usd_per_question")),
    ("calls", ("cost", "calls")),
    ("unpriced", ("cost", "unpriced_calls")),
    ("p50 ms", ("latency_ms", "p50")),
    ("p95 ms", ("latency_ms", "p95")),
)
ERROR_COLUMNS: tuple[Column, ...] = (
    *((r.value.replace("_", " "), ("errors", r.value)) for r in ERRORS),
    ("hallucination rate", ("rates", "hallucination")),
    ("coverage", ("rates", "coverage")),
)


def figure_tables(report: Mapping[str, Json]) -> tuple[Table, ...]:
    """The tables of a report: every figure overall and by kind, each with its count; then the largest gaps."""
    groups = [*groups_of(report, "by_kind"), ("all", report["overall"])]
    titled = (
        ("Finding the document and the page", RETRIEVAL),
        ("Answers and where they are shown", ANSWERS),
        ("Refusals, confidence and what checking changed", TRUST),
        ("Errors", ERROR_COLUMNS),
        ("Cost and time", COST),
    )
    tables = [grouped_table(title, "kind", groups, columns) for title, columns in titled]
    return (*tables, *special_tables(report), *gap_tables(report))


def gap_tables(report: Mapping[str, Json], most: int = 8) -> tuple[Table, ...]:
    """The largest gaps between slices, as one table; none when there is no gap."""
    found = report["gaps"]
    if not isinstance(found, Sequence) or not found:
        return ()
    paths = (("best", "value"), ("best", "score"), ("best", "n"), ("worst", "value"), ("worst", "score"), ("worst", "n"))
    rows = tuple(
        (number(at(g, "field")), number(at(g, "metric")), number(at(g, "gap")), *(number(at(g, *p)) for p in paths))
        for g in found[:most]
    )
    return (Table(title="Largest gaps", head=("field", "figure", "gap", "best", "at", "n", "worst", "at", "n"), rows=rows),)


def comparison_tables(comparison: Comparison, most: int = 40) -> tuple[Table, ...]:
    """What differs between two runs, and the questions that changed."""
    rows = tuple(
        (
            d.metric, str(d.n), number(d.a), number(d.b), f"{d.b - d.a:+.3f}", f"{d.low:+.3f} to {d.high:+.3f}",
            "clear" if d.is_clear else "may be chance" if d.low < d.high else "the same",
        )
        for d in comparison.differences
    )  # fmt: skip
    changed = tuple(
        (p.id, p.result or "-", q.result or "-", ", ".join(p.true[:1]), p.given or "-", q.given or "-")
        for p, q in comparison.changed[:most]
    )
    tables = [Table(title="A against B", head=("figure", "n", "A", "B", "B - A", "95% interval", "verdict"), rows=rows)]
    if changed:
        title = f"{len(comparison.changed)} of {comparison.shared} questions changed"
        tables.append(Table(title=title, head=("question", "A", "B", "true", "A said", "B said"), rows=changed))
    return tuple(tables)
