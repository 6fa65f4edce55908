"""The exporter as it runs: an engine behind a socket, clients with certificates in front."""

import json
import socketserver
import ssl
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from container_metrics.__main__ import main, serve
from test_collect import answers
from trusted import Served

NAME = "container-metrics.app1.fleet.test"
CALLERS = {
    r"prometheus\.[a-z0-9-]+\.fleet\.test": ["metrics"],
    r"(host|container-metrics)\.app1\.fleet\.test": ["health"],
}


@pytest.fixture
def world(tmp_path):
    said = answers()

    class Engine(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            answer = said.get(self.path.split("?")[0])
            self.send_response(200 if answer is not None else 500)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def address_string(self):
            return "socket"

        def log_message(self, *_):
            pass

    path = str(tmp_path / "docker.sock")
    engine = socketserver.ThreadingUnixStreamServer(path, Engine)
    thread = threading.Thread(target=engine.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    folder = tmp_path / "pki"
    folder.mkdir()
    settings = {"port": 0, "name": NAME, "socket": path, "callers": CALLERS}
    served = Served(folder, NAME, lambda files: serve(settings | {"tls": vars(files)}))
    served.said = said
    served.settings = settings
    yield served
    served.stop()
    engine.shutdown()
    engine.server_close()
    thread.join()


def test_prometheus_gets_the_page(world):
    status, body = world.ask(world.client("prometheus.monitor1.fleet.test"), "/metrics")
    assert status == 200
    assert "container_memory_working_set_bytes{" in body


def test_each_gets_only_what_it_is_for(world):
    prometheus, host = world.client("prometheus.monitor1.fleet.test"), world.client("host.app1.fleet.test")
    grafana = world.client("grafana.monitor1.fleet.test")
    assert [world.ask(prometheus, path)[0] for path in ("/metrics", "/healthz", "/x")] == [200, 403, 404]
    assert [world.ask(host, path)[0] for path in ("/metrics", "/healthz", "/x")] == [403, 200, 404]
    assert [world.ask(grafana, path)[0] for path in ("/metrics", "/healthz", "/x")] == [403, 403, 403]


def test_without_a_certificate_there_is_no_answer(world):
    context = ssl.create_default_context(cafile=str(world.pki.folder / "trust/roots.pem"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        world.ask(context, "/metrics")


def test_a_revoked_certificate_is_refused(world):
    leaf, _ = world.pki.hold("prometheus.monitor1.fleet.test", "prometheus.monitor1.fleet.test")
    world.pki.services.revoked.append(leaf.serial_number)
    world.pki.publish()
    from mtls import client_context

    with pytest.raises((ssl.SSLError, ConnectionError)):
        world.ask(client_context(world.files("prometheus.monitor1.fleet.test")), "/metrics")


def test_a_renewed_certificate_is_shown_with_the_next_connection(world):
    leaf, _ = world.pki.hold("server", NAME)
    context = world.client("prometheus.monitor1.fleet.test")
    import socket

    with context.wrap_socket(socket.create_connection(("127.0.0.1", world.port), 5), server_hostname=NAME) as wrapped:
        assert int(wrapped.getpeercert()["serialNumber"], 16) == leaf.serial_number


def test_an_engine_that_fails_makes_the_target_down(world):
    del world.said["/containers/json"]
    assert world.ask(world.client("prometheus.monitor1.fleet.test"), "/metrics")[0] == 503


def test_the_probe_of_the_health_check_tells_well_from_ill(world, tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(world.settings | {"port": world.port, "tls": vars(world.files("server"))}))
    assert main(["--probe", str(file)]) == 0
    del world.said["/info"]
    assert main(["--probe", str(file)]) == 1
