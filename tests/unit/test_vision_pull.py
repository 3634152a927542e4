"""``mmrag models pull`` against a hub on loopback that speaks the real protocol: size first, then files, then a pin."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from vision_models import clip_folder

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "someone/small-clip"


class _Hub(BaseHTTPRequestHandler):
    files: dict[str, bytes]
    asked: list[str]

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.split("?")[0]
        self.asked.append(f"{self.command} {path}")
        name = path.rsplit("/", 1)[-1]
        if path.startswith(f"/api/models/{REPO}/tree/"):
            tree = [{"type": "file", "path": n, "size": len(data), "oid": "b" * 40} for n, data in self.files.items()]
            self._send(json.dumps(tree).encode(), {}, with_body)
        elif path.startswith(f"/api/models/{REPO}"):
            siblings = [{"rfilename": n, "size": len(data), "blobId": "b" * 40} for n, data in self.files.items()]
            self._send(json.dumps({"id": REPO, "sha": COMMIT, "siblings": siblings}).encode(), {}, with_body)
        elif path.startswith(f"/{REPO}/resolve/") and name in self.files:
            data = self.files[name]
            self._send(data, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": COMMIT}, with_body)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, data: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(200)
        for key, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[str, type[_Hub]]]:
    folder = clip_folder(tmp_path / "made")
    _Hub.files = {path.name: path.read_bytes() for path in folder.iterdir()} | {"pytorch_model.bin": b"code"}
    _Hub.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", _Hub
    server.shutdown()


def mmrag(place: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "MMRAG_"))}
    env |= {"HF_ENDPOINT": url, "HF_HOME": str(place / "hf"), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    env |= {"MMRAG_MODELS__CACHE_DIR": str(place / "cache"), "MMRAG_MODELS__PROFILE": "hub", "MMRAG_MODELS__CLIP": REPO}
    command = [sys.executable, "-c", "from mmrag.cli.main import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=place, check=False, input="n\n")


def test_a_model_is_pulled_pinned_and_then_used_without_the_hub(hub: tuple[str, type[_Hub]], tmp_path: Path) -> None:
    url, server = hub
    picture = tmp_path / "red.png"
    from PIL import Image

    Image.new("RGB", (60, 40), (200, 0, 0)).save(picture)
    before = mmrag(tmp_path, url, "classify", str(picture), "--labels", "a chart,a receipt")
    assert before.returncode == 1
    assert before.stderr.count("\n") == 1
    assert server.asked == [], "nothing is downloaded, or even asked for, unasked"

    refused = mmrag(tmp_path, url, "models", "pull", REPO)
    assert refused.returncode == 130
    size = sum(len(data) for name, data in server.files.items() if name != "pytorch_model.bin")
    assert f"{REPO}: {size / 1e6:.0f} MB, revision {COMMIT}" in refused.stderr
    assert not any("resolve" in asked for asked in server.asked)

    pulled = mmrag(tmp_path, url, "models", "pull", REPO, "--yes", "--json")
    assert pulled.returncode == 0, pulled.stderr
    (row,) = json.loads(pulled.stdout)["pulled"]
    assert (row["model"], row["revision"]) == (REPO, COMMIT)
    assert not any("pytorch_model.bin" in asked for asked in server.asked)
    assert json.loads((tmp_path / "cache" / "hub.json").read_text())["models"][REPO]["revision"] == COMMIT

    server.asked.clear()
    done = mmrag(tmp_path, url, "classify", str(picture), "--labels", "a chart,a receipt", "--json")
    assert done.returncode == 0, done.stderr
    assert sum(row["probability"] for row in json.loads(done.stdout)["labels"]) == pytest.approx(1, abs=0.001)
    assert server.asked == []


def test_what_the_hub_does_not_have_is_one_line(hub: tuple[str, type[_Hub]], tmp_path: Path) -> None:
    done = mmrag(tmp_path, hub[0], "models", "pull", "someone/nothing", "--yes")
    assert done.returncode == 1
    assert "someone/nothing is not on the hub" in done.stderr
    assert done.stderr.count("\n") == 1
