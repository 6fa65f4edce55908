"""What gunicorn is told beyond its settings: a TLS context per connection, and a worker that stops without losing a request.

The worker is gunicorn's threaded one with four changes:

- When it stops it closes its listening socket at once. Otherwise the kernel goes on taking connections that nobody accepts
  any more, and a proxy waits for them; a refused connection it takes elsewhere.
- A handshake that fails is closed. Otherwise gunicorn answers it in plain text, on a port that speaks TLS alone.
- A connection that is closed already is closed without an error. Otherwise gunicorn counts it off twice; after a few peers that
  hung up in the handshake a stopping worker thinks that it has no connection left, and drops those it has.
- A peer that falls silent in the middle of a handshake or request is given up. Otherwise it holds a thread for ever.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker
from prometheus_client import multiprocess

import mtls
from web import application, settings

SILENCE = 15
"""Seconds without a byte, in the middle of a handshake or a request, after which a connection is given up."""


class Worker(ThreadWorker):
    """See the module."""

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                listener.close()

    def enqueue_req(self, conn: Any) -> None:
        if not conn.initialized:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE, 0))
            conn.close = partial(_close, conn.close)
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if isinstance(exc, ssl.SSLError | FileNotFoundError | PermissionError) and req is None:
            self.log.warning("a handshake failed", extra={"remote": addr[0] if addr else None, "error": str(exc)})
            return
        super().handle_error(req, client, addr, exc)


def _close(close: Callable[[bool], None], graceful: bool = False) -> None:
    with suppress(OSError):
        close(graceful)


def ssl_context_hook(chosen: mtls.Files) -> Callable[[Any, Any], ssl.SSLContext]:
    """gunicorn's hook, which it calls for each connection."""

    def ssl_context(_config: Any, _default: Any) -> ssl.SSLContext:
        return mtls.server_context(chosen)

    return ssl_context


def child_exit(_server: Any, worker: Any) -> None:
    """gunicorn's hook: a worker that is gone has no connections and no requests at work."""
    multiprocess.mark_process_dead(worker.pid)


def worker_exit(_server: Any, worker: Any) -> None:
    """gunicorn's hook, in the worker."""
    app = getattr(worker.app, "callable", None)
    if app is not None:
        application.close(app)
