"""The reference pages ``docs/commands.md``, ``docs/settings.md`` and ``docs/reference/tools.md``, made from the code.

``python -m mmrag.cli.reference docs`` writes them; a test fails when they say something else than the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mmrag.cli.main import root
from mmrag.cli.reference_tools import tools_page
from mmrag.domain.hashing import Json, canonical_bytes
from mmrag.settings import Settings

MADE = "<!-- Made from the code by `python -m mmrag.cli.reference docs`: change the code, not this page. -->"

MEANINGS = {
    "store.path": "Folder of the store. `MMRAG_STORE` and `--store` set it too.",
    "store.vectors": "Where the vector index is: `embedded` in the store, or the address of a Chroma server.",
    "store.lock_timeout_s": "Seconds to wait for another process that is writing.",
    "models.profile": "`embedded`: only the models that installed packages carry; `hub`: the ones named below.",
    "models.text": "Model for text vectors.",
    "models.clip": "Model for image vectors.",
    "models.captioner": "Model that describes figures and photos.",
    "models.entailment": "Local model that judges claims which values and words leave undecided: a classifier of pairs "
    "with an output called entailment, or with a single score; a folder, or a pulled model. Without it nobody does, or the "
    "text model of a tier.",
    "models.cache_dir": "Where prepared models are kept; without it `$XDG_CACHE_HOME/mmrag`, else `~/.cache/mmrag`.",
    "models.file": "Your own list of models with prices and limits, put over the one that ships with mmrag; same form.",
    "cascade.tiers": "The tiers that may answer, cheapest first; without it the reader, `cascade.local`, and the hosted "
    "models whose key is there (`mmrag models list` shows them).",
    "cascade.tiers[].name": "The name that `--tier` takes.",
    "cascade.tiers[].model": "`reader`, or `provider:model`.",
    "cascade.tiers[].base_url": "Address of a compatible server; without it the provider's own.",
    "cascade.tiers[].api_key_env": "Name of the variable that holds the key; without it the provider's usual one.",
    "cascade.tiers[].images": "Whether the model is shown pictures: `true`, `false`, or `auto`, by what is known of it.",
    "cascade.tiers[].hosted": (
        "Whether what it is sent leaves your own network, which `ask.keep_local` is about: `true`, `false`, or `auto`: "
        "providers are, servers at a private address or a name without a dot are not."
    ),
    "cascade.tiers[].context_tokens": "Tokens that the model takes in all, where that is not known of it.",
    "cascade.tiers[].revision": "Commit of a Hugging Face model, for `transformers:` models that are not a folder.",
    "cascade.local.model": "A model of your own to ask after the reader, as `provider:model`, where no tiers are named.",
    "cascade.local.base_url": "Address of its server; without it the model runs in this process (`transformers:`).",
    "cascade.local.api_key_env": "Name of the variable that holds its key, where it needs one.",
    "cascade.max_usd": "The most that one question may cost, in US dollars.",
    "cascade.max_usd_per_day": "The most that all questions of one day (UTC) may cost, in US dollars; 0 means any amount.",
    "cascade.max_usd_per_store": "The most that this store may cost in all, in US dollars; 0 means any amount.",
    "cascade.target_risk": "Tolerated share of wrong answers; `mmrag calibrate` chooses thresholds that keep it.",
    "cascade.calibrated": "Whether confidence is the probability of being right; `false` leaves scores as they come.",
    "limits.concurrency": "Calls at once to one provider at one address.",
    "limits.requests_per_minute": "Calls a minute to one provider at one address; 0 means any number.",
    "limits.tokens_per_minute": "Tokens a minute, as estimated before each call; 0 means any number.",
    "limits.failures": "After so many failures in a row a provider is left alone for a while, and then tried with one call.",
    "limits.pause_s": "Seconds for which it is left alone: at first, or when it does not say itself how long.",
    "cache.enabled": "Keep replies of models, so that the same call is not paid twice; `--no-cache` turns it off.",
    "cache.max_bytes": "Size of the kept replies in bytes; over it, those longest unused are dropped.",
    "models.quantize": "Fewer bits for the weights of image models: `int8`, or `4bit` on a GPU; less memory, less exact.",
    "ingest.images": "Caption pictures, make image vectors, and tell what kind of page each is.",
    "ingest.passwords": "Passwords that are tried on locked PDFs; never written anywhere.",
    "ingest.passwords_file": "A file with more of them, one on each line.",
    "ingest.workers": "Reading processes; 0 means one a core.",
    "ingest.dpi": "Dots per inch at which PDF pages are drawn.",
    "ingest.max_pixels": "Largest page, in pixels; a larger one is drawn smaller or refused.",
    "ingest.max_pages": "Most pages a file may have.",
    "ingest.max_file_bytes": "Largest file, in bytes.",
    "ingest.page_timeout_s": "Seconds after which the reading of a page is given up, without what it waits for a core.",
    "ingest.summaries": "Who writes the summaries that broad questions are found by: `extractive` quotes printed sentences; "
    "`local` asks `cascade.local`, or the first tier on this machine or in its network, once everything is read. That takes "
    "seconds a page, may be stopped, and goes on with the next `mmrag ingest`; uploads to `mmrag serve` wait for it.",
    "ingest.worker_memory_bytes": "Memory that a reading process may use, in bytes.",
    "ask.hits": "Elements kept as evidence for one question.",
    "ask.pages": "Pages put before a drafter.",
    "ask.min_confidence": "Answers with less confidence than this are refused; without it what the calibration says.",
    "ask.min_confidence_open": "The same for counts, shares, lists, yes or no and free questions.",
    "ask.constitution": (
        "A file of principles that answers are held to, in place of the one that ships with mmrag; the shipped rules hold "
        "beside it ([how](how-to/constitution.md))."
    ),
    "ask.critique": (
        "Who holds answers to it: `rules` without a model; `auto` also a model, for drafts of models that say more than is "
        "printed word for word; `always` for every draft of a model."
    ),
    "ask.revisions": "How often such a draft may be revised where a principle was violated.",
    "ask.keep_local": (
        "What a page may show that is then never sent to a hosted model: `people`, `identity`, `medical`, `violence`, "
        "`nudity`. A page of which nothing here can tell is not sent either: with the compact models (`models.profile`) "
        "that is every page, with those of the hub one without a picture. See "
        "[what stays](security.md#what-stays-on-this-machine)."
    ),
    "ask.timeout_s": "Seconds after which a question is given up.",
    "serve.host": "Address that `mmrag serve` listens at. Beyond loopback every request needs a token.",
    "serve.port": "Port that it listens at; 0 takes any that is free.",
    "serve.token": "What a request has to carry; without it, beyond loopback, one is made and kept in the store.",
    "serve.stores": "Several stores behind one server, each with a token of its own.",
    "serve.stores[].name": "What the store is called in metrics and logs.",
    "serve.stores[].path": "Its folder.",
    "serve.stores[].token": "Its token; without it one is made and kept in that store.",
    "serve.hosts": "Host names that the server answers to besides loopback's; with tokens and none named: any.",
    "serve.origins": "Web pages (`https://chat.example`) from elsewhere that may call the server.",
    "serve.max_upload_bytes": "Largest upload, in bytes.",
    "serve.max_upload_files": "Most files in one upload.",
    "serve.max_waiting_files": "Most files that may wait to be read.",
    "serve.requests_per_minute": "Requests a minute from one client; 0 means any number.",
    "serve.questions_per_minute": "Questions a minute from one client; 0 means any number.",
    "serve.uploads_per_minute": "Uploads a minute from one client; 0 means any number.",
    "serve.questions_at_once": "Questions that are answered at the same time, by each store.",
    "serve.max_waiting_questions": "Questions that may wait for their turn; more are told to come back.",
    "serve.link_hours": "Hours for which a signed link to a page or a crop works.",
    "serve.public_url": "Where links begin that are given to chat clients; without it the address that the client used.",
    "serve.otlp_endpoint": "Where OpenTelemetry spans go (OTLP over gRPC); without it none are made.",
    "serve.shutdown_s": "Seconds that questions under way are given when the server is stopped.",
    "evaluation.without": (
        "Parts of the agent to leave out, to measure what they earn and cost: `critique`, `verification`, `tools`. Not for "
        "answering people."
    ),
}
"""One line on every setting; a test says when one is missing."""


def commands_page() -> str:
    """Every command's help, as the command prints it at 100 columns."""
    lines = ["# Commands", "", MADE, "", _EXIT_CODES]
    context = click.Context(root, info_name="mmrag", terminal_width=100, help_option_names=["-h", "--help"])
    for path, text in _helps(root, context):
        lines += [f"## {path}", "", "```text", text.rstrip(), "```", ""]
    return "\n".join(lines)


