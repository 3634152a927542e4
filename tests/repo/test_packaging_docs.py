"""What the documents promise is there: make targets, commands, files that are linked, decisions in their index."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from mmrag.cli.main import root

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")),
]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text)
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_make_targets_exist(page: str) -> None:
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)\b", code_of((ROOT / page).read_text(encoding="utf-8")), flags=re.MULTILINE))
    assert {"setup", "demo", "test", "check", "bench"} <= known
    assert named, "no make target is named"
    assert named <= known


def test_the_readme_names_commands_that_exist() -> None:
    known = set(root.list_commands(click.Context(root)))
    named = set(re.findall(r"\bmmrag ([a-z]+)\b(?! import)", code_of((ROOT / "README.md").read_text(encoding="utf-8"))))
    assert {"ingest", "ask", "show"} <= named <= known


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert pages == sorted(re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", index)), "add the decision to docs/adr/README.md"
    numbers = [name[:4] for name in pages]
    assert len(set(numbers)) == len(numbers), "two decisions have one number"


def code_of(markdown: str) -> str:
    """What stands in backticks and in fenced blocks of shell lines."""
    fenced = re.findall(r"```(?:sh|console)\n(.*?)```", markdown, flags=re.DOTALL)
    without = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", without)])
