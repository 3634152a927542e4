"""The figures that can be had of one answer's text."""

from __future__ import annotations

import re

from mmrag.evaluation.metrics import captions, text
from mmrag.evaluation.questions import LabelledQuestion

TOLERANCES = (("number_equal", 0.0), ("number_within_1pct", 0.01), ("number_within_5pct", 0.05))


def answer_values(question: LabelledQuestion, answer: str | None) -> dict[str, float]:
    """Figures by name. ``answer`` is None for a refusal, which scores 0; a question without a true answer has none.

    ``number_*`` are there where an accepted answer is one number, ``items_*`` where the answer is a list, ``vqa_accuracy``
    where several persons have answered.
    """
    if not question.is_answerable:
        return {}
    said, given = answer or "", answer is not None
    values = {
        "right": float(given and text.is_right(said, question.answers)),
        "anls": text.anls(said, question.answers) if given else 0.0,
        "anls_star": text.anls_star(answer, question.answers),
        "exact_match": float(given and text.exact_match(said, question.answers)),
        "relaxed_accuracy": float(given and text.relaxed_accuracy(said, question.answers)),
    }
    if any(text.number_of(a) is not None for a in question.answers):
        values |= {
            name: float(text.number_match(said, question.answers, tolerance=tolerance)) for name, tolerance in TOLERANCES
        }
    if question.human_answers:
        values["vqa_accuracy"] = text.vqa_accuracy(said, question.human_answers) if given else 0.0
    if question.items:
        named = items_named(said, question.items)
        values["items_found"] = captions.completeness_rate(named, question.items)
        if given:
            values["items_invented"] = captions.hallucination_rate(named, question.items)
    return values


def items_named(answer: str, items: tuple[str, ...]) -> list[str]:
    """What an answer lists, each part that is a true item under that item's name.

    Parts stand between commas, semicolons, line breaks and *and*; an item that has one of these in itself is looked for
    whole first.
    """
    named, left = [], answer
    for item in items:
        if len(parts_of(item)) > 1 and item.lower() in left.lower():
            start = left.lower().index(item.lower())
            left = f"{left[:start]};{left[start + len(item) :]}"
            named.append(item)
    return [*named, *(next((item for item in items if text.is_right(part, [item])), part) for part in parts_of(left))]


def parts_of(answer: str) -> list[str]:
    """The parts of a list written as text. A comma inside a number parts nothing."""
    parts = re.split(r"(?<!\d),|,(?!\d)|[;\n]|\band\b|&", answer)
    return [p for p in (part.strip(" .[]'\"") for part in parts) if p]
