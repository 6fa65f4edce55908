"""Health: whether the process lives, and whether what it needs answers."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Response, current_app, jsonify

from web import metrics
from web.database import cursor

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)

PATIENCE = 2.0
"""Seconds to wait for a connection of the pool; who asks gives up after a few."""


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers; nothing else is asked, so that no restart follows from what a restart does not mend."""
    return jsonify(status="ok", instance=current_app.config["SETTINGS"].instance)


@blueprint.get("/readyz")
def ready() -> Response:
    """Database and cache answer, and the schema is one that this code knows."""
    checks = {"database": _ask(_database), "cache": _ask(_cache)}
    for name, answer in checks.items():
        metrics.READY.labels(name).set(answer == "ok")
    good = all(answer == "ok" for answer in checks.values())
    response = jsonify(
        status="ok" if good else "unavailable",
        instance=current_app.config["SETTINGS"].instance,
        version=current_app.config["VERSION"],
        checks=checks,
    )
    response.status_code = 200 if good else 503
    return response


def _ask(check: Any) -> str:
    try:
        check()
    except Exception as error:  # whatever it is, it is the answer
        log.warning("not ready", extra={"check": check.__name__.strip("_"), "error": str(error)})
        return type(error).__name__
    return "ok"


def _database() -> None:
    with cursor(current_app.extensions["pool"], PATIENCE) as rows:
        rows.execute("SELECT max(version) FROM schema_migrations")
        (newest,) = rows.fetchone()
    wanted = current_app.config["SCHEMA"]
    # A newer schema is all right: it was made for the next version and keeps to what this one needs.
    if newest is None or newest < wanted:
        raise MigrationsMissing(f"the schema is at {newest}, this code needs {wanted}: run python -m web.migrate")


def _cache() -> None:
    current_app.extensions["cache"].ping()


class MigrationsMissing(Exception):
    """The database is older than the code."""
