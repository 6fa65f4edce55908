"""Stand-ins for PostgreSQL and Redis that keep in memory what the app's few statements and commands keep there."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import psycopg
import redis


class Database:
    """Understands the app's statements, by what they begin with; anything else is an error of the test."""

    def __init__(self, version: int = 1000) -> None:
        self.rows: dict[int, tuple] = {}
        self.numbers = itertools.count(1)
        self.version: int | None = version
        self.away = False
        self.statements: list[str] = []

    @contextmanager
    def connection(self, timeout: float | None = None):
        if self.away:
            raise psycopg.OperationalError("connection refused")
        yield self

    @contextmanager
    def cursor(self):
        yield Cursor(self)

    def get_stats(self) -> dict[str, int]:
        return {"pool_size": 2, "pool_available": 1}

    def close(self, timeout: float = 0) -> None:
        pass


class Cursor:
    """One statement's answer."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.answer: list[tuple] = []
        self.rowcount = 0

    def execute(self, statement: str, values: tuple = ()) -> None:
        rows = self.database.rows
        self.database.statements.append(statement)
        if statement.startswith("SELECT max(version)"):
            self.answer = [(self.database.version,)]
        elif statement.startswith("INSERT INTO notes"):
            number = next(self.database.numbers)
            rows[number] = (number, *values, datetime.now(timezone.utc))
            self.answer = [rows[number]]
        elif "WHERE id = %s" in statement and statement.startswith("SELECT"):
            self.answer = [rows[values[0]]] if values[0] in rows else []
        elif statement.startswith("SELECT id, author"):
            self.answer = sorted(rows.values(), reverse=True)[: values[0]]
        elif statement.startswith("DELETE"):
            self.rowcount = int(rows.pop(values[0], None) is not None)
        elif "pg_stat_ssl" in statement:
            self.answer = [(True, "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, "/O=Test/CN=app.app1.fleet.test", "7", "/CN=ca", "app")]
        else:
            raise AssertionError(f"a statement the stand-in does not know: {statement}")

    def fetchone(self) -> tuple | None:
        return self.answer[0] if self.answer else None

    def fetchall(self) -> list[tuple]:
        return self.answer


class Redis:
    """The four commands that the cache uses."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.away = False

    def _look(self) -> None:
        if self.away:
            raise redis.ConnectionError("connection refused")

    def ping(self) -> bool:
        self._look()
        return True

    def get(self, name: str) -> bytes | None:
        self._look()
        return self.values.get(name)

    def set(self, name: str, value: str, ex: int) -> None:
        self._look()
        assert ex > 0
        self.values[name] = value.encode()

    def incr(self, name: str) -> None:
        self._look()
        self.values[name] = str(int(self.values.get(name, b"0")) + 1).encode()
