"""The request's identity: the proxy's if it has one that is safe to write down, else one that is made here."""

from __future__ import annotations

import re
import uuid

from flask import Flask, Response, g, request

HEADER = "X-Request-ID"
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def current() -> str:
    """The identity of the request at hand."""
    if "request_id" not in g:
        said = request.headers.get(HEADER, "")
        g.request_id = said if _SAFE.fullmatch(said) else uuid.uuid4().hex
    return g.request_id


def install(app: Flask) -> None:
    """Say it in every answer."""

    @app.after_request
    def answer(response: Response) -> Response:
        response.headers[HEADER] = current()
        return response
