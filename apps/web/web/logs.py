"""Logs: a JSON object on each line of standard output, with what belongs to the request it was written in."""

from __future__ import annotations

import json
import logging
import time
from datetime import datetime, timezone
from typing import Any

from flask import Flask, Response, g, has_request_context, request
from opentelemetry import trace

from web import request_id

# What every record has; the rest came through `extra` and is written too.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

access = logging.getLogger("web.access")


class Formatter(logging.Formatter):
    """One record, one line."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            line["request_id"] = request_id.current()
            line["client"] = g.get("user")
            line["peer"] = g.get("peer")
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            line["trace_id"] = trace.format_trace_id(context.trace_id)
        line.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configuration(level: str = "INFO") -> dict[str, Any]:
    """For logging.config.dictConfig, gunicorn's loggers included."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "web.logs.Formatter"}},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
        "root": {"level": level, "handlers": ["stdout"]},
        "loggers": {
            "gunicorn.error": {"level": level, "handlers": ["stdout"], "propagate": False},
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
            # Each batch that the collector does not take would be a line; the metrics count them.
            "opentelemetry": {"level": "CRITICAL"},
            "urllib3": {"level": "ERROR"},
        },
    }


def install(app: Flask) -> None:
    """Write a line for each request, but for health checks and scrapes that went well: they come every few seconds."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        if request.blueprint in ("health", "metrics") and response.status_code < 400:
            return response
        access.info(
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "duration_ms": round((time.monotonic() - g.began) * 1000, 1),
                "bytes": response.content_length,
                "forwarded_for": request.headers.get("X-Forwarded-For"),
            },
        )
        return response
