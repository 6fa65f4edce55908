"""Metrics, of all workers together: each writes its own files, and who is scraped adds them up."""

from __future__ import annotations

import os
import time

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("app_http_requests_total", "Requests that were answered", ["method", "route", "status"])
DURATION = Histogram(
    "app_http_request_duration_seconds",
    "How long requests took",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
IN_PROGRESS = Gauge("app_http_requests_in_progress", "Requests at work now", multiprocess_mode="livesum")
LOOKUPS = Counter("app_cache_lookups_total", "Looks into the cache: hit, miss, or error", ["result"])
POOL = Gauge(
    "app_database_pool_connections", "Connections to PostgreSQL: idle, or in use", ["state"], multiprocess_mode="livesum"
)
DATABASE_ERRORS = Counter("app_database_errors_total", "Statements and connections that failed")
NOTES = Counter("app_notes_written_total", "Notes that were written or removed", ["operation"])
SPANS = Counter("app_spans_total", "Spans by what became of them: exported, failed", ["result"])
READY = Gauge("app_ready", "Whether the last look found it answering", ["dependency"], multiprocess_mode="mostrecent")
INFO = Gauge("app_info", "The version that runs", ["version"], multiprocess_mode="max")

blueprint = Blueprint("metrics", __name__)

# What a client makes up (paths, methods) must not become label values without end.
_METHODS = frozenset(("GET", "HEAD", "POST", "DELETE", "OPTIONS"))


@blueprint.get("/metrics")
def metrics() -> Response:
    """In the text format of Prometheus."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    else:
        registry = REGISTRY
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def install(app: Flask) -> None:
    """Count every request."""

    @app.before_request
    def begin() -> None:
        g.metrics_began = time.monotonic()
        IN_PROGRESS.inc()

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(method, route, str(response.status_code)).inc()
        DURATION.labels(method, route).observe(time.monotonic() - g.metrics_began)
        return response

    @app.teardown_request
    def over(_error: BaseException | None) -> None:
        if g.pop("metrics_began", None) is not None:
            IN_PROGRESS.dec()
