"""The question that a list of chat messages comes to: the last one, made whole by those before it.

Chat clients send the whole conversation each time and nothing that names it, so its turns are told anew from the messages.
Which documents an earlier answer cited is read from the links in it, which are the server's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mmrag.agent.following import follow
from mmrag.domain.conversations import Followed, Turn

_CITED = re.compile(r"/api/documents/(doc-[0-9a-f]{24})/pages/")
_REMEMBERED = 6
"""Turns before a question that it may refer to."""
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message: by the ``user`` or the ``assistant``, and its text."""

    role: str
    text: str


def cited_ids(messages: Sequence[Said]) -> tuple[str, ...]:
    """The ids of the documents that answers cite."""
    return tuple(dict.fromkeys(i for m in messages if m.role == "assistant" for i in _CITED.findall(m.text)))


def whole_question(messages: Sequence[Said], names: Mapping[str, str]) -> Followed:
    """The last question of the user as it can be asked by itself. ``names`` are those of documents by their ids."""
    turns: list[Turn] = []
    meant = Followed(question="")
    for number, message in enumerate(messages):
        if message.role != "user" or not message.text.strip():
            continue
        asked = " ".join(message.text.split())
        meant = follow(asked, turns[-_REMEMBERED:])
        reply = next((later for later in messages[number + 1 :] if later.role == "assistant"), None)
        ids = cited_ids([reply]) if reply is not None else ()
        turns.append(
            Turn(
                asked=asked,
                understood=meant.question,
                at=_NEVER,
                document=meant.document,
                answer=reply.text if reply is not None else None,
                documents=tuple(names[i] for i in ids if i in names),
            )
        )
    return meant
