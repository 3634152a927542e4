"""How a terminal shows an answer: a panel, a table of claims, a line of cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mmrag.cli.answer_view import NEAREST, claim_rows, cost_line, note_lines, says_more, timing_line
from mmrag.cli.terminal import clean, clean_lines, shorten
from mmrag.domain.answers import Abstention, Answer, VerdictKind

if TYPE_CHECKING:
    from rich.console import Console

VERDICT_STYLES = {
    VerdictKind.SUPPORTED.value: "green",
    VerdictKind.PARTLY.value: "yellow",
    VerdictKind.UNSUPPORTED.value: "red",
    VerdictKind.CONTRADICTED.value: "bold red",
    VerdictKind.UNREADABLE.value: "magenta",
}


def print_answer(answer: Answer, console: Console) -> None:
    if answer.abstention is None:
        console.print(_answer_panel(answer))
        if answer.claims:
            console.print(_claims(answer))
    else:
        console.print(_refusal_panel(answer, answer.abstention))
        if answer.evidence:
            console.print(_nearest(answer))
    for note in note_lines(answer):
        console.print(Text(note, style="yellow"))
    console.print(Text(cost_line(answer.bill)))
    console.print(Text(timing_line(answer), style="dim"))


def _answer_panel(answer: Answer) -> Panel:
    return Panel(
        Text(clean_lines(answer.answer or ""), style="bold"),
        title="answer",
        title_align="left",
        subtitle=f"confidence {answer.confidence:.2f} · {clean(answer.tier)}",
        subtitle_align="right",
        border_style="green",
        box=box.ROUNDED,
        padding=(1, 3),
    )


def _refusal_panel(answer: Answer, abstention: Abstention) -> Panel:
    return Panel(
        Text("\n".join(clean(line) for line in (abstention.detail, abstention.help) if line)),
        title=f"no answer: {abstention.reason.value.replace('_', ' ')}",
        title_align="left",
        subtitle=f"confidence {answer.confidence:.2f} · {clean(answer.tier)}",
        subtitle_align="right",
        border_style="yellow",
        box=box.ROUNDED,
        padding=(1, 3),
    )


def _table(*, title: str | None = None) -> Table:
    return Table(title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)


def _claims(answer: Answer) -> Table:
    table = _table()
    wide = says_more(answer)
    if wide:
        table.add_column("claim", ratio=3)
    table.add_column("verdict", no_wrap=True)
    table.add_column("document", overflow="fold")
    table.add_column("page", justify="right")
    table.add_column("quote", overflow="fold")
    table.add_column("conf", justify="right")
    table.add_column("box", style="dim", overflow="fold")
    for row in claim_rows(answer):
        cells = [
            Text(row.verdict, style=VERDICT_STYLES.get(row.verdict, "")),
            Text(row.document),
            Text(row.page),
            Text(shorten(row.quote, 160)),
            Text(row.confidence),
            Text(row.box),
        ]
        table.add_row(*([Text(row.claim)] if wide else []), *cells)
    return table


def _nearest(answer: Answer) -> Table:
    table = _table(title="nearest evidence")
    table.add_column("document", overflow="fold")
    table.add_column("page", justify="right")
    table.add_column("kind", no_wrap=True)
    table.add_column("text", overflow="fold")
    for hit in answer.evidence[:NEAREST]:
        table.add_row(
            Text(clean(hit.document)),
            str(hit.element.page),
            hit.element.kind.value.replace("_", " "),
            Text(shorten(hit.element.text, 160)),
        )
    return table
