"""One question against its truth: what became of it, and every figure that can be had of one question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mmrag.evaluation.answer_scores import answer_values
from mmrag.evaluation.metrics import boxes, text
from mmrag.evaluation.metrics.boxes import Place
from mmrag.evaluation.metrics.citations import citation_scores
from mmrag.evaluation.metrics.ranking import ranking_scores
from mmrag.evaluation.outcomes import Outcome
from mmrag.evaluation.questions import LabelledQuestion
from mmrag.evaluation.truth import Truth


class Result(StrEnum):
    """What became of a question. Everything after ``REFUSED_RIGHTLY`` is an error."""

    RIGHT = "right"
    REFUSED_RIGHTLY = "refused_rightly"
    MISSED = "missed"  # there is an answer, none was given
    HALLUCINATED = "hallucinated"  # an answer where there is none, or one that cites nothing
    WRONG_LOCATION = "wrong_location"  # the right answer, shown at the wrong place
    WRONG_ANSWER = "wrong_answer"
    WRONG_KIND = "wrong_kind"  # a date where a number is asked for, and so on
    FAILED = "failed"  # neither an answer nor a refusal came back


ERRORS = tuple(r for r in Result if r not in (Result.RIGHT, Result.REFUSED_RIGHTLY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A question with its figures. A name missing from ``values`` means that the figure has no meaning for it.

    ``result`` is None for questions about finding only. ``draft_right`` is None without a draft or a true answer.
    """

    question: LabelledQuestion
    outcome: Outcome
    truth: Truth
    values: Mapping[str, float]
    result: Result | None
    true_kind: str
    given_kind: str
    draft_right: bool | None = None

    @property
    def is_right(self) -> bool:
        return self.values.get("right") == 1.0


def score_all(
    questions: Sequence[LabelledQuestion], outcomes: Mapping[str, Outcome], truths: Mapping[str, Truth]
) -> tuple[Scored, ...]:
    """Score every question that has an outcome, in the data set's order."""
    asked = [q for q in questions if q.id in outcomes]
    ranked = _rankings(asked, outcomes, truths)
    return tuple(score(q, outcomes[q.id], truths[q.id], ranked.get(q.id, {})) for q in asked)


def score(question: LabelledQuestion, outcome: Outcome, truth: Truth, ranked: Mapping[str, float]) -> Scored:
    """Score one question; ``ranked`` are its ranking figures."""
    values = dict(ranked) | {"seconds": outcome.seconds, "usd": float(outcome.usd)}
    result = None if question.names_a_file else _result(question, outcome, truth)
    if not question.names_a_file:
        values |= answer_values(question, outcome.answer) | _place_values(question, outcome, truth)
        values["answered"] = float(outcome.answered)
    draft_right = None if outcome.draft is None else text.is_right(outcome.draft, question.answers)
    return Scored(
        question=question,
        outcome=outcome,
        truth=truth,
        values=values,
        result=result,
        true_kind=kind_of(question.answers[0]) if question.answers else "no answer",
        given_kind=kind_of(outcome.answer) if outcome.answer is not None else "no answer",
        draft_right=draft_right,
    )


def kind_of(answer: str) -> str:
    """``number``, ``date``, ``yes or no``, ``code`` or ``words``: what an answer looks like, by its letters and digits."""
    bare = answer.strip().lower()
    if bare.strip(".") in ("yes", "no", "true", "false"):
        return "yes or no"
    if _DATE.search(bare):
        return "date"
    if text.number_of(answer) is not None and (len(re.findall(r"[a-z]+", bare)) <= 1):
        return "number"
    digits, letters = sum(c.isdigit() for c in bare), sum(c.isalpha() for c in bare)
    return "code" if digits and digits >= letters and " " not in bare else "words"


_DATE = re.compile(
    r"\b\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}\b|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*\d|\d.*\b"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
)


