"""The OpenAI-compatible route, asked by the real SDK over loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from server_support import QUESTION, TOKEN, Served

from mmrag.server.chat_text import escaped

UNANSWERABLE = "What is the fax number of Fernhill Garden Supplies?"


@pytest.fixture
def client(guarded: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{guarded.url}/v1", api_key=TOKEN, max_retries=0, timeout=60) as made:
        yield made


def user(text: str) -> Any:
    return [{"role": "system", "content": "be brief"}, {"role": "user", "content": text}]


def test_the_sdk_gets_an_answer_with_its_sources(client: openai.OpenAI, guarded: Served) -> None:
    reply = client.chat.completions.create(model="mmrag", messages=user(QUESTION), temperature=0)
    message = reply.choices[0].message
    assert (reply.object, reply.model, reply.choices[0].finish_reason) == ("chat.completion", "mmrag", "stop")
    assert message.content is not None
    assert message.content.startswith("F-2291\n\nSources:\n1. [invoice.jpg, page 1: “F-2291”](http://127.0.0.1:")
    (annotation,) = message.annotations or []
    cited = annotation.url_citation
    quoted = message.content[cited.start_index : cited.end_index]
    assert quoted == f"[{cited.title}]({cited.url})"
    picture = httpx.get(cited.url)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png"), "the link needs no token"
    assert reply.model_extra is not None
    assert reply.model_extra["mmrag"]["answer"] == "F-2291"


def test_a_stream_says_what_happens_and_then_the_checked_answer(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="mmrag", messages=user(QUESTION), stream=True, stream_options={"include_usage": True}
    )
    text, thinking, annotations, ends, usage = "", "", [], [], None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            extra = choice.delta.model_extra or {}
            thinking += extra.get("reasoning_content") or ""
            annotations += extra.get("annotations") or []
            text += choice.delta.content or ""
            ends += [choice.finish_reason] if choice.finish_reason else []
            if choice.delta.content:
                assert "Checked a claim: supported" in thinking, "text came before it was checked"
    assert text.startswith("F-2291\n\nSources:")
    assert "F-2291" not in thinking
    assert (len(annotations), ends) == (1, ["stop"])
    assert usage is not None
    assert usage.total_tokens == 0


def test_a_refusal_says_so_and_shows_the_nearest_evidence(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="mmrag", messages=user(UNANSWERABLE))
    text = reply.choices[0].message.content or ""
    assert text.startswith("Not answered from the documents: ")
    assert "Nearest evidence:\n1. [invoice.jpg, page 1](http" in text


def test_models_are_mmrag_and_its_tiers(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["mmrag", "mmrag:reader"]
    assert client.models.retrieve("mmrag:reader").id == "mmrag:reader"
    reply = client.chat.completions.create(model="mmrag:reader", messages=user(QUESTION))
    assert (reply.choices[0].message.content or "").startswith("F-2291")


def test_parts_of_a_message_and_earlier_ones_are_understood(client: openai.OpenAI) -> None:
    parts = [{"type": "text", "text": QUESTION}]
    earlier = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": None}]
    messages: Any = [*earlier, {"role": "user", "content": parts}]
    reply = client.chat.completions.create(model="mmrag", messages=messages)
    assert (reply.choices[0].message.content or "").startswith("F-2291")


def test_errors_are_the_sdk_s_own(client: openai.OpenAI, guarded: Served) -> None:
    with pytest.raises(openai.NotFoundError, match="no such model"):
        client.chat.completions.create(model="gpt-5", messages=user(QUESTION))
    with pytest.raises(openai.BadRequestError, match="no message of the user"):
        client.chat.completions.create(model="mmrag", messages=[{"role": "system", "content": "x"}])
    with pytest.raises(openai.BadRequestError, match="at most"):
        client.chat.completions.create(model="mmrag", messages=user("x" * 5000))
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(model="mmrag", messages=[])
    wrong = openai.OpenAI(base_url=f"{guarded.url}/v1", api_key="wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        wrong.models.list()


async def test_the_async_sdk_too(guarded: Served) -> None:
    async with openai.AsyncOpenAI(base_url=f"{guarded.url}/v1", api_key=TOKEN, max_retries=0, timeout=60) as client:
        reply = await client.chat.completions.create(model="mmrag", messages=user(QUESTION))
    assert (reply.choices[0].message.content or "").startswith("F-2291")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("46.65", "46.65"),
        ("14 March 2024", "14 March 2024"),
        ("£3.6 million (2023)", "£3.6 million (2023)"),
        ("[click](http://evil.example)", r"\[click\](http\://evil.example)"),
        ("![x](//evil.example/p.png)", r"!\[x\](//evil.example/p.png)"),
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("# not a heading", r"\# not a heading"),
        ("two\nlines\n\n# three", "two lines # three"),
        ("www.evil.example", r"www\.evil.example"),
        ("a|b `c` *d* _e_ ~f~", r"a\|b \`c\` \*d\* \_e\_ \~f\~"),
    ],
)
def test_words_of_a_document_are_not_markdown(text: str, shown: str) -> None:
    assert escaped(text) == shown
    assert not re.search(r"(?<!\\)[\[\]<>`]", escaped(text))


def test_a_follow_up_is_understood_from_the_messages_before_it(client: openai.OpenAI) -> None:
    """Clients send the whole conversation: what the last question leaves out stands in it."""
    first = client.chat.completions.create(model="mmrag", messages=user(QUESTION)).choices[0].message.content
    said = [*user(QUESTION), {"role": "assistant", "content": first}, {"role": "user", "content": "And the invoice date?"}]
    reply = client.chat.completions.create(model="mmrag", messages=said)
    assert (reply.choices[0].message.content or "").startswith("14 March 2024")
