"""Keep ``constraints.txt`` and ``pyproject.toml`` together.

``python tools/constraints.py --write`` pins, as installed now, every package that the project needs: its dependencies, all
extras, the dev group, the build backend, and what those need in turn. Without ``--write`` it checks: every requirement has
a pin that satisfies it, what is installed is what is pinned, and nothing is pinned that nobody needs. Exit 1 when not so.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
HEADER = (
    "# Every package of a working environment, pinned. Made by `make lock`; torch is installed first (see the Makefile).\n"
)


def declared(pyproject: Path) -> tuple[Requirement, ...]:
    """All requirements that ``pyproject.toml`` states, from whichever table."""
    data = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project = data["project"]
    lists: list[list[str]] = [data["build-system"]["requires"], project["dependencies"]]
    lists += project.get("optional-dependencies", {}).values()
    lists += data.get("dependency-groups", {}).values()
    return tuple(Requirement(text) for texts in lists for text in texts)


def closure(roots: Iterable[Requirement]) -> dict[str, str]:
    """Name to installed version (local part such as ``+cpu`` dropped) of the roots and all that they need.

    Raises ``PackageNotFoundError`` when one of them is not installed.
    """
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    todo = list(roots)
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        installed = distribution(name)
        found[name] = Version(installed.version).public
        for extra in {"", *requirement.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            needs = (Requirement(text) for text in installed.requires or ())
            todo += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    return found


def pinned(constraints: Path) -> dict[str, str]:
    pins: dict[str, str] = {}
    for line in constraints.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            pins[canonicalize_name(name)] = version
    return pins


def problems(requirements: Iterable[Requirement], pins: dict[str, str], needed: dict[str, str]) -> list[str]:
    """What is wrong, one line each; ``needed`` is the closure as installed."""
    wrong = []
    for requirement in requirements:
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            wrong.append(f"{requirement}: has no pin")
        elif not requirement.specifier.contains(pin, prereleases=True):
            wrong.append(f"{requirement}: the pin {pin} does not satisfy it")
    for name in sorted(needed.keys() | pins.keys()):
        if name not in needed:
            wrong.append(f"{name}: pinned, but nothing needs it")
        elif name not in pins:
            wrong.append(f"{name}: needed, but not pinned")
        elif pins[name] != needed[name]:
            wrong.append(f"{name}: pinned to {pins[name]}, installed is {needed[name]}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write constraints.txt from what is installed")
    write: bool = parser.parse_args().write
    constraints = ROOT / "constraints.txt"
    requirements = declared(ROOT / "pyproject.toml")
    try:
        needed = closure(requirements)
    except PackageNotFoundError as error:
        print(
            f"{error.name} is required but not installed: run make setup, or pip install it and then make lock.",
            file=sys.stderr,
        )
        return 1
    if write:
        lines = (f"{name}=={version}\n" for name, version in sorted(needed.items()))
        constraints.write_text(HEADER + "".join(lines), encoding="utf-8")
        return 0
    wrong = problems(requirements, pinned(constraints), needed)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
