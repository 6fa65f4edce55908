"""The app's connections to others: whom it accepts, which certificate it shows, and what happens when nobody is there."""

from __future__ import annotations

import socket
import threading
import time

import mtls
import psycopg
import pytest
import redis
from opentelemetry.sdk.trace.export import SpanExportResult

from conftest import PATTERNS
from fakes import Database, Redis
from mtls.server import Handler, Server
from pki import Authority, Pki
from web import cache, database, settings, tracing
from web.application import create_app

APP = "app.app1.fleet.test"


@pytest.fixture
def pki(tmp_path):
    made = Pki(tmp_path)
    made.hold("app", APP)
    made.hold("server", "localhost")
    return made


def files(pki, holder) -> dict:
    trust = pki.folder / "trust"
    return {
        "directory": str(pki.folder / holder / "current"),
        "roots": str(trust / "roots.pem"),
        "lists": str(trust / "lists.crl"),
    }


def chosen(pki, **sections) -> settings.Settings:
    return settings.parse({"tls": files(pki, "app"), **PATTERNS, **sections})


class Listener:
    """A server over mutual TLS that hands each connection to a function, in a thread of its own."""

    def __init__(self, pki, serve) -> None:
        self.context = lambda: mtls.server_context(mtls.Files(**files(pki, "server")))
        self.serve = serve
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.peers: list[int] = []
        self.threads: list[threading.Thread] = []
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(plain,), daemon=True).start()

    def _one(self, plain) -> None:
        try:
            with self.context().wrap_socket(plain, server_side=True) as wrapped:
                self.peers.append(int(wrapped.getpeercert()["serialNumber"], 16))
                self.serve(wrapped)
        except OSError:
            pass

    def close(self) -> None:
        self.socket.close()


def redis_speaker(said: list):
    """Speaks Redis's protocol as far as the cache does, and notes what it was told."""

    def serve(connection) -> None:
        stream = connection.makefile("rwb")
        while header := stream.readline():
            words = []
            for _ in range(int(header[1:])):
                length = int(stream.readline()[1:])
                words.append(stream.read(length + 2)[:-2].decode())
            said.append(words)
            stream.write({"GET": b"$1\r\n7\r\n", "PING": b"+PONG\r\n"}.get(words[0], b"+OK\r\n"))
            stream.flush()

    return serve


@pytest.fixture
def speaker(pki):
    said: list = []
    made = Listener(pki, redis_speaker(said))
    made.said = said
    yield made
    made.close()


def client(pki, speaker, **more):
    password = pki.folder / "password"
    password.write_text("first\n")
    section = {"host": "localhost", "port": speaker.port, "password_file": str(password), **more}
    return cache.client(chosen(pki, cache=section))


def test_the_cache_is_asked_with_the_apps_certificate_as_its_user(pki, speaker):
    assert client(pki, speaker).get("x") == b"7"
    assert ["AUTH", "app", "first"] in speaker.said
    assert len(speaker.peers) == 1


def test_a_cache_of_another_name_is_refused(pki, speaker):
    with pytest.raises(redis.ConnectionError, match="mismatch"):
        client(pki, speaker, host="127.0.0.1").get("x")
    assert speaker.said == []


def test_a_cache_of_another_authority_is_refused(pki, speaker):
    pki.hold("server", "localhost", by=Authority("Test Services", Authority("Test Root")))
    with pytest.raises(redis.ConnectionError):
        client(pki, speaker).get("x")
    assert speaker.said == []


def test_a_cache_whose_certificate_is_revoked_is_refused(pki, speaker):
    leaf, _ = pki.hold("server", "localhost")
    pki.services.revoked.append(leaf.serial_number)
    pki.publish()
    with pytest.raises(redis.ConnectionError, match="revoked"):
        client(pki, speaker).get("x")
    assert speaker.said == []


def test_the_cache_sees_a_renewed_certificate_and_a_new_password_at_once(pki, speaker):
    made = client(pki, speaker)
    made.get("x")
    made.get("x")
    assert len(speaker.peers) == 1
    leaf, _ = pki.hold("app", APP)
    (pki.folder / "password").write_text("second\n")
    made.get("x")
    assert speaker.peers[1:] == [leaf.serial_number]
    assert ["AUTH", "app", "second"] in speaker.said


def test_a_connection_to_the_cache_is_made_anew_after_its_lifetime(pki, speaker):
    made = client(pki, speaker, lifetime=0.0)
    made.get("x")
    made.get("x")
    assert len(speaker.peers) == 2


