"""What the pages say of the fleet: its hosts, its PKI, and connections made as one of its members would."""

import json
import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import time
import urllib.parse

TREE = pathlib.Path(__file__).resolve().parents[2]
STATE = pathlib.Path(os.environ.get("PLATFORM_STATE", "/var/tmp/provision-platform"))
PROVISION = os.environ.get("PROVISION", str(TREE / "provision"))
DOMAIN = "fleet.test"
ADDRESSES = {"edge1": "172.30.99.11", "app1": "172.30.99.12", "app2": "172.30.99.13", "data1": "172.30.99.14",
             "monitor1": "172.30.99.15", "registry": "172.30.99.3"}
HOSTS = [name for name in ADDRESSES if name != "registry"]
USERS_NAME = f"www.{DOMAIN}"


def run(*command, check=True, timeout=600, env=None, input=None):
    """Runs a command; what it said is in the failure."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout, cwd=TREE, input=input,
                          env={**os.environ, **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}")
    return done


def fleet(*arguments, **options):
    """tests/platform/fleet."""
    return run(TREE / "tests/platform/fleet", *arguments, **options)


def on(host, *command, **options):
    """A command on a host, as root, past SSH."""
    return fleet("exec", host, *command, **options)


def apply(*arguments, check=True, playbook=None, timeout=900, env=None):
    """`provision apply -i inventories/fleet`; the playbook is site.yml unless it is named."""
    playbooks = [TREE / "playbooks" / playbook] if playbook else []
    return run(PROVISION, "apply", "-i", "inventories/fleet", *playbooks, *arguments, check=check, timeout=timeout, env=env)


def recap(done):
    """What the recap of a run counts, by host."""
    counts = {}
    for line in done.stdout.split("PLAY RECAP")[-1].splitlines():
        if match := re.match(r"(\S+)\s+: (ok=.*)", line):
            counts[match[1]] = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", match[2])}
    return counts


def pki(verb, *arguments, check=True):
    """`provision pki VERB` on the fleet's store, as JSON."""
    verbs = verb.split()
    done = run(PROVISION, "pki", *verbs, "--store", STATE / "pki", "--format", "json", *arguments, check=check)
    return json.loads(done.stdout) if done.stdout.strip() else {}


IDENTITY = ("--identity", STATE / "identity/age")


def ago(days):
    """The time so many days ago, as --clock takes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))


def recipient(identity=STATE / "identity/age"):
    """To whom what that age identity opens is sealed; else the fleet's."""
    return re.search("age1[a-z0-9]*", identity.read_text())[0]


def another_pki(store, organization, *options):
    """A PKI that nobody here trusts, with a root and an intermediate; the identity that opens its keys."""
    identity = store.with_name(store.name + "-identity")
    run(PROVISION, "pki", "identity", identity)
    run(PROVISION, "pki", "init", store, "--rehearsal", "--chain", "--recipient", recipient(identity), "--organization", organization,
        "--url", f"http://pki.{DOMAIN}/pki/", "--dns", DOMAIN, *options)
    return identity


def ceremony(*task):
    """A ceremony of the root (ceremony.py): `intermediate NAME`, `crl`."""
    run(TREE / "tests/platform/ceremony.py", *task)


def new_intermediate(name, *options):
    """Another intermediate, whose key the fleet's identity opens: the root signs it in a ceremony, and it makes its first list."""
    pki("intermediate csr", name, "--recipient", recipient(), *options)
    ceremony("intermediate", name)
    pki("crl build", name, *IDENTITY)


def until(what, condition, seconds=60, every=0.3):
    """Waits for a condition; its last answer."""
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            last = condition()
            if last:
                return last
        except (OSError, AssertionError, ValueError) as error:
            last = error
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}; last seen: {last!r}")


class Who:
    """A certificate and its key, in files."""

    def __init__(self, name, certificate, key, serial=None):
        self.name, self.certificate, self.key, self.serial = name, str(certificate), str(key), serial


