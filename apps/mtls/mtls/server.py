"""A small HTTP server for programs that have only a page or two, each let in by the common name of the peer's certificate."""

from __future__ import annotations

import json
import re
import socket
import ssl
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mtls.contexts import Files, common_name, server_context

PATIENCE = 15.0
"""Seconds without a byte after which a connection is given up."""

MOST = 32
"""Connections at a time; more of them wait to be accepted."""


class Server(ThreadingHTTPServer):
    """Listens on all addresses. `callers` maps a pattern for a whole common name to the words for what it may ask."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, handler: type[Handler], files: Files, callers: Mapping[str, list[str]]) -> None:
        self.files = files
        self.callers = [(re.compile(pattern), frozenset(words)) for pattern, words in callers.items()]
        self._slots = threading.BoundedSemaphore(MOST)
        super().__init__(("0.0.0.0", port), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._slots.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._slots.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # The handshake belongs to the connection's own thread: who is slow at it holds up nobody.
        wrapped = None
        try:
            request.settimeout(PATIENCE)
            wrapped = server_context(self.files).wrap_socket(request, server_side=True)
            self.finish_request(wrapped, client_address)
        except (OSError, ValueError) as error:
            say("a connection failed", remote=client_address[0], error=str(error))
        finally:
            self._slots.release()
            self.shutdown_request(wrapped or request)

    def may(self, name: str | None, word: str) -> bool:
        """Whether the holder of this name may ask for that."""
        return name is not None and any(word in words for pattern, words in self.callers if pattern.fullmatch(name))


class Handler(BaseHTTPRequestHandler):
    """A request; `paths` maps a path to the word that its caller must have."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: Server
    connection: ssl.SSLSocket
    paths: Mapping[str, str] = {}

    def peer(self) -> str | None:
        """The common name of who is at the other end."""
        return common_name(self.connection.getpeercert())

    def admit(self) -> bool:
        """Whether the peer may ask for this path; answers if it may not."""
        word = self.paths.get(self.path)
        known = any(self.server.may(self.peer(), each) for each in set(self.paths.values()))
        if word is not None and self.server.may(self.peer(), word):
            return True
        # Who may come in for nothing does not learn which paths there are.
        self.answer(404 if known and word is None else 403, b"")
        say("refused", peer=self.peer(), path=self.path)
        return False

    def answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        """Send an answer; after a refusal the connection ends, since a body may still be on its way."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status >= 400:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "server"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests come every few seconds; only refusals and failures are worth a line."""


def say(message: str, **more: Any) -> None:
    """A line of the log."""
    print(json.dumps({"message": message, **more}), file=sys.stdout, flush=True)


def probe(files: Files, path: str, name: str, port: int) -> int:
    """Ask the server of this container with its own certificate, as its health check does; exit code 0 if it is well."""
    from mtls.contexts import client_context

    try:
        with (
            socket.create_connection(("127.0.0.1", port), 4) as plain,
            client_context(files).wrap_socket(plain, server_hostname=name) as wrapped,
        ):
            wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            first = wrapped.recv(64).split(b"\r\n")[0].decode(errors="replace")
    except (OSError, ValueError) as error:
        print(error)
        return 1
    print(first)
    return 0 if " 200 " in f"{first} " else 1
