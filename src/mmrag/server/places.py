"""From answers to what a client can show: each citation and piece of evidence with the links to its page and its crop."""

from __future__ import annotations

from collections.abc import Sequence

from mmrag.agent.presenting import event_json, hit_json, to_json
from mmrag.domain.answers import Answer, Citation
from mmrag.domain.documents import document_id
from mmrag.domain.events import AnswerEvent, AnswerGiven, EvidenceFound
from mmrag.domain.evidence import Hit
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.server.links import Signer


def page_path(document: str, page: int) -> str:
    """``document`` is an id, not a name."""
    return f"/api/documents/{document}/pages/{page}/image"


def crop_path(document: str, page: int) -> str:
    return f"/api/documents/{document}/pages/{page}/crop.png"


def box_text(box: BBox) -> str:
    return ",".join(f"{value:.5f}" for value in box.as_tuple())


def place_json(document: str, page: int, box: BBox, signer: Signer) -> dict[str, Json]:
    """``document`` is an id."""
    return {
        "document_id": document,
        "page_image": signer.sign(page_path(document, page), {}),
        "crop_image": signer.sign(crop_path(document, page), {"box": box_text(box)}),
    }


def citation_place(citation: Citation, signer: Signer) -> dict[str, Json]:
    return place_json(document_id(citation.document, citation.sha256), citation.page, citation.bbox, signer)


def hit_out(hit: Hit, signer: Signer) -> dict[str, Json]:
    element = hit.element
    return {**hit_json(hit), **place_json(element.document_id, element.page, element.bbox, signer)}


def answer_out(answer: Answer, signer: Signer) -> dict[str, Json]:
    """The answer as ``mmrag ask --json`` prints it, with links."""
    told = to_json(answer)
    claims: list[Json] = [
        {
            **_mapping(plain),
            "citations": [
                _linked(one, citation, signer)
                for one, citation in zip(_items(_mapping(plain)["citations"]), claim.citations, strict=True)
            ],
        }
        for plain, claim in zip(_items(told["claims"]), answer.claims, strict=True)
    ]
    contradictions: list[Json] = [
        {
            **_mapping(plain),
            "answer": _linked(_mapping(plain)["answer"], found.answer, signer),
            "other": _linked(_mapping(plain)["other"], found.other, signer),
        }
        for plain, found in zip(_items(told["contradictions"]), answer.contradictions, strict=True)
    ]
    evidence: list[Json] = [hit_out(hit, signer) for hit in answer.evidence]
    return {**told, "claims": claims, "contradictions": contradictions, "evidence": evidence}


def _linked(plain: Json, citation: Citation, signer: Signer) -> Json:
    return {**_mapping(plain), **citation_place(citation, signer)}


def event_out(event: AnswerEvent, signer: Signer) -> Json:
    """The data of an event; what it names can be looked at."""
    match event:
        case AnswerGiven(answer=answer):
            return answer_out(answer, signer)
        case EvidenceFound(hits=hits):
            return {"evidence": [hit_out(hit, signer) for hit in hits]}
        case _:
            return event_json(event)["data"]


def _items(value: Json) -> Sequence[Json]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError("a list is expected")
    return value


def _mapping(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError("an object is expected")
    return value
