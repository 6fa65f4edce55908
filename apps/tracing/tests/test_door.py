"""The door: who may send traces, and what the collector gets."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tracing.__main__ import main, serve
from trusted import Served

NAME = "tracing.monitor1.fleet.test"
CALLERS = {
    r"app\.[a-z0-9-]+\.fleet\.test": ["traces"],
    r"prometheus\.monitor1\.fleet\.test": ["metrics"],
    r"(host|tracing)\.monitor1\.fleet\.test": ["health"],
}
BATCH = b"\x0a\x02\x12\x00"


@pytest.fixture
def world(tmp_path):
    got = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, dict(self.headers), body))
            self.send_response(400 if body == b"bad" else 200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=collector.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    folder = tmp_path / "pki"
    folder.mkdir()
    settings = {"port": 0, "name": NAME, "callers": CALLERS, "collector_port": collector.server_address[1]}
    served = Served(folder, NAME, lambda files: serve(settings | {"tls": vars(files)}))
    served.got, served.settings = got, settings

    def away():
        collector.shutdown()
        collector.server_close()
        thread.join()

    served.away = away
    yield served
    served.stop()
    if thread.is_alive():
        away()


def test_a_batch_of_the_app_arrives_as_it_was_sent(world):
    app = world.client("app.app1.fleet.test")
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip", "X-Other": "stays here"}
    assert world.ask(app, "/v1/traces", "POST", BATCH, headers) == (200, "ok")
    ((path, got, body),) = world.got
    assert (path, body) == ("/v1/traces", BATCH)
    assert (got["Content-Type"], got["Content-Encoding"]) == ("application/x-protobuf", "gzip")
    assert "X-Other" not in got


@pytest.mark.parametrize("name", ["nginx.edge1.fleet.test", "prometheus.monitor1.fleet.test", "host.monitor1.fleet.test"])
def test_who_sends_no_traces_is_refused(world, name):
    assert world.ask(world.client(name), "/v1/traces", "POST", BATCH)[0] == 403
    assert world.got == []


def test_without_a_certificate_nothing_arrives(world):
    context = ssl.create_default_context(cafile=str(world.pki.folder / "trust/roots.pem"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        world.ask(context, "/v1/traces", "POST", BATCH)
    assert world.got == []


def test_what_the_collector_refuses_and_what_it_does_not_take_is_told_and_counted(world):
    app, prometheus = world.client("app.app1.fleet.test"), world.client("prometheus.monitor1.fleet.test")
    world.ask(app, "/v1/traces", "POST", BATCH)
    assert world.ask(app, "/v1/traces", "POST", b"bad")[0] == 400
    world.away()
    assert world.ask(app, "/v1/traces", "POST", BATCH)[0] == 503
    page = world.ask(prometheus, "/metrics")[1].splitlines()
    for line in (
        'tracing_batches_total{result="taken"} 1',
        'tracing_batches_total{result="refused"} 1',
        'tracing_batches_total{result="failed"} 1',
        f"tracing_received_bytes_total {2 * len(BATCH) + 3}",
        "tracing_collector_up 0",
    ):
        assert line in page


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Length": "x"}, 411), ({"Content-Length": "9000000"}, 413), ({"Content-Length": "9" * 30}, 413)],
)
def test_a_length_that_cannot_be_is_refused_before_the_body(world, headers, status):
    app = world.client("app.app1.fleet.test")
    assert world.ask(app, "/v1/traces", "POST", None, headers)[0] == status
    assert world.got == []


def test_the_probe_tells_whether_the_collector_is_there(world, tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(world.settings | {"port": world.port, "tls": vars(world.files("server"))}))
    assert main(["--probe", str(file)]) == 0
    world.away()
    assert main(["--probe", str(file)]) == 1
