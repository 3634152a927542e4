"""Tables of the figures that only some data sets have: each is there only when there is something to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmrag.domain.hashing import Json
from mmrag.evaluation.cells import Column, Table, at, grouped_table, groups_of, number

NUMBERS: tuple[Column, ...] = (
    ("n", ("numbers", "n")),
    ("equal", ("numbers", "number_equal")),
    ("within 1%", ("numbers", "number_within_1pct")),
    ("within 5%", ("numbers", "number_within_5pct")),
    ("relaxed accuracy", ("answers", "relaxed_accuracy")),
    ("n of all", ("answers", "n")),
)
LISTS: tuple[Column, ...] = (
    ("n", ("lists", "n")),
    ("completeness", ("lists", "completeness")),
    ("hallucination", ("lists", "hallucination")),
)
PERSONS: tuple[Column, ...] = (("n", ("vqa", "n")), ("VQA accuracy", ("vqa", "accuracy")))
PARAPHRASES: tuple[Column, ...] = (
    ("groups", ("consistency", "groups")),
    ("answered alike", ("consistency", "alike")),
    ("pairs alike", ("consistency", "pairwise")),
)
READING: tuple[Column, ...] = (
    ("pages", ("pages",)),
    ("not in the store", ("not_in_store",)),
    ("CER", ("cer",)),
    ("WER", ("wer",)),
    ("bare CER", ("bare_cer",)),
    ("bare WER", ("bare_wer",)),
    ("words found", ("bare_words_found",)),
)
CAPTIONS: tuple[Column, ...] = (
    ("n", ("n",)),
    ("BLEU-4", ("bleu",)),
    ("METEOR", ("meteor",)),
    ("CIDEr-D", ("cider",)),
    ("completeness", ("completeness",)),
    ("hallucination", ("hallucination",)),
)
JUDGE: tuple[Column, ...] = (
    ("n", ("n",)),
    ("agreement", ("agreement",)),
    ("kappa", ("kappa",)),
    ("right by metric", ("metric_right",)),
    ("right by judge", ("judge_right",)),
    ("judge only", ("judge_only_right",)),
    ("metric only", ("metric_only_right",)),
)


def special_tables(report: Mapping[str, Json]) -> tuple[Table, ...]:
    """Numbers, lists, several persons' answers, paraphrases, text and captions of pages, and the judge, as far as they are
    there.
    """
    groups = [*groups_of(report, "by_kind"), ("all", report["overall"])]
    titled = (
        ("Numbers, with tolerance", NUMBERS),
        ("Answers that are lists", LISTS),
        ("Against several persons' answers", PERSONS),
        ("The same in other words", PARAPHRASES),
    )
    tables = [_counted(title, groups, columns) for title, columns in titled]
    return (*(t for t in tables if t.rows), *_page_tables(report), *_judge_tables(report))


def _counted(title: str, groups: Sequence[tuple[str, Json]], columns: Sequence[Column]) -> Table:
    """Only the groups that have such questions: the first column counts them."""
    return grouped_table(title, "kind", [(name, f) for name, f in groups if at(f, *columns[0][1])], columns)


def _page_tables(report: Mapping[str, Json]) -> list[Table]:
    tables = []
    if report["reading"] is not None:
        groups = [*groups_of(report, "reading", "by_kind"), *groups_of(report, "reading", "by_quality")]
        groups.append(("all", at(report, "reading", "overall")))
        tables.append(grouped_table("Text as read against text as printed", "of", groups, READING))
    if report["captions"] is not None:
        have, of = at(report, "captions", "with_caption"), at(report, "captions", "pages")
        title = f"Captions: {number(have)} of {number(of)} pages have a generated one"
        groups = groups_of(report, "captions", "by_model") or [("none", {"n": 0})]
        tables.append(grouped_table(title, "model", groups, CAPTIONS))
    return tables


def _judge_tables(report: Mapping[str, Json]) -> list[Table]:
    if report["judge"] is None:
        return []
    groups = [*groups_of(report, "judge", "by_kind"), ("all", at(report, "judge", "overall"))]
    failed, cost = at(report, "judge", "failed"), at(report, "judge", "cost", "usd")
    model = number(at(report, "judge", "model"))
    title = f"Judge {model} beside the metric, answers given: {number(failed)} without a verdict, {number(cost)} USD"
    return [grouped_table(title, "kind", groups, JUDGE)]
