"""A server of mtls.server in a thread, and requests to it over TLS."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from pathlib import Path

from mtls import Files, client_context
from mtls.server import Server
from pki import Pki


class Served:
    """`make` gets the TLS files and gives the server, which is to listen on port 0."""

    def __init__(self, folder: Path, name: str, make) -> None:
        self.pki = Pki(folder)
        self.name = name
        self.pki.hold("server", name)
        self.server: Server = make(self.files("server"))
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def files(self, holder: str) -> Files:
        trust = self.pki.folder / "trust"
        return Files(str(self.pki.folder / holder / "current"), str(trust / "roots.pem"), str(trust / "lists.crl"))

    def client(self, common: str, **more) -> ssl.SSLContext:
        """What a client of that common name connects with."""
        self.pki.hold(common, common, **more)
        return client_context(self.files(common))

    def ask(self, context: ssl.SSLContext, path: str, method: str = "GET", body: bytes | None = None, headers=None):
        """Status and body."""
        plain = socket.create_connection(("127.0.0.1", self.port), 5)
        with context.wrap_socket(plain, server_hostname=self.name) as wrapped:
            connection = http.client.HTTPConnection(self.name)
            connection.sock = wrapped
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
