"""A run's report as data: what ``mmrag eval --json`` prints, what ``report.json`` holds and what ``compare`` reads back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mmrag.domain.hashing import Json
from mmrag.errors import UsageError
from mmrag.evaluation.judge_figures import judge_json
from mmrag.evaluation.judging import Judged
from mmrag.evaluation.page_scores import ReadPage, captions_json, reading_json
from mmrag.evaluation.scoring import ERRORS, Scored
from mmrag.evaluation.summary import Gap, Slice, by_kind, figures, gaps, mean_of, slices

REPORT_FILE = "report.json"
_EXAMPLES = 5
_SLICE_METRICS = ("right", "anls", "strict_attributed", "page_recall@5", "document_recall@1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What was measured. ``facts`` is shown as it is: data set, store, settings, machine."""

    title: str
    facts: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def report_json(
    info: RunInfo, scored: Sequence[Scored], *, pages: Sequence[ReadPage] = (), judged: Judged | None = None
) -> dict[str, Json]:
    """The whole report. ``questions`` holds each question's figures, so that two reports can be compared pairwise.

    ``reading``, ``captions`` and ``judge`` are null where there is no truth of pages or no judge. Raises ``UsageError`` when
    captions are to be measured and the packages for it are not installed.
    """
    sliced = slices(scored)
    return {
        "title": info.title,
        "facts": dict(info.facts),
        "warnings": list(info.warnings),
        "overall": figures(scored),
        "by_kind": by_kind(scored),
        "reading": reading_json(pages),
        "captions": captions_json(pages),
        "judge": None if judged is None else judge_json(judged, scored),
        "slices": _slices_json(sliced),
        "gaps": [_gap_json(gap) for gap in gaps(sliced)[:12]],
        "examples": {r.value: [question_json(s) for s in scored if s.result is r][:_EXAMPLES] for r in ERRORS},
        "questions": [question_json(s) for s in scored],
    }


def question_json(s: Scored) -> dict[str, Json]:
    q, o = s.question, s.outcome
    return {
        "id": q.id,
        "kind": q.kind,
        "asked": o.asked,
        "file": q.file,
        "true": list(q.answers[:5]),
        "given": o.answer,
        "draft": o.draft if o.draft != o.answer else None,
        "result": None if s.result is None else s.result.value,
        "reason": o.reason,
        "detail": o.detail,
        "confidence": o.confidence,
        "tier": o.tier,
        "citations": [{"document": c.document, "page": c.page, "bbox": list(c.bbox), "quote": c.quote} for c in o.citations],
        "true_places": [
            {"document": t.document, "page": t.page, "bbox": None if t.box is None else list(t.box.as_tuple())}
            for t in s.truth.boxes
        ],
        "values": {name: round(value, 5) for name, value in s.values.items()},
    }


def _slices_json(sliced: Sequence[Slice]) -> dict[str, Json]:
    fields: dict[str, dict[str, Json]] = {}
    for s in sliced:
        row: dict[str, Json] = {"n": len(s.scored)}
        fields.setdefault(s.field, {})[s.value] = row | {m: mean_of(s.scored, m) for m in _SLICE_METRICS}
    return dict(fields)


def _gap_json(gap: Gap) -> Json:
    return {
        "field": gap.field,
        "metric": gap.metric,
        "gap": round(gap.size, 4),
        "best": {"value": gap.best, "score": gap.best_score, "n": gap.best_n},
        "worst": {"value": gap.worst, "score": gap.worst_score, "n": gap.worst_n},
    }


class SavedQuestion(BaseModel):
    """A question of a saved report, as far as comparing needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    kind: str
    asked: str
    true: tuple[str, ...]
    given: str | None
    result: str | None
    values: dict[str, float]


class SavedReport(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str
    facts: dict[str, str]
    questions: tuple[SavedQuestion, ...]


def read_report(path: Path) -> SavedReport:
    """A report from its file or its folder. Raises ``UsageError`` when there is none, or it is something else."""
    file = path / REPORT_FILE if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"{file} is not there: name a report.json, or the folder that 'mmrag eval --report' wrote.")
    try:
        return SavedReport.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise UsageError(f"{file} is not a report of 'mmrag eval': name a report.json, or its folder.") from error