def test_the_database_has_to_have_its_name_and_a_certificate_that_is_on_no_list(pki):
    said = database.parameters(chosen(pki, database={"host": "data1.fleet.test"}))
    release = (pki.folder / "app/current").resolve()
    assert said["sslmode"] == "verify-full"
    assert said["ssl_min_protocol_version"] == "TLSv1.2"
    assert (said["sslcert"], said["sslkey"]) == (str(release / "fullchain.pem"), str(release / "key.pem"))
    assert (said["sslrootcert"], said["sslcrl"]) == (files(pki, "app")["roots"], files(pki, "app")["lists"])
    assert "password" not in said


class Connections:
    """The pool's own part, without a database: gives what it is told to, and notes what is done with it."""

    def __init__(self, pki, monkeypatch, *given) -> None:
        self.given, self.returned, self.drained = list(given), [], 0
        base = database.ConnectionPool
        monkeypatch.setattr(base, "getconn", lambda pool, timeout: self.given.pop(0))
        monkeypatch.setattr(base, "putconn", lambda pool, connection: self.returned.append(connection))
        monkeypatch.setattr(base, "check_connection", staticmethod(self.check))
        monkeypatch.setattr(base, "drain", self.drain)
        self.pool = database.Pooled(mtls.Files(**files(pki, "app")), open=False)

    def check(self, connection) -> None:
        if connection.startswith("dead"):
            raise psycopg.OperationalError("terminating connection")

    def drain(self, _pool=None) -> None:
        self.drained += 1


def test_the_pool_makes_new_connections_once_the_certificate_is_renewed(pki, monkeypatch):
    made = Connections(pki, monkeypatch, "one", "two", "three")
    assert (made.pool.getconn(), made.drained) == ("one", 0)
    pki.hold("app", APP)
    assert (made.pool.getconn(), made.drained) == ("two", 1)
    assert (made.pool.getconn(), made.drained) == ("three", 1)


def test_a_dead_connection_empties_the_pool_since_the_others_are_dead_too(pki, monkeypatch):
    made = Connections(pki, monkeypatch, "dead 1", "fresh")
    assert made.pool.getconn() == "fresh"
    assert (made.returned, made.drained) == (["dead 1"], 1)


def test_who_took_a_dead_connection_before_the_pool_was_emptied_does_not_empty_it_again(pki, monkeypatch):
    made = Connections(pki, monkeypatch, "dead 1", "fresh", "dead 2", "also fresh")
    assert [made.pool.getconn(), made.pool.getconn()] == ["fresh", "also fresh"]
    assert (made.returned, made.drained) == (["dead 1", "dead 2"], 1)


class Collector(Handler):
    """Takes traces of the app."""

    paths = {"/v1/traces": "traces"}

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.admit():
            self.server.got.append((self.peer(), len(body)))
            self.answer(200, b"", "application/x-protobuf")


@pytest.fixture
def collector(pki):
    server = Server(0, Collector, mtls.Files(**files(pki, "server")), {r"app\..*": ["traces"]})
    server.got = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def traced(pki, host, port):
    there = chosen(pki, tracing={"endpoint": f"https://{host}:{port}/v1/traces"})
    return create_app(there, Database(), Redis())


def ask(app):
    from conftest import Socket

    headers = {"X-Client-Verify": "SUCCESS", "X-Client-CN": "ann.users.fleet.test"}
    environ = {"gunicorn.socket": Socket("nginx.edge1.fleet.test")}
    return app.test_client().get("/api/notes", headers=headers, environ_overrides=environ).status_code


def test_spans_arrive_at_the_collector_over_mutual_tls(pki, collector):
    app = traced(pki, "localhost", collector.server_address[1])
    assert ask(app) == 200
    app.extensions["tracer_provider"].shutdown()
    ((peer, size),) = collector.got
    assert peer == APP
    assert size > 100


def test_a_collector_of_another_name_gets_nothing(pki, collector):
    app = traced(pki, "127.0.0.1", collector.server_address[1])
    assert ask(app) == 200
    app.extensions["tracer_provider"].shutdown()
    assert collector.got == []


def test_requests_do_not_wait_for_a_collector_that_is_away_or_silent(pki):
    # It accepts connections and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = traced(pki, "localhost", silent.getsockname()[1])
        ask(app)
        began = time.monotonic()
        for _ in range(100):
            assert ask(app) == 200
        asked = time.monotonic() - began
        app.extensions["tracer_provider"].shutdown()
        ended = time.monotonic() - began - asked
    assert asked < tracing.EXPORT_TIMEOUT
    assert ended < 4 * tracing.EXPORT_TIMEOUT


def test_what_was_not_taken_is_counted():
    class Refusing:
        def export(self, spans):
            return SpanExportResult.FAILURE

    counter = tracing.metrics.SPANS.labels("failed")
    before = counter._value.get()
    tracing.Counted(Refusing()).export([object(), object()])
    assert counter._value.get() == before + 2
