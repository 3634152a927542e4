"""``mmrag ingest`` as a person or a script calls it: output, exit codes, order on the two streams."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest
from file_makers import pdf
from kill_support import text_pdf
from mmrag_ingest.progress import Counts, clock_time
from mmrag_ingest.report import DocumentFinished, DocumentOpened, DocumentRow, FilesFound, Outcome, PageStored

KEY = "open-sesame"

DOCUMENT = {
    "type": "object",
    "properties": {
        "document": {"type": "string"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "status": {"enum": ["ingested", "unchanged", "replaced", "quarantined"]},
        "reason": {"type": ["string", "null"]},
        "pages": {"type": "integer"},
        "elements": {"type": "integer"},
        "pages_ocr": {"type": "integer"},
        "pages_native": {"type": "integer"},
        "mean_ocr_confidence": {"type": ["number", "null"]},
        "unreadable_pages": {"type": "array", "items": {"type": "integer"}},
        "captions": {"type": "integer"},
        "engines": {"type": "array", "items": {"type": "string"}},
        "warnings": {"type": "array", "items": {"type": "string"}},
        "seconds": {"type": "number"},
    },
}
DOCUMENT["required"] = list(DOCUMENT["properties"])
TOTALS = {"type": "object", "required": ["documents", "pages", "elements", "seconds", "pages_per_second"]}
SCHEMA = {
    "type": "object",
    "required": ["documents", "totals"],
    "properties": {"documents": {"type": "array", "items": DOCUMENT}, "totals": TOTALS},
}


def mmrag(*args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("mmrag"), *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=90)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    text_pdf(folder / "a.pdf", [["First page", "Total: 12.50"], ["Second page", "Date: 2024-05-01"]])
    text_pdf(folder / "b [red]x.pdf", [["Another document", "Number: AB-1234"]])
    return tmp_path


def test_json_is_the_contracts_and_codes_tell_the_outcome(place: Path) -> None:
    done = mmrag("ingest", "in", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    assert [(d["document"], d["status"], d["pages"], d["pages_native"]) for d in report["documents"]] == [
        ("a.pdf", "ingested", 2, 2),
        ("b [red]x.pdf", "ingested", 1, 1),
    ]
    assert report["totals"]["pages"] == 3
    assert (place / "mmrag-store" / "catalog.sqlite").is_file(), "the default place of the store"

    (place / "in" / "c.pdf").write_bytes(b"%PDF-1.4\nbroken")
    again = mmrag("ingest", "in", "--json", cwd=place)
    assert again.returncode == 3
    report = json.loads(again.stdout)
    jsonschema.validate(report, SCHEMA)
    assert [d["status"] for d in report["documents"]] == ["unchanged", "unchanged", "quarantined"]
    assert report["documents"][2]["reason"]

    people = mmrag("ingest", "in", "--store", "mmrag-store", cwd=place)
    assert people.returncode == 3
    assert people.stdout.splitlines()[0] == "3 files: 2 unchanged, 1 quarantined"
    assert people.stdout.splitlines()[-1].startswith("quarantined: c.pdf: ")
    assert people.stderr == ""


def test_passwords_open_locked_files_and_stay_secret(place: Path) -> None:
    pdf(place / "in" / "locked.pdf", [[(50.0, 200.0, "Rent due on the first of the month")]], password=KEY)
    first = mmrag("ingest", "in", "--json", cwd=place)
    assert first.returncode == 3
    assert "--password" in json.loads(first.stdout)["documents"][2]["reason"]
    wrong = mmrag("ingest", "in", "--password", "hunter-2", cwd=place)
    assert wrong.returncode == 3
    (place / "keys.txt").write_text(f"hunter-2\n{KEY}\n", encoding="utf-8")
    opened = mmrag("ingest", "in", "--passwords-file", "keys.txt", "--json", cwd=place)
    assert opened.returncode == 0, opened.stderr
    assert json.loads(opened.stdout)["documents"][2]["status"] == "ingested"
    kept = b"".join(path.read_bytes() for path in (place / "mmrag-store").rglob("*") if path.is_file())
    assert not {KEY, "hunter-2"} & {word for done in (first, wrong, opened) for word in (done.stdout + done.stderr).split()}
    assert KEY.encode() not in kept
    missing = mmrag("ingest", "in", "--passwords-file", "nowhere", "--retry", cwd=place)
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process write over its own command line")
def test_a_password_is_taken_out_of_the_title_of_the_process(tmp_path: Path) -> None:
    script = (
        "import sys; from mmrag_ingest.passwords import hide_arguments; hide_arguments(sys.argv[1:3])\n"
        "print(open('/proc/self/cmdline', 'rb').read().split(b'\\0')[3:])"
    )
    arguments = ["geheim", "süß", "geheimnis.pdf", "--password=geheim"]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str([b"******", b"*****", b"geheimnis.pdf", b"--password=******", b""])


def test_a_path_that_is_not_there_is_one_line_and_code_two(place: Path) -> None:
    done = mmrag("ingest", "in", "nowhere", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "nowhere" in done.stderr
    assert not (place / "mmrag-store").exists()


def test_no_path_at_all_is_bad_usage(place: Path) -> None:
    assert mmrag("ingest", cwd=place).returncode == 2


def test_counts_tell_speed_and_time_left() -> None:
    counts = Counts(began=100.0)
    counts.add(FilesFound(files=4, to_read=3))
    assert counts.seconds_left(100.0) is None
    row = DocumentRow(document="z", sha256="", status=Outcome.UNCHANGED)
    counts.add(DocumentFinished(row=row))
    counts.add(DocumentOpened(document="a.pdf", pages=6, kept=2))
    assert counts.pages_expected == 4 + 2 * 4, "files not opened yet count like those that were"
    counts.add(PageStored(document="a.pdf", page=3, unreadable=False))
    counts.add(PageStored(document="a.pdf", page=4, unreadable=False))
    assert counts.speed(104.0) == 0.5
    assert counts.seconds_left(104.0) == 20.0
    assert counts.line(104.0) == "1 of 4 files, 2 pages, 0.50 pages/s, 0:20 left, a.pdf"
    assert (counts.current, counts.next_page) == ("a.pdf", 5)


def test_clock_time() -> None:
    assert [clock_time(s) for s in (0, 61, 3723)] == ["0:00", "1:01", "1:02:03"]
