"""Our messages as chat templates of transformers take them, and tool calls out of what was written. Pure."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, TypeAlias

from mmrag.adapters.chat.provider import labelled
from mmrag.domain.messages import ChatRequest, ImagePart, Part, Role, TextPart, ToolCall, ToolSpec

if TYPE_CHECKING:
    from PIL.Image import Image

Content: TypeAlias = "dict[str, str | Image]"
Turn: TypeAlias = dict[str, "str | list[Content]"]
"""``{"role": ..., "content": [...]}``."""

_CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


def conversation(request: ChatRequest, *, with_system: bool = True) -> list[Turn]:
    """The turns of ``request``, pictures inside their contents, each with its label before it.

    Nothing here holds the model to a schema, so that the schema is part of what it is told; so are tools, which are called
    in the way that Qwen and Hermes models have learnt. Without ``with_system`` the system's text begins the first turn of
    the user, for templates that know no such role. Raises ``ValueError`` for a picture that cannot be decoded.
    """
    told = _told(request)
    system = [p.text for m in request.messages if m.role is Role.SYSTEM for p in m.parts if isinstance(p, TextPart)]
    turns: list[Turn] = []
    if with_system and system:
        turns.append({"role": "system", "content": [{"type": "text", "text": "\n\n".join(system)}]})
    spoken = [m for m in request.messages if m.role is not Role.SYSTEM]
    for message in spoken:
        content = [piece for part in message.parts for piece in _pieces(part)]
        if message is spoken[0] and system and not with_system:
            content.insert(0, {"type": "text", "text": "\n\n".join(system) + "\n\n"})
        if message is spoken[-1] and told and message.role is Role.USER:
            content.append({"type": "text", "text": told})
        turns.append({"role": message.role.value, "content": content})
    return turns


def tool_calls(text: str) -> tuple[str, tuple[ToolCall, ...]]:
    """What is left of ``text`` without its tool calls, and the calls. What cannot be read as a call stays text."""
    calls: list[ToolCall] = []

    def taken(match: re.Match[str]) -> str:
        try:
            said = json.loads(match[1])
            name, arguments = said["name"], said.get("arguments", {})
        except (ValueError, KeyError, TypeError):
            return match[0]
        calls.append(ToolCall(id=f"call-{len(calls)}", name=str(name), arguments=json.dumps(arguments)))
        return ""

    return _CALL.sub(taken, text).strip() if "<tool_call>" in text else text, tuple(calls)


def _told(request: ChatRequest) -> str:
    lines: list[str] = []
    if request.tools:
        lines.append("\nYou may call these tools. To call one, reply with")
        lines.append('<tool_call>{"name": ..., "arguments": {...}}</tool_call>')
        lines += [_described(tool) for tool in request.tools]
    if request.json_schema is not None:
        lines.append(f"\nReply with JSON that fits this schema: {request.json_schema}")
    return "\n".join(lines)


def _described(tool: ToolSpec) -> str:
    return f"{tool.name}: {tool.description} Arguments: {tool.parameters}"


def _pieces(part: Part) -> list[Content]:
    if isinstance(part, TextPart):
        return [{"type": "text", "text": part.text}]
    if isinstance(part, ImagePart):
        return [{"type": "text", "text": labelled(part)}, {"type": "image", "image": _decoded(part)}]
    if isinstance(part, ToolCall):
        call = f'<tool_call>{{"name": {json.dumps(part.name)}, "arguments": {part.arguments}}}</tool_call>'
        return [{"type": "text", "text": call}]
    return [{"type": "text", "text": f"<tool_response>{part.text}</tool_response>"}]


def _decoded(image: ImagePart) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(image.data)).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"{image.label} cannot be decoded") from error
