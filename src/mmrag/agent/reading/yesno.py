"""Yes or no: the value or the mark beside the label that the question names."""

from __future__ import annotations

from collections.abc import Iterable

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.labels import Label
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.lexicon import Lexicon
from mmrag.agent.reading.near import places


def marks(layout: Layout, labels: Iterable[Label], lexicon: Lexicon) -> list[Candidate]:
    """'Yes' or 'No' as printed beside a label, or 'Yes' where a check mark stands right before or after it."""
    found: list[Candidate] = []
    for label in labels:
        for place in places(layout, label, lexicon):
            word = place.run.text[place.start :].strip(" .:;()[]").casefold()
            if word in lexicon.answer["yes"] or word in lexicon.answer["no"]:
                said = "Yes" if word in lexicon.answer["yes"] else "No"
                found.append(_candidate(layout, place.run, said, label.quality * place.weight, "beside"))
        before = label.run.text[: label.start].strip().casefold()
        if before in lexicon.answer["marks"]:
            found.append(_candidate(layout, label.run, "Yes", 0.9 * label.quality, "marked"))
    return found


def _candidate(layout: Layout, run: Run, said: str, score: float, why: str) -> Candidate:
    return Candidate(text=said, words=run.words, normal=said.casefold(), score=score, why=why, page=layout.page)
