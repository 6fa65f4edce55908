"""The programs of backups, with programs in the place of Docker and age: what reaches the disk, and what is said of it."""

import os
import shutil
import subprocess

import pytest

from content import ORACLE, PROVISION, copy_of_content, refuse, run

DUMP = b"PGDMP\x00\n\nrows and rows\n\n"
KEYS = b"REDIS\x00\n\nkeys\n"
DOCKER = f"""#!/bin/sh
set -eu
case "$*" in
  *"/programs/dump app") printf 'table|public.t|2|3\\n\\n'; cat "$ANSWERS/dump"; exit "$(cat "$ANSWERS/code")" ;;
  *"/programs/dump-redis") printf '2 keys read\\n\\n'; cat "$ANSWERS/keys" ;;
  *pg_restore*) cat >/dev/null; echo "1; an entry" ;;
  *) echo "docker $*?" >&2; exit 1 ;;
esac
"""
# "Encrypts", and writes down what is on the disk beside it.
AGE = """#!/bin/sh
set -eu
[ "$1 $2 $4" = "--encrypt --recipient --output" ]
{ echo sealed; tr a-z n-za-m; } >"$5"
ls "$(dirname "$5")" >>"$ANSWERS/seen"
"""
RECIPIENT = "age1" + "q" * 58


class Host:
    """The demo's host with data, of which the role made folders and programs."""

    def __init__(self, folder, *extra):
        self.tree = tree = copy_of_content(folder / "tree")
        command = [PROVISION, "apply", "-i", "inventory", "--limit", "data1", "--tags", "backup", *extra, "playbooks/site.yml"]
        code, output = run(command, cwd=tree)
        refuse([output[-1500:]] if code else [])
        self.root = tree / "demo/data1"
        self.kept = self.root / "var/backups/platform"
        self.answers = folder / "answers"
        self.answers.mkdir()
        for name, content in {"dump": DUMP, "keys": KEYS, "code": b"0"}.items():
            (self.answers / name).write_bytes(content)
        (folder / "bin").mkdir()
        for name, program in {"docker": DOCKER, "age": AGE}.items():
            (folder / "bin" / name).write_text(program)
            (folder / "bin" / name).chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "ANSWERS": str(self.answers)}

    def call(self, program, *arguments):
        return subprocess.run(
            [self.root / "srv/backup/programs" / program, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )

    def backup(self):
        """The folder of a backup that was taken just now."""
        done = self.call("backup")
        assert done.returncode == 0, done.stderr
        return self.kept / done.stdout.strip()

    def metrics(self):
        """What the node exporter would say, by series."""
        lines = [line for path in (self.root / "var/lib/platform/metrics").glob("*.prom") for line in path.read_text().splitlines()]
        return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_a_backup_has_what_the_servers_wrote_byte_for_byte(tmp_path):
    host = Host(tmp_path)
    taken = host.backup()
    assert {path.name: path.read_bytes() for path in taken.iterdir() if path.name != "SHA256SUMS"} == {
        "app.tables": b"table|public.t|2|3\n", "app.dump": DUMP, "redis.keys": b"2 keys read\n", "redis.rdb": KEYS,
    }
    assert host.call("verify", "latest").returncode == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in [taken, *taken.iterdir()])


def test_what_is_encrypted_is_at_no_time_in_the_clear_on_the_disk(tmp_path):
    host = Host(tmp_path, "-e", f"backup_recipient={RECIPIENT}")
    taken = host.backup()
    assert sorted(path.name for path in taken.iterdir()) == [
        "SHA256SUMS", "app.dump.age", "app.tables.age", "redis.keys.age", "redis.rdb.age",
    ]
    assert all(path.read_bytes().startswith(b"sealed\n") for path in taken.glob("*.age"))
    seen = (host.answers / "seen").read_text().split()
    assert len(seen) >= 4 and all(name.endswith(".age") for name in seen), seen


