"""A server that shows a certificate for another name, though ours in everything else, is refused by the programs that call it.

tests/platform/test_hops.py does it from the caller's side with a client of its own; here the callers are the platform's: Prometheus,
Alertmanager, the blackbox exporter, nginx, the app, the database's and the cache's exporters, Docker.
"""

import contextlib
import json
import re
import urllib.parse
import uuid

import pytest

import platform_fleet as fleet
from alerts import NAME as WEBHOOK
from alerts import certify, webhook

pytestmark = [pytest.mark.full, pytest.mark.order(57)]
DOMAIN = fleet.DOMAIN
ELSEWHERE = f"elsewhere.{DOMAIN}"
# What programs in Go say of such a certificate.
REFUSED = re.compile(rf"certificate is valid for {re.escape(ELSEWHERE)}, not ")


@pytest.fixture(scope="module")
def elsewhere(applied, folder):
    """A certificate of the PKI for servers and clients, for a name that nobody calls."""
    return fleet.issue(folder, f"elsewhere-{uuid.uuid4().hex[:8]}", names=[ELSEWHERE], role="both")


def show(host, container, release):
    """Lets a service have another release of its certificate, and begin anew: no connection of before goes on."""
    directory = f"/etc/platform/tls/{container}"
    fleet.on(host, "sh", "-c", f"ln -sfn {release} {directory}/.drill && mv -T {directory}/.drill {directory}/current && docker restart {container}")


@contextlib.contextmanager
def under_another_name(who, *services):
    """While the block runs, these services (host, container) show the certificate of `who`."""
    chain, key = (open(path, encoding="utf-8").read() for path in (who.certificate, who.key))
    before = {}
    try:
        for host, container in services:
            directory = f"/etc/platform/tls/{container}"
            before[host, container] = fleet.on(host, "readlink", f"{directory}/current").stdout.strip()
            # The same files with the same owners and modes; who has both in one file gets them so.
            fleet.on(host, "sh", "-c", f"rm -rf {directory}/releases/drill && cp -a {directory}/{before[host, container]} {directory}/releases/drill")
            for file, content in (("fullchain.pem", chain), ("cert.pem", chain), ("key.pem", key), ("pair.pem", key + chain)):
                path = f"{directory}/releases/drill/{file}"
                fleet.on(host, "sh", "-c", f"test ! -e {path} || cat >{path}", input=content)
            show(host, container, "releases/drill")
        yield
    finally:
        for (host, container), release in before.items():
            show(host, container, release)
            fleet.on(host, "rm", "-r", f"/etc/platform/tls/{container}/releases/drill")


def logged(host, container, reason):
    """Whether a container has said so in the last minute."""
    return re.search(reason, fleet.on(host, "sh", "-c", f"docker logs --since 60s {container} 2>&1").stdout)


def test_nginx_asks_no_application_under_another_name(elsewhere, alice):
    """Whoever is left answers; when nobody is left, nobody does."""
    def ask():
        return fleet.http("edge1", 443, fleet.USERS_NAME, "/api/notes", alice)[0]

    with under_another_name(elsewhere, ("app1", "app")):
        fleet.until("app2 answers", lambda: ask() == 200)
        with under_another_name(elsewhere, ("app2", "app")):
            fleet.until("nobody answers", lambda: ask() == 502)
            fleet.until("nginx says why", lambda: ask() and logged("edge1", "nginx", "upstream SSL certificate does not match"))
    fleet.until("both answer again", lambda: ask() == 200)


def probe(url, who):
    return [value for labels, value in fleet.query(f'probe_success{{instance="{url}"}}', who)]


def test_the_probe_takes_no_users_door_under_another_name(elsewhere, prometheus_itself):
    url = next(labels["instance"] for labels, _ in fleet.query('probe_success{job="probe_https"}', prometheus_itself))
    fleet.until("the probe gets in", lambda: probe(url, prometheus_itself) == [1.0])
    with under_another_name(elsewhere, ("edge1", "nginx")):
        fleet.until("the probe does not get in", lambda: probe(url, prometheus_itself) == [0.0])

        def told():
            question = urllib.parse.urlencode({"module": "https", "target": url, "debug": "true"})
            _, _, body = fleet.http("monitor1", 9115, f"monitor1.{DOMAIN}", f"/probe?{question}", prometheus_itself)
            return REFUSED.search(body.decode().replace('\\"', '"'))

        fleet.until("the probe says why", told)


@pytest.fixture(scope="module")
def hosts_themselves(applied, folder):
    """The hosts of the app by name: each may ask its own app whether it is ready."""
    return {host: fleet.issue(folder, f"{host}-{uuid.uuid4().hex[:8]}", names=[f"host.{host}.{DOMAIN}"]) for host in ("app1", "app2")}


def ready(host, who):
    """What the app says of what it depends on: (status, answers by dependency)."""
    status, _, body = fleet.http(host, 5000, f"{host}.{DOMAIN}", "/readyz", who)
    return status, json.loads(body)["checks"]


