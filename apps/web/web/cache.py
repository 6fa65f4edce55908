"""Redis as a cache: an answer that is not there, or a server that is not there, costs time and nothing else."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import BlockingConnectionPool, SSLConnection
from redis.credentials import CredentialProvider
from redis.retry import Retry

import mtls
from web import metrics
from web.settings import Settings

log = logging.getLogger(__name__)


class Connection(SSLConnection):
    """A connection that makes its TLS context out of the files as they are, and is made anew when they are others."""

    def __init__(self, *, app_tls: mtls.Files, lifetime: float, **kwargs: Any) -> None:
        self._app_tls = app_tls
        self._lifetime = lifetime
        self._made = 0.0
        self._release = ""
        super().__init__(**kwargs)

    def connect(self) -> None:
        """Called each time the pool lends the connection."""
        old = time.monotonic() - self._made > self._lifetime
        if self._sock is not None and (old or mtls.release(self._app_tls) != self._release):
            self.disconnect()
        super().connect()

    def _wrap_socket_with_ssl(self, sock: Any) -> Any:
        self._made = time.monotonic()
        self._release = mtls.release(self._app_tls)
        return mtls.client_context(self._app_tls).wrap_socket(sock, server_hostname=self.host)


class Credentials(CredentialProvider):
    """The user's name, and its password out of a file that is read for each connection, so that it may change."""

    def __init__(self, user: str, file: str) -> None:
        self._user = user
        self._file = Path(file)

    def get_credentials(self) -> tuple[str, str]:
        return self._user, self._file.read_text(encoding="utf-8").strip()


def client(settings: Settings) -> redis.Redis:
    """A client with a pool; it connects when it is first used."""
    cache = settings.cache
    pool = BlockingConnectionPool(
        connection_class=Connection,
        max_connections=cache.connections,
        timeout=cache.timeout,
        host=cache.host,
        port=cache.port,
        credential_provider=Credentials(cache.user, cache.password_file),
        socket_timeout=cache.timeout,
        socket_connect_timeout=cache.timeout,
        # One more try, for a connection that the server has closed meanwhile.
        retry=Retry(NoBackoff(), 1),
        protocol=2,
        client_name=settings.instance,
        driver_info=None,
        app_tls=settings.tls,
        lifetime=cache.lifetime,
    )
    return redis.Redis(connection_pool=pool)


class Cache:
    """Values under names that belong to a generation: a write begins the next one, and what was kept is forgotten."""

    def __init__(self, source: Any, prefix: str, ttl: int) -> None:
        self._source = source
        self._prefix = prefix
        self._ttl = ttl

    def ping(self) -> None:
        """Raise unless the server answers."""
        self._source.ping()

    def generation(self) -> str | None:
        """The generation that values read from the database from now on belong to; None if the cache is away."""
        try:
            value = self._source.get(f"{self._prefix}generation")
        except (redis.RedisError, OSError) as error:
            self._away(error)
            return None
        return "0" if value is None else _text(value)

    def get(self, generation: str | None, name: str) -> Any:
        """A value, or None."""
        if generation is None:
            return None
        try:
            value = self._source.get(f"{self._prefix}{generation}:{name}")
        except (redis.RedisError, OSError) as error:
            self._away(error)
            return None
        metrics.LOOKUPS.labels("miss" if value is None else "hit").inc()
        return None if value is None else json.loads(value)

    def put(self, generation: str | None, name: str, value: Any) -> None:
        """Keep a value that was read after the generation was asked for."""
        if generation is None:
            return
        try:
            self._source.set(f"{self._prefix}{generation}:{name}", json.dumps(value), ex=self._ttl)
        except (redis.RedisError, OSError) as error:
            self._away(error)

    def forget(self) -> None:
        """Begin the next generation. While the cache is away old values may live on, for their time to live at most."""
        try:
            self._source.incr(f"{self._prefix}generation")
        except (redis.RedisError, OSError) as error:
            self._away(error)

    @staticmethod
    def _away(error: Exception) -> None:
        metrics.LOOKUPS.labels("error").inc()
        log.warning("the cache does not answer", extra={"error": str(error)})


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
