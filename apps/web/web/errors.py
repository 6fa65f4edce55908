"""Errors as JSON, with the request's identity to ask about them; what went wrong inside stays in the logs."""

from __future__ import annotations

import logging

import psycopg
import psycopg_pool
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from web import request_id

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Answer for every error that a view lets through."""

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return answer(error.code or 500, error.description or error.name)

    @app.errorhandler(psycopg.OperationalError)
    @app.errorhandler(psycopg_pool.PoolTimeout)
    def no_database(error: Exception) -> Response:
        log.error("the database does not answer", extra={"error": str(error)})
        response = answer(503, "the database does not answer; try again")
        response.headers["Retry-After"] = "2"
        return response

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.exception("a request failed", exc_info=error)
        return answer(500, "the request failed; its identity leads to the logs")


def answer(status: int, message: str) -> Response:
    """An error's body."""
    response = jsonify(error={"status": status, "message": message, "request_id": request_id.current()})
    response.status_code = status
    return response
