"""Who may do what: the TLS peer decides what a connection is for, the user's certificate which role a request has."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from werkzeug.exceptions import Forbidden

import mtls
from web.settings import ROLES, Settings

View = TypeVar("View", bound=Callable[..., Any])

USERS = "users"


def install(app: Flask) -> None:
    """Ask before every request, the unknown paths included: who may not come in learns nothing of what there is."""

    @app.before_request
    def admit() -> None:
        settings: Settings = current_app.config["SETTINGS"]
        g.peer = peer(request.environ)
        g.user = None
        kind = request.blueprint or USERS
        if kind not in kinds_of(settings, g.peer):
            raise Forbidden("this certificate is not one that may ask for this")
        if kind == USERS:
            g.user = user()


def peer(environ: dict[str, Any]) -> str | None:
    """The common name of who is at the other end of the TLS connection.

    From the socket, never from a header: headers are what the peer says. A connection without TLS has no name and
    so no rights.
    """
    connection = environ.get("gunicorn.socket")
    certificate = getattr(connection, "getpeercert", None)
    return mtls.common_name(certificate()) if certificate else None


def kinds_of(settings: Settings, name: str | None) -> frozenset[str]:
    """What a peer of this name may ask for."""
    if name is None:
        return frozenset()
    return frozenset().union(*(caller.kinds for caller in settings.callers if caller.pattern.fullmatch(name)))


def user() -> str:
    """The common name of the user's own certificate, which the proxy verified.

    Only asked for after the peer turned out to be the proxy, whose headers are the only ones that count.
    """
    if request.headers.get("X-Client-Verify") != "SUCCESS":
        raise Forbidden("the proxy did not verify a client certificate")
    name = request.headers.get("X-Client-CN", "")
    if not name or not name.isprintable() or len(name) > 255:
        raise Forbidden("the proxy named no client")
    return name


def role_of(settings: Settings, name: str) -> str | None:
    """The highest role that is granted to this name; None if none is."""
    granted = [ROLES.index(grant.role) for grant in settings.grants if grant.pattern.fullmatch(name)]
    return ROLES[max(granted)] if granted else None


def needs(role: str) -> Callable[[View], View]:
    """Let a view be called only by users with this role, or one above it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            held = role_of(current_app.config["SETTINGS"], g.user)
            if held is None or ROLES.index(held) < ROLES.index(role):
                raise Forbidden(f"{g.user} needs the role {role}, and has {held or 'none'}")
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate
