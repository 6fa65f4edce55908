"""The receiver of Alertmanager's webhook, and what it heard."""

import contextlib
import json
import subprocess

import platform_fleet as fleet

NAME = f"webhook.{fleet.DOMAIN}"
FOLDER = fleet.STATE / "webhook"
# What a host's timer runs every hour.
METRICS = "/usr/local/sbin/platform-certificate-metrics"


@contextlib.contextmanager
def webhook():
    """The receiver that Alertmanager is told of: a container of the fleet's network with a certificate of the PKI."""
    FOLDER.mkdir(exist_ok=True)
    certify(NAME)
    subprocess.run(["docker", "rm", "-f", "platform-webhook"], capture_output=True)
    fleet.run("docker", "run", "-d", "--name", "platform-webhook", "--label", "provision.platform", "--network", "platform-fleet", "--ip",
              "172.30.99.4", "--network-alias", NAME, "-v", f"{FOLDER}:/tls:ro", "-v", f"{fleet.roots()}:/roots.pem:ro", "-v",
              f"{fleet.TREE}/tests/platform/webhook.py:/webhook.py:ro", "--entrypoint", "python3", "platform/app:test", "/webhook.py",
              "--listen", "0.0.0.0:9443", "--certificate", "/tls/cert.pem", "--key", "/tls/key.pem", "--ca", "/roots.pem", "--out", "/tmp/alerts.jsonl")
    try:
        yield
    finally:
        subprocess.run(["docker", "rm", "-f", "platform-webhook"], capture_output=True)


def certify(name):
    """The receiver's certificate, for that name; it is read when the receiver starts."""
    for file in ("key.pem", "cert.pem"):
        (FOLDER / file).unlink(missing_ok=True)
    fleet.pki("issue", "webhook", "--host", name, *fleet.IDENTITY, "--key-out", FOLDER / "key.pem", "--out", FOLDER / "cert.pem")
    fleet.run("chown", "-R", "10001:10001", FOLDER)


@contextlib.contextmanager
def known_to_app1(*certificates):
    """While the block runs, app1 counts the days of these certificates as those of services, which no renewal knows."""
    for who in certificates:
        directory = f"/etc/platform/tls/{who.name}/current"
        fleet.on("app1", "sh", "-c", f"mkdir -p {directory} && cat >{directory}/cert.pem", input=open(who.certificate, encoding="utf-8").read())
    fleet.on("app1", METRICS)
    try:
        yield
    finally:
        fleet.on("app1", "rm", "-r", *[f"/etc/platform/tls/{who.name}" for who in certificates])
        fleet.on("app1", METRICS)


def heard():
    """The labels of those alerts that the webhook was told of and that fire."""
    done = fleet.run("docker", "exec", "platform-webhook", "cat", "/tmp/alerts.jsonl", check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [one["labels"] for one in found if one["status"] == "firing"]


def wait_for_alert(seconds=240, **labels):
    """Waits until the webhook hears of an alert with these labels, among others."""

    def came():
        return [one for one in heard() if all(one.get(key) == value for key, value in labels.items())]

    return fleet.until(f"the alert {labels}", came, seconds=seconds, every=1)
