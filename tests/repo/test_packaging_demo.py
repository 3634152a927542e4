"""The demo does what the README says, here on one sample so that it is quick."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]


def test_the_demo_answers_refuses_and_leaves_a_page_with_a_box(tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    samples.mkdir()
    shutil.copy(ROOT / "examples" / "samples" / "annual-report.pdf", samples)
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), "--samples", str(samples), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n7 February 2023\n" in done.stdout
    assert "annual-report.pdf  1" in done.stdout
    assert "No answer (" in done.stdout
    pages = list((tmp_path / "out" / "boxes").glob("question-4/*page-1.png"))
    assert len(pages) == 1
    with Image.open(pages[0]) as page:
        reds = sum(
            count for count, (r, g, b) in page.convert("RGB").getcolors(1 << 24) or [] if r > 180 and g < 60 and b < 80
        )
    assert reds > 200, "no box is drawn on the page"
