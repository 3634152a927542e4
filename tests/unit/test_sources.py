"""Finding files: the order, the names, what is left out, and that nothing a file system holds can stop it."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from file_makers import HEIC, email, picture, png_bytes, zip_bytes
from mmrag_ingest import sources
from mmrag_ingest.sniff import is_readable, sniff
from mmrag_ingest.sources import Discovery, discover, location_of, printable_name

PNG = png_bytes(picture())


def put(folder: Path, name: str, data: bytes = PNG) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(found: Discovery) -> list[str]:
    return [source.name for source in found.sources]


def test_names_are_relative_in_one_order_with_their_digests(tmp_path: Path) -> None:
    for name in ("b/2.png", "a.png", "b/10.png", "B.png"):
        put(tmp_path, name)
    found = discover([tmp_path])
    assert names(found) == ["B.png", "a.png", "b/10.png", "b/2.png"]
    assert {source.sha256 for source in found.sources} == {hashlib.sha256(PNG).hexdigest()}
    assert found.sources[0].size == len(PNG)
    assert found.sources[0].path.is_absolute()


def test_a_file_given_directly_has_its_own_name(tmp_path: Path) -> None:
    assert names(discover([put(tmp_path, "deep/scan.png")])) == ["scan.png"]


def test_content_counts_and_not_the_ending(tmp_path: Path) -> None:
    put(tmp_path, "really-a-png.pdf")
    put(tmp_path, "no-ending")
    put(tmp_path, "text.png", b"just text")
    put(tmp_path, "notes.txt", b"just text")
    put(tmp_path, "data.json", b"{}")
    found = discover([tmp_path])
    assert names(found) == ["no-ending", "really-a-png.pdf"]
    assert [(r.name, "not a PDF or image" in r.reason) for r in found.refused] == [("text.png", True)]
    assert found.skipped == ("data.json", "notes.txt")


def test_what_is_given_directly_is_never_skipped_in_silence(tmp_path: Path) -> None:
    found = discover([put(tmp_path, "notes.txt", b"just text"), tmp_path / "missing.pdf"])
    assert [r.name for r in found.refused] == ["notes.txt", "missing.pdf"]
    assert "no such file" in found.refused[1].reason


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"), (b"AT&TFORM0000DJVU", "DjVu"), (b"\xff\x0a", "JPEG XL")],
)
def test_formats_that_are_not_read_are_named(tmp_path: Path, head: bytes, name: str) -> None:
    put(tmp_path, "drawing", head + b"\0" * 50)
    (refused,) = discover([tmp_path]).refused
    assert name in refused.reason
    assert "save it as PDF" in refused.reason


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    put(tmp_path, "empty.pdf", b"")
    assert discover([tmp_path]).refused[0].reason == "the file is empty"


def test_hidden_files_and_the_store_are_left_out(tmp_path: Path) -> None:
    for name in ("good.png", ".hidden.png", ".git/x.png", "store/pages/x.png"):
        put(tmp_path, name)
    assert names(discover([tmp_path], exclude=[tmp_path / "store"])) == ["good.png"]
    assert names(discover([tmp_path / ".hidden.png"])) == [".hidden.png"]


def test_symlink_loops_end_and_each_real_file_comes_once(tmp_path: Path) -> None:
    put(tmp_path, "a/one.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "again.png").symlink_to(tmp_path / "a" / "one.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    found = discover([tmp_path, tmp_path / "a"])
    assert names(found) == ["a/one.png"]
    assert [r.name for r in found.refused] == ["gone.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are no text exist on Linux alone")
def test_odd_names_can_be_stored_and_printed(tmp_path: Path) -> None:
    raw = [
        b"bad-\xff.png",
        b"bell-\x07\x1b[31m.png",
        "turned-\u202egnp.png".encode(),
        b"line\nbreak.png",
        "naïve 図.png".encode(),
    ]
    for name in raw:
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(PNG)
    found = discover([tmp_path])
    assert sorted(names(found)) == sorted(
        ["bad-\\xff.png", "bell-\\x07\\x1b[31m.png", "turned-\\u202egnp.png", "line\\x0abreak.png", "naïve 図.png"]
    )
    for source in found.sources:
        source.name.encode("utf-8")
        location_of(source.path).encode("utf-8")
        assert source.path.read_bytes() == PNG


def test_clean_names_stay_as_they_are() -> None:
    assert printable_name("Rechnung 2024 (Köln) – €.pdf") == "Rechnung 2024 (Köln) – €.pdf"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    (refused,) = discover([tmp_path]).refused
    assert refused.reason == "it is not a regular file"


def test_an_unreadable_file_and_folder_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "locked.pdf")
    put(tmp_path, "open.png")
    (tmp_path / "shut").mkdir()
    list_folder = os.listdir

    def no_entry(path: Path) -> list[str]:
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return list_folder(path)

    def no_reading(path: Path, *args: Any) -> Any:
        if path.name == "locked.pdf":
            raise PermissionError(13, "Permission denied")
        return open(path, *args)

    # The tests may run as root, whom permissions do not stop.
    monkeypatch.setattr(sources, "open", no_reading, raising=False)
    monkeypatch.setattr(sources.os, "listdir", no_entry)
    found = discover([tmp_path])
    assert names(found) == ["open.png"]
    assert {r.name: r.reason for r in found.refused} == {
        "locked.pdf": "it cannot be read: permission denied",
        "shut": "the folder cannot be read: permission denied",
    }


def test_a_pdf_header_may_stand_a_little_way_in() -> None:
    assert sniff(b"junk\n" * 100 + b"%PDF-1.7") == "application/pdf"
    assert sniff(b"junk\n" * 1000 + b"%PDF-1.7") is None
    assert sniff(b"") is None


@pytest.mark.parametrize(
    ("content", "name", "what_to_do"),
    [
        (email(), "e-mail", "save its attachments"),
        (
            b"From ada@example.org Mon\r\nFrom: a@b.c\r\nDate: now\r\nSubject: x\r\n\r\n",
            "e-mail",
            "print the message to PDF",
        ),
        (zip_bytes("a.txt"), "ZIP archive", "unpack it"),
        (zip_bytes("[Content_Types].xml", "word/document.xml"), "Office document", "save it as PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "older Office document", "save it as PDF"),
        (b"{\\rtf1 hello}", "RTF", "save it as PDF"),
        (b"\x1f\x8b\x08" + bytes(20), "gzip", "unpack it"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip", "unpack it"),
    ],
)
def test_containers_are_refused_with_what_to_do(tmp_path: Path, content: bytes, name: str, what_to_do: str) -> None:
    put(tmp_path, "in/whatever", content)
    (refused,) = discover([tmp_path]).refused
    assert name in refused.reason
    assert what_to_do in refused.reason


@pytest.mark.parametrize(
    "content",
    [b"To: the tenants\nSubject: rent\n\nDear all", b"Name: Ada\nFrom: here\nDate: now", b"\0\0\0\x18ftypmp420000mp42isom"],
)
def test_letters_and_films_are_no_mail_and_no_photo(content: bytes) -> None:
    assert sniff(content) is None


def test_a_photo_box_with_an_avif_inside_is_told_apart() -> None:
    assert sniff(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf") == "image/avif"
    assert sniff(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf") == "image/heic"


def test_heic_says_what_to_install_where_its_reader_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mmrag_ingest.sniff.find_spec", lambda _name: None)
    is_readable.cache_clear()
    try:
        put(tmp_path, "photo.heic", HEIC)
        (refused,) = discover([tmp_path]).refused
    finally:
        is_readable.cache_clear()
    assert "pip install 'mmrag[heif]'" in refused.reason
