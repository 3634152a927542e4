"""What is shipped: the wheel and the source archive hold what they should, and the pins fit the project."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "mmrag": ROOT / "src" / "mmrag",
    "mmrag_ingest": ROOT / "ingest" / "mmrag_ingest",
    "mmrag_prompts": ROOT / "prompts" / "mmrag_prompts",
}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel built from it."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return built / f"mmrag-{VERSION}-py3-none-any.whl"


def shipped(package: Path) -> set[str]:
    """Every file of a package, as a path from the folder that holds it."""
    files = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(package.parent).as_posix() for path in files}


def test_the_wheel_holds_the_three_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.startswith(f"mmrag-{VERSION}.dist-info/")}
    assert names == set().union(*(shipped(folder) for folder in PACKAGES.values()))
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = Parser().parsestr(archive.read(f"mmrag-{VERSION}.dist-info/METADATA").decode("utf-8"))
        licence = archive.read(f"mmrag-{VERSION}.dist-info/licenses/LICENSE").decode("utf-8")
        entry_points = archive.read(f"mmrag-{VERSION}.dist-info/entry_points.txt").decode("utf-8")
    assert (info["Name"], info["Version"], info["License-Expression"]) == ("mmrag", VERSION, "Apache-2.0")
    assert info["Requires-Python"] == ">=3.11"
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    assert "mmrag = mmrag.cli.main:main" in entry_points
    runtime = {Requirement(text).name for text in info.get_all("Requires-Dist") or [] if "extra ==" not in text}
    assert {"pytest", "reportlab", "hypothesis", "ruff"} & runtime == set()


def test_what_is_installed_here_has_the_entry_points_of_this_checkout() -> None:
    """An editable installation keeps the list of when it was made: a part that was added since is not found by anybody."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert set(named) >= {"mmrag.commands", "mmrag.ingesters", "mmrag.originals"}
    for group, entries in named.items():
        installed = {entry.name: entry.value for entry in entry_points(group=group)}
        assert installed == entries, f"{group}: install this checkout again (make setup)"


def test_the_source_archive_holds_what_the_tests_need(built: Path) -> None:
    with tarfile.open(built / f"mmrag-{VERSION}.tar.gz") as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    wanted = {
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "constraints.txt",
        "examples/samples/questions.jsonl",
        "tools/make_samples.py",
        "docs/settings.md",
        "Makefile",
        "docker-compose.yml",
    }
    assert wanted <= names
    assert {"src/mmrag/py.typed", "ingest/mmrag_ingest/py.typed", "prompts/mmrag_prompts/py.typed"} <= names
    assert {name.split("/")[0] for name in names} & {".venv", "demo-out", "mmrag-store", ".git"} == set()


def test_the_wheel_works_without_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    """Installed into a folder of its own: the three packages come from there and the command line answers."""
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    imports = "import mmrag as a, mmrag_ingest.command, mmrag_ingest as b, mmrag_prompts as c"
    code = f"{imports}; print(*(module.__file__ for module in (a, b, c)))"
    env = {**os.environ, "PYTHONPATH": str(target), "PYTHONSAFEPATH": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=env)
    assert [Path(place).is_relative_to(target) for place in done.stdout.split()] == [True, True, True]
    script = target / "bin" / "mmrag"
    version = subprocess.run(
        [sys.executable, str(script), "--version"], capture_output=True, text=True, check=True, cwd=tmp_path, env=env
    )
    assert VERSION in version.stdout


@pytest.fixture(scope="module")
def pins() -> ModuleType:
    spec = importlib.util.spec_from_file_location("constraints", ROOT / "tools" / "constraints.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_requirement_has_a_pin_that_satisfies_it(pins: ModuleType) -> None:
    requirements = pins.declared(ROOT / "pyproject.toml")
    pinned = pins.pinned(ROOT / "constraints.txt")
    assert len(requirements) > 20
    assert pins.problems(requirements, pinned, pins.closure(requirements)) == []


def test_pins_that_do_not_fit_are_named(pins: ModuleType) -> None:
    requirements = (Requirement("torch>=2.6"), Requirement("click>=9"), Requirement("rich"))
    found = pins.problems(
        requirements, {"torch": "2.13.0", "click": "8.5.1", "spare": "1.0"}, {"torch": "2.12.0", "rich": "15.0"}
    )
    assert found == [
        "click>=9: the pin 8.5.1 does not satisfy it",
        "rich: has no pin",
        "click: pinned, but nothing needs it",
        "rich: needed, but not pinned",
        "spare: pinned, but nothing needs it",
        "torch: pinned to 2.13.0, installed is 2.12.0",
    ]


def test_torch_is_pinned_in_the_one_form_that_setup_uses() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("torch=")] == ["torch==2.13.0"]
