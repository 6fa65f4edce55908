"""PostgreSQL: a pool of connections that log in with the app's certificate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
from psycopg_pool import ConnectionPool

import mtls
from web import metrics
from web.settings import Settings


class Pool(Protocol):
    """What the app needs of a pool; tests bring their own."""

    def connection(self, timeout: float | None = None) -> Any: ...

    def get_stats(self) -> dict[str, int]: ...


def parameters(settings: Settings) -> dict[str, Any]:
    """What libpq is told of a new connection: the certificate is the one that is there now."""
    chain, key = mtls.pair(settings.tls)
    database = settings.database
    return {
        "host": database.host,
        "port": database.port,
        "dbname": database.name,
        "user": database.user,
        "sslmode": "verify-full",
        "sslrootcert": settings.tls.roots,
        "sslcrl": settings.tls.lists,
        "sslcert": chain,
        "sslkey": key,
        "ssl_min_protocol_version": "TLSv1.2",
        "gssencmode": "disable",
        "connect_timeout": max(2, int(database.timeout)),
        "application_name": settings.instance,
        "options": f"-c statement_timeout={int(database.timeout * 1000)} -c timezone=UTC",
    }


SUSPICION = 1.0
"""Seconds after the pool was emptied in which it is not emptied again: who finds a dead connection then took it before."""


class Pooled(ConnectionPool):
    """A pool that is emptied, and fills anew, when its connections are no good any more.

    They keep the certificate they began with, so that a renewal is one reason. A dead one is the other: the server was
    restarted, and the others are dead too. (The pool's own check finds them one by one, and waits longer after each; a
    request's patience is over before the first good connection.)
    """

    def __init__(self, files: mtls.Files, **kwargs: Any) -> None:
        self._files = files
        self._release = mtls.release(files)
        self._emptied = 0.0
        super().__init__(**kwargs)

    def getconn(self, timeout: float | None = None) -> Any:
        """Called for each connection that is lent."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        release = mtls.release(self._files)
        if release != self._release:
            self._release = release
            self._empty()
        connection = super().getconn(timeout)
        try:
            self.check_connection(connection)
        except psycopg.Error:
            # The pool sees that it is dead, and makes another.
            self.putconn(connection)
            if time.monotonic() - self._emptied > SUSPICION:
                self._empty()
            connection = super().getconn(deadline - time.monotonic())
        return connection

    def _empty(self) -> None:
        self._emptied = time.monotonic()
        self.drain()


def pool(settings: Settings) -> ConnectionPool:
    """A pool that opens by itself in the background, whether the database is there yet or not.

    A connection is replaced after its lifetime, so that what was revoked meanwhile is refused.
    """
    return Pooled(
        settings.tls,
        kwargs=lambda: parameters(settings),
        min_size=settings.database.pool_min,
        max_size=settings.database.pool_max,
        timeout=settings.database.timeout,
        max_lifetime=settings.database.lifetime,
        max_idle=min(300.0, settings.database.lifetime),
        reconnect_timeout=5.0,
        name="app",
        open=True,
    )


@contextmanager
def cursor(source: Pool, timeout: float | None = None) -> Iterator[Any]:
    """A cursor in a transaction, committed when the block ends well."""
    try:
        with source.connection(timeout) as connection, connection.cursor() as made:
            yield made
    except psycopg.Error:
        metrics.DATABASE_ERRORS.inc()
        raise
    finally:
        stats = source.get_stats()
        idle = stats.get("pool_available", 0)
        metrics.POOL.labels("idle").set(idle)
        metrics.POOL.labels("used").set(stats.get("pool_size", 0) - idle)
