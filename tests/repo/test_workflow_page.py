"""The picture of the workflow in the docs is that of the code, and the code fits on one screen."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent.parent
SCREEN = 80
"""Lines of a file that a person sees at once."""


def picture() -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location("workflow_picture", ROOT / "tools" / "workflow_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_drawn_from_the_code() -> None:
    made = picture()
    assert (ROOT / "docs" / "workflow.md").read_text(encoding="utf-8") == made.page(), "python tools/workflow_picture.py"
    drawn = (ROOT / "docs" / "pictures" / "workflow.svg").read_text(encoding="utf-8")
    assert drawn == made.picture(), "python tools/workflow_picture.py"


def test_every_step_and_event_is_on_the_page() -> None:
    page = (ROOT / "docs" / "workflow.md").read_text(encoding="utf-8")
    drawn = (ROOT / "docs" / "pictures" / "workflow.svg").read_text(encoding="utf-8")
    for step in ("plan", "gather", "select", "draft", "verify", "criticise", "decide", "cite"):
        assert f"| {step} | " in page
        assert f">{step}</text>" in drawn
    for event in ("Missing", "Unsure", "Settled"):
        assert f">{event}</text>" in drawn
    assert "| Answered | The question is over. |" in page


def test_the_loop_fits_on_one_screen() -> None:
    assert len((ROOT / "src/mmrag/agent/answer.py").read_text(encoding="utf-8").splitlines()) <= SCREEN
