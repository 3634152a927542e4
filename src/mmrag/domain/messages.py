"""What goes to a chat model and what comes back, in no vendor's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from mmrag.domain.costs import Usage


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class StopReason(StrEnum):
    """Why a reply ended. Only ``END`` replies may be cached."""

    END = "end"
    LENGTH = "length"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    """A picture with a label, so that several are told apart. ``data`` are the encoded bytes."""

    label: str
    media_type: str
    data: bytes = field(repr=False)


Part: TypeAlias = TextPart | ImagePart


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    role: Role
    parts: tuple[Part, ...]

    @classmethod
    def text(cls, role: Role, text: str) -> Message:
        return cls(role=role, parts=(TextPart(text=text),))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One call. ``json_schema`` is canonical JSON text of the schema the reply must follow, None for free text."""

    messages: tuple[Message, ...]
    max_output_tokens: int = 512
    json_schema: str | None = None
    stage: str = "draft"
    question_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    text: str
    usage: Usage
    model: str
    stop: StopReason = StopReason.END
    cached: bool = False
