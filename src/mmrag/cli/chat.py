"""``mmrag chat``: questions that follow one another, kept in the store."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from mmrag.agent.chatting import Chat, Exchange
    from mmrag.api import Session
    from mmrag.domain.conversations import Conversation
    from mmrag.domain.hashing import Json

_LISTED = 20
_REPEATED = 3
"""Turns of a conversation that are shown when it goes on."""
_LEAVE = frozenset({"/quit", "/exit", "/q", "quit", "exit"})


@click.command("chat")
@click.argument("question", required=False)
@store_option
@json_option
@click.option("--resume", metavar="ID", help="Go on with a conversation; 'last' is the one that went on last.")
@click.option("--list", "listing", is_flag=True, help="List the conversations of the store, the latest first.")
@click.option("--tier", metavar="NAME", help="Ask this tier only.")
@click.option("--max-usd", type=click.FloatRange(min=0), metavar="X", help="Spend no more than this on each question.")
@click.option("--offline", is_flag=True, help="Use nothing beyond this machine.")
def chat(
    question: str | None,
    store: Path | None,
    as_json: bool,
    resume: str | None,
    listing: bool,
    tier: str | None,
    max_usd: float | None,
    offline: bool,
) -> int:
    """Talk with the documents of the store: "And the date?" knows what went before.

    With QUESTION it asks that one and ends. Without, it asks for one question after the other, from a terminal or a pipe,
    until an empty line, /quit or Ctrl-D. Every conversation is kept in the store under the id shown; --resume ID goes on
    with it.
    """
    from mmrag import api
    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    if offline:
        settings = api.offline(settings)
    # Questions are read between runs of the loop, in the main thread: there Ctrl-C and the editing of lines just work.
    with asyncio.Runner() as runner:
        opened = api.open_session(settings=settings)
        session = runner.run(_enter(opened))
        try:
            if listing:
                _list(runner.run(_latest(session, _LISTED)), as_json=as_json)
                return 0
            conversation = runner.run(_begun(session, resume, tier=tier, max_usd=max_usd))
            _talk(runner, conversation, question, as_json=as_json)
        finally:
            runner.run(_leave(opened))
    return 0


async def _enter(opened: AbstractAsyncContextManager[Session]) -> Session:
    return await opened.__aenter__()


async def _leave(opened: AbstractAsyncContextManager[Session]) -> None:
    await opened.__aexit__(None, None, None)


async def _latest(session: Session, limit: int) -> tuple[Conversation, ...]:
    return await (await session.conversations()).latest(limit)


async def _begun(session: Session, resume: str | None, *, tier: str | None, max_usd: float | None) -> Chat:
    """The conversation to go on with, or a new one."""
    if resume == "last":
        latest = await _latest(session, 1)
        if not latest:
            raise click.UsageError("There is no conversation to go on with yet.")
        resume = latest[0].id
    if resume is not None and await (await session.conversations()).get(resume) is None:
        raise click.UsageError(f"There is no conversation {resume!r}: mmrag chat --list shows them.")
    return await session.chat(resume, tier=tier, max_usd=max_usd)


def _talk(runner: asyncio.Runner, chat: Chat, question: str | None, *, as_json: bool) -> None:
    if question is not None:
        exchange = runner.run(chat.ask(question))
        if as_json:
            terminal.emit_json(_json(exchange))
        else:
            _show(exchange)
        return
    if not as_json:
        _greet(chat)
    exchanges: list[Exchange] = []
    while (line := _next_question()) is not None:
        exchanges.append(runner.run(chat.ask(line)))
        if not as_json:
            _show(exchanges[-1])
    if as_json:
        terminal.emit_json({"conversation": chat.id, "exchanges": [_json(exchange) for exchange in exchanges]})
    elif chat.turns:
        terminal.say(f"Go on with: mmrag chat --resume {chat.id}")


def _show(exchange: Exchange) -> None:
    if exchange.was_completed:
        where = f" (in {terminal.clean(exchange.document)})" if exchange.document else ""
        terminal.say(f"understood as: {terminal.clean(exchange.answer.question)}{where}")
    if terminal.is_terminal():
        from mmrag.cli.answer_rich import print_answer

        print_answer(exchange.answer, terminal.console())
    else:
        from mmrag.cli.answer_view import plain_lines

        click.echo("\n".join(plain_lines(exchange.answer)))


def _next_question() -> str | None:
    """The next line, None at the end."""
    try:
        if terminal.is_terminal() and sys.stdin.isatty():
            import readline  # noqa: F401 -- gives input() a history and the editing of lines

            line = input("\n? ")
        else:
            line = sys.stdin.readline()
    except (EOFError, KeyboardInterrupt):
        return None
    text = line.strip()
    return None if not text or text.casefold() in _LEAVE else text


def _greet(chat: Chat) -> None:
    if chat.turns:
        terminal.say(f"Conversation {chat.id}, {len(chat.turns)} questions so far:")
        for turn in chat.turns[-_REPEATED:]:
            terminal.say(f"  ? {terminal.shorten(turn.asked, 100)}")
            terminal.say(f"    {terminal.shorten(turn.answer or f'no answer: {turn.reason}', 100)}")
    else:
        terminal.say(f"Conversation {chat.id}. Ask; an empty line ends it.")


def _list(conversations: tuple[Conversation, ...], *, as_json: bool) -> None:
    if as_json:
        terminal.emit_json({"conversations": [_row(c) for c in conversations]})
        return
    if not conversations:
        terminal.say("No conversations yet: mmrag chat begins one.")
    for conversation in conversations:
        at = conversation.turns[-1].at.astimezone().strftime("%Y-%m-%d %H:%M")
        count = f"{len(conversation.turns):3d} questions"
        click.echo(f"{conversation.id}  {at}  {count}  {terminal.shorten(conversation.title, 80)}")


def _row(conversation: Conversation) -> Json:
    return {
        "id": conversation.id,
        "questions": len(conversation.turns),
        "last": conversation.turns[-1].at.isoformat(),
        "title": conversation.title,
    }


def _json(exchange: Exchange) -> Json:
    from mmrag.agent.presenting import to_json

    return {
        "conversation": exchange.conversation,
        "asked": exchange.asked,
        "document": exchange.document,
        "answer": to_json(exchange.answer),
    }