_EXIT_CODES = """\
Data goes to standard output, progress and errors to standard error. With `--json`, standard output is one JSON document.
An error is one line that says what to do; `--debug` shows where it came from.

| exit code | meaning |
| --- | --- |
| 0 | done; `ask`: answered |
| 1 | an error; `index verify`, `models list`, `doctor`: something is not in order |
| 2 | bad usage, or nothing has been ingested |
| 3 | `ingest`: some files are in quarantine, the rest is stored |
| 4 | `ask`: refused, with the reason |
| 130 | stopped by Ctrl-C |
| 141 | the reader of the output went away |
"""


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _helps(child, click.Context(child, info_name=name, parent=context, terminal_width=100))


def settings_page() -> str:
    """Every setting with its default, its variable and what it means."""
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        _WHERE,
        "",
        "| setting | default | variable | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for path, default in _settings(Settings):
        variable = "" if "[]" in path else f"`MMRAG_{path.upper().replace('.', '__')}`"
        lines.append(f"| `{path}` | {default} | {variable} | {MEANINGS.get(path, '')} |")
    return "\n".join([*lines, "", _TIERS])


_WHERE = """\
The later wins: what is built in, `mmrag.toml` in the working folder (or the file that `MMRAG_CONFIG` names), variables,
flags. A key that does not exist is refused. A variable's value is read as JSON where it is JSON, else as text.

Keys of providers are read from `ANTHROPIC_API_KEY`, `OPENAI_API_KEY`, `GEMINI_API_KEY` or `GOOGLE_API_KEY`."""

