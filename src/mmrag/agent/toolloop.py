"""A model at work with tools, within bounds: steps, calls, time and money.

What tools give back is data. It goes to the model as results, never as instructions, and what the model may cite afterwards
are the elements that results have shown, and no others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

import anyio

from mmrag.agent.tools.base import Parted, Toolbox, ToolResult, as_text, shortened
from mmrag.domain.documents import PageRef
from mmrag.domain.events import OnEvent, ToolFinished, ToolStarted
from mmrag.domain.hashing import canonical_bytes
from mmrag.domain.messages import ChatRequest, ImagePart, Message, Reply, Role, TextPart, ToolCall
from mmrag.domain.messages import ToolResult as ResultPart
from mmrag.errors import BudgetExceededError, MMRagError
from mmrag.middleware.staying import staying
from mmrag.ports import ChatModel

_LAST = "No tool can be called any more. Answer now, from what the tools have shown."
_AGAIN = "This call was made before, and its result has not changed. Use it, ask for something else, or answer."
_STAYS = "This is not shown to you: it stands on a page that has to stay where it is. Go on without it."
_LEFT_OUT = "(Left out: what stands on pages that have to stay where they are.)"
_MOST_PICTURES = 8
"""Pictures handed on from one step: each costs as much as a page of text."""


class Stop(StrEnum):
    """Why the loop ended."""

    ANSWERED = "answered"
    STEPS = "steps"
    REPEATS = "repeats"
    TIME = "time"
    MONEY = "money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """``steps`` are calls to the model, the last of which must answer; ``calls`` are tool calls in all; ``seconds`` are for
    the whole loop, ``call_seconds`` for one tool. ``max_usd`` is what the question may cost, None for the settings' limit.
    """

    steps: int = 6
    calls: int = 24
    seconds: float = 45.0
    call_seconds: float = 15.0
    max_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDone:
    """One tool call. ``failed`` says that ``text`` is what was wrong with it; ``repeated`` that it was not run again;
    ``kept`` counts the pages that it would have shown and that may not be shown to this model."""

    step: int
    name: str
    arguments: str
    text: str
    element_ids: tuple[str, ...] = ()
    shows: tuple[PageRef, ...] = ()
    pictures: tuple[ImagePart, ...] = ()
    kept: int = 0
    failed: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """How the loop went. ``text`` is the model's last word, empty when it was cut off before it had one; ``messages`` are
    all before it."""

    text: str
    stop: Stop
    steps: int
    calls: tuple[CallDone, ...] = ()
    messages: tuple[Message, ...] = ()

    @property
    def element_ids(self) -> frozenset[str]:
        """What may be cited: the elements that tools have shown."""
        return frozenset(e for call in self.calls for e in call.element_ids)

    @property
    def shows(self) -> tuple[PageRef, ...]:
        """The pages that tools have shown."""
        return tuple(dict.fromkeys(page for call in self.calls for page in call.shows))

    @property
    def kept(self) -> int:
        """How often a page was not shown because it may not leave this machine."""
        return sum(call.kept for call in self.calls)


async def run_tools(
    model: ChatModel,
    tools: Toolbox,
    messages: Sequence[Message],
    bounds: Bounds,
    *,
    pages: Sequence[PageRef] | None = None,
    question_id: str = "",
    json_schema: str | None = None,
    on_event: OnEvent | None = None,
) -> ToolRun:
    """Let ``model`` call ``tools`` until it answers or a bound is reached.

    ``pages`` are those that ``messages`` show, None where that is not known. What a tool finds on a page that may not be
    shown to ``model`` (``ask.keep_local``) is left out of its result, or the result withheld. Calls of one reply run at
    once. A call that fails is told to the model as text. Raises what the model raises, but for ``BudgetExceededError``:
    money that has run out ends the loop like time. Cancelling it cancels the calls under way.
    """
    loop = _Loop(
        model=model,
        tools=tools,
        bounds=bounds,
        pages=pages,
        question_id=question_id,
        json_schema=json_schema,
        on_event=on_event,
    )
    loop.messages.extend(messages)
    with anyio.move_on_after(bounds.seconds):
        return await loop.run()
    return loop.ended("", Stop.TIME)


@dataclass(slots=True, kw_only=True)
class _Loop:
    model: ChatModel
    tools: Toolbox
    bounds: Bounds
    pages: Sequence[PageRef] | None
    question_id: str
    json_schema: str | None
    on_event: OnEvent | None
    messages: list[Message] = field(default_factory=list)
    done: list[CallDone] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    steps: int = 0

    async def run(self) -> ToolRun:
        while self.steps < self.bounds.steps:
            self.steps += 1
            last = self.steps == self.bounds.steps or len(self.done) >= self.bounds.calls
            try:
                reply = await self._asked(last=last)
            except BudgetExceededError:
                return self.ended("", Stop.MONEY)
            if not reply.tool_calls:
                return self.ended(reply.text, Stop.ANSWERED)
            if last:
                return self.ended(reply.text, Stop.STEPS)
            now = await self._called(reply)
            if all(call.repeated for call in now) and all(c.repeated for c in self._step(self.steps - 1)) and self.steps > 1:
                return self.ended(reply.text, Stop.REPEATS)
        return self.ended("", Stop.STEPS)

    def ended(self, text: str, stop: Stop) -> ToolRun:
        return ToolRun(text=text, stop=stop, steps=self.steps, calls=tuple(self.done), messages=tuple(self.messages))

    def _step(self, number: int) -> list[CallDone]:
        return [call for call in self.done if call.step == number]

    async def _asked(self, *, last: bool) -> Reply:
        if last and self.done:
            self.messages.append(Message.text(Role.USER, _LAST))
        request = ChatRequest(
            messages=tuple(self.messages),
            max_output_tokens=1024,
            json_schema=self.json_schema if last else None,
            tools=tuple(tool.spec for tool in self.tools.values()),
            stage="tools",
            question_id=self.question_id,
            max_usd=self.bounds.max_usd,
            pages=None if self.pages is None else (*self.pages, *self.ended("", Stop.STEPS).shows),
        )
        return await self.model.reply(request)

    async def _called(self, reply: Reply) -> list[CallDone]:
        """Run the calls of one reply at once and hand their results on, in the order of the calls."""
        calls = reply.tool_calls[: max(1, self.bounds.calls - len(self.done))]
        results: list[CallDone | None] = [None] * len(calls)
        fresh = [self._is_fresh(call) for call in calls]

        async def one(n: int) -> None:
            results[n] = await self._told(calls[n], fresh=fresh[n])

        async with anyio.create_task_group() as group:
            for n in range(len(calls)):
                group.start_soon(one, n)
        done = [result for result in results if result is not None]
        self.done += done
        said = (TextPart(text=reply.text),) if reply.text else ()
        self.messages.append(Message(role=Role.ASSISTANT, parts=(*said, *calls)))
        told = [ResultPart(call_id=call.id, name=call.name, text=d.text) for call, d in zip(calls, done, strict=True)]
        pictures = [picture for d in done for picture in d.pictures][:_MOST_PICTURES]
        self.messages.append(Message(role=Role.USER, parts=(*told, *pictures)))
        return done

    def _is_fresh(self, call: ToolCall) -> bool:
        """False for a call that was made before, whatever the order and spacing of its arguments."""
        try:
            key = canonical_bytes([call.name, json.loads(call.arguments or "{}")])
        except ValueError:
            key = f"{call.name} {call.arguments}".encode("utf-8", "replace")
        if key in self.seen:
            return False
        self.seen.add(key)
        return True

    async def _told(self, call: ToolCall, *, fresh: bool) -> CallDone:
        """The call's result, with its beginning and its end told to whoever listens."""
        if self.on_event is None:
            return await self._one(call, fresh=fresh)
        step = self.steps
        await self.on_event(ToolStarted(call_id=call.id, name=call.name, arguments=call.arguments, step=step))
        done = await self._one(call, fresh=fresh)
        await self.on_event(
            ToolFinished(
                call_id=call.id,
                name=call.name,
                text=done.text,
                element_ids=done.element_ids,
                failed=done.failed,
                repeated=done.repeated,
            )
        )
        return done

    async def _one(self, call: ToolCall, *, fresh: bool) -> CallDone:
        def told(text: str, *, failed: bool = False, repeated: bool = False) -> CallDone:
            return CallDone(
                step=self.steps, name=call.name, arguments=call.arguments, text=text, failed=failed, repeated=repeated
            )

        if not fresh:
            return told(_AGAIN, repeated=True)
        tool = self.tools.get(call.name)
        if tool is None:
            return told(f"There is no tool {shortened(call.name, 60)!r}. There are: {', '.join(self.tools)}.", failed=True)
        try:
            with anyio.fail_after(self.bounds.call_seconds):
                result, kept = await self._shown(await tool.call(call.arguments))
        except TimeoutError:
            return told(f"{call.name} took longer than {self.bounds.call_seconds:g} seconds.", failed=True)
        except MMRagError as error:
            return told(str(error), failed=True)
        if result is None:
            return replace(told(_STAYS, failed=True), kept=kept)
        return CallDone(
            step=self.steps,
            name=call.name,
            arguments=call.arguments,
            text=as_text(result) + (f"\n{_LEFT_OUT}" if kept else ""),
            element_ids=result.element_ids,
            shows=result.shows,
            pictures=result.pictures,
            kept=kept,
        )

    async def _shown(self, result: ToolResult) -> tuple[ToolResult | None, int]:
        """``result`` as this model may be shown it, None when it may not be; and how many pages were left out."""
        kept = await staying(self.model, result.shows)
        if not kept:
            return result, 0
        return (result.without(kept) if isinstance(result, Parted) else None), len(kept)
