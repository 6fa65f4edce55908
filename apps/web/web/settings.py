"""The settings: one JSON file, checked when it is read, so that a mistake stops the start and not a request."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mtls import Files

KINDS = ("users", "metrics", "health")
"""What a caller may be let in for: requests of users, the metrics, the health checks."""

ROLES = ("reader", "writer", "admin")
"""Each role may do what those before it may."""


class SettingsError(Exception):
    """The settings are not usable; the message names the key and what is expected."""


@dataclass(frozen=True)
class Database:
    """PostgreSQL. Times are in seconds; after `lifetime` a connection is made anew, and what was revoked meanwhile refused."""

    host: str = "localhost"
    port: int = 5432
    name: str = "app"
    user: str = "app"
    pool_min: int = 1
    pool_max: int = 4
    timeout: float = 3.0
    lifetime: float = 3600.0


@dataclass(frozen=True)
class Cache:
    """Redis. Times are in seconds; `ttl` is how long a page of notes may be kept."""

    host: str = "localhost"
    port: int = 6379
    user: str = "app"
    password_file: str = "/secrets/redis_app"
    prefix: str = "app:"
    ttl: int = 30
    timeout: float = 1.0
    lifetime: float = 3600.0
    connections: int = 8


@dataclass(frozen=True)
class Tracing:
    """Where spans go (OTLP over HTTP; empty: nowhere) and which share of the traces that begin here is kept."""

    endpoint: str = ""
    ratio: float = 1.0


@dataclass(frozen=True)
class Server:
    """gunicorn. Times are in seconds; `grace` is how long a stopping worker may take to finish its requests."""

    port: int = 5000
    workers: int = 2
    threads: int = 8
    keepalive: int = 75
    grace: int = 20
    level: str = "INFO"


@dataclass(frozen=True)
class Caller:
    """Who may open a connection (the common name of the TLS peer) and for what."""

    pattern: re.Pattern[str]
    kinds: frozenset[str]


@dataclass(frozen=True)
class Grant:
    """The role of users whose common name matches."""

    pattern: re.Pattern[str]
    role: str


@dataclass(frozen=True)
class Settings:
    """All of it."""

    instance: str = "app"
    server: Server = field(default_factory=Server)
    tls: Files = field(default_factory=Files)
    database: Database = field(default_factory=Database)
    cache: Cache = field(default_factory=Cache)
    tracing: Tracing = field(default_factory=Tracing)
    callers: tuple[Caller, ...] = ()
    grants: tuple[Grant, ...] = ()


def load(path: str | None = None) -> Settings:
    """Read the file that is named, else the one in APP_SETTINGS, else /config/app.json."""
    file = Path(path or os.environ.get("APP_SETTINGS", "/config/app.json"))
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: cannot be read as JSON: {error}") from error
    return parse(data)


def parse(data: Any) -> Settings:
    """Make settings out of what the file says; keys that are not known are mistakes."""
    if not isinstance(data, dict):
        raise SettingsError("the settings must be an object")
    known = {"instance", "server", "tls", "database", "cache", "tracing", "callers", "grants"}
    for key in data.keys() - known:
        raise SettingsError(f"{key}: no such setting; there are {', '.join(sorted(known))}")
    return Settings(
        instance=str(data.get("instance", "app")),
        server=_section(Server, data, "server"),
        tls=_section(Files, data, "tls"),
        database=_section(Database, data, "database"),
        cache=_section(Cache, data, "cache"),
        tracing=_section(Tracing, data, "tracing"),
        callers=tuple(_caller(entry, f"callers[{index}]") for index, entry in enumerate(_list(data, "callers"))),
        grants=tuple(_grant(entry, f"grants[{index}]") for index, entry in enumerate(_list(data, "grants"))),
    )


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise SettingsError(f"{key}: must be a list")
    return value


def _section(kind: type, data: dict[str, Any], name: str) -> Any:
    section = data.get(name, {})
    if not isinstance(section, dict):
        raise SettingsError(f"{name}: must be an object")
    defaults = {item.name: item.default for item in fields(kind)}
    values = {}
    for key, value in section.items():
        if key not in defaults:
            raise SettingsError(f"{name}.{key}: no such setting; there are {', '.join(defaults)}")
        expected = type(defaults[key])
        whole = isinstance(value, int) and not isinstance(value, bool)
        if expected is float and whole:
            value = float(value)
        if not isinstance(value, expected) or isinstance(value, bool):
            raise SettingsError(f"{name}.{key}: must be of type {expected.__name__}, not {type(value).__name__}")
        values[key] = value
    return kind(**values)


def _pattern(entry: Any, place: str) -> re.Pattern[str]:
    if not isinstance(entry, dict) or not isinstance(entry.get("pattern"), str):
        raise SettingsError(f"{place}.pattern: must be a regular expression for a whole common name")
    try:
        return re.compile(entry["pattern"])
    except re.error as error:
        raise SettingsError(f"{place}.pattern: {error}") from error


def _caller(entry: Any, place: str) -> Caller:
    pattern = _pattern(entry, place)
    kinds = entry.get("kinds")
    if not isinstance(kinds, list) or not kinds or not set(kinds) <= set(KINDS):
        raise SettingsError(f"{place}.kinds: must be a list out of {', '.join(KINDS)}")
    return Caller(pattern, frozenset(kinds))


def _grant(entry: Any, place: str) -> Grant:
    pattern = _pattern(entry, place)
    role = entry.get("role")
    if role not in ROLES:
        raise SettingsError(f"{place}.role: must be one of {', '.join(ROLES)}")
    return Grant(pattern, role)


def main(arguments: list[str]) -> int:
    """`python -m web.settings FILE`: say what is wrong with a file before it is put in place."""
    try:
        load(arguments[0])
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