@pytest.mark.parametrize("container, check, metric", [("postgres", "database", "pg_up"), ("redis", "cache", "redis_up")])
def test_the_app_and_the_exporter_trust_no_data_under_another_name(container, check, metric, elsewhere, hosts_themselves, prometheus_itself):
    with under_another_name(elsewhere, ("data1", container)):
        for host, who in hosts_themselves.items():
            _, checks = fleet.until("the app is not ready", lambda: ready(host, who)[0] == 503 and ready(host, who))
            assert checks[check] != "ok" and all(answer == "ok" for name, answer in checks.items() if name != check), checks
            # Whoever starts anew is not there for a moment: the name has to be the reason.
            fleet.until("the app says why", lambda: ready(host, who) and logged(host, "app", "does not match host name|Hostname mismatch"))
        fleet.until(f"{metric} is 0", lambda: [value for _, value in fleet.query(metric, prometheus_itself)] == [0.0])
    for host, who in hosts_themselves.items():
        fleet.until("the app is ready", lambda: ready(host, who)[0] == 200)


def spans(result, who):
    """How many spans each app has exported, or failed to, by its last scrape."""
    return {labels["host"]: value for labels, value in fleet.query(f'sum by (host) (app_spans_total{{result="{result}"}})', who)}


def test_the_app_sends_no_traces_to_another_name(elsewhere, alice, prometheus_itself):
    """The name is all that changes: what went out before and goes out after does not meanwhile."""
    def grows(result):
        before = spans(result, prometheus_itself)

        def more():
            fleet.http("edge1", 443, fleet.USERS_NAME, "/api/notes", alice)
            now = spans(result, prometheus_itself)
            return all(now.get(host, 0) > before.get(host, 0) for host in ("app1", "app2"))

        fleet.until(f"spans that are {result} become more", more)

    grows("exported")
    with under_another_name(elsewhere, ("monitor1", "tracing")):
        # Of both apps, so that what they exported before has been scraped.
        grows("failed")
        exported = spans("exported", prometheus_itself)
        grows("failed")
        assert spans("exported", prometheus_itself) == exported
    grows("exported")


def test_alertmanager_tells_no_webhook_under_another_name(applied):
    with webhook():
        certify(ELSEWHERE)
        fleet.run("docker", "restart", "--time", "1", "platform-webhook")

        def refused():
            said = fleet.on("monitor1", "sh", "-c", "docker logs --since 60s alertmanager 2>&1 | tail -n 50").stdout
            return WEBHOOK in said and REFUSED.search(said)

        fleet.until("Alertmanager tells nobody", refused, seconds=90, every=1)


def test_docker_takes_no_images_from_another_name(applied, elsewhere):
    """The registry's certificate is changed under its feet; who pulls says why he does not."""
    reference = fleet.on("app1", "docker", "inspect", "--format", "{{.Config.Image}}", "app").stdout.strip()
    registry = fleet.STATE / "registry"
    kept = {name: (registry / name).read_bytes() for name in ("cert.pem", "key.pem")}
    try:
        for name, path in (("cert.pem", elsewhere.certificate), ("key.pem", elsewhere.key)):
            (registry / name).write_bytes(open(path, "rb").read())
        fleet.run("docker", "restart", "--time", "1", "platform-registry")

        def refused():
            done = fleet.on("app1", "docker", "pull", "--quiet", reference, check=False)
            return done.returncode != 0 and REFUSED.search(done.stderr)

        fleet.until("Docker refuses the registry", refused, seconds=30)
    finally:
        for name, content in kept.items():
            (registry / name).write_bytes(content)
        fleet.run("docker", "restart", "--time", "1", "platform-registry")
    fleet.until("Docker pulls", lambda: fleet.on("app1", "docker", "pull", "--quiet", reference, check=False).returncode == 0, seconds=30)


def target(who, host, port):
    """What Prometheus says of a target: (health, last error)."""
    found = [one for one in fleet.prometheus("targets", who, state="active")["activeTargets"]
             if one["scrapeUrl"].startswith(f"https://{host}.{DOMAIN}:{port}/metrics")]
    assert len(found) == 1, (host, port, found)
    return found[0]["health"], found[0]["lastError"]


TARGETS = [("app1", "node_exporter", 9100), ("app1", "container_metrics", 9101), ("app1", "app", 5000), ("edge1", "nginx", 9113),
           ("data1", "postgres_exporter", 9187), ("data1", "redis_exporter", 9121), ("monitor1", "blackbox_exporter", 9115),
           ("monitor1", "alertmanager", 9093)]


# The fixture ends with the page, so that what needs these services whole stands before it.
@pytest.fixture(scope="module")
def all_targets(elsewhere, prometheus_itself):
    with under_another_name(elsewhere, *[(host, container) for host, container, _ in TARGETS]):
        yield
    for host, _, port in TARGETS:
        fleet.until(f"{host}:{port} is up again", lambda: target(prometheus_itself, host, port)[0] == "up")


@pytest.mark.parametrize("host, container, port", TARGETS)
def test_prometheus_refuses_targets_under_another_name(host, container, port, all_targets, prometheus_itself):
    def refused():
        health, error = target(prometheus_itself, host, port)
        return health == "down" and REFUSED.search(error)

    fleet.until(f"Prometheus refuses {container} on {host}", refused)


def test_prometheus_tells_no_alertmanager_under_another_name(all_targets):
    """The watchdog is always to be told of, so that it need not be made."""
    def refused():
        said = fleet.on("monitor1", "sh", "-c", "docker logs --since 60s prometheus 2>&1 | grep -i notif | tail -n 20").stdout
        return "9093" in said and REFUSED.search(said)

    fleet.until("Prometheus tells nobody", refused, seconds=90, every=2)
