"""inventories/dev: a developer's machine, with everything in containers on it and a PKI and secrets of its own."""

import json
import subprocess

import pytest

import platform_fleet as fleet

pytestmark = [pytest.mark.full, pytest.mark.order(90)]
MACHINE = "platform-dev"
TREE = "/srv/provision"
# The registry's images, and what they have in another way than the official ones.
AS_HERE = ("-e", "@/root/dev.json", "-e", f"@{TREE}/inventories/fleet/group_vars/all/20-debian-images.yml")


def there(*command, check=True, **options):
    """A command on the developer's machine."""
    return fleet.on("dev", "env", "--chdir", TREE, *command, check=check, **options)


def provision(*arguments, check=True):
    return there("provision", *arguments, check=check, timeout=900)


def variables():
    """The variables of a developer who has other images than the official ones: those of the test fleet's registry, by digest."""
    lines = (fleet.STATE / "versions.yml").read_text().splitlines()
    named = dict(line.split(": ", 1) for line in lines if not line.startswith("#"))
    known = {**named, "grafana": "grafana/grafana:12.0.0"}
    return {"platform_images": known, "grafana_enabled": False}


@pytest.fixture(scope="module")
def machine(applied, folder):
    """A machine with Docker, this tree and the program; the registry knows it by a certificate."""
    fleet.fleet("dev")
    try:
        fleet.run("docker", "cp", fleet.PROVISION, f"{MACHINE}:/usr/local/bin/provision")
        tree = subprocess.Popen(["tar", "-c", "ansible.cfg", "playbooks", "roles", "templates", "inventories", "apps"], cwd=fleet.TREE, stdout=subprocess.PIPE)
        fleet.on("dev", "mkdir", "-p", TREE)
        subprocess.run(["docker", "exec", "-i", MACHINE, "tar", "-x", "-C", TREE], stdin=tree.stdout, check=True)
        assert tree.wait() == 0
        who = fleet.issue(folder, "developer", names=[f"developer.users.{fleet.DOMAIN}"])
        trusted = f"/etc/docker/certs.d/registry.{fleet.DOMAIN}:5000"
        there("mkdir", "-p", trusted)
        for name, path in (("ca.crt", fleet.roots()), ("client.cert", who.certificate), ("client.key", who.key)):
            fleet.run("docker", "cp", path, f"{MACHINE}:{trusted}/{name}")
        said = folder / "dev.json"
        said.write_text(json.dumps(variables()))
        fleet.run("docker", "cp", said, f"{MACHINE}:/root/dev.json")
        # The machine around it has Docker's usual networks.
        engine = {"default-address-pools": [{"base": "10.210.0.0/16", "size": 24}], "bip": "10.211.0.1/24"}
        there("sh", "-c", "mkdir -p /etc/docker && cat >/etc/docker/daemon.json && systemctl restart docker", input=json.dumps(engine))
        # Its own names, as docs/platform.md says it.
        there("sh", "-c", "echo 127.0.0.1 dev.dev.test www.dev.test pki.dev.test >>/etc/hosts && touch /root/before")
        fleet.until("Docker runs", lambda: there("docker", "version", check=False).returncode == 0)
        yield
    finally:
        fleet.fleet("lose", "dev")


@pytest.fixture(scope="module")
def developed(machine):
    """The first run there."""
    return provision("apply", "-i", "inventories/dev", *AS_HERE)


def test_one_command_brings_everything_up_on_one_machine(developed):
    count = fleet.recap(developed)["dev"]
    assert count["failed"] == 0 and count["changed"] > 20
    running = set(there("docker", "ps", "--format", "{{.Names}}").stdout.split())
    assert {"nginx", "app", "postgres", "redis", "prometheus", "alertmanager", "node_exporter", "container_metrics", "tracing"} <= running


def test_a_second_run_changes_nothing(developed):
    assert fleet.recap(provision("apply", "-i", "inventories/dev", *AS_HERE))["dev"]["changed"] == 0


def test_all_of_it_is_well(developed):
    provision("apply", "-i", "inventories/dev", *AS_HERE, "playbooks/backup.yml")
    provision("apply", "-i", "inventories/dev", *AS_HERE, "playbooks/self-check.yml")


def test_what_the_machine_is_otherwise_stays_so(developed):
    """Nothing outside of its folder is of the platform but what Docker has."""
    found = there("sh", "-c", "find /etc /usr/local /var/lib /home -xdev -newer /root/before -type f ! -path '/var/lib/docker/*' ! -path "
                  "'/var/lib/containerd/*' ! -path '/var/lib/systemd/*'").stdout
    assert found == "", found


def test_a_teardown_takes_it_away(developed):
    provision("apply", "-i", "inventories/dev", *AS_HERE, "playbooks/teardown.yml", "-e", "teardown_data=yes")
    assert there("docker", "ps", "-aq").stdout == ""
    assert there("docker", "volume", "ls", "-q").stdout == ""