def issue(folder, name, *, role="client", names=None, intermediate=None, days=None, clock=None):
    """A certificate of the fleet's PKI for somebody who is not of the fleet; `clock` is when it is issued, if not now."""
    names = names or [f"{name}.users.{DOMAIN}"]
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    options = [part for one in names for part in ("--san", one)]
    if intermediate:
        options += ["--intermediate", intermediate]
    if days:
        options += ["--days", str(days)]
    if clock:
        options += ["--clock", clock]
    answer = pki("issue", name, "--host", name, "--role", role, *options, *IDENTITY, "--key-out", key, "--out", certificate)
    return Who(name, certificate, key, answer["serial"])


def roots():
    """The trusted roots, as a file."""
    return STATE / "registry/roots.pem"


def context(who=None, ca=None, check_name=True):
    """How a client of the platform would connect."""
    made = ssl.create_default_context(cafile=str(ca or roots()))
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = check_name
    if who is not None:
        made.load_cert_chain(who.certificate, who.key)
    return made


class Refused(Exception):
    """The server did not let the client in; the reason."""


def connect(host, port, server_name, who=None, ca=None, protocol="tls", timeout=5):
    """A TLS connection after which the server has had its say about the client's certificate."""
    raw = socket.create_connection((ADDRESSES.get(host, host), port), timeout=timeout)
    try:
        if protocol == "postgresql":
            raw.sendall(struct.pack("!ii", 8, 80877103))
            if raw.recv(1) != b"S":
                raise Refused("PostgreSQL speaks no TLS")
        return context(who, ca).wrap_socket(raw, server_hostname=server_name)
    except (ssl.SSLError, ConnectionError) as error:
        raw.close()
        raise Refused(str(error)) from error


def http(host, port, server_name, path="/", who=None, ca=None, method="GET", headers=None, body=None, timeout=10):
    """One request by HTTP/1.1 over TLS: (status, headers, body). A client that the server does not want is Refused."""
    import http.client

    with connect(host, port, server_name, who, ca, timeout=timeout) as stream:
        connection = http.client.HTTPConnection(server_name, port, timeout=timeout)
        connection.sock = stream
        try:
            connection.request(method, path, body=body, headers={"Host": server_name, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (ssl.SSLError, ConnectionError, http.client.BadStatusLine) as error:
            raise Refused(str(error)) from error


def write_notes(who, count):
    """So many notes, through all of the platform."""
    for number in range(count):
        status, _, body = http("edge1", 443, USERS_NAME, "/api/notes", who, method="POST", headers={"Content-Type": "application/json"},
                               body=json.dumps({"text": f"note {number}"}))
        assert status == 201, body


def redis(who, command, *, user="app", password=None, name=None):
    """What the cache says to a command of one of its users, who has that user's password unless another is given: the last thing that
    is said, `-WRONGPASS ...` where the password is not the user's."""
    password = (STATE / f"secrets/redis_{user}").read_text().strip() if password is None else password
    with connect("data1", 6379, name or f"data1.{DOMAIN}", who) as stream:
        try:
            stream.sendall(f"AUTH {user} {password}\r\n".encode())
            said = stream.recv(1000)
            if said.startswith(b"+OK"):
                stream.sendall(f"{command}\r\n".encode())
                said = stream.recv(1000)
        except OSError as error:
            raise Refused(str(error)) from error
    if not said:
        raise Refused("closed")
    return said


def prometheus(path, who, **parameters):
    """The data of Prometheus' API."""
    query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
    name = f"monitor1.{DOMAIN}"
    status, _, body = http("monitor1", 9090, name, f"/api/v1/{path}{query}", who)
    assert status == 200, body
    return json.loads(body)["data"]


def query(expression, who):
    """The samples of an instant query: list of (labels, value)."""
    result = prometheus("query", who, query=expression)["result"]
    return [(one["metric"], float(one["value"][1])) for one in result]
