"""Does a question ask for something that is seen, and for what? Pure.

Text questions are answered from text: on document pages the words beat any single image vector, so the image leg joins only
where the question itself speaks of a picture, or where a caption says it clearly better than any printed text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmrag.domain.pictures import PageKind
from mmrag.domain.plans import Constraint, ConstraintKind, Plan

DESCRIBED = 2.0
"""Weight of the image leg when a picture is described in words: the page's own words tell little then."""
TEXT_BESIDE = 0.25
"""What the text legs count beside a description of a picture."""
MENTIONED = 0.25
"""Weight when the question only says on what kind of picture the answer stands: its printed words are what leads there."""
BETTER = 0.08
"""How much nearer (cosine) a caption has to be to the question than the nearest printed text, to count as described."""
_DESCRIPTION_WORDS = 5

_KINDS = {
    PageKind.PHOTO: r"photos?|photographs?|pictures?|images?|snapshots?",
    PageKind.CHART: r"charts?|graphs?|plots?|histograms?",
    PageKind.DIAGRAM: r"diagrams?|flow ?charts?",
    PageKind.MAP: r"maps?",
    PageKind.PRESENTATION: r"slides?|slide decks?|presentations?",
    PageKind.SCREENSHOT: r"screenshots?",
    PageKind.NOTE: r"handwritten (?:notes?|pages?)|handwriting",
}
_PATTERNS = {kind: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for kind, words in _KINDS.items()}
_SEEN = re.compile(r"\b(?:show(?:s|ing|n)?|depict(?:s|ed|ing)?|looks? like|match(?:es|ing)?|with|of)\b", re.IGNORECASE)
_DESCRIBING = frozenset({PageKind.PHOTO, PageKind.DIAGRAM, PageKind.MAP, PageKind.SCREENSHOT, PageKind.NOTE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be seen. ``weight`` is that of the image and caption legs beside 1 for each text leg, 0 for none.

    ``text`` is what to look for; ``kinds`` are the kinds of page that the question speaks of.
    """

    text: str
    weight: float = 0.0
    kinds: tuple[PageKind, ...] = ()


def wish_of(plan: Plan) -> Wish:
    kinds = tuple(kind for kind, pattern in _PATTERNS.items() if pattern.search(_without_quotes(plan)))
    if not kinds:
        return Wish(text=plan.question)
    description = _description(plan)
    if description is not None:
        return Wish(text=description.text, weight=DESCRIBED, kinds=kinds)
    named = any(c.kind is not ConstraintKind.GENRE for c in plan.constraints)
    described = not named and any(kind in _DESCRIBING for kind in kinds) and _SEEN.search(plan.question) is not None
    return Wish(text=plan.question, weight=DESCRIBED if described else MENTIONED, kinds=kinds)


def without_description(plan: Plan) -> tuple[Constraint, ...]:
    """The constraints of ``plan`` but for a description of a picture, which stands in quotes and looks like a name."""
    wish = wish_of(plan)
    return tuple(c for c in plan.constraints if wish.weight < DESCRIBED or c != _description(plan))


def _description(plan: Plan) -> Constraint | None:
    """What a picture shows, which looks like a name: what follows "photo of", or a long quotation, for nothing is called by
    a whole sentence."""
    if not any(_PATTERNS[kind].search(_without_quotes(plan)) for kind in _DESCRIBING):
        return None
    lead = _without_quotes(plan, plan.lead)
    told = not any(_PATTERNS[kind].search(lead) for kind in _DESCRIBING)  # 'In the deck "X":' gives a title
    names = [c for c in plan.constraints if c.kind is ConstraintKind.NAME and not (told and c.text in plan.lead)]
    return next((c for c in names if len(c.text.split()) >= _DESCRIPTION_WORDS or _is_shown(c.text, plan.question)), None)


def _is_shown(name: str, question: str) -> bool:
    return any(
        re.search(rf"\b(?:{_KINDS[kind]})\s+(?:of|with|showing|that\s+shows?)\s+(?:an?\s+|the\s+)?$", before, re.IGNORECASE)
        for before in [question[: question.find(name)]]
        for kind in _DESCRIBING
    )


def _without_quotes(plan: Plan, text: str | None = None) -> str:
    """The question, or ``text`` of it, without the names in it."""
    text = plan.question if text is None else text
    for constraint in plan.constraints:
        if constraint.kind is ConstraintKind.NAME:
            text = text.replace(constraint.text, " ")
    return text
