"""Every example runs, as its own first line says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from sample_store import ANSWER, QUESTION, RECEIPT, sample_store

from mmrag.adapters.sight import WEIGHTS
from mmrag.cli.main import root

EXAMPLES = Path(__file__).parents[2] / "examples"
LINES = ["GOLDEN KEY HARDWARE", "12 River Street, Springfield", "Date: 21/11/2025", "Invoice No: INV-20417", "Total: 46.65"]


def one_page_pdf(lines: list[str]) -> bytes:
    """A small PDF with a text layer, written by hand."""
    text = "\n".join(f"BT /F1 16 Tf 72 {720 - 30 * n} Td ({line}) Tj ET" for n, line in enumerate(lines))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
    return f"{out}trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with one scanned-in invoice below ``scans``; the store comes to lie beside it."""
    path = tmp_path_factory.mktemp("examples")
    (path / "scans").mkdir()
    (path / "scans" / "invoice.pdf").write_bytes(one_page_pdf(LINES))
    return path


def example(home: Path, name: str, *args: str, given: str | None = None) -> list[str]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("MMRAG_")}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *args],
        cwd=home,
        env=environ,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def ask(home: Path, question: str, code: int) -> str:
    command = [sys.executable, "-c", "from mmrag.cli.main import main; main()", "ask", question, "--json"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == code, done.stderr
    return done.stdout


def test_ask_in_twenty_lines(home: Path) -> None:
    assert len((EXAMPLES / "ask_in_twenty_lines.py").read_text().splitlines()) <= 20
    lines = example(home, "ask_in_twenty_lines.py", "scans", "What is the invoice number?")
    assert lines[0] == "INV-20417"
    assert "supported" in lines[1]
    assert "in invoice.pdf, page 1, box (0." in lines[1]


def test_read_the_json(home: Path) -> None:
    example(home, "watch_folder.py", "scans", "--rounds", "1")
    lines = example(
        home, "read_the_json.py", given=ask(home, "What is the total of the invoice from Golden Key Hardware?", 0)
    )
    assert lines[0].startswith("46.65  (confidence 0.")
    place = next(line for line in lines if "invoice.pdf, page 1: '46.65'" in line)
    assert 22 <= int(re.findall(r"(\d+)% down", place)[0]) <= 25  # its baseline is 600 of 792 points above the bottom
    refused = example(home, "read_the_json.py", given=ask(home, "What is the e-mail address of Golden Key Hardware?", 4))
    assert refused[0].startswith("refused (")


def test_watch_folder_follows_what_happens(home: Path) -> None:
    scans = home / "watched"
    scans.mkdir()
    (scans / "a.pdf").write_bytes(one_page_pdf(["Invoice No: A-1"]))
    (scans / "bad.pdf").write_bytes(b"%PDF-1.4 and then nothing")
    first = example(home, "watch_folder.py", "watched", "--rounds", "2", "--every", "0.01")
    assert sorted(line.split(" (")[0] for line in first) == ["ingested: a.pdf", "quarantined: bad.pdf"]
    (scans / "a.pdf").write_bytes(one_page_pdf(["Invoice No: A-2"]))
    (scans / "bad.pdf").unlink()
    second = example(home, "watch_folder.py", "watched", "--rounds", "1")
    assert sorted(line.split(" (")[0] for line in second) == ["removed: bad.pdf", "replaced: a.pdf"]


@pytest.mark.parametrize("name", ["similarity.py", "map_of_a_store.py"])
def test_pictures_of_a_store_are_drawn_or_what_is_missing_is_said(home: Path, name: str) -> None:
    scans = home / "two"
    scans.mkdir(exist_ok=True)
    for word in ("Invoice", "Letter"):
        (scans / f"{word}.pdf").write_bytes(one_page_pdf([f"{word} No: A-1", f"{word} from Springfield"]))
    example(home, "watch_folder.py", "two", "--rounds", "1")
    command = [sys.executable, str(EXAMPLES / name), "mmrag-store", "-o", f"{name}.png"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("MMRAG_")}
    done = subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, check=False, timeout=100)
    if (WEIGHTS / "clip" / "config.json").is_file():
        assert done.returncode == 0, done.stderr
        assert (home / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    else:
        assert done.returncode == 1
        assert "mmrag models list" in done.stderr


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(sample_store(tmp_path_factory))


@pytest.mark.timeout(500)
def test_llama_index_and_mcp(home: Path, samples: str) -> None:
    """The same question through the retriever, the query engine and an MCP client."""
    found = example(home, "llama_index_retriever.py", samples, "chart of visitors")
    assert any("chart-visitors.png, page 1, box [" in line and "with its picture" in line for line in found)
    answered = example(home, "llama_index_engine.py", samples, QUESTION)
    assert answered[0] == ANSWER
    assert f"supported: {RECEIPT}, page 1, box [0." in answered[1]
    told = example(home, "mcp_client.py", samples, QUESTION)
    assert told[0] == ANSWER
    assert any(line.startswith("mmrag://documents/doc-") for line in told)


@pytest.mark.timeout(500)
def test_the_agent_says_which_package_it_needs(home: Path, samples: str) -> None:
    """Its model comes from a package that is not part of the environment."""
    command = [sys.executable, str(EXAMPLES / "llama_index_agent.py"), samples, QUESTION]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 1
    assert "llama_index.llms" in done.stderr


def test_configurations_of_hosts_start_our_command() -> None:
    for file in (EXAMPLES / "mcp").glob("*.json"):
        servers = json.loads(file.read_text(encoding="utf-8"))
        server = servers.get("mcpServers", servers.get("servers"))["documents"]
        assert server["command"].endswith("/mmrag")
        command, *words = server["args"]
        known = {option for parameter in root.get_command(click.Context(root), command).params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known
