"""gunicorn with the app's settings, over real TLS: who is refused, how certificates are renewed, how it stops."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import mtls
import pytest

from conftest import PATTERNS
from pki import Authority, Pki
from web import probe, settings

NAME = "app.app1.fleet.test"
WEB = Path(__file__).resolve().parent.parent
USER = {"X-Client-Verify": "SUCCESS", "X-Client-CN": "ann.users.fleet.test"}


class Server:
    """A gunicorn of its own, with a PKI of its own."""

    def __init__(self, folder: Path) -> None:
        self.pki = Pki(folder)
        self.pki.hold("app", NAME, (NAME, "app1.fleet.test"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.file = folder / "app.json"
        self.log = folder / "log"
        self.settings = {
            "instance": "app1",
            "server": {"port": self.port, "workers": 2, "threads": 4},
            "tls": {
                "directory": str(folder / "app/current"),
                "roots": str(folder / "trust/roots.pem"),
                "lists": str(folder / "trust/lists.crl"),
            },
            **PATTERNS,
        }
        self.file.write_text(json.dumps(self.settings))
        environment = os.environ | {
            "APP_SETTINGS": str(self.file),
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            "PYTHONPATH": f"{WEB}:{WEB / 'tests'}:{WEB.parent / 'mtls'}",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", str(WEB / "gunicorn.conf.py"), "served:create()"],
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.nginx = self.context(self.hold("nginx", "nginx.edge1.fleet.test"))
        self.until(lambda: self.get("/api/whoami", headers=USER)[0] == 200)

    def until(self, good, seconds=20.0):
        """Wait for something to become true; the server's log is in the failure if it does not."""
        end = time.monotonic() + seconds
        while True:
            try:
                if good():
                    return
            except OSError:
                pass
            assert time.monotonic() < end, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def hold(self, holder, common, **more) -> mtls.Files:
        """A certificate for a client; what its TLS settings are."""
        _, folder = self.pki.hold(holder, common, **more)
        trust = self.pki.folder / "trust"
        return mtls.Files(str(folder), str(trust / "roots.pem"), str(trust / "lists.crl"))

    @staticmethod
    def context(held: mtls.Files) -> ssl.SSLContext:
        return mtls.client_context(held)

    def connect(self, context=None, name=NAME) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), 5)
        return (context or self.nginx).wrap_socket(plain, server_hostname=name)

    def get(self, path, context=None, headers=None, name=NAME):
        """Status, body and the server's certificate."""
        with self.connect(context, name) as wrapped:
            said = "".join(f"{key}: {value}\r\n" for key, value in (headers or {}).items())
            wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n{said}\r\n".encode())
            answer = http.client.HTTPResponse(wrapped)
            answer.begin()
            return answer.status, answer.read().decode(), wrapped.getpeercert()["serialNumber"]

    def refuses(self, context) -> bool:
        """True if no request can be made; with TLS 1.3 a client learns it with the first bytes it reads."""
        try:
            status, *_ = self.get("/api/whoami", context, USER)
        except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
            return True
        assert status in (200, 403)
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.stop()


@pytest.fixture
def own_server(tmp_path):
    made = Server(tmp_path)
    yield made
    made.stop()


def test_the_proxys_request_for_a_user_is_answered(server):
    status, body, _ = server.get("/api/whoami", headers=USER)
    assert status == 200
    assert json.loads(body) == {
        "client": "ann.users.fleet.test",
        "role": "writer",
        "proxy": "nginx.edge1.fleet.test",
        "instance": "app1",
    }


def test_no_certificate_is_refused(server):
    context = ssl.create_default_context(cafile=str(server.pki.folder / "trust/roots.pem"))
    assert server.refuses(context)


def test_a_certificate_of_another_authority_is_refused(server):
    other = Authority("Test Services", Authority("Test Root"))
    assert server.refuses(server.context(server.hold("other", "nginx.edge1.fleet.test", by=other)))


def test_a_servers_certificate_is_refused_for_a_client(server):
    assert server.refuses(server.context(server.hold("wrong-use", "nginx.edge1.fleet.test", usages="server")))


def test_a_good_certificate_with_another_name_may_ask_for_nothing(server):
    grafana = server.context(server.hold("grafana", "grafana.monitor1.fleet.test"))
    for path in ("/api/whoami", "/metrics", "/healthz", "/readyz"):
        assert server.get(path, grafana, USER)[0] == 403


def test_a_client_refuses_a_server_of_another_name(server):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        server.get("/api/whoami", name="app.app2.fleet.test")


def test_tls_1_1_is_refused(server):
    held = server.hold("old", "nginx.edge1.fleet.test")
    context = server.context(held)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    assert server.refuses(context)


def test_plain_http_gets_no_http_answer(server):
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            got = plain.recv(4096)
        except ConnectionError:
            got = b""
    assert b"HTTP" not in got


def test_a_certificate_on_the_list_is_refused_with_the_next_connection(server):
    leaf, _ = server.pki.hold("revoked", "nginx.edge2.fleet.test")
    trust = server.pki.folder / "trust"
    held = mtls.Files(str(server.pki.folder / "revoked/current"), str(trust / "roots.pem"), str(trust / "lists.crl"))
    context = server.context(held)
    assert not server.refuses(context)
    server.pki.services.revoked.append(leaf.serial_number)
    server.pki.publish()
    assert server.refuses(context)
    assert not server.refuses(server.nginx)


