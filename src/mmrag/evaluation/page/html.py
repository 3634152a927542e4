"""Put the report's page together. Everything from documents and data sets is data: it is escaped, never read as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from mmrag.domain.hashing import Json
from mmrag.evaluation.cells import at, number
from mmrag.evaluation.page.crops import Crop
from mmrag.evaluation.page.plots import plots
from mmrag.evaluation.scoring import ERRORS, Result, Scored
from mmrag.evaluation.tables import figure_tables

MEANING = {
    Result.MISSED: "There is an answer; none was given.",
    Result.HALLUCINATED: "An answer to what cannot be answered, or one that cites nothing.",
    Result.WRONG_LOCATION: "The right answer, shown at the wrong place.",
    Result.WRONG_ANSWER: "Another answer of the right kind.",
    Result.WRONG_KIND: "An answer of another kind than the true one.",
    Result.FAILED: "Neither an answer nor a refusal came back.",
}
_MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One error of the gallery, with the crops that show it."""

    scored: Scored
    crops: tuple[Crop, ...]


def gallery(scored: Sequence[Scored]) -> dict[Result, tuple[Scored, ...]]:
    """The errors to show: of each class those answered with the most confidence first, for they mislead the most."""
    return {
        r: tuple(sorted((s for s in scored if s.result is r), key=lambda s: -s.outcome.confidence)[:_MOST]) for r in ERRORS
    }


def page_html(report: Mapping[str, Json], scored: Sequence[Scored], examples: Mapping[Result, Sequence[Example]]) -> str:
    """The whole page as text."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    source = resources.files("mmrag.evaluation.page").joinpath("report.html.j2").read_text(encoding="utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        source
    )
    drawn = [{"title": p.title, "says": p.says, "svg": Markup(p.svg)} for p in plots(scored)]  # noqa: S704  # drawn by us
    return template.render(
        title=report["title"],
        facts=report["facts"],
        warnings=report["warnings"],
        tiles=_tiles(report["overall"]),
        plots=drawn,
        tables=figure_tables(report),
        slices=report["slices"],
        parted=_parted(report),
        number=number,
        errors=[
            {
                "name": r.value.replace("_", " "),
                "count": sum(s.result is r for s in scored),
                "meaning": MEANING[r],
                "examples": examples.get(r, ()),
            }
            for r in ERRORS
        ],
    )


def _parted(report: Mapping[str, Json]) -> list[tuple[str, int, Sequence[Json]]]:
    """The answers on which judge and metric part: what to call them, how many there are, and the first of them."""
    found = at(report, "judge", "disagreements")
    if not isinstance(found, Sequence):
        return []
    groups = (("Right for the judge alone", True), ("Right for the metric alone", False))
    parted = [(name, [d for d in found if at(d, "judge") is judge]) for name, judge in groups]
    return [(name, len(those), those[:_MOST]) for name, those in parted if those]


def _tiles(overall: Json) -> list[tuple[str, str, str]]:
    """The figures to see first: a name, the figure, and how many questions it stands on."""
    wanted = (
        ("right", ("answers", "right"), ("answers", "n")),
        ("ANLS", ("answers", "anls"), ("answers", "n")),
        ("strict attributed", ("attribution", "strict_attributed_accuracy"), ("attribution", "n")),
        ("page in first five", ("retrieval", "page", "recall@5"), ("retrieval", "page", "n")),
        ("refusal recall", ("refusal", "recall"), ("refusal", "unanswerable")),
        ("calibration error", ("calibration", "ece"), ("calibration", "n")),
        ("harms of the verifier", ("verifier", "harms"), ("verifier", "flips")),
        ("p50, ms", ("latency_ms", "p50"), ("counts", "questions")),
    )
    labels = {"harms of the verifier": "of {} flips"}
    return [
        (name, number(at(overall, *value)), labels.get(name, "of {}").format(number(at(overall, *count))))
        for name, value, count in wanted
    ]
