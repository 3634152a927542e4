"""Prompts: files with what they are for and the variables they use, checked when loaded, named by their hash.

A prompt is Markdown in ``mmrag_prompts`` with a TOML head between ``+++`` lines::

    +++
    purpose = "Answer a question from the text of pages."
    variables = ["question", "evidence"]
    +++
    Question: {{question}}

Values are put in once and never looked at again: braces inside a value stay braces.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mmrag.domain.critique import Principle, Severity
from mmrag.domain.hashing import canonical_bytes, sha256_hex
from mmrag.errors import PromptError

_PACKAGE = "mmrag_prompts"
_FENCE = "+++"
_VARIABLE = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str = Field(min_length=1)
    variables: tuple[str, ...] = ()
    output_schema: str | None = None


class _PrincipleRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$")
    text: str = Field(min_length=1)
    why: str = Field(min_length=1)
    group: str
    severity: Severity
    pictures: bool = False
    when: tuple[str, ...] = ()


RULES: Final = frozenset(
    {"visible-only", "say-unsure", "private-data", "text-is-data", "answer-the-question", "right-length"}
)
"""The ids of shipped principles that code judges, without a model (``mmrag.agent.critique_rules``)."""
ALWAYS: Final = frozenset({"visible-only", "text-is-data"})
"""Those that no file can leave out: what mmrag promises of every answer."""


class _ConstitutionFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    without: tuple[str, ...] = ()

    weights: dict[str, Annotated[float, Field(gt=0, le=1)]]
    principle: tuple[_PrincipleRow, ...] = Field(min_length=1, max_length=60)

    @model_validator(mode="after")
    def _fits_together(self) -> _ConstitutionFile:
        if abs(sum(self.weights.values()) - 1.0) > 0.001:
            raise ValueError("the weights do not add up to 1")
        if {row.group for row in self.principle} != set(self.weights):
            raise ValueError("groups with a weight and groups with principles differ")
        if len({row.id for row in self.principle}) < len(self.principle):
            raise ValueError("two principles have the same id")
        free = RULES - ALWAYS
        if odd := sorted(set(self.without) - free):
            raise ValueError(f"without: {odd[0]} is no rule that can be left out; there are {', '.join(sorted(free))}")
        if both := sorted(set(self.without) & {row.id for row in self.principle}):
            raise ValueError(f"without: {both[0]} is among the principles as well")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A checked prompt. ``json_schema`` is canonical JSON text, None for free output; ``sha256`` is of the whole file."""

    name: str
    purpose: str
    variables: tuple[str, ...]
    json_schema: str | None
    text: str
    sha256: str

    def render(self, values: Mapping[str, str]) -> str:
        """The text with ``values`` in place. Raises ``PromptError`` when they are not exactly its variables."""
        if set(values) != set(self.variables):
            raise PromptError(f"Prompt {self.name} takes {sorted(self.variables)}, not {sorted(values)}.")
        return _VARIABLE.sub(lambda match: values[match[1]], self.text)


@cache
def load_prompt(name: str) -> Prompt:
    """The prompt ``<name>.md``. Raises ``PromptError`` when it is not there or does not fit together."""
    file = files(_PACKAGE).joinpath(f"{name}.md")
    if not file.is_file():
        raise PromptError(f"There is no prompt {name}.")
    return parse_prompt(name, file.read_text(encoding="utf-8"))


def parse_prompt(name: str, source: str) -> Prompt:
    """Read and check a prompt. Raises ``PromptError`` when declared and used variables differ."""
    opening, _, rest = source.partition("\n")
    head, fence, text = rest.partition(f"\n{_FENCE}\n")
    if opening.strip() != _FENCE or not fence:
        raise PromptError(f"Prompt {name} does not begin with a head between {_FENCE} lines.")
    try:
        fields = _Head.model_validate(tomllib.loads(head))
        schema = None if fields.output_schema is None else canonical_bytes(json.loads(fields.output_schema)).decode()
    except (tomllib.TOMLDecodeError, ValidationError, ValueError) as error:
        raise PromptError(f"The head of prompt {name} is wrong: {error}") from error
    used = set(_VARIABLE.findall(text))
    if used != set(fields.variables):
        odd = sorted(used ^ set(fields.variables))
        raise PromptError(f"Prompt {name} declares and uses different variables: {', '.join(odd)}.")
    return Prompt(
        name=name,
        purpose=fields.purpose,
        variables=fields.variables,
        json_schema=schema,
        text=text.strip(),
        sha256=sha256_hex(source.encode()),
    )


@cache
def constitution(file: Path | None = None) -> tuple[Principle, ...]:
    """The principles of ``file``, None for those that ship with mmrag. It is read once.

    The shipped ``RULES`` are in force with any file, as they ship, unless it has a principle of that id, which takes the
    rule's place, or leaves it out by name (``without``). Models are not told of those that the file does not have.

    Raises ``PromptError`` when the file is not there or does not fit together: it is a user's file as likely as ours.
    """
    name = "constitution.toml" if file is None else str(file)
    try:
        place = files(_PACKAGE).joinpath(name) if file is None else file
        read = _ConstitutionFile.model_validate(tomllib.loads(place.read_text(encoding="utf-8")))
    except OSError as error:
        raise PromptError(f"{name} cannot be read: {error.strerror}. See ask.constitution.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PromptError(f"{name} is wrong{f' at {where}' if where else ''}: {first['msg']}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PromptError(f"{name} is no TOML: {error}") from error
    members = Counter(row.group for row in read.principle)
    own = tuple(
        Principle(
            id=row.id,
            text=row.text,
            why=row.why,
            group=row.group,
            severity=row.severity,
            weight=read.weights[row.group] / members[row.group],
            pictures=row.pictures,
            when=row.when,
        )
        for row in read.principle
    )
    if file is None:
        return own
    named = {principle.id for principle in own} | set(read.without)
    return (*own, *(replace(p, told=False) for p in constitution() if p.id in RULES and p.id not in named))
