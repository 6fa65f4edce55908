"""Takes OTLP over HTTP from who may send it, and hands it to the collector on the loopback address."""

from __future__ import annotations

import http.client
import socket
import threading
from typing import Any

from mtls.server import Handler, say

LARGEST = 8 * 1024 * 1024
"""Bytes of a batch."""

PATIENCE = 5.0
"""Seconds for the collector to take a batch."""

# What an answer of the collector is to have of these; its other headers are about a connection that ends here.
_KINDS = ("Content-Type", "Content-Encoding")


class Counters:
    """What became of the batches, for the page of metrics."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: dict[str, int] = {"taken": 0, "refused": 0, "failed": 0}
        self._bytes = 0

    def count(self, result: str, size: int) -> None:
        """One batch."""
        with self._lock:
            self._batches[result] += 1
            self._bytes += size

    def page(self, up: bool) -> str:
        """In the text format of Prometheus."""
        with self._lock:
            lines = [
                "# HELP tracing_batches_total Batches by what became of them: taken, refused or failed",
                "# TYPE tracing_batches_total counter",
                *(f'tracing_batches_total{{result="{result}"}} {number}' for result, number in self._batches.items()),
                "# HELP tracing_received_bytes_total Bytes of the batches",
                "# TYPE tracing_received_bytes_total counter",
                f"tracing_received_bytes_total {self._bytes}",
                "# HELP tracing_collector_up Whether the collector behind the door accepts connections",
                "# TYPE tracing_collector_up gauge",
                f"tracing_collector_up {int(up)}",
            ]
        return "\n".join(lines) + "\n"


class Door(Handler):
    """`/v1/traces` for senders, `/metrics` for Prometheus, `/healthz` for hosts."""

    paths = {"/v1/traces": "traces", "/metrics": "metrics", "/healthz": "health"}
    collector: tuple[str, int]
    counters: Counters

    def do_GET(self) -> None:  # noqa: N802 (the name is the base class's)
        if not self.admit():
            return
        if self.path == "/metrics":
            self.answer(200, self.counters.page(reachable(self.collector)).encode(), "text/plain; version=0.0.4; charset=utf-8")
        elif self.path == "/healthz":
            well = reachable(self.collector)
            self.answer(200 if well else 503, b"ok\n" if well else b"the collector does not accept connections\n")
        else:
            self.answer(405, b"")

    def do_POST(self) -> None:  # noqa: N802
        if not self.admit():
            return
        if self.path != "/v1/traces":
            self.answer(405, b"")
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or self.headers.get("Transfer-Encoding"):
            self.answer(411, b"")
            return
        if len(length) > 9 or int(length) > LARGEST:
            self.answer(413, b"")
            return
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return
        self._hand_on(body)

    def _hand_on(self, body: bytes) -> None:
        headers = {name: self.headers[name] for name in _KINDS if name in self.headers}
        connection = http.client.HTTPConnection(*self.collector, timeout=PATIENCE)
        try:
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            say("the collector does not take a batch", peer=self.peer(), error=str(error))
            self.counters.count("failed", len(body))
            # The sender may try again.
            self.answer(503, b"")
            return
        finally:
            connection.close()
        self.counters.count("taken" if answer.status < 300 else "refused", len(body))
        self.answer(answer.status, said, answer.headers.get("Content-Type", "application/x-protobuf"))


def reachable(address: tuple[str, int]) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection(address, 2).close()
    except OSError:
        return False
    return True


def door(collector: tuple[str, int], counters: Counters) -> Any:
    """The handler's class, for this collector."""
    return type("Door", (Door,), {"collector": collector, "counters": counters})
