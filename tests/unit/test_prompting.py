"""Prompts and principles: checked when loaded, filled in once."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from mmrag.errors import PromptError
from mmrag.prompting import constitution, load_prompt, parse_prompt

HEAD = '+++\npurpose = "A test."\nvariables = ["name"]\n+++\n'
SHIPPED = sorted(f.name.removesuffix(".md") for f in files("mmrag_prompts").iterdir() if f.name.endswith(".md"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_prompt_loads_and_renders(name: str) -> None:
    prompt = load_prompt(name)
    text = prompt.render({variable: f"<{variable}>" for variable in prompt.variables})
    assert "{{" not in text
    assert all(f"<{variable}>" in text for variable in prompt.variables)
    assert len(prompt.sha256) == 64
    if prompt.json_schema is not None:
        assert json.loads(prompt.json_schema)["type"] == "object"


def test_there_is_a_prompt_to_check() -> None:
    assert "draft" in SHIPPED


def test_a_value_is_put_in_once_and_never_read_as_a_template() -> None:
    prompt = parse_prompt("t", HEAD + "Hello {{name}}, {{ name }}.")
    assert prompt.render({"name": "{{name}} \\1 {{other}}"}) == "Hello {{name}} \\1 {{other}}, {{name}} \\1 {{other}}."


@pytest.mark.parametrize("values", [{}, {"name": "x", "other": "y"}, {"other": "y"}])
def test_values_must_be_the_declared_variables(values: dict[str, str]) -> None:
    with pytest.raises(PromptError, match="name"):
        parse_prompt("t", HEAD + "Hello {{name}}.").render(values)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("Hello {{name}}.", "head"),
        (HEAD + "Hello.", "name"),
        (HEAD + "Hello {{name}} and {{other}}.", "other"),
        ("+++\nvariables = []\n+++\nHello.", "purpose"),
        ('+++\npurpose = "p"\nextra = 1\n+++\nHello.', "extra"),
        ('+++\npurpose = "p"\noutput_schema = "{"\n+++\nHello.', "head"),
        ("+++\npurpose = \n+++\nHello.", "head"),
    ],
)
def test_a_prompt_that_does_not_fit_together_is_refused(source: str, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        parse_prompt("t", source)


def test_a_prompt_that_is_not_there() -> None:
    with pytest.raises(PromptError, match="no prompt nothing"):
        load_prompt("nothing")


def test_another_text_has_another_hash() -> None:
    assert parse_prompt("t", HEAD + "{{name}}").sha256 != parse_prompt("t", HEAD + "{{name}}!").sha256


def test_the_constitution_weighs_accuracy_most_and_adds_up_to_one() -> None:
    principles = constitution()
    weights = {group: sum(p.weight for p in principles if p.group == group) for group in {p.group for p in principles}}
    assert weights == {
        "accuracy": pytest.approx(0.40),
        "safety": pytest.approx(0.35),
        "helpfulness": pytest.approx(0.25),
    }
    assert len({p.id for p in principles}) == len(principles)
    assert any("data" in p.text and "instruction" in p.text for p in principles)
