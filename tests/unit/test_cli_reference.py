"""The reference pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrag.cli.reference import MEANINGS, pages, settings_page
from mmrag.settings import load_settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("file", sorted(pages()))
def test_the_page_equals_what_the_code_says(file: str) -> None:
    written = (DOCS / file).read_text(encoding="utf-8")
    assert written == pages()[file], "write it anew: python -m mmrag.cli.reference docs"


def test_every_setting_has_its_line_and_no_other_has() -> None:
    page = settings_page()
    assert [line for line in page.splitlines() if line.endswith("|  |")] == []
    assert [path for path in MEANINGS if f"| `{path}` |" not in page] == []


def test_the_example_of_a_tier_can_be_used(tmp_path: Path) -> None:
    example = settings_page().split("```toml\n")[1].split("```")[0]
    (tmp_path / "mmrag.toml").write_text(example)
    tier = load_settings(environ={}, cwd=tmp_path).cascade.tiers[0]
    assert (tier.name, tier.provider, tier.api_key_env) == ("local", "openai", "LOCAL_KEY")
