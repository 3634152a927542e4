"""What is known of models: the list that ships, the user's own over it, and what follows for a tier."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from mmrag.domain.capabilities import Capabilities
from mmrag.domain.messages import Detail
from mmrag.errors import SettingsError
from mmrag.middleware.capabilities import LOCAL_CONTEXT_TOKENS, capabilities_of
from mmrag.middleware.models_file import shipped
from mmrag.middleware.prices import price_list
from mmrag.settings import TierSettings

DAY = date(2026, 11, 21)
OWN = """
[[price]]
model = "house-model"
input = "0.02"
output = "0.03"
image = "tiles"
source = "our own server, electricity"

[[price]]
model = "claude-opus-5-5"
input = "3"
output = "15"
source = "our contract"

[[family]]
prefix = "house-"
images = false
context_tokens = 4096
source = "started with -c 4096"

[image.tiles]
side = 100
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "my-models.toml"
    file.write_text(OWN)
    return file


def can(model: str, file: Path | None = None, **tier: object) -> Capabilities:
    return capabilities_of(TierSettings.model_validate({"name": "t", "model": model, **tier}), file)


def test_a_users_file_adds_and_replaces_and_leaves_the_rest(own: Path) -> None:
    mine, plain = price_list(own), price_list()
    price = mine.price_of("openai:house-model", on=DAY)
    assert price is not None
    assert (price.input_usd, price.output_usd) == (Decimal("0.02"), Decimal("0.03"))
    assert plain.price_of("openai:house-model", on=DAY) is None
    assert mine.image_tokens("house-model", 250, 100) == 3
    contracted, listed = (p.price_of("claude-opus-5-5", on=DAY) for p in (mine, plain))
    assert contracted is not None
    assert listed is not None
    assert (contracted.input_usd, listed.input_usd) == (3, 4)
    assert mine.price_of("gpt-6-luna", on=DAY) == plain.price_of("gpt-6-luna", on=DAY)
    assert mine.flagship == plain.flagship


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[price]]\nmodel = "m"\ninptu = "1"', "price.0.input: Field required"),
        (
            '[[price]]\nmodel = "m"\ninput = "1"\noutput = "1"\nsource = "s"\nfree = true',
            "price.0.free: there is no such key",
        ),
        ('[[price]]\nmodel = "m"\ninput = "1"\noutput = "1"\nsource = "s"\nimage = "x"', r"names \[image.x\]"),
        ("[[family]]\nprefix = 3", "family.0.prefix"),
        ("[prices]", "prices: there is no such key"),
        ("price = [", "is not valid TOML"),
    ],
)
def test_a_wrong_key_is_refused_in_one_line_that_names_it(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said) as raised:
        price_list(file)
    assert "\n" not in str(raised.value)
    assert "wrong.toml" in str(raised.value)


def test_a_file_that_is_not_there_says_which_setting_names_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"models.file names .*none.toml"):
        price_list(tmp_path / "none.toml")


@pytest.mark.parametrize("name", ["claude-haiku-5.5", "anthropic:claude-haiku-5-5"])
def test_a_model_has_one_price_by_whichever_name(name: str) -> None:
    price = price_list().price_of(name, on=DAY)
    assert price is not None
    assert price.input_usd == Decimal("0.10")
    assert price_list().api_name("claude-haiku-5.5") == "claude-haiku-5-5"
    assert price_list().api_name("unheard-of") == "unheard-of"


def test_the_same_name_at_another_address_has_no_price() -> None:
    assert price_list().price_of("openai:gpt-6-luna@http://127.0.0.1:1/v1", on=DAY) is None


def test_a_picture_costs_by_how_closely_it_is_looked_at_where_its_size_does_not_matter() -> None:
    tokens = [
        price_list().image_tokens("gemini-3.8-flash", 4000, 3000, detail=d) for d in (Detail.LOW, Detail.MEDIUM, Detail.HIGH)
    ]
    assert tokens == [280, 560, 1120]


def test_the_longest_prefix_counts() -> None:
    assert not can("openai:gpt-6.2-sol").takes("logprobs")
    assert can("openai:gpt-6-luna").takes("logprobs")
    assert can("anthropic:claude-opus-5-5").context_tokens == 1_000_000
    assert can("anthropic:claude-opus-4-8").context_tokens == 200_000


def test_a_crowd_of_pictures_has_to_be_smaller() -> None:
    claude = can("anthropic:claude-opus-5-5")
    assert (claude.side_for(20), claude.side_for(21)) == (8_000, 2_000)
    assert Capabilities().side_for(500) is None


@pytest.mark.parametrize(
    ("tier", "images", "local"),
    [
        ({"model": "openai:qwen2.5-coder", "base_url": "http://h/v1"}, False, True),
        ({"model": "openai:Qwen/Qwen2.5-VL-3B-Instruct", "base_url": "http://h/v1"}, True, True),
        ({"model": "openai:llava:7b", "base_url": "http://h/v1"}, True, True),
        ({"model": "openai:mystery", "base_url": "http://h/v1", "images": True}, True, True),
        ({"model": "openai:llava:7b", "base_url": "http://h/v1", "images": False}, False, True),
        ({"model": "transformers:./any"}, True, True),
        ({"model": "openai:gpt-9-nova"}, True, False),
    ],
)
def test_pictures_go_to_models_that_look_at_them(tier: dict[str, object], images: bool, local: bool) -> None:
    known = capabilities_of(TierSettings.model_validate({"name": "t", **tier}))
    assert (known.images, known.is_local, known.logprobs) == (images, local, local)
    assert known.context_tokens == (LOCAL_CONTEXT_TOKENS if local else known.context_tokens)


def test_what_a_tier_says_wins(own: Path) -> None:
    assert can("openai:house-7b", own, base_url="http://h/v1").context_tokens == 4096
    assert can("openai:house-7b", own, base_url="http://h/v1", context_tokens=2048).context_tokens == 2048
    assert not can("openai:house-7b", own, base_url="http://h/v1").images


def test_every_row_that_ships_says_where_it_was_read_and_no_price_has_run_out() -> None:
    file = shipped()
    assert all(row.source for row in (*file.price, *file.family))
    models = {row.model for row in file.price}
    assert all(price_list().price_of(model, on=DAY) for model in models)
    ended = [family.prefix for family in file.family if family.ends and family.ends < DAY]
    assert ended == []
