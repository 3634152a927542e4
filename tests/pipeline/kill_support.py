"""Small real files, and the real command run on them, to be ended at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

MMRAG = Path(sys.executable).with_name("mmrag")


def text_pdf(path: Path, pages: list[list[str]]) -> Path:
    """A PDF with a text layer: one list of lines a page, Helvetica 12 points, A5."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = " ".join(f"({line}) Tj 0 -18 Td" for line in lines)
        content = f"BT /F1 12 Tf 40 540 Td {shown} ET"
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents {len(objects)} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
    objects[1] = f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(kids)}] >>"
    data = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("ascii")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    path.write_bytes(data + end.encode("ascii"))
    return path


def make_files(folder: Path) -> Path:
    """Some documents of one page and of several with a text layer, which is quick to read, and one that cannot be read."""
    folder.mkdir(parents=True)
    for name, count in (("contract", 5), ("letter", 1), ("minutes", 3), ("offer", 2), ("terms", 9)):
        pages = [
            [f"{name.title()} page {n}", f"Reference: {name[:3].upper()}-{1000 + n}", f"Total: {n}4.50"]
            for n in range(count)
        ]
        text_pdf(folder / f"{name}.pdf", pages)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing more")
    return folder


def start_ingest(folder: Path, store: Path) -> subprocess.Popen[bytes]:
    """``mmrag ingest`` in a process group of its own, so that a signal reaches it alone."""
    return subprocess.Popen(
        [MMRAG, "ingest", folder, "--store", store, "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A shell that runs the tests in the background has them ignore SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """``kill -9`` it after that time. True when it was still at work."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def orphans(session: int, patience_s: float = 5.0) -> list[int]:
    """Processes of that session that still live after a moment."""
    until = time.monotonic() + patience_s
    while True:
        left = [p.pid for p in psutil.process_iter() if _session(p.pid) == session and p.status() != psutil.STATUS_ZOMBIE]
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.02)


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return -1
