"""The notes themselves: reading for readers, writing for writers, removing for admins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request, url_for
from werkzeug.exceptions import BadRequest, NotFound

from web import access, metrics, tracing
from web.database import cursor

LONGEST = 2000
"""Characters of a note."""
PAGE = 50
"""Notes of a page, unless the request asks for fewer or more."""
LARGEST_PAGE = 200

blueprint = Blueprint("users", __name__)


@blueprint.get("/")
def index() -> Response:
    """What there is."""
    return jsonify(notes=url_for("users.page"), connection=url_for("users.connection"), whoami=url_for("users.whoami"))


@blueprint.get("/api/whoami")
def whoami() -> Response:
    """Who the server takes the caller for."""
    role = access.role_of(current_app.config["SETTINGS"], g.user)
    return jsonify(client=g.user, role=role, proxy=g.peer, instance=current_app.config["SETTINGS"].instance)


@blueprint.get("/api/notes")
@access.needs("reader")
def page() -> Response:
    """The newest notes; the answer says whether the cache had them."""
    limit = _limit()
    cache = current_app.extensions["cache"]
    name = f"page:{limit}"
    with tracing.call(current_app, "GET", "redis"):
        generation = cache.generation()
        found = cache.get(generation, name)
    kept = found is not None
    if not kept:
        with tracing.call(current_app, "SELECT notes", "postgresql"), cursor(_pool()) as rows:
            rows.execute("SELECT id, author, text, created FROM notes ORDER BY id DESC LIMIT %s", (limit,))
            found = [_note(row) for row in rows.fetchall()]
        cache.put(generation, name, found)
    response = jsonify(notes=found)
    response.headers["X-Cache"] = "hit" if kept else "miss"
    return response


@blueprint.get("/api/notes/<int:number>")
@access.needs("reader")
def one(number: int) -> Response:
    """One note."""
    with tracing.call(current_app, "SELECT notes", "postgresql"), cursor(_pool()) as rows:
        rows.execute("SELECT id, author, text, created FROM notes WHERE id = %s", (number,))
        row = rows.fetchone()
    if row is None:
        raise NotFound(f"there is no note {number}")
    return jsonify(_note(row))


@blueprint.post("/api/notes")
@access.needs("writer")
def write() -> Response:
    """A new note; its author is who the certificate names, whatever the body says."""
    body = request.get_json(silent=True)
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST or "\0" in text:
        raise BadRequest(f'send {{"text": "..."}} of 1 to {LONGEST} characters, as application/json')
    with tracing.call(current_app, "INSERT notes", "postgresql"), cursor(_pool()) as rows:
        rows.execute(
            "INSERT INTO notes (author, text) VALUES (%s, %s) RETURNING id, author, text, created", (g.user, text)
        )
        note = _note(rows.fetchone())
    current_app.extensions["cache"].forget()
    metrics.NOTES.labels("written").inc()
    response = jsonify(note)
    response.status_code = 201
    response.headers["Location"] = url_for("users.one", number=note["id"])
    return response


@blueprint.delete("/api/notes/<int:number>")
@access.needs("admin")
def remove(number: int) -> tuple[str, int]:
    """Remove a note."""
    with tracing.call(current_app, "DELETE notes", "postgresql"), cursor(_pool()) as rows:
        rows.execute("DELETE FROM notes WHERE id = %s", (number,))
        gone = rows.rowcount
    if not gone:
        raise NotFound(f"there is no note {number}")
    current_app.extensions["cache"].forget()
    metrics.NOTES.labels("removed").inc()
    return "", 204


@blueprint.get("/api/connection")
@access.needs("reader")
def connection() -> Response:
    """What PostgreSQL says of the connection this request was given: whose certificate it saw, version, cipher."""
    with cursor(_pool()) as rows:
        rows.execute(
            "SELECT ssl, version, cipher, bits, client_dn, client_serial::text, issuer_dn, current_user"
            " FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        )
        row = rows.fetchone()
    if row is None:
        raise NotFound("the server says nothing of this connection")
    names = ("ssl", "version", "cipher", "bits", "client_dn", "client_serial", "issuer_dn", "user")
    return jsonify(dict(zip(names, row, strict=True)))


def _pool() -> Any:
    return current_app.extensions["pool"]


def _limit() -> int:
    said = request.args.get("limit", str(PAGE))
    if not (said.isascii() and said.isdigit() and 1 <= int(said[:9]) <= LARGEST_PAGE):
        raise BadRequest(f"limit must be a number from 1 to {LARGEST_PAGE}")
    return int(said)


def _note(row: Any) -> dict[str, Any]:
    number, author, text, created = row
    return {"id": number, "author": author, "text": text, "created": created.isoformat()}
