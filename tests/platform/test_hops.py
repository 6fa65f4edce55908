"""Every server of the platform, and clients that are not as they should be.

A row is a server, a column a defect of the client. `refused`: the connection ends before anything is answered. `forbidden`: TLS is
up, and the server knows the name and denies it. `accepted`: the server cannot tell; then the same cell shows what compensates,
and `pki revoke` says of such a service that it checks no lists.
"""

import os
import re
import socket

import pytest

import platform_fleet as fleet
from platform_fleet import DOMAIN, Refused

# server: host, port, the name that it has to show, the protocol, and its answers to: another name of client, a revoked leaf, a
# leaf below a revoked intermediate.
ENFORCES = ("forbidden", "refused", "refused")
CANNOT = ("accepted", "accepted", "accepted")
SERVERS = {
    # A user of nginx whom no role knows is forbidden by the app.
    "nginx": ("edge1", 443, f"www.{DOMAIN}", "/api/notes", ENFORCES),
    "nginx, its numbers": ("edge1", 9113, f"edge1.{DOMAIN}", "/metrics", ENFORCES),
    "app": ("app1", 5000, f"app1.{DOMAIN}", "/api/notes", ENFORCES),
    "postgres": ("data1", 5432, f"data1.{DOMAIN}", "postgresql", ENFORCES),
    # Redis: no names, no lists; users by password (ACL), and the firewall.
    "redis": ("data1", 6379, f"data1.{DOMAIN}", "redis", CANNOT),
    # Programs in Go and the small exporters: neither names nor lists; the firewall lets in monitor1 alone.
    "node_exporter": ("app1", 9100, f"app1.{DOMAIN}", "/metrics", CANNOT),
    "container_metrics": ("app1", 9101, f"app1.{DOMAIN}", "/metrics", None),
    "postgres_exporter": ("data1", 9187, f"data1.{DOMAIN}", "/metrics", CANNOT),
    "redis_exporter": ("data1", 9121, f"data1.{DOMAIN}", "/metrics", CANNOT),
    "prometheus": ("monitor1", 9090, f"monitor1.{DOMAIN}", "/api/v1/status/buildinfo", CANNOT),
    "alertmanager": ("monitor1", 9093, f"monitor1.{DOMAIN}", "/api/v2/status", CANNOT),
    "blackbox_exporter": ("monitor1", 9115, f"monitor1.{DOMAIN}", "/metrics", CANNOT),
    "tracing": ("monitor1", 4318, f"monitor1.{DOMAIN}", "/", None),
    "registry": ("registry", 5000, f"registry.{DOMAIN}", "/v2/", CANNOT),
}
GOOD = {
    "nginx": "alice.users", "nginx, its numbers": "prometheus.monitor1", "app": "nginx.edge1", "postgres": "app.app1",
    "redis": "app.app1",
}


# Whom the firewall lets in where a server takes whoever has any certificate of ours.
LET_IN = {"redis": {"app1", "app2", "monitor1"}}


@pytest.fixture(scope="module")
def people(applied, folder):
    """Clients by their defect; those that are revoked are on the lists of every host."""
    people = {None: None}
    stranger_store = folder / "stranger"
    identity = fleet.another_pki(stranger_store, "Fleet")

    def stranger(name, names):
        certificate, key = folder / f"{name}-stranger.pem", folder / f"{name}-stranger.key"
        fleet.run(fleet.PROVISION, "pki", "issue", name, "--store", stranger_store, "--identity", identity, "--role", "client",
                  *[part for one in names for part in ("--san", one)], "--key-out", key, "--out", certificate)
        return fleet.Who(name, certificate, key)

    lost = f"lost-{os.getpid()}"
    fleet.new_intermediate(lost, "--common-name", f"Fleet Lost CA {os.getpid()}")
    names = sorted({*GOOD.values(), "prometheus.monitor1"})
    for name in names:
        full = [f"{name}.{DOMAIN}"]
        short = name.replace(".", "-")
        people["good", name] = fleet.issue(folder, short, names=full, intermediate="services-1")
        people["wrong CA", name] = stranger(short, full)
        people["wrong EKU", name] = fleet.issue(folder, short + "-server", names=full, role="server", intermediate="services-1")
        people["revoked leaf", name] = fleet.issue(folder, short + "-revoked", names=full, intermediate="services-1")
        people["revoked intermediate", name] = fleet.issue(folder, short + "-lost", names=full, intermediate=lost)
        fleet.pki("revoke", people["revoked leaf", name].serial, "--reason", "keyCompromise")
    people["wrong name"] = fleet.issue(folder, "mallory", names=[f"mallory.elsewhere.{DOMAIN}"], intermediate="services-1")
    fleet.pki("revoke", lost, "--reason", "cACompromise")
    fleet.ceremony("crl")
    fleet.pki("crl build", "services-1", *fleet.IDENTITY)
    fleet.apply("--tags", "certificates")
    return people


