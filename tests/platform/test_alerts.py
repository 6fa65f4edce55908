"""What goes wrong is heard of at Alertmanager's webhook."""

import pytest

import platform_fleet as fleet
from alerts import METRICS, heard, known_to_app1, wait_for_alert, webhook

pytestmark = [pytest.mark.full, pytest.mark.order(55)]
DOMAIN = fleet.DOMAIN


@pytest.fixture(scope="module")
def receiver(applied):
    with webhook():
        yield


def test_the_watchdog_says_that_alerts_can_be_heard(receiver):
    wait_for_alert(alertname="Watchdog")


def test_an_exporter_that_stopped_is_missed(receiver):
    fleet.on("data1", "docker", "stop", "redis_exporter")
    try:
        wait_for_alert(alertname="TargetDown", job="redis")
    finally:
        fleet.on("data1", "docker", "start", "redis_exporter")


def test_a_host_that_answers_nobody_is_missed(receiver):
    """Not one exporter but the target itself: nothing of the host reaches Prometheus any more."""
    fleet.on("app2", "iptables", "-I", "INPUT", "-s", fleet.ADDRESSES["monitor1"], "-j", "DROP")
    fleet.on("app2", "iptables", "-I", "FORWARD", "-s", fleet.ADDRESSES["monitor1"], "-j", "DROP")
    try:
        for job in ("node", "containers", "app"):
            wait_for_alert(alertname="TargetDown", job=job, host="app2")
    finally:
        fleet.on("app2", "iptables", "-D", "INPUT", "-s", fleet.ADDRESSES["monitor1"], "-j", "DROP")
        fleet.on("app2", "iptables", "-D", "FORWARD", "-s", fleet.ADDRESSES["monitor1"], "-j", "DROP")


@pytest.fixture
def short_certificates(applied, folder):
    """Certificates of the PKI with 20, 13 and 6 days left, where the host's timer looks for those of services."""
    left = {"drill-20": 20, "drill-13": 13, "drill-6": 6}
    with known_to_app1(*[fleet.issue(folder, name, names=[f"{name}.app1.{DOMAIN}"], days=days) for name, days in left.items()]):
        yield left


def test_certificates_are_told_of_by_how_many_days_they_have_left(receiver, short_certificates):
    for name, severity in zip(short_certificates, ("info", "warning", "critical")):
        wait_for_alert(alertname="CertificateExpiry", service=name, severity=severity)
    told = {(one["service"], one["severity"]) for one in heard() if one["alertname"] == "CertificateExpiry"}
    # Whoever has twenty days is not called at night; and those of the services, new as they are, are not spoken of.
    assert ("drill-20", "critical") not in told and ("drill-20", "warning") not in told and ("drill-13", "critical") not in told
    assert {service for service, _ in told} == set(short_certificates)


@pytest.fixture
def ending_list(applied, folder):
    """Another authority's list, which ends within the day, in the bundle of a host where nobody reads lists."""
    store = folder / "forgetful"
    fleet.another_pki(store, "Forgetful", "--clock", fleet.ago(6.5))
    bundle = folder / "forgetful.crl"
    fleet.run(fleet.PROVISION, "pki", "crl", "show", "--store", store, "--bundle", bundle)
    lists = "/etc/platform/trust/lists.crl"
    fleet.on("monitor1", "sh", "-c", f"cp -p {lists} {lists}.kept && cat >>{lists}", input=bundle.read_text())
    fleet.on("monitor1", METRICS)
    yield
    fleet.on("monitor1", "mv", f"{lists}.kept", lists)
    fleet.on("monitor1", METRICS)


def test_a_revocation_list_near_its_end_is_told_of(receiver, ending_list):
    wait_for_alert(alertname="RevocationListExpiry", issuer="Forgetful Services CA 1")