def test_a_dump_that_breaks_off_leaves_nothing_and_says_so(tmp_path):
    host = Host(tmp_path)
    (host.answers / "code").write_text("1")
    done = host.call("backup")
    assert done.returncode != 0 and "the backups from before are as they were" in done.stderr
    assert host.call("list").stdout == "" and host.metrics()["backup_last_run_ok"] == 0
    assert [path.name for path in host.kept.iterdir() if path.name != ".lock"] == []


def test_it_is_said_of_which_backup_the_newest_copy_elsewhere_is(tmp_path):
    host = Host(tmp_path)
    taken = host.backup().name
    assert host.metrics()["backup_last_copy_seconds"] == 0
    assert host.metrics()["backup_copy_wanted_seconds"] == 26 * 3600
    assert host.call("copied", "20200101T000000Z").returncode == 1, "there is none of that moment"
    assert host.call("copied", taken).returncode == 0
    said = host.metrics()
    assert said["backup_last_copy_seconds"] == said['backup_last_success_seconds{name="app"}'] > 0
    # An older one that follows changes nothing, and neither does the next backup.
    shutil.copytree(host.kept / taken, host.kept / "20200101T000000Z")
    assert host.call("copied", "20200101T000000Z").returncode == 0
    assert host.call("copied").returncode == 0
    assert host.metrics()["backup_last_copy_seconds"] == said["backup_last_copy_seconds"]


def test_who_wants_no_copies_says_so(tmp_path):
    assert Host(tmp_path, "-e", "backup_copies_hours=0").metrics()["backup_copy_wanted_seconds"] == 0


def test_a_backup_that_is_brought_to_the_control_node_counts_as_a_copy(tmp_path):
    host = Host(tmp_path)
    command = [PROVISION, "apply", "-i", "inventory", "-e", f"backup_fetch_to={tmp_path / 'away'}", "playbooks/backup.yml"]
    code, output = run(command, cwd=host.tree, env=host.environment)
    refuse([output[-1500:]] if code else [])
    assert sorted(path.name for path in (tmp_path / "away/data1").glob("*/*.dump")) == ["app.dump"]
    said = host.metrics()
    assert said["backup_last_copy_seconds"] == said['backup_last_success_seconds{name="app"}']


# In the place of the program that restores, and of Docker on the app's hosts: what was asked of them, in turn.
RESTORE = '#!/bin/sh\necho "$1" >>"$ANSWERS/asked"\necho "$1 of $2"\n'
CLIENT = """#!/bin/sh
case "$1" in
  container) echo running ;;
  inspect) cat "$ANSWERS/health" ;;
  stop | start) echo "$1" >>"$ANSWERS/asked" ;;
esac
"""
# One of the two hosts of the app does not answer.
LOST = "all: {hosts: {app2: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}}}\n"


@pytest.mark.parametrize("program", [[PROVISION, "apply"], [ORACLE / "ansible-playbook"]], ids=["provision", "ansible-core"])
def test_a_restore_goes_on_without_an_app_host_that_is_lost_and_says_so(tmp_path, program):
    host = Host(tmp_path)
    (host.root / "srv/backup/programs/restore").write_text(RESTORE)
    (tmp_path / "bin/docker").write_text(CLIENT)
    (tmp_path / "lost.yml").write_text(LOST)
    environment = {**host.environment, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PYTHON_INTERPRETER": str(ORACLE / "python")}

    def restored(*extra):
        (host.answers / "asked").write_text("")
        command = [*program, "-i", "inventory", "-i", tmp_path / "lost.yml", *extra, "playbooks/restore.yml"]
        code, output = run(command, cwd=host.tree, env=environment)
        return code, output, (host.answers / "asked").read_text().split()

    code, output, asked = restored()
    assert code == 2 and asked == ["plan"], output
    assert "It goes on without this one" in output and "app2 cannot be reached" in output and "Nothing was done" in output
    (host.answers / "health").write_text("healthy\n")
    code, output, asked = restored("-e", "restore_confirm=yes")
    assert code == 0, output
    assert asked == ["plan", "databases", "stop", "switch", "start"]
    assert "Look after this one when it is there again: app2 cannot be reached" in output