def test_a_revoked_intermediate_takes_its_certificates_with_it(server):
    other = Authority("Test Services 2", server.pki.root)
    context = server.context(server.hold("below", "nginx.edge1.fleet.test", by=other))
    trust = server.pki.folder / "trust/lists.crl"
    good = trust.read_bytes()
    try:
        trust.write_bytes(good + other.crl())
        assert not server.refuses(context)
        server.pki.root.revoked.append(other.certificate.serial_number)
        trust.write_bytes(server.pki.root.crl() + server.pki.services.crl() + other.crl())
        assert server.refuses(context)
        assert not server.refuses(server.nginx)
    finally:
        server.pki.publish()


def test_without_lists_nobody_is_let_in(server):
    lists = server.pki.folder / "trust/lists.crl"
    lists.rename(lists.with_suffix(".away"))
    try:
        assert server.refuses(server.nginx)
    finally:
        lists.with_suffix(".away").rename(lists)
    assert not server.refuses(server.nginx)


def test_a_renewed_certificate_is_served_with_the_next_connection(server):
    before = server.get("/api/whoami", headers=USER)[2]
    leaf, _ = server.pki.hold("app", NAME, (NAME, "app1.fleet.test"))
    after = server.get("/api/whoami", headers=USER)[2]
    assert int(before, 16) != leaf.serial_number
    assert int(after, 16) == leaf.serial_number


def test_turning_the_link_under_load_fails_no_handshake(server):
    failures, over = [], threading.Event()

    def ask():
        while not over.is_set():
            try:
                assert server.get("/api/whoami", headers=USER)[0] == 200
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        server.pki.hold("app", NAME, (NAME, "app1.fleet.test"))
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_metrics_are_those_of_all_workers(server):
    prometheus = server.context(server.hold("prometheus", "prometheus.monitor1.fleet.test"))

    def counted():
        for line in server.get("/metrics", prometheus)[1].splitlines():
            if line.startswith('app_http_requests_total{method="GET",route="/",status="200"}'):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    before = counted()
    for _ in range(20):
        assert server.get("/", headers=USER)[0] == 200
    assert counted() == before + 20


def test_the_containers_own_probe_asks_with_the_apps_certificate(server):
    chosen = settings.load(str(server.file))
    status, body = probe.ask("/healthz", NAME, "127.0.0.1", server.port, chosen)
    assert (status, json.loads(body)["status"]) == (200, "ok")


class Kept:
    """A connection that is kept from one request to the next, as the proxy has them."""

    def __init__(self, server) -> None:
        self.wrapped = server.connect()

    def ask(self) -> tuple[int, str | None]:
        """Status, and what the server says of the connection."""
        said = "".join(f"{key}: {value}\r\n" for key, value in USER.items())
        self.wrapped.sendall(f"GET /api/whoami HTTP/1.1\r\nHost: {NAME}\r\n{said}\r\n".encode())
        answer = http.client.HTTPResponse(self.wrapped)
        answer.begin()
        answer.read()
        return answer.status, answer.getheader("Connection")


def refuses_connections(server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), 1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_stopping_server_finishes_what_it_has_and_refuses_what_is_new(own_server):
    got = []
    slow = threading.Thread(target=lambda: got.append(own_server.get("/slow", headers=USER)[:2]))
    slow.start()
    own_server.until(lambda: _in_progress(own_server) >= 1)
    own_server.process.send_signal(signal.SIGTERM)
    own_server.until(lambda: refuses_connections(own_server), 1.0)
    slow.join()
    assert got == [(200, "done")]
    assert own_server.process.wait(10) == 0


def test_a_stopping_server_answers_once_more_on_a_kept_connection_and_says_that_it_is_the_last(own_server):
    # Peers that hung up in the handshake do not count against those that stay.
    for _ in range(20):
        socket.create_connection(("127.0.0.1", own_server.port), 1).close()
    kept = Kept(own_server)
    assert kept.ask() == (200, "keep-alive")
    own_server.process.send_signal(signal.SIGTERM)
    own_server.until(lambda: refuses_connections(own_server), 1.0)
    assert kept.ask() == (200, "close")


def _in_progress(server) -> float:
    prometheus = server.context(server.hold("prometheus", "prometheus.monitor1.fleet.test"))
    text = server.get("/metrics", prometheus)[1]
    values = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith("app_http_requests_in_progress")]
    # The scrape is one of them.
    return float(values[0]) - 1 if values else 0.0


def test_new_settings_arrive_with_sighup_and_no_request_fails(own_server):
    failures, over = [], threading.Event()

    def ask():
        while not over.is_set():
            try:
                assert own_server.get("/", headers=USER)[0] in (200,)
            except Exception as error:
                failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    own_server.file.write_text(json.dumps(own_server.settings | {"instance": "renamed"}))
    own_server.process.send_signal(signal.SIGHUP)
    own_server.until(lambda: "renamed" in own_server.get("/api/whoami", headers=USER)[1])
    over.set()
    asking.join()
    assert failures == []


def test_the_log_is_json_on_every_line(own_server):
    with socket.create_connection(("127.0.0.1", own_server.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.settimeout(5)
        try:
            plain.recv(100)
        except OSError:
            pass
    own_server.get("/api/whoami", headers=USER)
    own_server.stop()
    lines = [json.loads(line) for line in own_server.log.read_text().splitlines()]
    assert any(line["message"] == "a handshake failed" for line in lines)
    assert any(line.get("path") == "/api/whoami" and line["client"] == "ann.users.fleet.test" for line in lines)
