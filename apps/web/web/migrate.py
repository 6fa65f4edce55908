"""Migrations: numbered SQL files, each run once and in order, by whoever comes first.

A file is NUMBER_NAME.sql. It runs in a transaction together with its row in `schema_migrations`, so that it is either done
and on record or neither. An advisory lock lets one process at a time do this; others wait and then find nothing to do. A
file that changed after it was run is an error: its change would never arrive.

Each must leave the schema usable by the version of the app before it, which goes on running while hosts are updated one by
one, and which comes back when an update is undone: add first, remove in a later version.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from web import database, settings

DIRECTORY = Path(__file__).resolve().parent.parent / "migrations"
LOCK = 0x70726F76
"""The number of the advisory lock; any will do that no other program on this database uses."""

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


class MigrationError(Exception):
    """Files and database do not fit together; the message says which, and what to do."""


@dataclass(frozen=True)
class Migration:
    """One file."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def files(directory: Path = DIRECTORY) -> list[Migration]:
    """The migrations, in order; numbers begin with 1 and have no gap."""
    found = []
    for path in sorted(directory.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if not match:
            raise MigrationError(f"{path.name}: a migration is named NNNN_name.sql")
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    numbers = [migration.version for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise MigrationError(f"the numbers of the migrations must be 1, 2, 3 ..., they are {numbers}")
    return found


def newest(directory: Path = DIRECTORY) -> int:
    """The version that the code needs."""
    return len(files(directory))


def run(connection: Any, migrations: list[Migration]) -> list[Migration]:
    """Do what is not done yet; the connection must be in autocommit mode. Gives what was done."""
    with connection.cursor() as cursor:
        # It outlives transactions, and goes with the connection if this process dies.
        cursor.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, name text NOT NULL,"
                " checksum text NOT NULL, applied timestamptz NOT NULL DEFAULT now())"
            )
            cursor.execute("SELECT version, checksum FROM schema_migrations")
            done = dict(cursor.fetchall())
            check(migrations, done)
            todo = [migration for migration in migrations if migration.version not in done]
            for migration in todo:
                with connection.transaction():
                    cursor.execute(migration.sql)
                    cursor.execute(
                        "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
                        (migration.version, migration.name, migration.checksum),
                    )
            return todo
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def check(migrations: list[Migration], done: dict[int, str]) -> None:
    """Raise if a file that was run has changed. Versions this code does not know are a newer app's, and left alone."""
    for migration in migrations:
        if done.get(migration.version, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"{migration.version:04}_{migration.name}.sql changed after it was run;"
                " put it back as it was, and write the change as a new file"
            )


def main(arguments: list[str] | None = None) -> int:
    """`python -m web.migrate`: say what was done; exit code 1 with the reason if it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m web.migrate", description="Bring the database to the newest schema.")
    parser.add_argument("--settings", help="the settings' file; else APP_SETTINGS, else /config/app.json")
    chosen = parser.parse_args(arguments)
    try:
        known = files()
        parameters = database.parameters(settings.load(chosen.settings))
        # A migration may take longer than a request does; waiting for the lock too.
        parameters["options"] = "-c timezone=UTC -c lock_timeout=60000"
        with psycopg.connect(**parameters, autocommit=True) as connection:
            done = run(connection, known)
    except (MigrationError, settings.SettingsError, psycopg.Error, OSError) as error:
        print(f"migrate: {error}", file=sys.stderr)
        return 1
    for migration in done:
        print(f"applied {migration.version:04}_{migration.name}")
    print(f"schema at {len(known)}, applied {len(done)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
