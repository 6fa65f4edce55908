"""What goes wrong is heard of at Alertmanager's webhook."""

import json
import subprocess

import pytest

import platform_fleet as fleet

pytestmark = [pytest.mark.full, pytest.mark.order(55)]
DOMAIN = fleet.DOMAIN


@pytest.fixture(scope="module")
def webhook(applied):
    """The receiver that Alertmanager is told of: a container of the fleet's network with a certificate of the PKI."""
    folder = fleet.STATE / "webhook"
    folder.mkdir(exist_ok=True)
    if not (folder / "key.pem").exists():
        fleet.pki("issue", "webhook", "--host", f"webhook.{DOMAIN}", *fleet.IDENTITY, "--key-out", folder / "key.pem", "--out", folder / "cert.pem")
    fleet.run("chown", "-R", "10001:10001", folder)
    subprocess.run(["docker", "rm", "-f", "platform-webhook"], capture_output=True)
    fleet.run("docker", "run", "-d", "--name", "platform-webhook", "--label", "provision.platform", "--network", "platform-fleet", "--ip",
              "172.30.99.4", "--network-alias", f"webhook.{DOMAIN}", "-v", f"{folder}:/tls:ro", "-v", f"{fleet.roots()}:/roots.pem:ro", "-v",
              f"{fleet.TREE}/tests/platform/webhook.py:/webhook.py:ro", "--entrypoint", "python3", "platform/app:test", "/webhook.py",
              "--listen", "0.0.0.0:9443", "--certificate", "/tls/cert.pem", "--key", "/tls/key.pem", "--ca", "/roots.pem", "--out", "/tmp/alerts.jsonl")
    yield
    subprocess.run(["docker", "rm", "-f", "platform-webhook"], capture_output=True)


def heard():
    """The alerts that the webhook was told of: (name, labels) of those that fire."""
    done = fleet.run("docker", "exec", "platform-webhook", "cat", "/tmp/alerts.jsonl", check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [one["labels"] for one in found if one["status"] == "firing"]


def wait_for_alert(seconds=240, **labels):
    def came():
        return [one for one in heard() if all(one.get(key) == value for key, value in labels.items())]

    return fleet.until(f"the alert {labels}", came, seconds=seconds, every=1)


def test_the_watchdog_says_that_alerts_can_be_heard(webhook):
    wait_for_alert(alertname="Watchdog")


def test_an_exporter_that_stopped_is_missed(webhook):
    fleet.on("data1", "docker", "stop", "redis_exporter")
    try:
        wait_for_alert(alertname="TargetDown", job="redis")
    finally:
        fleet.on("data1", "docker", "start", "redis_exporter")


def test_a_certificate_with_twenty_days_left_a_renewal_overdue_and_a_list_near_its_end_are_told_of(webhook):
    """The node exporter's numbers are those of a host whose renewal stopped; its script would put them right within the hour."""
    metrics = "/var/lib/platform/metrics/certificates.prom"
    fleet.on("app1", "systemctl", "stop", "platform-certificate-metrics.timer")
    fleet.on("app1", "sh", "-c", f"""
        now=$(date +%s)
        {{ echo "host_certificate_not_before_seconds{{service=\\"drill\\"}} $((now - 70 * 86400))"
           echo "host_certificate_not_after_seconds{{service=\\"drill\\"}} $((now + 20 * 86400))"
           echo "host_crl_next_update_seconds{{issuer=\\"Drill CA\\"}} $((now + 3600))"; }} >{metrics}.drill
        chmod 644 {metrics}.drill; mv {metrics}.drill {metrics}""")
    try:
        wait_for_alert(alertname="CertificateExpiry", service="drill", severity="info")
        wait_for_alert(alertname="CertificateRenewalOverdue", service="drill")
        wait_for_alert(alertname="RevocationListExpiry", issuer="Drill CA")
        assert not [one for one in heard() if one.get("service") == "drill" and one.get("severity") == "critical"]
    finally:
        fleet.on("app1", "/usr/local/sbin/platform-certificate-metrics")
        fleet.on("app1", "systemctl", "start", "platform-certificate-metrics.timer")
