"""gather: search for evidence; and once more, aimed at what a draft was missing."""

from __future__ import annotations

from dataclasses import replace

from mmrag.agent import cascade, trace
from mmrag.agent.aiming import aim, joined
from mmrag.agent.case import AgentParts, Case, Round
from mmrag.agent.gather import gather as search_for
from mmrag.agent.select import unread
from mmrag.domain.events import EvidenceFound
from mmrag.retrieval.search import search


async def gather(case: Case, now: Round, parts: AgentParts) -> Round:
    """The round with its evidence; with a refusal when the document that the question is about is not here."""
    with case.timed("gather"):
        gathered = await search_for(now.plan, parts.search, k=parts.settings.ask.hits)
    case.trace.add("gather", trace.gathered_json(gathered))
    await case.tell(EvidenceFound(hits=gathered.hits))
    return replace(now, gathered=gathered, refusal=cascade.out_of_reach(now.plan, gathered))


async def gather_what_is_missing(case: Case, now: Round, parts: AgentParts) -> tuple[Round, bool]:
    """The round with more evidence and twice the pages to read; False when no page comes up that was not read already."""
    aimed = aim(now.plan, now.verdicts)
    with case.timed("gather"):
        more = await search(aimed, parts.search, k=parts.settings.ask.hits)
    gathered = joined(now.gathered, more)
    now = replace(now, gathered=gathered, repaired=True)
    found = bool(unread(now.plan, gathered, now.readings))
    case.trace.add("aim", {"for": aimed.target, "found": found, "more": trace.gathered_json(more)})
    if not found:
        return now, False
    await case.tell(EvidenceFound(hits=more.hits))
    return replace(now, pages=2 * now.pages, repairs=now.repairs + 1), True
