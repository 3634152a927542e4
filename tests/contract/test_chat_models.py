"""Every provider's adapter against a loopback server that speaks its wire format, through the provider's own package."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from dialects import DIALECTS, ENCODED, PICTURE, SCHEMA, Dialect, at, schema_text, whole
from PIL import Image
from provider_server import Answer, Server, events, of_json, serving

from mmrag.domain.capabilities import Capabilities
from mmrag.domain.costs import Usage
from mmrag.domain.messages import (
    ChatRequest,
    Delta,
    Detail,
    ImagePart,
    Message,
    Reply,
    Role,
    StopReason,
    TextPart,
    TokenLogprob,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from mmrag.errors import (
    ModelError,
    ModelMissingError,
    ModelRefusedError,
    ModelRequestError,
    ModelUnavailableError,
)
from mmrag.middleware.streaming import stream

REQUEST = ChatRequest(
    messages=(Message.text(Role.SYSTEM, "Be short."), Message.text(Role.USER, "Total?")), max_output_tokens=64
)
USAGE = Usage(input_tokens=11, output_tokens=5, cached_input_tokens=3)
UNKNOWN = Usage(unreported_calls=1)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        yield running


@pytest.fixture(params=DIALECTS, ids=lambda d: d.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    assert isinstance(request.param, Dialect)
    return request.param


async def ask(
    dialect: Dialect, server: Server, request: ChatRequest = REQUEST, *answers: Answer, timeout_s: float = 5.0
) -> Reply:
    server.answers = list(answers) or [whole(dialect)]
    model = dialect.model(server.url, timeout_s=timeout_s)
    try:
        return await model.reply(request)
    finally:
        await model.close()


async def ask_streamed(
    dialect: Dialect, server: Server, answer: Answer, *, timeout_s: float = 5.0
) -> tuple[list[str], Reply | ModelError]:
    """The pieces, and how it ended."""
    server.answers = [answer]
    model, pieces = dialect.model(server.url, timeout_s=timeout_s), list[str]()
    try:
        async for item in stream(model, REQUEST):
            if isinstance(item, Reply):
                return pieces, item
            pieces.append(item.text)
    except ModelError as error:
        return pieces, error
    finally:
        await model.close()
    raise AssertionError("the stream ended without a reply")


async def test_a_message_is_sent_as_written_and_the_reply_comes_with_its_usage(dialect: Dialect, server: Server) -> None:
    reply = await ask(dialect, server)
    assert reply == Reply(text="yes", usage=USAGE, model=dialect.model(f"{server.url}").identity)
    (received,) = server.received
    assert received.path == dialect.path
    assert received.headers[dialect.auth].removeprefix("Bearer ") == "sk-secret"
    expected: dict[str, dict[str, object]] = {
        "anthropic": {
            "model": "m-1",
            "max_tokens": 64,
            "system": "Be short.",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "Total?"}]}],
        },
        "gemini": {
            "systemInstruction": {"role": "user", "parts": [{"text": "Be short."}]},
            "contents": [{"role": "user", "parts": [{"text": "Total?"}]}],
            "generationConfig": {"maxOutputTokens": 64},
        },
        "openai-chat": {
            "model": "m-1",
            "max_tokens": 64,
            "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Total?"}],
        },
        "openai-responses": {
            "model": "m-1",
            "max_output_tokens": 64,
            "store": False,
            "instructions": "Be short.",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "Total?"}]}],
        },
    }
    assert received.body == expected[dialect.name]


async def test_pictures_are_parts_of_their_own_with_label_and_detail(dialect: Dialect, server: Server) -> None:
    pictures = tuple(
        ImagePart(label=f"page {n}", media_type="image/png", data=PICTURE, detail=detail)
        for n, detail in enumerate((Detail.LOW, Detail.HIGH), 1)
    )
    message = Message(role=Role.USER, parts=(*pictures, TextPart(text="Which is paid?")))
    reply = await ask(dialect, server, ChatRequest(messages=(message,)))
    assert reply.usage.images == 2
    sent = dialect.sent_texts(server.received[0].body)
    parts = at(sent, 0, "parts" if dialect.name == "gemini" else "content")
    label = [at(parts, n, "text") for n in (0, 2, 4)]
    assert label == ["[page 1]", "[page 2]", "Which is paid?"]
    url = f"data:image/png;base64,{ENCODED}"
    expected: dict[str, list[object]] = {
        "anthropic": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ENCODED}} for _ in range(2)
        ],
        "gemini": [
            {
                "inlineData": {"mime_type": "image/png", "data": ENCODED},
                "mediaResolution": {"level": f"MEDIA_RESOLUTION_{d}"},
            }
            for d in ("LOW", "HIGH")
        ],
        "openai-chat": [{"type": "image_url", "image_url": {"url": url, "detail": d}} for d in ("low", "high")],
        "openai-responses": [{"type": "input_image", "image_url": url, "detail": d} for d in ("low", "high")],
    }
    assert [at(parts, 1), at(parts, 3)] == expected[dialect.name]


async def test_the_schema_of_the_reply_is_sent(dialect: Dialect, server: Server) -> None:
    await ask(dialect, server, ChatRequest(messages=REQUEST.messages, json_schema=schema_text()))
    body = server.received[0].body
    path: dict[str, tuple[str, ...]] = {
        "anthropic": ("output_config", "format", "schema"),
        "gemini": ("generationConfig", "responseJsonSchema"),
        "openai-chat": ("response_format", "json_schema", "schema"),
        "openai-responses": ("text", "format", "schema"),
    }
    assert at(body, *path[dialect.name]) == SCHEMA


async def test_a_tool_is_offered_called_and_answered(dialect: Dialect, server: Server) -> None:
    tool = ToolSpec(name="zoom", description="Look closer.", parameters=schema_text())
    asked = ChatRequest(messages=(Message.text(Role.USER, "Total?"),), tools=(tool,))
    reply = await ask(dialect, server, asked, whole(dialect, tool=True))
    (call,) = reply.tool_calls
    assert (reply.stop, call.id, call.name, json.loads(call.arguments)) == (StopReason.TOOLS, "t1", "zoom", {"page": 2})
    offered = json.dumps(server.received[0].body["tools"])
    assert '"zoom"' in offered
    assert json.dumps(SCHEMA) in offered

    result = ToolResult(call_id="t1", name="zoom", text="RM 9.00")
    turns = (Message(role=Role.ASSISTANT, parts=(call,)), Message(role=Role.USER, parts=(result,)))
    await ask(dialect, server, ChatRequest(messages=(*asked.messages, *turns), tools=(tool,)))
    sent = dialect.sent_texts(server.received[1].body)
    function = {"name": "zoom", "arguments": call.arguments}
    expected: dict[str, list[object]] = {
        "anthropic": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "zoom", "input": {"page": 2}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "RM 9.00"}]},
        ],
        "gemini": [
            {
                "role": "model",
                "parts": [{"functionCall": {"id": "t1", "name": "zoom", "args": {"page": 2}}, "thoughtSignature": "c2ln"}],
            },
            {
                "role": "user",
                "parts": [{"functionResponse": {"id": "t1", "name": "zoom", "response": {"output": "RM 9.00"}}}],
            },
        ],
        "openai-chat": [
            {"role": "assistant", "content": "", "tool_calls": [{"id": "t1", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": "t1", "content": "RM 9.00"},
        ],
        "openai-responses": [
            {"type": "function_call", "call_id": "t1", **function},
            {"type": "function_call_output", "call_id": "t1", "output": "RM 9.00"},
        ],
    }
    assert [at(sent, 1), at(sent, 2)] == expected[dialect.name]


async def test_log_probabilities_come_where_there_are_any(dialect: Dialect, server: Server) -> None:
    reply = await ask(dialect, server, ChatRequest(messages=REQUEST.messages, logprobs=True), whole(dialect, logprobs=True))
    expected = [TokenLogprob(token=word, logprob=-0.25) for word in ("yes",)] if dialect.has_logprobs else []
    assert list(reply.logprobs) == expected
    assert ("logprob" in json.dumps(server.received[0].body).lower()) is dialect.has_logprobs


async def test_no_rejected_parameter_is_sent(dialect: Dialect, server: Server) -> None:
    request = ChatRequest(messages=REQUEST.messages, temperature=0.5, logprobs=True)
    await ask(dialect, server, request)
    server.answers = [whole(dialect)]
    model = dialect.model(server.url, can=Capabilities(rejects=frozenset({"temperature", "logprobs"})))
    await model.reply(request)
    await model.close()
    taken, spared = (json.dumps(r.body) for r in server.received)
    assert '"temperature": 0.5' in taken
    assert "temperature" not in spared
    assert "logprob" not in spared.lower()


async def test_a_stream_comes_in_pieces_and_ends_with_the_whole_reply(dialect: Dialect, server: Server) -> None:
    pieces, reply = await ask_streamed(dialect, server, dialect.streamed(("RM ", "9", ".00")))
    assert pieces == ["RM ", "9", ".00"]
    assert isinstance(reply, Reply)
    assert (reply.text, reply.usage, reply.stop) == ("RM 9.00", USAGE, StopReason.END)


async def test_a_stream_that_breaks_off_is_no_reply(dialect: Dialect, server: Server) -> None:
    pieces, error = await ask_streamed(dialect, server, dialect.streamed(("RM ", "9"), cut=True, pause_s=0.02))
    assert isinstance(error, ModelUnavailableError)
    assert pieces[:1] == ["RM "]
    assert error.usage == UNKNOWN


async def test_a_slow_drip_is_cut_at_the_time_limit(dialect: Dialect, server: Server) -> None:
    begun = time.monotonic()
    drip = dialect.streamed(tuple("abcdefghijklmnopqrst"), pause_s=0.1)
    _, error = await ask_streamed(dialect, server, drip, timeout_s=0.5)
    assert isinstance(error, ModelUnavailableError)
    assert error.usage == UNKNOWN
    assert time.monotonic() - begun < 1.5


async def test_a_cut_off_reply_says_so(dialect: Dialect, server: Server) -> None:
    reply = await ask(dialect, server, REQUEST, whole(dialect, stop="length"))
    assert (reply.stop, reply.text, reply.usage) == (StopReason.LENGTH, "yes", USAGE)


async def test_a_refusal_is_an_error_that_carries_what_it_cost(dialect: Dialect, server: Server) -> None:
    with pytest.raises(ModelRefusedError) as raised:
        await ask(dialect, server, REQUEST, whole(dialect, stop="refusal"))
    assert raised.value.usage == USAGE


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_an_overloaded_provider_is_asked_once_and_says_when_to_come_back(
    dialect: Dialect, server: Server, status: int
) -> None:
    busy = of_json({"error": {"message": "busy", "code": status}}, status=status, headers=(("Retry-After", "7"),))
    with pytest.raises(ModelUnavailableError) as raised:
        await ask(dialect, server, REQUEST, busy)
    assert (raised.value.retry_after_s, raised.value.usage) == (7.0, Usage())
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, ModelRequestError), (401, ModelMissingError), (403, ModelMissingError), (404, ModelMissingError)],
)
async def test_a_call_that_can_never_work_is_not_unavailable_and_no_key_is_told(
    dialect: Dialect, server: Server, status: int, expected: type[ModelError]
) -> None:
    with pytest.raises(expected) as raised:
        await ask(dialect, server, REQUEST, of_json({"error": {"message": "bad sk-secret", "code": status}}, status=status))
    assert "sk-secret" not in str(raised.value)
    assert str(status) in str(raised.value)


@pytest.mark.parametrize("garbage", [b"{", b"[]", b'{"hello": 1}', b"\xff\xfe", b""])
async def test_a_garbled_reply_is_counted_as_a_call_of_unknown_cost(
    dialect: Dialect, server: Server, garbage: bytes
) -> None:
    with pytest.raises(ModelUnavailableError) as raised:
        await ask(dialect, server, REQUEST, Answer(chunks=(garbage,) if garbage else ()))
    assert raised.value.usage == UNKNOWN


async def test_a_reset_connection_is_a_call_of_unknown_cost(dialect: Dialect, server: Server) -> None:
    with pytest.raises(ModelUnavailableError) as raised:
        await ask(dialect, server, REQUEST, Answer(cut=True))
    assert raised.value.usage == UNKNOWN


async def test_a_server_that_is_not_there_costs_nothing(dialect: Dialect) -> None:
    async with serving() as gone:
        url = gone.url
    model = dialect.model(url)
    with pytest.raises(ModelUnavailableError) as raised:
        await model.reply(REQUEST)
    await model.close()
    assert raised.value.usage == Usage()


async def test_a_stream_that_is_cut_off_or_refused_says_so(dialect: Dialect, server: Server) -> None:
    _, reply = await ask_streamed(dialect, server, dialect.streamed(("RM ", "9"), stop="length"))
    assert isinstance(reply, Reply)
    assert (reply.stop, reply.usage) == (StopReason.LENGTH, USAGE)
    _, error = await ask_streamed(dialect, server, dialect.streamed(("I",), stop="refusal"))
    assert isinstance(error, ModelRefusedError)
    assert error.usage == USAGE


async def test_trouble_in_the_middle_of_a_stream_can_be_tried_again(dialect: Dialect, server: Server) -> None:
    begun = dialect.streamed(("RM ", "9"), cut=True)
    trouble = events(dialect.trouble(), named="type" in dialect.trouble())
    _, error = await ask_streamed(dialect, server, replace(begun, chunks=(*begun.chunks, *trouble.chunks), cut=False))
    assert isinstance(error, ModelUnavailableError)


async def test_a_stream_of_broken_json_is_no_reply(dialect: Dialect, server: Server) -> None:
    _, error = await ask_streamed(dialect, server, dialect.streamed(("RM ", "9", ".00"), broken=True))
    assert isinstance(error, ModelUnavailableError)
    assert error.usage == UNKNOWN


async def test_a_reply_that_drips_is_cut_at_the_time_limit(dialect: Dialect, server: Server) -> None:
    body = whole(dialect).chunks[0]
    drip = Answer(chunks=tuple(body[n : n + 1] for n in range(len(body))), pause_s=0.05)
    await ask(dialect, server, REQUEST, whole(dialect))  # loads the client, which takes seconds on a busy machine
    begun = time.monotonic()
    with pytest.raises(ModelUnavailableError) as raised:
        await ask(dialect, server, REQUEST, drip, timeout_s=0.5)
    assert raised.value.usage == UNKNOWN
    assert time.monotonic() - begun < 0.3 * 0.05 * len(body)


async def test_a_connection_reset_in_the_middle_of_a_reply_is_a_call_of_unknown_cost(
    dialect: Dialect, server: Server
) -> None:
    body = whole(dialect).chunks[0]
    with pytest.raises(ModelUnavailableError) as raised:
        await ask(dialect, server, REQUEST, Answer(chunks=(body[:20],), cut=True, pause_s=0.02))
    assert raised.value.usage == UNKNOWN


async def test_a_date_in_retry_after_counts_as_not_said(dialect: Dialect, server: Server) -> None:
    busy = of_json({"error": {}}, status=503, headers=(("Retry-After", "Fri, 20 Nov 2026 10:00:00 GMT"),))
    with pytest.raises(ModelUnavailableError) as raised:
        await ask(dialect, server, REQUEST, busy)
    assert raised.value.retry_after_s is None


def drawn(label: str, width: int, height: int) -> ImagePart:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "PNG")
    return ImagePart(label=label, media_type="image/png", data=out.getvalue(), width=width, height=height)


async def sent_within(dialect: Dialect, server: Server, can: Capabilities, *pictures: ImagePart) -> tuple[Reply, str]:
    server.answers = [whole(dialect)]
    model = dialect.model(server.url, can=can)
    message = Message(role=Role.USER, parts=(*pictures, TextPart(text="Which?")))
    reply = await model.reply(ChatRequest(messages=(message,)))
    await model.close()
    return reply, json.dumps(server.received[0].body)


async def test_pictures_too_many_are_left_out_from_the_end_and_too_large_are_scaled(
    dialect: Dialect, server: Server
) -> None:
    can = Capabilities(max_images=2, max_image_side=100)
    pictures = (drawn("page 1", 300, 150), drawn("page 2", 80, 80), drawn("page 3", 80, 80))
    reply, sent = await sent_within(dialect, server, can, *pictures)
    assert reply.usage.images == 2
    assert reply.notes == ("page 1 is scaled to 100 x 50 pixels.", "1 of 3 pictures are left out.")
    assert "page 2" in sent
    assert "page 3" not in sent
    plain = sent.translate(str.maketrans("-_", "+/"))  # one package writes the other base64 alphabet, which is read too
    assert base64.b64encode(pictures[1].data).decode() in plain  # as it was
    (shrunk,) = re.findall(r"/9j/[A-Za-z0-9+/=]{200,}", plain)
    assert Image.open(io.BytesIO(base64.b64decode(shrunk))).size == (100, 50)


async def test_in_a_crowd_pictures_are_smaller_and_all_fit_into_the_request(dialect: Dialect, server: Server) -> None:
    crowded = Capabilities(max_image_side=200, crowd=1, crowd_side=50)
    reply, _ = await sent_within(dialect, server, crowded, drawn("page 1", 100, 100), drawn("page 2", 40, 40))
    assert reply.notes == ("page 1 is scaled to 50 x 50 pixels.",)
    server.received.clear()
    large = drawn("page 1", 60, 60)
    full = Capabilities(max_request_bytes=len(large.data) * 3 // 2 + 100)
    reply, sent = await sent_within(dialect, server, full, large, drawn("page 2", 60, 60))
    assert reply.usage.images == 1
    assert "page 2" not in sent


async def test_a_model_without_eyes_is_sent_no_picture(dialect: Dialect, server: Server) -> None:
    reply, sent = await sent_within(dialect, server, Capabilities(images=False), drawn("page 1", 60, 60))
    assert (reply.usage.images, reply.notes) == (0, ("1 of 1 pictures are left out.",))
    assert "page 1" not in sent


async def test_a_prompt_longer_than_the_context_is_refused_before_it_is_sent(dialect: Dialect, server: Server) -> None:
    model = dialect.model(server.url, can=Capabilities(context_tokens=1_000))
    with pytest.raises(ModelRequestError, match="longer than the 1000 that p:m-1"):
        await model.reply(ChatRequest(messages=(Message.text(Role.USER, "word " * 2_000),)))
    await model.close()
    assert server.received == []


async def test_how_hard_to_think_is_said_where_it_can_be(dialect: Dialect, server: Server) -> None:
    server.answers = [whole(dialect)]
    model = dialect.model(server.url, can=Capabilities(effort="low"))
    await model.reply(REQUEST)
    await model.close()
    said = server.received[0].body
    expected = {"anthropic": {"output_config": {"effort": "low"}}, "openai-responses": {"reasoning": {"effort": "low"}}}
    for key, value in expected.get(dialect.name, {}).items():
        assert said[key] == value
    assert ("low" in json.dumps(said)) is (dialect.name in expected)


async def test_tool_calls_are_put_together_from_their_pieces() -> None:
    """Only chat completions send the arguments of a call in pieces that the adapter itself puts together."""
    head: dict[str, object] = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m-1"}
    first = {"index": 0, "id": "t1", "type": "function", "function": {"name": "zoom", "arguments": ""}}
    pieces: list[dict[str, object]] = [
        {"tool_calls": [first]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"pa'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": 'ge": 2}'}}]},
    ]
    chunks: list[dict[str, object]] = [{**head, "choices": [{"index": 0, "delta": p}]} for p in pieces]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    chat = next(d for d in DIALECTS if d.name == "openai-chat")
    async with serving() as server:
        _, reply = await ask_streamed(chat, server, events(*chunks, done=True))
    assert isinstance(reply, Reply)
    assert reply.tool_calls == (ToolCall(id="t1", name="zoom", arguments='{"page": 2}'),)
    assert reply.usage == UNKNOWN  # a server that tells no usage


def test_the_pieces_of_a_reply_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Delta(text="a").text = "b"  # type: ignore[misc]  # the point of the test