_TIERS = """\
A tier in `mmrag.toml`:

```toml
# mmrag.toml
# mmrag.toml
[[cascade.tiers]]
name = "local"
model = "openai:qwen2.5-vl-3b"
base_url = "http://127.0.0.1:8080/v1"
api_key_env = "LOCAL_KEY"
```
"""


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        path, inner = f"{prefix}{name}", _section_in(field)
        if inner is None:
            yield path, _default(field)
        elif get_origin(field.annotation) is tuple:
            yield path, _default(field)
            yield from _settings(inner, f"{path}[].")
        else:
            yield from _settings(inner, f"{path}.")


def _section_in(field: FieldInfo) -> type[BaseModel] | None:
    """The section that a field holds, alone or in a list."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None or field.default is None:  # what depends on the machine is put into words
        return ""
    return f"`{canonical_bytes(_plain(field.default)).decode()}`"


def _plain(value: object) -> Json:
    if isinstance(value, BaseModel):
        return {k: v for k, v in value.model_dump(mode="json").items() if v is not None}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def pages() -> dict[str, str]:
    return {"commands.md": commands_page(), "settings.md": settings_page(), "reference/tools.md": tools_page(MADE)}


if __name__ == "__main__":
    for file, content in pages().items():
        Path(sys.argv[1], file).write_text(content, encoding="utf-8")
