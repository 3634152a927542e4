"""A real model behind a real OpenAI-compatible server. ``MMRAG_LIVE_BASE_URL`` says where; without it nothing runs.

    MMRAG_LIVE_BASE_URL=http://127.0.0.1:8080/v1 pytest -m live tests/live

Any small instruction-tuned model will do: what is asserted is the protocol, and one question with its answer on the page.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

import mmrag
from mmrag.adapters.chat.openai_chat import OpenAIChat
from mmrag.adapters.chat.provider import Endpoint
from mmrag.domain.messages import ChatRequest, Delta, Message, Role, StopReason, ToolSpec
from mmrag.errors import ModelRequestError
from mmrag.middleware.retrying import Retrying
from mmrag.ports import ChatModel
from mmrag.settings import Settings, load_settings

URL = os.environ.get("MMRAG_LIVE_BASE_URL", "")
SAMPLE = Path(__file__).parents[2] / "examples" / "samples" / "tenancy-contract.pdf"
QUESTION = "Under the law of which countries is the tenancy contract TR-9/2022?"
SLOW_S = 900.0
"""A busy machine without a graphics card reads no more than ten tokens a second."""

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(2 * SLOW_S),
    pytest.mark.skipif(not URL, reason="MMRAG_LIVE_BASE_URL names no server"),
]


@pytest.fixture
async def model() -> AsyncIterator[ChatModel]:
    """The adapter as tiers have it: a small server may close a kept connection just when the next call is sent."""
    made = OpenAIChat(Endpoint(provider="openai", model="local", key="", base_url=URL.rstrip("/"), timeout_s=SLOW_S))
    yield Retrying(made, deadline_s=SLOW_S)
    await made.close()


def said(text: str, *, tokens: int = 24) -> ChatRequest:
    return ChatRequest(messages=(Message.text(Role.USER, text),), max_output_tokens=tokens, temperature=0.0)


async def test_it_answers_and_counts(model: ChatModel) -> None:
    reply = await model.reply(said("Reply with the one word: yes"))
    assert "yes" in reply.text.lower()
    assert reply.stop is StopReason.END
    assert reply.usage.input_tokens > 5
    assert 0 < reply.usage.output_tokens <= 24


async def test_a_reply_is_cut_off_at_its_length(model: ChatModel) -> None:
    reply = await model.reply(said("Count from one to one hundred in words.", tokens=5))
    assert (reply.stop, reply.usage.output_tokens) == (StopReason.LENGTH, 5)


async def test_a_stream_comes_in_pieces_and_counts_the_same(model: ChatModel) -> None:
    pieces: list[str] = []

    async def heard(delta: Delta) -> None:
        pieces.append(delta.text)

    request = said("Count from one to five in words.")
    streamed = await model.reply(request, heard)
    assert len(pieces) > 1
    assert "".join(pieces) == streamed.text
    whole = await model.reply(request)
    assert (whole.text, whole.usage.input_tokens) == (streamed.text, streamed.usage.input_tokens)


async def test_it_keeps_to_a_schema(model: ChatModel) -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["city", "people"],
        "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
    }
    request = said("Name a large city and how many people live there.", tokens=60)
    reply = await model.reply(replace(request, json_schema=json.dumps(schema)))
    value = json.loads(reply.text)
    assert set(value) == {"city", "people"}
    assert isinstance(value["people"], int)


async def test_it_is_offered_a_tool_and_calls_it_with_json(model: ChatModel) -> None:
    tool = ToolSpec(
        name="zoom",
        description="Look closer at a page of the document. Call it whenever a page is to be looked at.",
        parameters='{"type":"object","required":["page"],"properties":{"page":{"type":"integer"}}}',
    )
    request = said("Use the tool zoom to look at page 2.", tokens=80)
    reply = await model.reply(replace(request, tools=(tool,)))
    if not reply.tool_calls:  # small models write the call as text; the server then hands it on as text
        assert "zoom" in reply.text
        return
    assert reply.stop is StopReason.TOOLS
    assert reply.tool_calls[0].name == "zoom"
    assert json.loads(reply.tool_calls[0].arguments) == {"page": 2}


async def test_it_says_how_likely_each_token_was(model: ChatModel) -> None:
    request = said("Reply with the one word: yes")
    reply = await model.reply(replace(request, logprobs=True))
    assert reply.logprobs
    assert "".join(token.token for token in reply.logprobs).strip().startswith(reply.text.strip()[:3])
    assert all(token.logprob <= 1e-6 and math.isfinite(token.logprob) for token in reply.logprobs)


async def test_a_prompt_that_is_too_long_is_an_error_of_the_call(model: ChatModel) -> None:
    with pytest.raises(ModelRequestError):
        await model.reply(said("word " * 40_000))


async def test_a_question_that_the_reader_cannot_answer_goes_to_the_server_and_comes_back_with_a_box(
    tmp_path: Path,
) -> None:
    reader = 'name = "reader"\nmodel = "reader"'
    local = f'name = "local"\nmodel = "openai:local"\nbase_url = "{URL}"'
    settings = configured(tmp_path, reader)
    async with mmrag.open(settings=settings) as session:
        await session.ingest([SAMPLE])
        alone = await session.ask(QUESTION)
    assert alone.abstention is not None

    async with mmrag.open(settings=configured(tmp_path, reader, local)) as session:
        answer = await session.ask(QUESTION)
        entries = await (await session.app()).ledger.entries()
    assert answer.tiers_tried == ("reader", "local")
    assert answer.tier == "local"
    assert answer.answer is not None
    assert "England and Wales" in answer.answer
    (citation,) = answer.claims[0].citations
    assert (citation.document, citation.page) == (SAMPLE.name, 2)
    assert [(entry.tier, entry.usd) for entry in entries] == [("local", None)]
    assert entries[0].usage.input_tokens < 1_500


def configured(folder: Path, *tiers: str) -> Settings:
    text = "\n".join(f"[[cascade.tiers]]\n{tier}" for tier in tiers)
    (folder / "mmrag.toml").write_text(f"{text}\n[ask]\ntimeout_s = {SLOW_S}\n")
    return load_settings(store=folder / "store", environ={}, cwd=folder)
