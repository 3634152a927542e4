"""Reading and answering with the network taken away: in a network namespace of its own there is none, not even loopback."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from sample_store import ANSWER, QUESTION, RECEIPT, SAMPLES, bare_environment, mmrag_command

ALONE = ["unshare", "--map-root-user", "--net"]
CAN = (
    shutil.which("unshare") is not None
    and subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0
)


@pytest.mark.timeout(500)
@pytest.mark.skipif(not CAN, reason="network namespaces cannot be made here")
def test_reading_and_answering_need_no_network(tmp_path: Path) -> None:
    (tmp_path / RECEIPT).write_bytes((SAMPLES / RECEIPT).read_bytes())

    def run(*words: str) -> str:
        command = [*ALONE, *mmrag_command(*words, "--json", "--store", str(tmp_path / "store"))]
        done = subprocess.run(
            command, cwd=tmp_path, env=bare_environment(), capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert json.loads(run("ingest", RECEIPT))["totals"]["documents"] == 1
    assert json.loads(run("ask", QUESTION, "--offline"))["answer"] == ANSWER
