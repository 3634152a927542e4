"""``mmrag serve`` as a process of its own, on a free port of loopback and without limits on its clients."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

UNLIMITED = {f"MMRAG_SERVE__{kind}_PER_MINUTE": "0" for kind in ("REQUESTS", "QUESTIONS", "UPLOADS")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    url: str
    pid: int


@contextmanager
def serving(store: Path, *, log: Path, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    """The server over ``store`` until the context ends, when it is stopped as a service manager would. ``log`` gets what it
    logs. Raises ``RuntimeError`` when it does not end in order.
    """
    command = [
        sys.executable,
        "-c",
        "from mmrag.cli.main import main; main()",
        "serve",
        "--port",
        "0",
        "--store",
        str(store),
    ]
    with log.open("w") as file:
        process = subprocess.Popen(command, stderr=file, env={**os.environ, **UNLIMITED, **(env or {})})
        try:
            while not (found := re.search(r"mmrag listens on (http://\S+)\n", log.read_text(encoding="utf-8"))):
                if process.poll() is not None:
                    raise RuntimeError(f"the server did not start: {log.read_text(encoding='utf-8')}")
                time.sleep(0.05)
            url = found[1]
            httpx.get(f"{url}/readyz", timeout=120).raise_for_status()
            yield Running(url=url, pid=process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=60)
    if code != 0:
        raise RuntimeError(f"the server ended with {code}")