def outcome(server, who, name=None):
    """What becomes of a client: `answered`, `forbidden` or `refused`."""
    host, port, own_name, what, _ = SERVERS[server]
    try:
        if what == "postgresql":
            return postgres(host, name or own_name, who)
        if what == "redis":
            return "answered" if fleet.redis(who, "PING", name=name or own_name).startswith(b"+PONG") else "forbidden"
        # What nginx says of its user; from anybody else the app does not believe it.
        said = {"X-Client-Verify": "SUCCESS", "X-Client-CN": f"alice.users.{DOMAIN}"} if server == "app" else {}
        status, _, body = fleet.http(host, port, name or own_name, what, who, headers=said)
    except Refused:
        return "refused"
    if status == 403:
        return "forbidden"
    # nginx answers those without a certificate, and those whose certificate does not verify, with 400 alone.
    if status == 400 and b"SSL certificate" in body:
        return "refused"
    assert status < 300 or (server, status) == ("tracing", 404), (status, body[:200])
    return "answered"


def postgres(host, name, who):
    """A login as user app by the wire protocol."""
    with fleet.connect(host, 5432, name, who, protocol="postgresql") as stream:
        start = b"\x00\x03\x00\x00user\x00app\x00database\x00app\x00\x00"
        try:
            stream.sendall((len(start) + 4).to_bytes(4, "big") + start)
            said = stream.recv(500)
        except OSError as error:
            raise Refused(str(error)) from error
    if not said:
        raise Refused("closed")
    if said[:1] == b"R":
        return "answered"
    return "refused" if b"certificate" in said and b"authentication failed" not in said else "forbidden"


def good_name(server):
    return GOOD.get(server, "prometheus.monitor1")


@pytest.mark.order(30)
@pytest.mark.parametrize("server", SERVERS)
def test_the_right_client_is_answered(server, people):
    assert outcome(server, people["good", good_name(server)]) == "answered"


@pytest.mark.order(31)
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("defect", [None, "wrong CA", "wrong EKU"])
def test_a_client_without_a_certificate_of_ours_for_clients_is_refused_everywhere(server, defect, people):
    who = None if defect is None else people[defect, good_name(server)]
    assert outcome(server, who) == "refused"


@pytest.mark.order(31)
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_under_a_wrong_name_is_refused_by_its_clients(server, people):
    with pytest.raises(Refused, match="Hostname mismatch|certificate verify failed"):
        host, port, _, what, _ = SERVERS[server]
        fleet.connect(host, port, f"other.{DOMAIN}", people["good", good_name(server)], protocol="postgresql" if what == "postgresql" else "tls")


@pytest.mark.order(32)
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("column, defect", enumerate(["wrong name", "revoked leaf", "revoked intermediate"]))
def test_names_and_revocation_are_enforced_where_a_server_can(server, column, defect, people):
    expected = (SERVERS[server][4] or ENFORCES)[column]
    who = people[defect] if defect == "wrong name" else people[defect, good_name(server)]
    found = outcome(server, who)
    if expected != "accepted":
        assert found == expected
        return
    assert found == "answered", "it enforces more than the table says: better, and the table wants to know"
    compensated(server, who)


def compensated(server, who):
    """What stands in where a server cannot tell: the firewall (the machine of the tests is trusted), the cache's users, and a registry
    that takes nothing, whose images are named by their digests."""
    host, port, name, *_ = SERVERS[server]
    if server == "registry":
        assert fleet.http(host, port, name, "/v2/platform/app/blobs/uploads/", who, method="POST")[0] == 405
        return
    rules = fleet.on(host, "iptables", "-S").stdout
    sources = [re.search(r" -s (\S+?)(?:/32)? ", line) for line in rules.splitlines() if f"--ctorigdstport {port} -j RETURN" in line]
    assert {source[1] if source else "any" for source in sources} == {fleet.ADDRESSES[one] for one in LET_IN.get(server, {"monitor1"})}
    if server == "redis":
        assert fleet.redis(who, "PING", password="guessed").startswith(b"-WRONGPASS")


@pytest.mark.order(32)
@pytest.mark.parametrize("server, name", [("app", "nginx.users"), ("nginx, its numbers", "prometheus.users"), ("postgres", "app.users")])
def test_a_user_who_is_called_like_a_service_is_not_taken_for_it(server, name, people, folder):
    who = fleet.issue(folder, name.replace(".", "-"), names=[f"{name}.{DOMAIN}"], intermediate="services-1")
    assert outcome(server, who) == "forbidden"


@pytest.mark.order(32)
@pytest.mark.parametrize("server", ["nginx", "nginx, its numbers", "app", "container_metrics"])
def test_who_was_revoked_cannot_resume_a_session_of_before(server, people):
    """Lists are read in whole handshakes alone, so that no server that reads them resumes one."""
    host, port, name, path, _ = SERVERS[server]
    who = people["good", good_name(server)]
    context = fleet.context(who)
    with socket.create_connection((fleet.ADDRESSES[host], port), timeout=5) as raw, context.wrap_socket(raw, server_hostname=name) as first:
        first.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        while first.recv(65536):
            pass
        session = first.session
    with socket.create_connection((fleet.ADDRESSES[host], port), timeout=5) as raw:
        with context.wrap_socket(raw, server_hostname=name, session=session) as second:
            assert not second.session_reused


@pytest.mark.order(33)
def test_revoke_names_who_checks_no_lists(people):
    answer = fleet.pki("revoke", people["revoked leaf", "app.app1"].serial, "--reason", "keyCompromise")
    unchecked = " ".join(answer["lists_not_checked_by"]).lower()
    checked = " ".join(answer["lists_checked_by"]).lower()
    assert not [server for server, row in SERVERS.items() if row[4] == CANNOT and server not in unchecked], unchecked
    assert "nginx" in checked and "postgresql" in checked
