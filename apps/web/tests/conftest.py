"""What the tests share: an app on stand-ins, and a client that is a TLS peer of some name."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fakes import Database, Redis
from web import settings
from web.application import create_app

PATTERNS = {
    "callers": [
        {"pattern": r"nginx\.[a-z0-9-]+\.fleet\.test", "kinds": ["users"]},
        {"pattern": r"prometheus\.[a-z0-9-]+\.fleet\.test", "kinds": ["metrics"]},
        {"pattern": r"(host|app)\.[a-z0-9-]+\.fleet\.test", "kinds": ["health"]},
    ],
    "grants": [
        {"pattern": r"[a-z0-9-]+\.users\.fleet\.test", "role": "reader"},
        {"pattern": r"(ann|root)\.users\.fleet\.test", "role": "writer"},
        {"pattern": r"root\.users\.fleet\.test", "role": "admin"},
    ],
}


class Socket:
    """A TLS connection whose peer showed a certificate of this name."""

    def __init__(self, name: str | None) -> None:
        self.name = name

    def getpeercert(self) -> dict:
        return {"subject": ((("organizationName", "Test"),), (("commonName", self.name),))} if self.name else {}


class World:
    """An app and what it stands on."""

    def __init__(self) -> None:
        self.database = Database()
        self.redis = Redis()
        self.spans = InMemorySpanExporter()
        chosen = settings.parse({"instance": "app1", **PATTERNS})
        self.app = create_app(chosen, self.database, self.redis, self.spans)

    def ask(self, method: str, path: str, peer: str | None = "nginx.edge1.fleet.test", user: str | None = None, headers=None, **more):
        """A request over a connection with `peer` at the other end, which says that it is `user`'s."""
        said = dict(headers or {})
        if user:
            said = {"X-Client-Verify": "SUCCESS", "X-Client-CN": f"{user}.users.fleet.test", **said}
        return self.app.test_client().open(
            path, method=method, headers=said, environ_overrides={"gunicorn.socket": Socket(peer)}, **more
        )


@pytest.fixture
def world() -> World:
    return World()
