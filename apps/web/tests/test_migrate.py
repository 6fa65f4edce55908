"""Migrations: in order, once, and refused when the record does not fit the files."""

from contextlib import contextmanager

import pytest

from web import migrate


class Connection:
    """Keeps the record that the runner keeps in `schema_migrations`, and undoes it when a transaction ends badly."""

    def __init__(self, broken=""):
        self.done, self.ran, self.locked, self.broken = {}, [], 0, broken
        self.pending = None

    @contextmanager
    def transaction(self):
        self.pending = {}
        yield
        self.done.update(self.pending)

    @contextmanager
    def cursor(self):
        yield self

    def execute(self, statement, values=()):
        if "pg_advisory_lock" in statement:
            self.locked += 1
        elif "pg_advisory_unlock" in statement:
            self.locked -= 1
        elif statement.startswith("INSERT INTO schema_migrations"):
            self.pending[values[0]] = values[2]
        elif not statement.startswith(("CREATE TABLE IF NOT EXISTS schema_migrations", "SELECT version")):
            assert self.locked == 1
            if statement == self.broken:
                raise RuntimeError("no such table")
            self.ran.append(statement)

    def fetchall(self):
        return list(self.done.items())


def folder(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name[1:]}.sql").write_text(text)
    return tmp_path


def test_each_runs_once_and_in_order(tmp_path):
    known = migrate.files(folder(tmp_path, _0002_b="two", _0001_a="one"))
    connection = Connection()
    assert [done.version for done in migrate.run(connection, known)] == [1, 2]
    assert migrate.run(connection, known) == []
    assert connection.ran == ["one", "two"]
    assert connection.locked == 0


def test_a_failure_leaves_what_was_done_before_it_and_frees_the_lock(tmp_path):
    known = migrate.files(folder(tmp_path, _0001_a="one", _0002_b="two"))
    connection = Connection(broken="two")
    with pytest.raises(RuntimeError):
        migrate.run(connection, known)
    assert list(connection.done) == [1]
    assert connection.locked == 0


def test_a_file_that_changed_after_it_ran_is_refused(tmp_path):
    connection = Connection()
    migrate.run(connection, migrate.files(folder(tmp_path, _0001_a="one")))
    with pytest.raises(migrate.MigrationError, match=r"0001_a\.sql changed after it was run"):
        migrate.run(connection, migrate.files(folder(tmp_path, _0001_a="one, differently")))


def test_versions_of_a_newer_app_are_left_alone(tmp_path):
    connection = Connection()
    connection.done = {1: migrate.files(folder(tmp_path, _0001_a="one"))[0].checksum, 2: "unknown here"}
    assert migrate.run(connection, migrate.files(tmp_path)) == []


@pytest.mark.parametrize("names", [["0002_a"], ["0001_a", "0003_b"], ["0001_a", "0001_b"], ["1_a"], ["0001_A"]])
def test_names_that_leave_the_order_open_are_refused(tmp_path, names):
    for name in names:
        (tmp_path / f"{name}.sql").write_text("x")
    with pytest.raises(migrate.MigrationError):
        migrate.files(tmp_path)


def test_the_apps_own_migrations_are_in_order():
    assert migrate.newest() >= 2