def _rankings(
    questions: Sequence[LabelledQuestion], outcomes: Mapping[str, Outcome], truths: Mapping[str, Truth]
) -> dict[str, dict[str, float]]:
    """By document (unless the document was given) and by page, for all questions at once.

    A file that is not in the store still counts as something to find: it is just never found.
    """
    documents, pages, true_documents, true_pages = {}, {}, {}, {}
    for q in questions:
        outcome, truth = outcomes[q.id], truths[q.id]
        if outcome.document is None:
            documents[q.id] = list(dict.fromkeys(r.document for r in outcome.ranking))
            true_documents[q.id] = [*truth.documents, *(f"missing:{file}" for file in truth.missing)]
        pages[q.id] = [f"{r.document}#{r.page}" for r in outcome.ranking]
        true_pages[q.id] = [f"{d}#{p}" for d, p in truth.pages] or ["missing"] * bool(truth.missing)
    scores: dict[str, dict[str, float]] = {q.id: {} for q in questions}
    for prefix, rankings, relevant in (("document", documents, true_documents), ("page", pages, true_pages)):
        for q_id, values in ranking_scores(rankings, relevant).items():
            scores[q_id] |= {f"{prefix}_{name}": value for name, value in values.items()}
    return scores


def _place_values(question: LabelledQuestion, outcome: Outcome, truth: Truth) -> dict[str, float]:
    if not question.is_answerable:
        return {}
    cited = _cited(outcome)
    right = outcome.answered and text.is_right(outcome.answer or "", question.answers)
    values: dict[str, float] = {}
    if truth.boxes:
        precision, recall, f1 = boxes.box_f1(cited, truth.boxes)
        values |= {
            "strict_attributed": float(right and any(boxes.overlaps(c, t) for c in cited for t in truth.boxes)),
            "strict_attributed_iou50": float(boxes.strict_attributed(right, cited, truth.boxes)),
            "evidence_recall": boxes.evidence_recall(cited, truth.boxes),
            "box_iou": max((boxes.iou(c, t) for c in cited for t in truth.boxes), default=0.0),
            "box_precision": precision,
            "box_recall": recall,
            "box_f1": f1,
        }
    if truth.pages:
        true_pages = [Place(document=d, page=p) for d, p in sorted(truth.pages)]
        values["page_cited"] = boxes.page_recall(cited, true_pages)
    if outcome.answered and truth.documents:
        statements = [[c for c in outcome.citations if c.claim == n] for n in range(max(1, outcome.claims))]
        precision, recall = citation_scores(
            [[Place(document=c.document, page=c.page, box=c.box) for c in s] for s in statements],
            lambda _n, places: any(stands_at_truth(p, truth) for p in places),
        )
        values |= {"citation_precision": precision, "citation_recall": recall}
    return values


def _cited(outcome: Outcome) -> list[Place]:
    return [Place(document=c.document, page=c.page, box=c.box) for c in outcome.citations]


def stands_at_truth(place: Place, truth: Truth) -> bool:
    """True when the place is a true one, as exactly as the truth is known: box, else page, else document."""
    if truth.boxes:
        return any(boxes.overlaps(place, t) for t in truth.boxes)
    if truth.pages:
        return (place.document, place.page) in truth.pages
    return place.document in truth.documents


def _result(question: LabelledQuestion, outcome: Outcome, truth: Truth) -> Result:
    if outcome.error is not None:
        return Result.FAILED
    if not outcome.answered:
        return Result.MISSED if question.is_answerable else Result.REFUSED_RIGHTLY
    if not question.is_answerable or not outcome.citations:
        return Result.HALLUCINATED
    said = outcome.answer or ""
    if not text.is_right(said, question.answers):
        same = kind_of(said) in {kind_of(a) for a in question.answers}
        return Result.WRONG_ANSWER if same else Result.WRONG_KIND
    if truth.documents and not any(stands_at_truth(c, truth) for c in _cited(outcome)):
        return Result.WRONG_LOCATION
    return Result.RIGHT
