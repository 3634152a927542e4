"""The container files: no engine is needed to check their form and to run the very commands they name as processes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml
from packaging.specifiers import SpecifierSet
from pydantic import BaseModel

from mmrag.settings import load_settings

pytestmark = pytest.mark.timeout(500)
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SAMPLE = ROOT / "examples" / "samples" / "annual-report.pdf"


class Health(BaseModel):
    test: list[str]


class Service(BaseModel):
    command: list[str] = []
    entrypoint: list[str] = ["mmrag"]
    environment: dict[str, str | None] = {}
    healthcheck: Health
    volumes: list[str]
    image: str
    ports: list[str] = []
    profiles: list[str] = []
    read_only: bool = False
    cap_drop: list[str] = []
    security_opt: list[str] = []

    @property
    def settings(self) -> dict[str, str]:
        """What is set whoever starts it; a variable without a value is handed through where it is set."""
        return {name: value for name, value in self.environment.items() if value is not None}


class Compose(BaseModel):
    services: dict[str, Service]
    volumes: dict[str, None]


@dataclass(frozen=True)
class Running:
    port: int
    process: subprocess.Popen[bytes]


COMPOSE = Compose.model_validate(yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
APP, INGEST, CHROMA, MODEL = (COMPOSE.services[name] for name in ("mmrag", "ingest", "chroma", "model"))


def dockerfile() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile: name and the rest, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def process_env(home: Path, **more: str) -> dict[str, str]:
    """The environment of a locked container: nothing of ours is set, and HOME cannot be written."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MMRAG_")}
    return {**kept, "PATH": f"{BIN}:{kept['PATH']}", "HOME": str(home), **more}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file where a home folder is expected: not even the superuser can write below it."""
    path = tmp_path_factory.mktemp("locked") / "home"
    path.touch()
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Running]:
    """The server of the compose file on a free port of this machine, seen healthy by the compose file's own check."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma")
    here = {"0.0.0.0": "127.0.0.1", "8000": str(port), "/chroma": str(folder)}  # noqa: S104 - replaced, not bound
    command = [here.get(word, word) for word in [*CHROMA.entrypoint, *CHROMA.command]]
    assert set(here.values()) <= set(command), "an address, port or path of the command is not where this test expects it"
    check = [word.replace(":8000", f":{port}") for word in CHROMA.healthcheck.test[1:]]
    process = subprocess.Popen(
        command, cwd=folder, env=process_env(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 40
        while subprocess.run(check, env=process_env(home), capture_output=True, check=False).returncode != 0:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not become healthy"
            time.sleep(0.3)
        yield Running(port=port, process=process)
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_the_compose_file_fits_the_compose_specification() -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_app_finds_the_server_and_what_both_keep_is_on_volumes() -> None:
    for service in (APP, INGEST):
        settings = load_settings(environ=service.settings, cwd=ROOT)
        assert settings.store.path == Path("/data/store")
        assert settings.store.vectors == "http://chroma:8000"
    volumes = [*APP.volumes, *INGEST.volumes, *CHROMA.volumes]
    named = {volume.split(":")[0]: volume.split(":")[1] for volume in volumes if volume[0] != "$"}
    assert named == {"data": "/data", "chroma": "/chroma"}
    assert named.keys() == COMPOSE.volumes.keys()
    assert CHROMA.command[CHROMA.command.index("--path") + 1] == "/chroma"
    assert CHROMA.command[CHROMA.command.index("--port") + 1] == "8000"


def test_every_service_is_locked_and_what_listens_to_the_world_is_the_app_alone() -> None:
    for name, service in COMPOSE.services.items():
        assert service.read_only, name
        assert service.cap_drop == ["ALL"], name
        assert service.security_opt == ["no-new-privileges:true"], name
        assert name == "mmrag" or service.ports == [], name
    (port,) = APP.ports
    assert port.startswith("127.0.0.1:"), "beyond this machine only when someone says so"
    assert port.endswith(f":{APP.command[APP.command.index('--port') + 1]}")


def test_the_optional_model_is_pinned_and_found_where_the_comment_says() -> None:
    assert MODEL.profiles == ["model"]
    assert re.search(r":server-b\d+}$", MODEL.image), "a tag that does not move"
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    said = dict(re.findall(r"^  #   (MMRAG_CASCADE__LOCAL__\w+)=(\S+)$", text, flags=re.MULTILINE))
    assert said.keys() <= APP.environment.keys()
    local = load_settings(environ={**APP.settings, **said}, cwd=ROOT).cascade.local
    assert local is not None
    assert (local.model, local.base_url) == (f"openai:{MODEL.settings['LLAMA_ARG_ALIAS']}", "http://model:8080/v1")
    assert MODEL.settings["LLAMA_ARG_PORT"] == "8080"


def test_the_commands_of_the_compose_file_work_as_processes(server: Running, home: Path, tmp_path: Path) -> None:
    """Ingest, serve and readers in several processes, on a real Chroma server."""
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    here = {
        name: value.replace("/data", str(tmp_path / "data")).replace("chroma:8000", f"127.0.0.1:{server.port}")
        for name, value in APP.settings.items()
    }
    env = process_env(home, **here)

    def run(command: list[str]) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    ingest = [word.replace("/documents", str(documents)) for word in INGEST.command]
    assert json.loads(run([*INGEST.entrypoint, *ingest, "--json"]))["totals"]["documents"] == 1
    assert json.loads(run(INGEST.healthcheck.test[1:]))["healthy"] is True
    with serving(env, tmp_path) as (url, token):
        check = [word.replace("http://127.0.0.1:8765", url) for word in APP.healthcheck.test[1:]]
        run(check)
        with httpx.Client(base_url=url, timeout=60) as client:
            body = {"question": "How much net debt does the annual report state?"}
            assert client.post("/api/ask", json=body).status_code == 401
            served = client.post("/api/ask", json=body, headers={"Authorization": f"Bearer {token}"}).json()
        ask = [*APP.entrypoint, "ask", body["question"], "--json"]
        readers = [subprocess.Popen(ask, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        answers = [json.loads(reader.communicate(timeout=200)[0]) for reader in readers]
    for answer in (served, *answers):
        assert "41.2" in answer["answer"]
        assert answer["claims"][0]["citations"][0]["page"] == 2


@contextmanager
def serving(env: dict[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    """The app's command on a free port; its address here, and the token that it made and printed."""
    command = ["0" if word == "8765" else word for word in [*APP.entrypoint, *APP.command]]
    log = folder / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 200
        while not (found := re.search(r"http://0\.0\.0\.0:(\d+)/#token=(\S+)", log.read_text(encoding="utf-8"))):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "the app did not start"
            time.sleep(0.2)
        url = f"http://127.0.0.1:{found[1]}"
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url, found[2]
    finally:
        process.terminate()
        assert process.wait(timeout=60) in (0, -signal.SIGTERM), "it ends in order"


def test_the_image_runs_without_rights_and_checks_its_health() -> None:
    instructions = dockerfile()
    users = [rest for name, rest in instructions if name == "USER"]
    assert users == ["mmrag"]
    assert any("useradd" in rest and "mmrag" in rest for name, rest in instructions if name == "RUN")
    (health,) = (rest for name, rest in instructions if name == "HEALTHCHECK")
    assert json.loads(health[health.index("[") :]) == INGEST.healthcheck.test[1:] == ["mmrag", "doctor", "--json"]
    (entry,) = (json.loads(rest) for name, rest in instructions if name == "ENTRYPOINT")
    assert entry == APP.entrypoint
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert entry[0] in project["scripts"]
    for name, rest in instructions:
        if name == "FROM":
            version = rest.split()[0].removeprefix("python:").removesuffix("-slim")
            assert SpecifierSet(project["requires-python"]).contains(version)


def test_the_image_sets_only_settings_that_exist() -> None:
    (setting,) = (rest for name, rest in dockerfile() if name == "ENV")
    environment = dict(word.split("=", 1) for word in shlex.split(setting))
    assert load_settings(environ=environment, cwd=ROOT).store.path == Path("/data/store")


def test_what_the_image_copies_is_in_the_build_context() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignore[0] == "*", "everything is left out first"
    sent = {line.removeprefix("!") for line in ignore if line.startswith("!")}
    copied = {
        source
        for name, rest in dockerfile()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert copied == sent
    assert all((ROOT / source).exists() for source in copied)


def test_the_image_installs_torch_first_and_everything_pinned() -> None:
    installs = [part for name, rest in dockerfile() if name == "RUN" for part in rest.split("&&") if "pip install" in part]
    torch = next(number for number, part in enumerate(installs) if "^torch==" in part)
    wheel = next(number for number, part in enumerate(installs) if ".whl" in part)
    assert torch < wheel
    assert all("-c constraints.txt" in part or "-c /constraints.txt" in part for part in installs if "torch" not in part)
