"""PostgreSQL: a pool of connections that log in with the app's certificate."""

from __future__ import annotations

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


class Renewing(ConnectionPool):
    """A pool whose connections are replaced as soon as the app's certificate is another: each keeps the one it began with."""

    def __init__(self, files: mtls.Files, **kwargs: Any) -> None:
        self._files = files
        self._release = mtls.release(files)
        super().__init__(**kwargs)

    def getconn(self, timeout: float | None = None) -> Any:
        """Called for each connection that is lent."""
        release = mtls.release(self._files)
        if release != self._release:
            self._release = release
            self.drain()
        return super().getconn(timeout)


def pool(settings: Settings) -> ConnectionPool:
    """A pool that opens by itself in the background, whether the database is there yet or not.

    A connection is looked at before it is lent (the server may have been restarted) and replaced after its lifetime (what
    was revoked meanwhile is then refused).
    """
    return Renewing(
        settings.tls,
        kwargs=lambda: parameters(settings),
        min_size=settings.database.pool_min,
        max_size=settings.database.pool_max,
        timeout=settings.database.timeout,
        max_lifetime=settings.database.lifetime,
        max_idle=min(300.0, settings.database.lifetime),
        reconnect_timeout=5.0,
        check=ConnectionPool.check_connection,
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
