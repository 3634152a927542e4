"""Critics with eyes: what is judged with a picture, and which pages never reach a hosted one."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from agent_world import World
from PIL import Image
from test_answer_judged import ACME, WHY, carries, critique, drafted, stages

from mmrag.domain.messages import ChatRequest, ImagePart, TextPart
from mmrag.domain.plans import Reading
from mmrag.settings import AskSettings, Settings
from mmrag.testing import MemoryBlobs, ScriptedModel

SIGHT = json.dumps({"findings": [{"principle": "no-identifying", "verdict": "kept", "reason": "", "words": ""}]})


def pictures(request: ChatRequest) -> list[ImagePart]:
    return [part for message in request.messages for part in message.parts if isinstance(part, ImagePart)]


async def pictured() -> tuple[Reading, MemoryBlobs]:
    blobs, data = MemoryBlobs(), io.BytesIO()
    Image.new("L", (600, 800), 255).save(data, "PNG")
    digest = await blobs.put(data.getvalue())
    return replace(ACME, page=replace(ACME.page, image=digest)), blobs


async def test_only_principles_about_pictures_are_judged_with_one() -> None:
    """One call for all that can be judged from the text, without a picture; a second one with the page, and no third."""
    page, blobs = await pictured()
    model = ScriptedModel(
        [drafted("The customer settled it all.", "Paid in full at the counter"), carries("supported"), critique(), SIGHT]
    )
    world = World([page], settings=Settings(ask=AskSettings(min_confidence_open=0.3)), blobs=blobs)
    world.asks(model, name="local")
    answer = await (await world.agent()).ask(WHY)
    assert answer.answer == "The customer settled it all."
    assert stages(model) == ["draft", "verify", "critique", "critique"]
    by_text, by_sight = model.requests[2:]
    assert pictures(by_text) == []
    assert len(pictures(by_sight)) == 1
    asked_of = [next(p.text for p in r.messages[0].parts if isinstance(p, TextPart)) for r in (by_text, by_sight)]
    assert ["no-identifying" in text for text in asked_of] == [False, True]
