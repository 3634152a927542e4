"""Conversations: questions that follow one another, and what each was taken to mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mmrag.domain.documents import PageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question of a conversation and what came of it. ``at`` is aware, in UTC.

    ``asked`` is what the person wrote, ``understood`` what was asked of the documents, ``document`` the one document it was
    asked of, None for all. ``answer`` is None when it was refused for ``reason``. ``documents`` are those that the answer
    cites, ``trace`` is the id of its trace. ``told`` are pages that ``understood`` holds words of, ``read`` those that the
    answer was read from; None where that is not known.
    """

    asked: str
    understood: str
    at: datetime
    document: str | None = None
    answer: str | None = None
    reason: str | None = None
    documents: tuple[str, ...] = ()
    trace: str = ""
    told: tuple[PageRef, ...] | None = ()
    read: tuple[PageRef, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Turns in the order they were asked. ``id`` is letters, digits and dashes."""

    id: str
    turns: tuple[Turn, ...] = ()

    @property
    def title(self) -> str:
        """Its first question."""
        return self.turns[0].asked if self.turns else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A question of a conversation, made whole: it can be asked by itself.

    ``document`` restricts it to the document that the conversation is about. ``sure`` is False where that is only likely,
    because the question says nothing of a document: then it is asked of all documents when that one does not answer.
    """

    question: str
    document: str | None = None
    sure: bool = True
