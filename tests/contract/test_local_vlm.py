"""Models in this process: real architectures with random weights prove that they are found, loaded, asked and stopped."""

from __future__ import annotations

import asyncio
import io
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from tiny_vlms import TINY

from mmrag.adapters.chat.provider import Endpoint
from mmrag.adapters.chat.vlm import loaded, weights
from mmrag.adapters.chat.vlm.model import TransformersVlm
from mmrag.adapters.chat.vlm.prompts import conversation, tool_calls
from mmrag.domain.messages import (
    ChatRequest,
    Delta,
    ImagePart,
    Message,
    Part,
    Reply,
    Role,
    StopReason,
    TextPart,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from mmrag.errors import ModelMissingError, ModelRequestError, ModelUnavailableError


def picture(colour: str, label: str = "page 1") -> ImagePart:
    drawn = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(drawn, "PNG")
    return ImagePart(label=label, media_type="image/png", data=drawn.getvalue(), width=60, height=40)


def request(*pictures: ImagePart, text: str = "Total?", tokens: int = 6) -> ChatRequest:
    parts: tuple[Part, ...] = (*pictures, TextPart(text=text))
    asked = (Message.text(Role.SYSTEM, "Be short."), Message(role=Role.USER, parts=parts))
    return ChatRequest(messages=asked, max_output_tokens=tokens, logprobs=True)


def model(folder: Path | str, *, timeout_s: float = 60.0, revision: str | None = None) -> TransformersVlm:
    endpoint = Endpoint(provider="transformers", model=str(folder), key="", timeout_s=timeout_s)
    return TransformersVlm(endpoint, revision=revision)


def assert_same(one: Reply, other: Reply) -> None:
    """But for the last digits, which differ with what else is computed at the same time."""
    assert (one.text, one.usage, one.stop) == (other.text, other.usage, other.stop)
    assert [t.logprob for t in one.logprobs] == pytest.approx([t.logprob for t in other.logprobs], abs=1e-3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in TINY.items()}


@pytest.fixture(params=TINY)
async def vlm(request: pytest.FixtureRequest, folders: dict[str, Path]) -> AsyncIterator[TransformersVlm]:
    made = model(folders[request.param])
    yield made
    await made.close()


@pytest.fixture
async def small(folders: dict[str, Path]) -> AsyncIterator[TransformersVlm]:
    made = model(folders["qwen2-vl"])
    yield made
    await made.close()


async def test_it_sees_pictures_counts_tokens_and_says_how_sure_it_is(vlm: TransformersVlm) -> None:
    red = await vlm.reply(request(picture("red")))
    assert (red.stop, red.usage.output_tokens, red.usage.images, red.model) == (StopReason.LENGTH, 6, 1, vlm.identity)
    assert len(red.logprobs) == 6
    assert all(-20 < token.logprob < 0 for token in red.logprobs)
    assert_same(red, await vlm.reply(request(picture("red"))))
    blue = await vlm.reply(request(picture("blue")))
    assert blue.logprobs != red.logprobs
    blind = await vlm.reply(request())
    assert blind.usage.images == 0
    assert blind.usage.input_tokens < red.usage.input_tokens


async def test_several_pictures_are_parts_of_their_own(vlm: TransformersVlm) -> None:
    one, two = [await vlm.reply(request(*(picture(c) for c in colours))) for colours in (["red"], ["red", "blue"])]
    assert two.usage.images == 2
    assert two.usage.input_tokens > one.usage.input_tokens


async def test_a_stream_has_the_text_of_the_whole_reply(vlm: TransformersVlm) -> None:
    pieces: list[str] = []

    async def heard(delta: Delta) -> None:
        pieces.append(delta.text)

    streamed = await vlm.reply(request(picture("red"), tokens=30), heard)
    assert "".join(pieces).strip() == streamed.text
    assert len(pieces) > 1
    assert_same(streamed, await vlm.reply(request(picture("red"), tokens=30)))


async def test_calls_that_wait_are_written_together_and_each_gets_its_own(
    small: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [request(picture(colour), text=text, tokens=n) for colour, text, n in
             (("red", "Total?", 4), ("blue", "What is the date of the invoice?", 9), ("green", "Who?", 6))]  # fmt: skip
    alone = [await small.reply(one) for one in asked]
    sizes: list[int] = []
    write = loaded.LoadedVlm.write

    def counted(self: loaded.LoadedVlm, batch: list[loaded.Wanted]) -> tuple[loaded.Written, ...]:
        sizes.append(len(batch))
        return write(self, batch)

    monkeypatch.setattr(loaded.LoadedVlm, "write", counted)
    together = await asyncio.gather(*(small.reply(one) for one in asked))
    assert sizes == [3]
    for one, same in zip(alone, together, strict=True):
        assert_same(one, same)


async def test_a_cancelled_call_stops_being_written(small: TransformersVlm) -> None:
    await small.reply(request())
    long = asyncio.create_task(small.reply(request(tokens=3_000)))
    await asyncio.sleep(0.3)
    long.cancel()
    begun = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await long
    await small.reply(request())
    assert time.monotonic() - begun < 5


async def test_a_call_over_its_time_is_given_up(folders: dict[str, Path]) -> None:
    slow = model(folders["qwen2-vl"], timeout_s=0.5)
    with pytest.raises(ModelUnavailableError, match=r"within 0\.5 seconds"):
        await slow.reply(request(tokens=3_500))
    await slow.close()


async def test_a_prompt_longer_than_the_context_is_refused(small: TransformersVlm) -> None:
    with pytest.raises(ModelRequestError, match="this model takes 4096"):
        await small.reply(request(text="x" * 4_100))


async def test_a_picture_that_cannot_be_decoded_is_an_error_and_not_the_end(small: TransformersVlm) -> None:
    with pytest.raises(ModelRequestError, match="cannot be decoded"):
        await small.reply(request(replace(picture("red"), data=b"\x89PNG not really")))
    assert isinstance(await small.reply(request()), Reply)


async def test_it_says_beforehand_that_it_does_not_fit(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded, "_machine", lambda: ("cpu", "float32", 1_000_000))
    with pytest.raises(ModelMissingError, match=r"needs about 0\.3 GB and 0\.0 GB are free: choose one of at most"):
        await model(folders["llava"]).reply(request())


def test_the_estimate_counts_the_parameters_of_all_files(folders: dict[str, Path]) -> None:
    import torch
    from transformers import AutoModelForImageTextToText

    found = weights.find_weights(str(folders["llava"]), None)
    made = AutoModelForImageTextToText.from_pretrained(folders["llava"], dtype=torch.float32)
    assert found.parameters == sum(p.numel() for p in made.state_dict().values())
    assert found.bytes_needed(2) > 2 * found.parameters


async def test_only_safetensors_of_a_pinned_revision_are_loaded(folders: dict[str, Path], tmp_path: Path) -> None:
    pickled = shutil.copytree(folders["llava"], tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    broken = shutil.copytree(folders["llava"], tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"not these")
    (tmp_path / "empty").mkdir()
    for folder, why in ((pickled, "no safetensors"), (broken, "not a safetensors file"), (tmp_path / "empty", "no model")):
        with pytest.raises(ModelMissingError, match=why):
            await model(folder).reply(request())
    with pytest.raises(ModelMissingError, match="hf download nobody/no-such-model --revision abc"):
        await model("nobody/no-such-model", revision="abc").reply(request())


def test_its_identity_changes_with_its_files(folders: dict[str, Path], tmp_path: Path) -> None:
    copy = shutil.copytree(folders["llava"], tmp_path / "copy")
    before = model(copy).identity
    assert before == model(copy).identity
    (copy / "generation_config.json").write_text('{"eos_token_id": 1, "pad_token_id": 2}')
    assert model(copy).identity != before
    assert model("a/b", revision="0123456789abcdef").identity == "transformers:a/b@0123456789ab"


def test_tools_and_schema_are_told_and_calls_are_read_back() -> None:
    tool = ToolSpec(name="zoom", description="Look closer.", parameters='{"type":"object"}')
    call = ToolCall(id="t1", name="zoom", arguments='{"page": 2}')
    turns = conversation(
        ChatRequest(
            messages=(
                Message.text(Role.SYSTEM, "Be short."),
                Message.text(Role.USER, "Total?"),
                Message(role=Role.ASSISTANT, parts=(call,)),
                Message(role=Role.USER, parts=(ToolResult(call_id="t1", name="zoom", text="RM 9.00"),)),
            ),
            tools=(tool,),
            json_schema='{"type":"object"}',
        ),
        with_system=False,
    )
    said = ["".join(str(piece.get("text", "")) for piece in turn["content"] if isinstance(piece, dict)) for turn in turns]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert said[0] == "Be short.\n\nTotal?"
    assert tool_calls(said[1]) == ("", (replace(call, id="call-0"),))
    assert "RM 9.00" in said[2]
    assert "zoom: Look closer." in said[2]
    assert 'fits this schema: {"type":"object"}' in said[2]
    assert tool_calls("<tool_call>{broken</tool_call> yes") == ("<tool_call>{broken</tool_call> yes", ())
