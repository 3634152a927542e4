"""What a chat model can take. ``None`` means that no limit is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Limits of one model.

    ``rejects`` names parameters of a request that must not be sent. ``images``: it looks at pictures. ``logprobs``: its
    log-probabilities cost nothing extra, so that it is worth asking for them. Sides are in pixels, the longer one counts;
    with more than ``crowd`` pictures in a request none may be longer than ``crowd_side``. ``context_tokens`` is for prompt
    and reply together. ``effort`` is how hard it is told to think, ``thinking_tokens`` are to be left for that beside the
    reply. ``is_local``: it runs on a machine of one's own, where reading a prompt takes long and costs no money;
    ``is_elsewhere``: its address is none of a network of one's own all the same, and what it is sent leaves that.
    """

    rejects: frozenset[str] = frozenset()
    images: bool = True
    logprobs: bool = False
    max_images: int | None = None
    max_image_side: int | None = None
    crowd: int | None = None
    crowd_side: int | None = None
    max_image_bytes: int | None = None
    max_request_bytes: int | None = None
    context_tokens: int | None = None
    effort: str | None = None
    thinking_tokens: int = 0
    is_local: bool = False
    is_elsewhere: bool = False

    @property
    def is_hosted(self) -> bool:
        """True when what it is sent leaves one's own network."""
        return self.is_elsewhere or not self.is_local

    def takes(self, parameter: str) -> bool:
        return parameter not in self.rejects

    def side_for(self, images: int) -> int | None:
        """The longest side that a picture may have when there are so many."""
        sides = [self.max_image_side, self.crowd_side if self.crowd is not None and images > self.crowd else None]
        return min((side for side in sides if side is not None), default=None)


NOTHING_KNOWN = Capabilities()
"""A model of which no limit is known."""
