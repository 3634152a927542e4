"""An answer as the text of a chat message, with its sources as Markdown links. Pure.

Words of documents are data: what means something in Markdown or HTML is escaped, so a page cannot put links, pictures or
markup into a chat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mmrag.domain.answers import Answer, Citation, VerdictKind
from mmrag.domain.documents import document_id
from mmrag.domain.events import AnswerEvent, ClaimChecked, DraftText, EvidenceFound, PlanMade, ToolStarted
from mmrag.domain.evidence import Hit
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.server.links import Signer
from mmrag.server.places import box_text, crop_path

_NEAREST: Final = 3
_LONGEST_QUOTE: Final = 80
_SPECIAL: Final = re.compile(r"[\\`*_\[\]<>&|~]|^[#+-]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What could become emphasis, code, links, pictures, HTML, tables or headings; bare addresses must not become links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``parts`` make up the text. An annotation's indexes count characters of the text."""

    parts: tuple[str, ...]
    annotations: list[Json]

    @property
    def text(self) -> str:
        return "".join(self.parts)


def reply_to(answer: Answer, signer: Signer, base: str) -> Reply:
    """The answer and where it stands, or the refusal and the nearest evidence. ``base`` is where links begin."""
    if answer.abstention is not None:
        head = f"Not answered from the documents: {escaped(answer.abstention.detail)}"
        links = [_hit_link(hit, signer, base) for hit in answer.evidence[:_NEAREST]]
        return _reply(head, "Nearest evidence", links)
    links = []
    for claim in answer.claims:
        sure = claim.verdict is VerdictKind.SUPPORTED
        links += [_citation_link(c, signer, base, "" if sure else f" ({claim.verdict.value})") for c in claim.citations]
    links += [_citation_link(found.other, signer, base, " (says otherwise)") for found in answer.contradictions]
    return _reply(escaped(answer.answer or ""), "Sources", links)


def progress_of(event: AnswerEvent) -> str:
    """A line about what is being done; empty for what is not worth one. It never holds words of a document."""
    match event:
        case PlanMade(plan=plan):
            return f"Looking for: {plan.answer_type.value}"
        case EvidenceFound(hits=hits):
            pages = {(hit.document, hit.element.page) for hit in hits}
            return f"Found evidence on {len(pages)} page{'' if len(pages) == 1 else 's'}"
        case ToolStarted(name=name):
            return f"Using {name}"
        case DraftText(tier=tier):
            return f"Drafting with {tier}"
        case ClaimChecked(verdict=verdict):
            return f"Checked a claim: {verdict.value}"
        case _:
            return ""


def escaped(text: str) -> str:
    """``text`` on one line with Markdown's and HTML's special characters escaped."""
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


@dataclass(frozen=True, slots=True)
class _Link:
    title: str
    url: str
    after: str


def _reply(head: str, title: str, links: Sequence[_Link]) -> Reply:
    parts, annotations = [head], list[Json]()
    if links:
        parts.append(f"\n\n{title}:\n")
    at = sum(map(len, parts))
    for number, link in enumerate(links, 1):
        start = f"{number}. "
        body = f"[{link.title}]({link.url})"
        annotations.append(
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": at + len(start),
                    "end_index": at + len(start) + len(body),
                    "title": link.title,
                    "url": link.url,
                },
            }
        )
        parts.append(f"{start}{body}{link.after}\n")
        at += len(parts[-1])
    return Reply(parts=tuple(parts), annotations=annotations)


def _citation_link(citation: Citation, signer: Signer, base: str, after: str) -> _Link:
    document = document_id(citation.document, citation.sha256)
    title = f"{escaped(citation.document)}, page {citation.page}: “{escaped(_short(citation.quote))}”"
    return _Link(title, _crop_url(document, citation.page, citation.bbox, signer, base), after)


def _hit_link(hit: Hit, signer: Signer, base: str) -> _Link:
    element = hit.element
    title = f"{escaped(hit.document)}, page {element.page}"
    return _Link(title, _crop_url(element.document_id, element.page, element.bbox, signer, base), "")


def _crop_url(document: str, page: int, box: BBox, signer: Signer, base: str) -> str:
    return base + signer.sign(crop_path(document, page), {"box": box_text(box)})


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}…"
