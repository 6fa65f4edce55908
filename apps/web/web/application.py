"""The application: its parts put together. Tests put in parts of their own."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, Response

from web import access, cache, database, errors, health, logs, metrics, migrate, notes, request_id, settings, tracing

LARGEST_BODY = 64 * 1024
"""Bytes of a request's body."""


def create_app(
    given: settings.Settings | None = None,
    pool: Any = None,
    redis_client: Any = None,
    span_exporter: Any = None,
) -> Flask:
    """Make the application; what is not given is made from the settings."""
    chosen = given or settings.load()
    app = Flask("web", static_folder=None)
    app.config["SETTINGS"] = chosen
    app.config["SCHEMA"] = migrate.newest()
    app.config["VERSION"] = os.environ.get("APP_VERSION", "unknown")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.sort_keys = False

    app.extensions["pool"] = pool or database.pool(chosen)
    app.extensions["cache"] = cache.Cache(
        redis_client if redis_client is not None else cache.client(chosen), chosen.cache.prefix, chosen.cache.ttl
    )
    if span_exporter is None and chosen.tracing.endpoint:
        span_exporter = tracing.exporter(chosen)

    # Their order is the order in which a request meets them; answers go the other way. Counting, tracing and logging come
    # before the question who may come in, so that what is refused is seen too.
    request_id.install(app)
    logs.install(app)
    metrics.install(app)
    tracing.install(app, tracing.provider(chosen, span_exporter))
    access.install(app)
    errors.install(app)
    for part in (notes, health, metrics):
        app.register_blueprint(part.blueprint)
    metrics.INFO.labels(app.config["VERSION"]).set(1)

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


def close(app: Flask) -> None:
    """When a worker ends: send the last spans, say goodbye to the database."""
    app.extensions["tracer_provider"].shutdown()
    app.extensions["pool"].close(timeout=1.0)
