"""The picture of the agent's workflow in docs/workflow.md, drawn from the code: ``python tools/workflow_picture.py``.

Steps and events come from the annotations of ``mmrag.agent.answer.AskFlow``, what a step does from the docstring of its
module. A test says when the page and the code differ.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workflow_drawing import Arrow, drawing
from workflows.representation import get_workflow_representation
from workflows.representation.types import WorkflowEventNode, WorkflowStepNode

from mmrag.agent import events, steps
from mmrag.agent.answer import AskFlow

PAGE = Path(__file__).parent.parent / "docs" / "workflow.md"
PICTURE = PAGE.parent / "pictures" / "workflow.svg"
_TEXT = """# The workflow

<!-- Made from the code by `python tools/workflow_picture.py`: change the code, not this page. -->

From a question to a cited answer or an honest refusal: the steps of `AskFlow` in `src/mmrag/agent/answer.py`, and the events
that go from one to the next.

![The steps and the events between them]({picture})

| step | what it does |
| --- | --- |
{steps}

| event | what it says |
| --- | --- |
{events}
"""


def page() -> str:
    """The whole page."""
    ordered, said, _ = _graph()
    table = [f"| {step} | {_does(step)} |" for step in ordered]
    told = [
        f"| {name} | {(getattr(events, name).__doc__ or '').strip()} |" for name in sorted(set(said.values()), key=_event)
    ]
    return _TEXT.format(picture=PICTURE.relative_to(PAGE.parent).as_posix(), steps="\n".join(table), events="\n".join(told))


def picture() -> str:
    """The steps and the events between them, as SVG."""
    ordered, _, arrows = _graph()
    return drawing(ordered, arrows, first="question", last="answer or refusal")


def _graph() -> tuple[list[str], dict[str, str], list[Arrow]]:
    """Steps in the order of the code, events by their ids, and arrows between steps."""
    graph = get_workflow_representation(AskFlow)
    step_names = [node.id for node in graph.nodes if isinstance(node, WorkflowStepNode) and not node.id.startswith("_")]
    said = {node.id: node.event_type for node in graph.nodes if isinstance(node, WorkflowEventNode)}
    gives = [(edge.source, edge.target) for edge in graph.edges if edge.source in step_names and edge.target in said]
    takes = [(edge.source, edge.target) for edge in graph.edges if edge.source in said and edge.target in step_names]
    arrows = [(a, said[e], b) for a, e in gives for taken, b in takes if taken == e]
    return sorted(step_names, key=_ORDER.index), said, sorted(arrows, key=_place)


_ORDER = [name for name, member in vars(AskFlow).items() if hasattr(member, "_step_config")]
"""The steps as they stand in the code."""


def _place(arrow: tuple[str, str, str]) -> tuple[int, int, str]:
    return _ORDER.index(arrow[0]), _ORDER.index(arrow[2]), arrow[1]


def _event(name: str) -> int:
    return list(vars(events)).index(name)


def _does(step: str) -> str:
    """The docstring of the module that does the work of a step, without the step's name."""
    function = getattr(steps, "close" if step == "cite" else step)
    doc = sys.modules[function.__module__].__doc__ or ""
    return " ".join(doc.partition(":")[2].split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
