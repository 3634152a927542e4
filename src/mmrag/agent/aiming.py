"""A further search, aimed at what the first draft was missing. Pure: what to look for, and how the findings are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mmrag.agent.reading.lexicon import lexicon
from mmrag.agent.reading.target import understand
from mmrag.domain.answers import Verdict, VerdictKind
from mmrag.domain.plans import Gathered, Plan

_MOST_LABELS = 6
_KEPT = frozenset({VerdictKind.SUPPORTED, VerdictKind.PARTLY})


def aim(plan: Plan, verdicts: Sequence[Verdict]) -> Plan:
    """The plan of a search for what is missing, in the same documents.

    After claims that do not stand: for these claims, by what was asked for. After no answer at all: for what was asked for
    by the names that documents give it (``total``: grand total, amount due, balance).
    """
    refuted = [v.claim.text for v in verdicts if v.kind not in _KEPT]
    wanted = plan.target or plan.asked
    words = " ".join(dict.fromkeys([wanted, *(refuted or _labels(plan))]))
    return replace(plan, question=words, target=words, lead="", aggregate=None, check=None)


def joined(first: Gathered, more: Gathered) -> Gathered:
    """The hits of both, each element once with its better score, best first; documents and matches stay the first one's."""
    best = {hit.element.id: hit for hit in more.hits}
    for hit in first.hits:
        known = best.get(hit.element.id)
        if known is None or hit.score >= known.score:
            best[hit.element.id] = hit
    return replace(first, hits=tuple(sorted(best.values(), key=lambda h: -h.score)))


def _labels(plan: Plan) -> list[str]:
    """What documents call the field that is asked for, the commonest names first; nothing for what is no known field."""
    concepts = understand(plan, lexicon()).concepts
    weighed = [(weight, label) for concept, _ in concepts for label, weight in concept.labels.items()]
    return [label for _, label in sorted(weighed, key=lambda w: -w[0])[:_MOST_LABELS]]
