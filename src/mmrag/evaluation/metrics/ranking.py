"""Ranking metrics by ir-measures, which runs trec_eval's own code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

RANKING_METRICS = ("recall@1", "recall@5", "recall@10", "mrr", "ndcg@10")


def ranking_scores(
    rankings: Mapping[str, Sequence[str]], relevant: Mapping[str, Collection[str]]
) -> dict[str, dict[str, float]]:
    """Question id to ``recall@1``, ``recall@5``, ``recall@10``, ``mrr`` and ``ndcg@10``.

    ``rankings`` are ids without repeats, best first; ``relevant`` names the ids that are right, all equally. A question
    without relevant ids is left out; one whose ranking is empty scores 0. Recall is the share of the relevant ids found
    (Manning, Raghavan, Schuetze, *Introduction to Information Retrieval*, 2008, ch. 8); MRR as in Voorhees, TREC-8, 1999;
    nDCG as in Jaervelin and Kekaelaeinen, TOIS 20(4), 2002, with gain 1 and the logarithm to base 2, cut at 10.
    """
    import ir_measures
    from ir_measures import RR, R, nDCG

    names = {R @ 1: "recall@1", R @ 5: "recall@5", R @ 10: "recall@10", RR: "mrr", nDCG @ 10: "ndcg@10"}
    asked = {q: tuple(ids) for q, ids in relevant.items() if ids}
    scores = {q: dict.fromkeys(RANKING_METRICS, 0.0) for q in asked}
    qrels = [ir_measures.Qrel(q, d, 1) for q, ids in asked.items() for d in dict.fromkeys(ids)]
    run = [
        ir_measures.ScoredDoc(q, d, float(len(ranked) - n))
        for q, ranked in rankings.items()
        if q in asked
        for n, d in enumerate(ranked)
    ]
    if qrels and run:
        for metric in ir_measures.iter_calc(list(names), qrels, run):
            scores[metric.query_id][names[metric.measure]] = float(metric.value)
    return scores
