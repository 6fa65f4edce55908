#!/usr/bin/env python3
"""webhook.py: who hears of alerts in tests. An HTTPS server that asks for client certificates and takes what Alertmanager posts.

Every alert becomes a line of JSON in a file. `GET /alerts` gives the lines as a list, `DELETE /alerts` forgets them, `GET /healthz`
says that it is there. POST to any path but /fail takes a notification; POST /fail answers 503, to see notifications fail.

  webhook.py --listen 172.30.99.1:9443 --certificate fullchain.pem --key key.pem --ca roots.pem --out alerts.jsonl
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

LARGEST = 4 * 1024 * 1024
"""Bytes that a notification may have."""


class Alerts:
    """What was heard, in a file that outlives the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        path.touch()

    def add(self, notification: dict[str, Any], client: str) -> int:
        """One line for each alert of a notification, with when it came, for whom, and from whom; how many there were."""
        alerts = notification["alerts"]
        lines = [
            json.dumps({"received": time.time(), "receiver": notification.get("receiver"), "client": client, **alert}, sort_keys=True)
            for alert in alerts
        ]
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        return len(lines)

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]

    def forget(self) -> None:
        with self._lock:
            self._path.write_text("", encoding="utf-8")


class Server(http.server.ThreadingHTTPServer):
    """Shakes hands in the thread of the connection, so that a client who says nothing keeps nobody waiting."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], alerts: Alerts, context: ssl.SSLContext) -> None:
        self.alerts = alerts
        self._context = context
        super().__init__(address, Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(10)
        with self._context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        print(f"{client_address[0]}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path == "/alerts":
            self._answer(200, self.server.alerts.all())
        elif self.path == "/healthz":
            self._answer(200, {"status": "ok"})
        else:
            self._answer(404, {"error": "there are /alerts and /healthz"})

    def do_DELETE(self) -> None:
        self.server.alerts.forget()
        self._answer(200, [])

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST:
            self.close_connection = True
            self._answer(413, {"error": f"a body of at most {LARGEST} bytes, with its length"})
            return
        body = self.rfile.read(int(length))
        if self.path == "/fail":
            self._answer(503, {"error": "as asked"})
            return
        try:
            heard = self.server.alerts.add(json.loads(body), self._client())
        except (ValueError, KeyError, TypeError) as error:
            self._answer(400, {"error": f"not a notification of Alertmanager: {error!r}"})
            return
        self._answer(200, {"alerts": heard})

    def _client(self) -> str:
        """The common name in the certificate that the client showed."""
        subject = self.connection.getpeercert().get("subject", ())
        return next((value for part in subject for name, value in part if name == "commonName"), "")

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        print(f"{self.client_address[0]}: {format % arguments}", file=sys.stderr, flush=True)


def serve(address: tuple[str, int], certificate: Path, key: Path, ca: Path, out: Path) -> Server:
    """A server that listens already; run its `serve_forever`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return Server(address, Alerts(out), context)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:9443", metavar="ADDRESS:PORT")
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--ca", type=Path, required=True, help="the roots of those who may call")
    parser.add_argument("--out", type=Path, required=True, help="the file of alerts, one line of JSON each")
    arguments = parser.parse_args()
    host, _, port = arguments.listen.rpartition(":")
    server = serve((host, int(port)), arguments.certificate, arguments.key, arguments.ca, arguments.out)
    print(f"listening on {arguments.listen}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
