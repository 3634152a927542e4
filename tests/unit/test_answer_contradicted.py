"""Documents that say otherwise: the answer shows both sides with their boxes."""

from __future__ import annotations

import pytest
from agent_pages import reading
from agent_world import World

from mmrag.agent.presenting import to_json
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import reader_tier
from mmrag.domain.answers import Answer
from mmrag.domain.documents import ElementKind
from mmrag.domain.plans import Reading
from mmrag.settings import AskSettings, Settings

LINES = ["ACME HARDWARE", "Invoice No: 4711", "Date: 20/11/2017"]
QUESTION = "What is the invoice total of ACME HARDWARE, invoice no 4711?"


async def asked(*totals: str, kind: ElementKind = ElementKind.TEXT) -> tuple[Answer, list[Reading]]:
    readings = [
        reading([*LINES, f"Invoice total: {total}"], name=f"copy-{n}.pdf", kind=kind) for n, total in enumerate(totals, 1)
    ]
    world = World(readings, settings=Settings(ask=AskSettings(min_confidence=0.05)))
    world.tiers.append(reader_tier("reader", ReaderDrafter(None)))
    return await (await world.agent()).ask(QUESTION), readings


@pytest.mark.parametrize("kind", [ElementKind.TEXT, ElementKind.KEY_VALUE])
async def test_both_sides_of_a_contradiction_have_their_boxes(kind: ElementKind) -> None:
    answer, readings = await asked("39.80", "93.80", kind=kind)
    (found,) = answer.contradictions
    assert {answer.answer, found.value} == {"39.80", "93.80"}
    assert found.answer.document != found.other.document
    assert (found.answer.quote, found.other.quote) == (answer.answer, found.value)
    for side in (found.answer, found.other):
        (of,) = [r for r in readings if r.document.name == side.document]
        (word,) = [w for w in of.page.words if w.text == side.quote]
        assert side.bbox == word.bbox
        assert side.element in {e.id for e in of.page.elements}
    assert any(found.value in note and found.other.document in note for note in answer.notes)
    shown = to_json(answer)["contradictions"]
    assert [side["other"]["document"] for side in shown] == [found.other.document]  # type: ignore[union-attr, index, call-overload]


async def test_documents_that_agree_contradict_nothing() -> None:
    answer, _ = await asked("39.80", "39.80")
    assert (answer.answer, answer.contradictions) == ("39.80", ())
