"""The documentation is built as a site: without a warning, and without a thing from another host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.timeout(500)
ROOT = Path(__file__).parents[2]
_LOADED = re.compile(r"""<(?:script|img|iframe|source|video|audio|embed)[^>]*\ssrc="([^"]+)"|<link[^>]*\shref="([^"]+)\"""")
"""What a browser loads by itself, unlike a link that a person follows."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [str(Path(sys.executable).parent / "mkdocs"), "build", "--strict", "-d", str(folder)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    loaded = {src or href for page in pages for src, href in _LOADED.findall(page.read_text(encoding="utf-8"))}
    assert loaded, "the pattern finds nothing"
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//", style.read_text(encoding="utf-8")), style.name


def test_the_reference_has_the_public_names(site: Path) -> None:
    page = (site / "reference" / "python.html").read_text(encoding="utf-8")
    for name in (
        "Session",
        "ask_sync",
        "open_session",
        "Answer",
        "Citation",
        "AnswerGiven",
        "MMRagRetriever",
        "build_server",
    ):
        assert re.search(rf'id="mmrag\.[\w.]*{name}"', page), name
    errors = (site / "reference" / "errors.html").read_text(encoding="utf-8")
    assert "EmptyStoreError" in errors


def test_every_how_to_is_in_the_navigation() -> None:
    named = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "adr"]
    assert [page for page in pages if page not in named] == [], "add the page to nav in mkdocs.yml"
    assert yaml.safe_load(named)["theme"]["font"] is False
