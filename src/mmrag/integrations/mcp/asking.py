"""``ask`` as a tool: progress while it is answered, then the answer in words, as JSON, and with links to the cited pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import aclosing
from typing import Final, Protocol

import mcp_types as types
from pydantic import Field, ValidationError

from mmrag.agent.presenting import to_json
from mmrag.agent.tools.base import Arguments
from mmrag.api import Session
from mmrag.domain.answers import Answer, Citation
from mmrag.domain.documents import document_id
from mmrag.domain.events import (
    AnswerEvent,
    AnswerGiven,
    ClaimChecked,
    DraftText,
    EvidenceFound,
    PlanMade,
    ToolStarted,
)
from mmrag.errors import UsageError
from mmrag.integrations.mcp.calling import image
from mmrag.integrations.mcp.resources import page_link
from mmrag.integrations.mcp.shapes import AnswerShape
from mmrag.integrations.wording import in_words

NAME: Final = "ask"
MOST_PICTURES: Final = 4


class Ask(Arguments):
    question: str = Field(
        min_length=1, max_length=4_000, description="One question about the documents, as a person asks it."
    )
    document: str | None = Field(default=None, max_length=1_000, description="Only in this document, by its name.")
    max_usd: float | None = Field(
        default=None,
        ge=0,
        description="The most it may cost in US dollars; the limit of the server's settings holds as well.",
    )
    pictures: bool = Field(default=False, description="The cited places as pictures as well, at most four.")


class Streams(Protocol):
    """Puts a question and gives what happens, as ``Session.stream`` does."""

    def __call__(self, question: str, *, document: str | None, max_usd: float) -> AsyncGenerator[AnswerEvent, None]: ...


class Tell(Protocol):
    """Hears how far a call is. MCP wants ``progress`` to grow; nobody knows the total beforehand."""

    def __call__(self, progress: float, total: float | None = None, message: str | None = None) -> Awaitable[None]: ...


def described() -> types.Tool:
    return types.Tool(
        name=NAME,
        title="Ask the documents",
        description="Answer a question from the documents, with the place on the page of every claim, checked by something "
        "that did not write it; or refuse and say why. An answer costs nothing unless models are set up.",
        input_schema=Ask.model_json_schema(),
        output_schema=AnswerShape.model_json_schema(),
        annotations=types.ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False),
    )


async def asked(
    session: Session, arguments: Mapping[str, object], tell: Tell, *, stream: Streams | None = None
) -> types.CallToolResult:
    """Answer, telling every step. ``stream`` puts the question where the session is not to do it itself.

    Cancelling it cancels the question, and nothing more is spent. Raises ``UsageError`` for arguments that make no sense,
    and what ``Session.ask`` raises.
    """
    try:
        ask = Ask.model_validate(dict(arguments))
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"ask: {'.'.join(map(str, first['loc'])) or 'the arguments'}: {first['msg']}") from error
    limit = session.settings.cascade.max_usd
    most = limit if ask.max_usd is None else min(ask.max_usd, limit)
    async with aclosing((stream or session.stream)(ask.question, document=ask.document, max_usd=most)) as events:
        answer = await _heard(events, tell)
    pictures = await _pictures(session, answer) if ask.pictures else []
    return types.CallToolResult(
        content=[types.TextContent(text=in_words(answer)), *_links(answer), *pictures], structured_content=to_json(answer)
    )


async def _heard(events: AsyncIterator[AnswerEvent], tell: Tell) -> Answer:
    step = 0
    answer: Answer | None = None
    attempts: set[tuple[str, int]] = set()
    async for event in events:
        if isinstance(event, AnswerGiven):
            answer = event.answer
        line = _line(event, attempts)
        if line is not None:
            step += 1
            await tell(step, None, line)
    assert answer is not None, "the last event is the answer"  # noqa: S101
    return answer


def _line(event: AnswerEvent, attempts: set[tuple[str, int]]) -> str | None:
    """One line a step. Text of documents is not repeated here: hosts show progress without marking it as data."""
    match event:
        case PlanMade(plan=plan):
            return f"plan: looking for {plan.answer_type.value}"
        case EvidenceFound(hits=hits):
            return f"evidence: {len(hits)} places in {len({hit.document for hit in hits})} documents"
        case ToolStarted(name=name):
            return f"tool: {name}"
        case DraftText(tier=tier, attempt=attempt) if (tier, attempt) not in attempts:
            attempts.add((tier, attempt))
            return f"draft {attempt} by {tier}"
        case ClaimChecked(verdict=verdict, method=method):
            return f"claim {verdict.value} by {method.value}"
        case AnswerGiven(answer=answer):
            return "answered" if answer.answered else "refused"
        case _:
            return None


def _citations(answer: Answer) -> list[Citation]:
    return [citation for claim in answer.claims for citation in claim.citations]


def _links(answer: Answer) -> list[types.ResourceLink]:
    pages = dict.fromkeys((c.document, c.sha256, c.page) for c in _citations(answer))
    return [page_link(document_id(name, sha256), name, page) for name, sha256, page in pages]


async def _pictures(session: Session, answer: Answer) -> list[types.ImageContent]:
    """The cited places, each once. A place whose document was replaced meanwhile has no picture."""
    look = (await session.tools())["look_at"]
    places = list(dict.fromkeys((c.document, c.page, c.bbox.as_tuple()) for c in _citations(answer)))[:MOST_PICTURES]
    found: list[types.ImageContent] = []
    for document, page, box in places:
        try:
            seen = await look.call({"document": document, "page": page, "bbox": box})
        except UsageError:
            continue
        found += [image(picture) for picture in seen.pictures]
    return found
