"""What Prometheus is told about one store. No question, document name or key is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from mmrag.domain.answers import Answer
from mmrag.server.drift import Drift

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts for one store, in a registry of its own: whoever holds its token sees its numbers and no others."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.drift = Drift()
        registry = self.registry
        self.requests = Counter(
            "mmrag_http_requests", "Requests by route and status.", ["route", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "mmrag_http_request_seconds", "Until the last byte.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._stages = Histogram(
            "mmrag_stage_seconds", "Time of a question by stage.", ["stage"], buckets=_SECONDS, registry=registry
        )
        self._questions = Counter(
            "mmrag_questions", "Questions by the tier they ended with.", ["tier", "outcome"], registry=registry
        )
        self._tried = Counter("mmrag_tiers_tried", "How often each tier was asked.", ["tier"], registry=registry)
        self._refusals = Counter("mmrag_refusals", "Refused questions by reason.", ["reason"], registry=registry)
        self._claims = Counter("mmrag_claims", "Claims of given answers by verdict.", ["verdict"], registry=registry)
        self._flips = Counter("mmrag_verifier_flips", "Questions whose draft the verifier stopped.", registry=registry)
        self._usd = Counter("mmrag_cost_usd", "Spent on calls whose price is known.", registry=registry)
        self._unpriced = Counter("mmrag_unpriced_calls", "Calls whose price is not known.", registry=registry)
        self._calls = Counter("mmrag_model_calls", "Calls to models, cached ones left out.", registry=registry)
        self._hits = Counter("mmrag_cache_hits", "Calls that the reply cache answered.", registry=registry)
        self.errors = Counter("mmrag_question_errors", "Questions that ended with an error.", registry=registry)
        self.waiting_questions = Gauge("mmrag_waiting_questions", "Questions that wait for their turn.", registry=registry)
        self.waiting_files = Gauge("mmrag_waiting_files", "Uploaded files that wait to be read.", registry=registry)
        self._asked = 0
        self._cached = 0
        registry.register(_Derived(self))

    def answered(self, answer: Answer) -> None:
        """Count one question."""
        for stage, ms in answer.timings_ms.items():
            self._stages.labels(stage).observe(ms / 1000)
        outcome = "answered" if answer.answered else "refused"
        self._questions.labels(answer.tier, outcome).inc()
        for tier in answer.tiers_tried:
            self._tried.labels(tier).inc()
        if answer.abstention is not None:
            self._refusals.labels(answer.abstention.reason.value).inc()
        for claim in answer.claims:
            self._claims.labels(claim.verdict.value).inc()
        self._flips.inc(int(answer.flipped))
        bill = answer.bill
        self._usd.inc(float(bill.cost.usd))
        self._unpriced.inc(bill.cost.unpriced_calls)
        self._calls.inc(bill.calls)
        self._hits.inc(bill.cache_hits)
        self._asked += bill.calls + bill.cache_hits
        self._cached += bill.cache_hits
        self.drift.add(answer)

    @property
    def cache_hit_rate(self) -> float | None:
        """The share of calls that the cache answered, None without calls."""
        return self._cached / self._asked if self._asked else None

    def text(self) -> bytes:
        """All of it, as Prometheus reads it. Blocks: call it in a thread."""
        return generate_latest(self.registry)


class _Derived(Collector):
    """What is worked out when it is asked for. What is not known is left out, not reported as zero."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        rate = self._metrics.cache_hit_rate
        if rate is not None:
            yield GaugeMetricFamily("mmrag_cache_hit_ratio", "Share of calls that the reply cache answered.", value=rate)
        ks = GaugeMetricFamily(
            "mmrag_drift_ks", "Two-sample Kolmogorov-Smirnov statistic against the calibration set.", labels=["score"]
        )
        window = GaugeMetricFamily("mmrag_drift_questions", "Questions in the window of mmrag_drift_ks.", labels=["score"])
        for found in self._metrics.drift.measured():
            ks.add_metric([found.score], found.statistic)
            window.add_metric([found.score], found.questions)
        if ks.samples:
            yield ks
            yield window
