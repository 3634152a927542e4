"""Every code block of the documentation is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import httpx
import pytest
from docs_snippets import ROOT, SERVED, parsed
from filelock import FileLock
from sample_store import SAMPLES, bare_environment, mmrag_command, sample_store

pytestmark = pytest.mark.timeout(500)
_TABLES = {"benchmarks.md", "commands.md"}
"""Pages of figures, and help as a program prints it, which a test of its own holds to the code."""
WITH_SERVER = {"server.md"}
"""Pages whose code talks to a server that they have told how to start."""
PAGES = sorted(
    str(page.relative_to(ROOT / "docs"))
    for page in ROOT.glob("docs/**/*.md")
    if page.parent.name != "adr" and page.name not in _TABLES and "```" in page.read_text(encoding="utf-8")
)


@pytest.fixture
def folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """What the pages assume: a folder ``scans``, a store made of it, and some questions.

    It is the folder in which the samples were read, so that nothing is read again; one page uses it at a time.
    """
    store = sample_store(tmp_path_factory)
    home = store.parent
    with FileLock(home.parent / "pages.lock"):
        shutil.rmtree(home / "mmrag-store", ignore_errors=True)
        shutil.copytree(store, home / "mmrag-store")
        here = {path.name for path in (home / "scans").iterdir()}
        about = questions(here, most=100 if "calibrate" in request.node.name else 4)
        (home / "questions.jsonl").write_text(about, encoding="utf-8")
        for name in set(os.environ) - set(bare_environment()):
            monkeypatch.delenv(name)
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        monkeypatch.chdir(home)
        yield home


def questions(files: set[str], *, most: int) -> str:
    """The samples' questions about ``files``, three times over, for a calibration needs thirty answers; ``most`` of them."""
    rows = [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    kept = [row for row in rows if row["file"] in files]
    lines = [json.dumps({**row, "id": f"{row['id']}-{turn}"}) + "\n" for turn in range(3) for row in kept]
    return "".join(lines[:most])


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page: str, folder: Path) -> None:
    path = ROOT / "docs" / page
    with served(folder) if page in WITH_SERVER else nullcontext(SERVED) as address:
        for example in parsed(path, served=address).examples():
            example.evaluate()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """``mmrag serve`` on a free port, as host and port."""
    log = folder / "serve.log"
    with log.open("wb") as out:
        command = mmrag_command("serve", "--port", "0", "--store", "mmrag-store")
        process = subprocess.Popen(command, cwd=folder, env=bare_environment(), stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 200
        while not (found := re.search(r"mmrag listens on http://([\d.:]+)", log.read_text())) or not listens(found[1]):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)
        yield found[1]
    finally:
        process.terminate()
        process.wait(timeout=60)


def listens(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_code_that_is_wrong_is_found(folder: Path, tmp_path: Path) -> None:
    """The runner itself can fail: one page for each language, with one mistake."""
    wrong = {
        "python": "import mmrag\nmmrag.no_such_name",
        "sh": "mmrag ask --no-such-option x",
        "console": "$ mmrag ask 'How much net debt does the annual report state?'\n£1",
        "toml": "# mmrag.toml\n[cascade]\nmax_eur = 1",
        "json": "{'a': 1}",
        "yaml": "a: [",
    }
    for language, code in wrong.items():
        page = tmp_path / f"{language}.md"
        page.write_text(f"A page.\n\n```{language}\n{code}\n```\n", encoding="utf-8")
        (example,) = parsed(page).examples()
        with pytest.raises(Exception, match=r"\S"):
            example.evaluate()
    for line in ('pip install "mmrag[nothing]"', "make everything", "docker compose run --rm nothing ask x"):
        page = tmp_path / "elsewhere.md"
        page.write_text(f"```sh\n{line}\n```\n", encoding="utf-8")
        (example,) = parsed(page).examples()
        with pytest.raises(AssertionError):
            example.evaluate()
    page.write_text("```\nno language\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="language"):
        parsed(page)
