"""What goes to a chat model and what comes back, in no vendor's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from mmrag.domain.costs import Usage
from mmrag.domain.documents import PageRef


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class StopReason(StrEnum):
    """Why a reply ended. ``LENGTH`` and ``REFUSAL`` replies are never cached."""

    END = "end"
    TOOLS = "tools"
    LENGTH = "length"
    REFUSAL = "refusal"


class Detail(StrEnum):
    """How closely a model is to look at a picture. Adapters translate it to what their provider offers."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """A picture with a label, so that several are told apart. ``data`` are the encoded bytes.

    ``width`` and ``height`` are in pixels, 0 when not known: they serve to estimate what the picture costs.
    """

    label: str
    media_type: str
    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0
    detail: Detail = Detail.HIGH


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """The model asks for a tool. ``arguments`` is JSON text as the model wrote it: data to be checked.

    ``signature`` is what some providers want back with the call, unread; it may be empty.
    """

    id: str
    name: str
    arguments: str
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What the tool called by ``call_id`` gave, as text, in a message of the user's role."""

    call_id: str
    name: str
    text: str


Part: TypeAlias = TextPart | ImagePart | ToolCall | ToolResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: Role
    parts: tuple[Part, ...]

    @classmethod
    def text(cls, role: Role, text: str) -> Message:
        return cls(role=role, parts=(TextPart(text=text),))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool that the model may ask for. ``parameters`` is JSON text of the schema of its arguments, an object."""

    name: str
    description: str
    parameters: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One call. ``json_schema`` is canonical JSON text of the schema the reply must follow, None for free text.

    ``temperature`` is left out for models that do not take one. ``logprobs`` asks for log-probabilities where there are
    any. ``max_usd`` is the most that the whole question may cost, None for the limit of the settings. ``pages`` are those
    whose text or picture is in it, or that what it says was read from; None where nobody has said which, and then it is
    kept like a page that nobody has looked at. ``stage``, ``question_id``, ``max_usd`` and ``pages`` do not reach the model.
    """

    messages: tuple[Message, ...]
    max_output_tokens: int = 512
    json_schema: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    temperature: float | None = None
    logprobs: bool = False
    stage: str = "draft"
    question_id: str = ""
    max_usd: Decimal | None = None
    pages: tuple[PageRef, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """One token of the reply and the natural logarithm of its probability."""

    token: str
    logprob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of a reply's text, as it comes in."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``model`` names what answered, as ``identity`` does. ``cached``: it came from the reply cache and cost nothing.
    ``notes`` say what of the request was changed to fit the model.
    """

    text: str
    usage: Usage
    model: str
    stop: StopReason = StopReason.END
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    cached: bool = False
    notes: tuple[str, ...] = ()
