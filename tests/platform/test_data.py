"""Users of PostgreSQL and Redis may do what they need and no more, new certificates drop no connection, backups hold what they say."""

import pytest

import platform_fleet as fleet
from platform_fleet import DOMAIN

pytestmark = pytest.mark.order(40)
PROGRAMS = "/srv/backup/programs"
KEPT = "/var/backups/platform"


def sql(user, statement, database="app", check=True):
    """A statement with the rights of a user; that it came by certificate is another page's."""
    return fleet.on("data1", "docker", "exec", "postgres", "psql", "-XqAt", "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1",
                    "-c", f'set role "{user}"', "-c", statement, check=check)


@pytest.fixture(scope="module")
def table(applied):
    """A table of the app's, of which others may see what their roles say."""
    sql("app", "create table if not exists app.page (id int); delete from app.page; insert into app.page values (1), (2)")
    yield "app.page"
    sql("app", "drop table app.page")


@pytest.mark.parametrize("user, statement, database", [
    ("app", "create role somebody", "app"),
    ("app", "create table public.page (id int)", "app"),
    ("app", "create schema more", "app"),
    ("app", "copy app.page to program 'cat'", "app"),
    ("exporter", "select * from app.page", "app"),
    ("exporter", "create temporary table page (id int)", "app"),
    ("backup", "delete from app.page", "app"),
    ("backup", "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'", "app"),
    ("check", "create temporary table page (id int)", "postgres"),
    ("check", "select * from pg_authid", "postgres"),
])
def test_a_user_of_postgresql_has_no_right_that_it_does_not_need(table, user, statement, database):
    done = sql(user, statement, database, check=False)
    assert done.returncode != 0
    assert "permission denied" in done.stderr or "must be" in done.stderr, done.stderr


def test_the_backups_user_reads_what_it_backs_up(table):
    assert sql("backup", f"select count(*) from {table}").stdout.strip() == "2"


def test_no_user_of_postgresql_but_the_superuser_has_a_password(applied):
    assert sql("postgres", "select string_agg(rolname, ' ') from pg_authid where rolpassword is not null").stdout.strip() == "postgres"


def secret(name):
    return (fleet.STATE / "secrets" / name).read_text().strip()


@pytest.fixture(scope="module")
def app(applied, folder):
    """Somebody with the name of an app of the platform."""
    return fleet.issue(folder, "app-of-a-page", names=[f"app.app1.{DOMAIN}"])


def ask(stream, *words):
    """One command; what Redis said, as far as one read goes."""
    stream.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words))
    return stream.recv(65536).decode(errors="replace")


def redis_as(who, user, password):
    """A session of a user of Redis."""
    stream = fleet.connect("data1", 6379, f"data1.{DOMAIN}", who)
    said = ask(stream, "AUTH", user, password)
    assert said == "+OK\r\n", said
    return stream


@pytest.mark.parametrize("user, command", [
    ("app", "GET other:key"), ("app", "KEYS *"), ("app", "FLUSHALL"), ("app", "CONFIG GET maxmemory"), ("app", "ACL LIST"),
    ("app", "CLIENT LIST"), ("app", "EVAL return 0"), ("app", "SHUTDOWN"), ("app", "REPLICAOF 10.0.0.1 6379"),
    ("exporter", "GET app:page"), ("exporter", "SET app:page 1"), ("exporter", "CONFIG SET maxmemory 1"), ("exporter", "SHUTDOWN"),
    ("backup", "GET app:page"), ("backup", "FLUSHALL"),
])
def test_a_user_of_redis_has_no_right_that_it_does_not_need(app, user, command):
    with redis_as(app, user, secret(f"redis_{user}")) as stream:
        assert ask(stream, *command.split()).startswith("-NOPERM")


def test_the_default_user_of_redis_is_off(app):
    with fleet.connect("data1", 6379, f"data1.{DOMAIN}", app) as stream:
        assert ask(stream, "AUTH", "default", "").startswith("-WRONGPASS")


def test_the_app_has_its_keys_in_redis_and_a_reload_drops_none_of_its_connections(app):
    with redis_as(app, "app", secret("redis_app")) as stream:
        assert ask(stream, "SET", "app:page", "1") == "+OK\r\n"
        fleet.on("data1", "docker", "exec", "redis", "sh", "/usr/local/etc/redis/reload")
        assert ask(stream, "GET", "app:page") == "$1\r\n1\r\n"
        assert ask(stream, "DEL", "app:page") == ":1\r\n"


def test_the_configuration_of_redis_holds_no_password(applied):
    for name in ["redis_admin", "redis_app", "redis_exporter", "redis_backup"]:
        found = fleet.on("data1", "grep", "-rlF", "-f", "-", "/srv/redis/config", "/srv/redis/compose.yml", input=secret(name) + "\n", check=False)
        assert found.returncode == 1, (name, found.stdout)


@pytest.fixture(scope="module")
def backup(table):
    """The stamp of a backup that was taken just now."""
    fleet.apply(playbook="backup.yml")
    return fleet.on("data1", f"{PROGRAMS}/list").stdout.split()[-1]


def test_a_backup_holds_rows_and_checksum_of_each_table_and_nobody_else_reads_it(backup):
    tables = fleet.on("data1", "cat", f"{KEPT}/{backup}/app.tables").stdout.splitlines()
    assert any(line.startswith("table|app.page|2|") for line in tables), tables
    assert fleet.on("data1", "stat", "-c", "%a %U", KEPT).stdout.strip() == "700 root"
    assert "backup_last_run_ok 1" in fleet.on("data1", "cat", "/var/lib/platform/metrics/backup.prom").stdout


def test_a_backup_in_which_one_byte_changed_is_no_backup(backup):
    dump = f"{KEPT}/{backup}/app.dump"
    fleet.on("data1", "cp", "-p", dump, "/var/backups/app.dump.kept")
    try:
        fleet.on("data1", "dd", "if=/dev/zero", f"of={dump}", "bs=1", "count=1", "seek=100", "conv=notrunc")
        done = fleet.apply("-e", "restore_confirm=yes", playbook="restore.yml", check=False)
        assert done.returncode != 0 and "app.dump: FAILED" in done.stdout
    finally:
        fleet.on("data1", "mv", "/var/backups/app.dump.kept", dump)
    fleet.on("data1", f"{PROGRAMS}/verify", backup)


def test_a_restore_says_what_it_would_do_and_does_nothing_until_it_is_confirmed(backup):
    databases = "select string_agg(oid || datname, ' ' order by oid) from pg_database"
    before = sql("postgres", databases).stdout
    done = fleet.apply(playbook="restore.yml", check=False)
    assert done.returncode != 0
    assert backup in done.stdout and "app_before_" in done.stdout and "Nothing was done" in done.stdout
    assert sql("postgres", databases).stdout == before
