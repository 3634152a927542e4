"""Every file of a folder through a running server, each under its own name: none may bring it down.

``python benchmarks/serve_hostile.py FOLDER`` uploads them one by one, waits until each has its outcome, and asks the server
for its health all the while. Aims: no answer from 500 up, no file without an outcome, and a server that ends in order.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
from _serving import serving

OVER = {"ingested", "unchanged", "replaced", "quarantined", "failed"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/hostile"))
    parser.add_argument("--log", type=Path, help="keep the server's log here")
    parser.add_argument("--quick", action="store_true", help="twenty files only")
    args = parser.parse_args()
    files = sorted(path for path in args.folder.rglob("*") if path.is_file()) if args.folder.is_dir() else []
    if not files:
        print(f"{args.folder} has no files: nothing to send")
        return
    files = files[:: max(1, len(files) // 20)] if args.quick else files
    with tempfile.TemporaryDirectory() as folder:
        log = args.log or Path(folder) / "log"
        # A connection a request: what lies idle on a starved machine may be closed just as the next one is sent.
        once = {"Connection": "close"}
        opened = serving(Path(folder) / "store", log=log)
        with opened as server, httpx.Client(base_url=server.url, timeout=120, headers=once) as client:
            answers = Counter[int]()
            began, slowest = time.perf_counter(), 0.0
            for file in files:
                response = client.post("/api/uploads", files={"file": (file.name, file.read_bytes())})
                answers[response.status_code] += 1
            uploads: list[dict[str, object]] = []
            while not uploads or any(one["state"] not in OVER for one in uploads):
                asked = time.perf_counter()
                answers[client.get("/readyz").status_code] += 1
                slowest = max(slowest, time.perf_counter() - asked)
                uploads = client.get("/api/uploads").json()["files"]
                time.sleep(1)
            states = Counter(str(one["state"]) for one in uploads)
            documents = client.get("/api/documents?limit=1000").json()["documents"]
            for document in documents:  # what could be read can be looked at
                if document["status"] == "ready":
                    place = f"/api/documents/{document['id']}/pages/1"
                    answers[client.get(place).status_code] += 1
                    answers[client.get(f"{place}/image.png").status_code] += 1
            seconds = time.perf_counter() - began
        lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
        errors = [line for line in lines if json.loads(line)["level"] == "error"]
    print(f"{len(files)} files, {len(uploads)} with an outcome: {dict(states)}; {seconds:.0f} s")
    print(f"answers by status: {dict(sorted(answers.items()))}; slowest /readyz meanwhile {slowest:.2f} s")
    print(f"{len(errors)} errors in the log; the server ended in order")
    for line in errors[:10]:
        print(line)


if __name__ == "__main__":
    main()
