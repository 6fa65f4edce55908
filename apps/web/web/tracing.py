"""Traces: a span for each request and each call it makes, sent by a thread of its own, which no request waits for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests
from flask import Flask, Response, g, request
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from requests.adapters import HTTPAdapter

import mtls
from web import metrics
from web.settings import Settings

EXPORT_TIMEOUT = 3.0
"""Seconds that a batch has, retries included; also the longest that the end of a worker waits for its last spans."""


class Adapter(HTTPAdapter):
    """Shows the certificate that is there when a batch is sent; a renewed one makes a connection of its own."""

    def __init__(self, settings: mtls.Files) -> None:
        self._tls = settings
        super().__init__()

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["cert"] = mtls.pair(self._tls)
        kwargs["verify"] = self._tls.roots
        return super().send(*args, **kwargs)


class Counted(SpanExporter):
    """An exporter that counts what became of the spans."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        word = "exported" if result is SpanExportResult.SUCCESS else "failed"
        metrics.SPANS.labels(word).inc(len(spans))
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()


def exporter(settings: Settings) -> SpanExporter:
    """Sends to the collector over mutual TLS."""
    session = requests.Session()
    # Neither a proxy nor other roots, whatever the environment says.
    session.trust_env = False
    session.mount("https://", Adapter(settings.tls))
    return Counted(OTLPSpanExporter(endpoint=settings.tracing.endpoint, timeout=EXPORT_TIMEOUT, session=session))


def provider(settings: Settings, sink: SpanExporter | None) -> TracerProvider:
    """Makes spans; without a sink they are only numbers in the logs. A full queue loses spans and holds up nobody."""
    resource = Resource.create({"service.name": "app", "service.instance.id": settings.instance})
    made = TracerProvider(
        resource=resource,
        sampler=ParentBased(TraceIdRatioBased(settings.tracing.ratio)),
        shutdown_on_exit=False,
    )
    if sink is not None:
        made.add_span_processor(
            BatchSpanProcessor(
                sink,
                max_queue_size=2048,
                max_export_batch_size=512,
                schedule_delay_millis=2000,
                export_timeout_millis=int(EXPORT_TIMEOUT * 1000),
            )
        )
    return made


@contextmanager
def call(app: Flask, name: str, system: str) -> Iterator[None]:
    """A span around a call to another service."""
    with app.extensions["tracer"].start_as_current_span(
        name, kind=SpanKind.CLIENT, attributes={"db.system.name": system}
    ):
        yield


def install(app: Flask, made: TracerProvider) -> None:
    """Begin a span with each request of a user, under the caller's if it sent one."""
    app.extensions["tracer_provider"] = made
    tracer = app.extensions["tracer"] = made.get_tracer("web")

    @app.before_request
    def begin() -> None:
        if request.blueprint in ("health", "metrics"):
            return
        span = tracer.start_span(
            f"{request.method} {request.url_rule.rule if request.url_rule else 'none'}",
            context=extract(request.headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": request.method, "url.path": request.path},
        )
        g.span = span
        g.span_token = context.attach(trace.set_span_in_context(span))

    @app.after_request
    def answered(response: Response) -> Response:
        span = g.get("span")
        if span is not None:
            span.set_attribute("http.response.status_code", response.status_code)
            span.set_attribute("user.name", g.get("user") or "")
            if response.status_code >= 500:
                span.set_status(Status(StatusCode.ERROR))
        return response

    @app.teardown_request
    def over(_error: BaseException | None) -> None:
        span = g.pop("span", None)
        if span is not None:
            context.detach(g.pop("span_token"))
            span.end()
