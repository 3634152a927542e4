"""OpenTelemetry spans of questions, by the semantic conventions for generative AI. Made only where an endpoint is set.

``invoke_agent mmrag`` spans the question; below it are ``chat MODEL`` for each draft of a model, with its tokens, and
``execute_tool NAME`` for each call of a tool. No question, answer, prompt or result is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from mmrag.domain.costs import Usage
from mmrag.domain.events import AnswerEvent, AnswerGiven, CostSoFar, DraftText, EvidenceFound, ToolFinished, ToolStarted
from mmrag.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

AGENT: Final = "mmrag"
_NEEDED: Final = "serve.otlp_endpoint needs OpenTelemetry: pip install 'mmrag[otel]'."


class Heard(Protocol):
    """Hears a question's events."""

    def hear(self, event: AnswerEvent) -> None: ...

    def failed(self, error: Exception) -> None: ...


class _Nobody:
    def hear(self, event: AnswerEvent) -> None:
        """Nothing is traced."""

    def failed(self, error: Exception) -> None:
        """Nothing is traced."""


class Tracing:
    """Makes spans with ``provider``, none without one. ``models`` gives what each tier asks, as ``provider:model``."""

    def __init__(self, provider: TracerProvider | None, *, models: Mapping[str, str]) -> None:
        self._provider = provider
        self._models = models

    @classmethod
    def to(cls, endpoint: str | None, *, models: Mapping[str, str]) -> Tracing:
        """Spans go to ``endpoint`` (OTLP over gRPC) in batches. Raises ``SettingsError`` when a package is missing."""
        if endpoint is None:
            return cls(None, models=models)
        try:
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise SettingsError(_NEEDED) from error
        provider = TracerProvider(resource=Resource.create({"service.name": AGENT}))
        exporter = OTLPSpanExporter(endpoint=endpoint, insecure=endpoint.startswith("http://"))
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return cls(provider, models=models)

    @contextmanager
    def question(self) -> Iterator[Heard]:
        """The span of one question."""
        if self._provider is None:
            yield _Nobody()
            return
        from opentelemetry.trace import SpanKind

        tracer = self._provider.get_tracer(AGENT)
        span = tracer.start_span(f"invoke_agent {AGENT}", kind=SpanKind.INTERNAL)
        span.set_attributes(
            {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": AGENT, "gen_ai.provider.name": AGENT}
        )
        told = _Told(tracer, span, self._models)
        try:
            yield told
        finally:
            told.end()

    def close(self) -> None:
        """Send what is left. Blocks."""
        if self._provider is not None:
            self._provider.shutdown()


class _Told:
    """Turns events into spans below ``span``."""

    def __init__(self, tracer: Tracer, span: Span, models: Mapping[str, str]) -> None:
        from opentelemetry.trace import set_span_in_context

        self._tracer = tracer
        self._span = span
        self._models = models
        self._context = set_span_in_context(span)
        self._tools: dict[str, Span] = {}
        self._drafting_since = 0
        self._tier = ""
        self._usage = Usage()
        self._calls = 0

    def hear(self, event: AnswerEvent) -> None:
        match event:
            case EvidenceFound():
                self._drafting_since = _now()
            case DraftText(tier=tier):
                self._tier = tier
            case ToolStarted():
                span = self._tracer.start_span(f"execute_tool {event.name}", context=self._context)
                span.set_attributes(
                    {
                        "gen_ai.operation.name": "execute_tool",
                        "gen_ai.tool.name": event.name,
                        "gen_ai.tool.call.id": event.call_id,
                        "gen_ai.tool.type": "function",
                    }
                )
                self._tools[event.call_id] = span
            case ToolFinished() if (tool := self._tools.pop(event.call_id, None)) is not None:
                if event.failed:
                    tool.set_attribute("error.type", "tool_error")
                tool.end()
            case CostSoFar(bill=bill):
                self._chat(bill.usage, bill.calls)
            case AnswerGiven(answer=answer):
                self._span.set_attributes(
                    {
                        "gen_ai.usage.input_tokens": answer.bill.usage.input_tokens,
                        "gen_ai.usage.output_tokens": answer.bill.usage.output_tokens,
                        "mmrag.tier": answer.tier,
                        "mmrag.answered": answer.answered,
                        "mmrag.confidence": answer.confidence,
                    }
                )
                if answer.abstention is not None:
                    self._span.set_attribute("mmrag.refusal", answer.abstention.reason.value)

    def failed(self, error: Exception) -> None:
        self._span.set_attribute("error.type", type(error).__name__)

    def end(self) -> None:
        for tool in self._tools.values():
            tool.end()
        self._span.end()

    def _chat(self, usage: Usage, calls: int) -> None:
        """The draft that has ended: a span of its own when a model was called for it."""
        asked = self._models.get(self._tier, "")
        provider, _, model = asked.partition(":")
        if calls > self._calls and model:
            span = self._tracer.start_span(f"chat {model}", context=self._context, start_time=self._drafting_since or None)
            span.set_attributes(
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": provider,
                    "gen_ai.request.model": model,
                    "gen_ai.usage.input_tokens": usage.input_tokens - self._usage.input_tokens,
                    "gen_ai.usage.output_tokens": usage.output_tokens - self._usage.output_tokens,
                }
            )
            span.end()
        self._usage, self._calls, self._drafting_since = usage, calls, _now()


def _now() -> int:
    from time import time_ns

    return time_ns()
