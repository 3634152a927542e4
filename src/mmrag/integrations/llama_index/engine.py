"""``ask`` as a LlamaIndex query engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from mmrag.agent.presenting import to_json
from mmrag.api import Session
from mmrag.domain.answers import Answer
from mmrag.integrations.llama_index.nodes import box_list, node, nodes_of, picture_of
from mmrag.integrations.llama_index.store import StoreLike, connected


class MMRagQueryEngine(BaseQueryEngine):
    """Answers with mmrag: drafted, checked, cited, or refused.

    The response's text is the answer, or why there is none. ``source_nodes`` are the cited places, one a citation, with the
    box of the quoted words, the ``quote`` and the ``verdict``; of a refusal they are the nearest evidence. ``metadata`` is
    the answer as ``mmrag ask --json`` gives it: ``status`` tells the two apart. ``document`` restricts every question to
    one document, ``tier`` to one tier, ``max_usd`` is the most that one may cost. Raises what ``mmrag.Session.ask`` raises.
    """

    def __init__(
        self,
        store: StoreLike,
        *,
        document: str | None = None,
        tier: str | None = None,
        max_usd: float | None = None,
        images: bool = True,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        super().__init__(callback_manager)
        self._store = connected(store)
        self._document = document
        self._tier = tier
        self._max_usd = max_usd
        self._images = images

    def _query(self, query_bundle: QueryBundle) -> Response:
        return self._store.run(lambda session: self._asked(session, query_bundle.query_str))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return await self._store.arun(lambda session: self._asked(session, query_bundle.query_str))

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}

    async def _asked(self, session: Session, question: str) -> Response:
        answer = await session.ask(question, document=self._document, tier=self._tier, max_usd=self._max_usd)
        metadata: dict[str, Any] = to_json(answer)
        if answer.answer is None:
            refusal = answer.abstention
            text = "No answer." if refusal is None else f"No answer ({refusal.reason.value}): {refusal.detail}"
            nodes = await nodes_of(answer.evidence, session, images=self._images)
        else:
            text = answer.answer
            nodes = await _cited(answer, session, images=self._images)
        return Response(response=text, source_nodes=nodes, metadata=metadata)


async def _cited(answer: Answer, session: Session, *, images: bool) -> list[NodeWithScore]:
    """One node a citation. One whose document was replaced meanwhile has none."""
    places = [(claim, citation) for claim in answer.claims for citation in claim.citations]
    found = await (await session.app()).catalog.elements([citation.element for _, citation in places])
    elements = {element.id: element for element in found}
    nodes: list[NodeWithScore] = []
    for claim, citation in places:
        element = elements.get(citation.element)
        if element is None:
            continue
        metadata: dict[str, object] = {
            "document": citation.document,
            "page": citation.page,
            "kind": element.kind.value,
            "quote": citation.quote,
            "verdict": claim.verdict.value,
            "bbox": box_list(citation.bbox),
            "sha256": citation.sha256,
            "element": element.id,
            "ocr_confidence": citation.ocr_confidence,
        }
        place = replace(element, bbox=citation.bbox)
        picture = await picture_of(place, session) if images and element.kind.is_picture else None
        nodes.append(NodeWithScore(node=node(place, metadata, picture), score=answer.confidence))
    return nodes
