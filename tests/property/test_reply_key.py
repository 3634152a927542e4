"""The key of the reply cache: everything that a model can tell apart, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from unicodedata import normalize

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mmrag.domain.messages import (
    ChatRequest,
    Detail,
    ImagePart,
    Message,
    Part,
    Role,
    TextPart,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from mmrag.middleware.cached import cache_key

FOR_THE_BOOKS = {ChatRequest: {"stage", "question_id", "max_usd"}, ImagePart: {"width", "height"}}
"""Fields that do not reach the model. All others do: a new one has to be in the key, or here."""

text = st.text(max_size=6)
PARTS = {
    TextPart: st.builds(TextPart, text=text),
    ImagePart: st.builds(
        ImagePart,
        label=text,
        media_type=st.sampled_from(["image/png", "image/jpeg"]),
        data=st.binary(max_size=4),
        width=st.integers(0, 9),
        height=st.integers(0, 9),
        detail=st.sampled_from(Detail),
    ),
    ToolCall: st.builds(ToolCall, id=text, name=text, arguments=text, signature=text),
    ToolResult: st.builds(ToolResult, call_id=text, name=text, text=text),
}
messages = st.builds(
    Message, role=st.sampled_from(Role), parts=st.lists(st.one_of(list(PARTS.values())), max_size=3).map(tuple)
)
tools = st.builds(ToolSpec, name=text, description=text, parameters=text)
requests = st.builds(
    ChatRequest,
    messages=st.lists(messages, max_size=3).map(tuple),
    max_output_tokens=st.integers(1, 4096),
    json_schema=st.none() | text,
    tools=st.lists(tools, max_size=2).map(tuple),
    temperature=st.none() | st.floats(0, 2),
    logprobs=st.booleans(),
    stage=text,
    question_id=text,
    max_usd=st.none() | st.decimals(0, 1, places=3),
)


def as_the_model_sees_it(value: object) -> object:
    """The request without what is for the books, in one form of Unicode."""
    if isinstance(value, str):
        return normalize("NFC", value)
    if isinstance(value, tuple):
        return [as_the_model_sees_it(item) for item in value]
    if isinstance(value, ChatRequest | Message | ToolSpec | TextPart | ImagePart | ToolCall | ToolResult):
        hidden = FOR_THE_BOOKS.get(type(value), set())
        seen = {f.name: as_the_model_sees_it(getattr(value, f.name)) for f in fields(value) if f.name not in hidden}
        return (type(value).__name__, seen)
    return value


@given(requests, requests)
def test_two_requests_share_a_key_only_when_a_model_cannot_tell_them_apart(a: ChatRequest, b: ChatRequest) -> None:
    assert (cache_key("m", a) == cache_key("m", b)) is (as_the_model_sees_it(a) == as_the_model_sees_it(b))


@settings(max_examples=200)
@given(a=requests, b=requests, name=st.sampled_from([f.name for f in fields(ChatRequest)]))
def test_each_field_of_a_request_that_reaches_the_model_changes_the_key(a: ChatRequest, b: ChatRequest, name: str) -> None:
    changed = replace(a, **{name: getattr(b, name)})
    if name in FOR_THE_BOOKS[ChatRequest]:
        assert cache_key("m", a) == cache_key("m", changed)
    else:
        assume(as_the_model_sees_it(a) != as_the_model_sees_it(changed))
        assert cache_key("m", a) != cache_key("m", changed)


def holding(part: Part) -> ChatRequest:
    return ChatRequest(messages=(Message(role=Role.USER, parts=(part,)),))


@settings(max_examples=300)
@given(data=st.data(), kind=st.sampled_from(list(PARTS)))
def test_each_field_of_a_part_that_reaches_the_model_changes_the_key(data: st.DataObject, kind: type[Part]) -> None:
    one, other = data.draw(PARTS[kind]), data.draw(PARTS[kind])
    name = data.draw(st.sampled_from([f.name for f in fields(kind)]))
    changed = replace(one, **{name: getattr(other, name)})
    same = as_the_model_sees_it(one) == as_the_model_sees_it(changed)
    assert same or name not in FOR_THE_BOOKS.get(kind, set())
    assert (cache_key("m", holding(one)) == cache_key("m", holding(changed))) is same


@given(requests, text, text)
def test_the_model_and_where_it_is_are_in_the_key(request: ChatRequest, here: str, there: str) -> None:
    assert (cache_key(here, request) == cache_key(there, request)) is (normalize("NFC", here) == normalize("NFC", there))


def test_the_order_of_what_is_said_matters() -> None:
    one, other = TextPart(text="a"), TextPart(text="b")
    keys = {
        cache_key("m", ChatRequest(messages=messages))
        for messages in (
            (Message(role=Role.USER, parts=(one, other)),),
            (Message(role=Role.USER, parts=(other, one)),),
            (Message(role=Role.USER, parts=(one,)), Message(role=Role.USER, parts=(other,))),
            (Message.text(Role.USER, "ab"),),
        )
    }
    assert len(keys) == 4
    paid = replace(holding(one), max_usd=Decimal("0.01"), stage="critique", question_id="q")
    assert cache_key("m", paid) == cache_key("m", holding(one))
