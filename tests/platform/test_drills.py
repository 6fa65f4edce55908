"""What operators practise: each drill begins and ends with a platform that is well."""

import json
import uuid

import pytest

import platform_fleet as fleet
from alerts import heard, known_to_app1, wait_for_alert, webhook
from load import Load
from test_hops import CANNOT, SERVERS, good_name, outcome

pytestmark = pytest.mark.full
DOMAIN = fleet.DOMAIN

# Where each service can be seen: service of the store, host, port, name, protocol.
SERVED = [
    ("nginx", "edge1", 443, fleet.USERS_NAME, "tls"),
    ("app", "app1", 5000, f"app1.{DOMAIN}", "tls"),
    ("app", "app2", 5000, f"app2.{DOMAIN}", "tls"),
    ("postgres", "data1", 5432, f"data1.{DOMAIN}", "postgresql"),
    ("redis", "data1", 6379, f"data1.{DOMAIN}", "tls"),
    ("postgres_exporter", "data1", 9187, f"data1.{DOMAIN}", "tls"),
    ("redis_exporter", "data1", 9121, f"data1.{DOMAIN}", "tls"),
    ("prometheus", "monitor1", 9090, f"monitor1.{DOMAIN}", "tls"),
    ("alertmanager", "monitor1", 9093, f"monitor1.{DOMAIN}", "tls"),
    ("blackbox_exporter", "monitor1", 9115, f"monitor1.{DOMAIN}", "tls"),
    ("tracing", "monitor1", 4318, f"monitor1.{DOMAIN}", "tls"),
    *[("node_exporter", host, 9100, f"{host}.{DOMAIN}", "tls") for host in fleet.HOSTS],
    *[("container_metrics", host, 9101, f"{host}.{DOMAIN}", "tls") for host in fleet.HOSTS],
]


def served_serial(host, port, name, protocol, who):
    """The serial number of the certificate that a service shows, in lower-case hexadecimal."""
    with fleet.connect(host, port, name, who, protocol=protocol) as stream:
        return stream.getpeercert()["serialNumber"].lower().lstrip("0")


def all_served(who):
    return {(service, host): served_serial(host, port, name, protocol, who) for service, host, port, name, protocol in SERVED}


def everything_is_well():
    done = fleet.apply(playbook="self-check.yml", check=False)
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.fixture
def alice(applied, folder):
    """A user whose certificate the intermediate of the day has signed: drills change it."""
    return fleet.issue(folder, f"alice-{uuid.uuid4().hex[:8]}", names=[f"alice.users.{DOMAIN}"])


@pytest.fixture
def prometheus_itself(applied, folder):
    return fleet.issue(folder, f"prometheus-{uuid.uuid4().hex[:8]}", names=[f"prometheus.monitor1.{DOMAIN}"])


@pytest.fixture(scope="module", autouse=True)
def backed_up(applied):
    """A platform without a backup is not well, and says so."""
    fleet.apply(playbook="backup.yml")


@pytest.mark.order(60)
def test_every_certificate_is_renewed_and_served_without_a_dropped_request(alice, prometheus_itself):
    before = all_served(prometheus_itself)
    with Load(alice) as load:
        done = fleet.run(fleet.PROVISION, "pki", "renew", "--all", "-i", "inventories/fleet", "--store", fleet.STATE / "pki",
                         *fleet.IDENTITY, "--format", "json", check=False, timeout=600)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    answer = json.loads(done.stdout)
    after = all_served(prometheus_itself)
    assert answer["failed"] == 0 and answer["renewed"] >= len(SERVED)
    assert all(after[one] != before[one] for one in before), {one for one in before if after[one] == before[one]}
    assert load.failures == [], (load.answered, load.failures[:10])
    assert load.answered > 100
    everything_is_well()


@pytest.mark.order(61)
def test_a_certificate_that_does_not_speak_for_its_service_is_rolled_back(alice, prometheus_itself):
    before = all_served(prometheus_itself)
    with Load(alice) as load:
        done = fleet.run(fleet.PROVISION, "pki", "renew", "nginx@edge1", "--force", "-i", "inventories/fleet", "--store", fleet.STATE / "pki",
                         *fleet.IDENTITY, "-e", "platform_public_name=poisoned.fleet.test", "-e",
                         json.dumps({"platform_certificates": poisoned()}), "--format", "json", check=False)
    assert done.returncode == 5, done.stdout + done.stderr
    failure = json.loads(done.stdout)["certificates"][0]["failure"]
    assert failure["rolled_back"] is True
    assert all_served(prometheus_itself) == before
    assert load.failures == [], load.failures[:10]


def poisoned():
    """A catalogue in which nginx's certificate lacks the name that users ask for."""
    directory = "/etc/platform/tls/nginx"
    reload = "docker exec nginx nginx -c /etc/nginx/platform/nginx.conf -s reload"
    return {"edge": [{"service": "nginx", "role": "both", "names": [f"nginx.edge1.{DOMAIN}", f"edge1.{DOMAIN}"], "directory": directory,
                      "owner": "101", "reload": reload, "port": 443, "server_name": fleet.USERS_NAME, "timeout": 10}]}


@pytest.mark.order(62)
def test_an_intermediate_is_replaced_and_revoked_without_downtime(alice, folder, prometheus_itself):
    old = [one for one in fleet.pki("intermediate list")["intermediates"] if one["state"] == "issuing"][0]["name"]
    new = f"services-{len(fleet.pki('intermediate list')['intermediates']) + 1}"
    # Who has certificates of the old one, and would be let in today.
    strays = {name: fleet.issue(folder, f"{name.split('.')[0]}-stray-{uuid.uuid4().hex[:8]}", names=[f"{name}.{DOMAIN}"], intermediate=old)
              for name in ("nginx.edge1", "alice.users", "app.app1", "prometheus.monitor1")}
    fleet.new_intermediate(new)
    # As docs/platform.md says it: revoked in the store, then the root's list is signed, and the playbook puts it in force.
    fleet.pki("revoke", old, "--reason", "cACompromise")
    root_list = folder / f"{old}-revoked.crl.pem"
    fleet.ceremony("crl", root_list)
    user = fleet.issue(folder, f"carol-{uuid.uuid4().hex[:8]}", intermediate=new)
    # The new intermediate's list goes ahead: where it is missing, who comes with its certificates is refused.
    fleet.apply("--tags", "certificates")
    with Load(user) as load:
        fleet.apply("-e", f"rotate_to={new}", "-e", f"rotate_revoke={old}", "-e", f"rotate_root_list={root_list}", "-e",
                    "rotate_reason=cACompromise", playbook="rotate-intermediate.yml")
    assert load.failures == [], load.failures[:10]
    scraper = fleet.issue(folder, f"scraper-{uuid.uuid4().hex[:8]}", names=[f"prometheus.monitor1.{DOMAIN}"], intermediate=new)
    for service, host, port, name, protocol in SERVED:
        with fleet.connect(host, port, name, scraper, protocol=protocol) as stream:
            issuer = dict(part[0] for part in stream.getpeercert()["issuer"])["commonName"]
            assert issuer.endswith(new.rsplit("-", 1)[1]), (service, host, issuer)
    # What the old one signed is refused where lists are read, and taken where none are (the table of hops has what stands in).
    assert {server: outcome(server, strays[good_name(server)]) for server in SERVERS if good_name(server) in strays} == {
        server: "answered" if expected == CANNOT else "refused"
        for server, (_, _, _, _, expected) in SERVERS.items()}
    again = fleet.recap(fleet.apply("-e", f"rotate_to={new}", playbook="rotate-intermediate.yml"))
    assert all(count["changed"] == 0 for count in again.values()), again
    everything_is_well()


def rows(expression, database="app"):
    """What the database answers its superuser."""
    return fleet.on("data1", "docker", "exec", "postgres", "psql", "-U", "postgres", "-d", database, "-tAc", expression).stdout.strip()


CHECKSUM = "select count(*), md5(string_agg(n::text, ',' order by n.id)) from app.notes n"


def backed_up_in(folder, *options):
    """A backup of now, fetched to the control node: its folder, which ends in the backup's stamp."""
    fleet.apply("-e", f"backup_fetch_to={folder}", *options, playbook="backup.yml")
    return sorted(folder.glob("data1/*"))[-1]


def the_database_is_empty():
    answer = fleet.on("data1", "docker", "exec", "postgres", "psql", "-U", "postgres", "-d", "app", "-tAc", CHECKSUM, check=False)
    return "does not exist" in answer.stderr


@pytest.mark.order(70)
def test_a_database_that_lost_its_volume_is_restored_as_it_was(alice, folder):
    fleet.write_notes(alice, 30)
    before = rows(CHECKSUM)
    backed_up_in(folder / "backups")
    fleet.on("data1", "docker", "rm", "-f", "postgres")
    fleet.on("data1", "docker", "volume", "rm", "postgres")
    fleet.apply("--limit", "data")
    assert the_database_is_empty()
    fleet.apply("-e", "restore_confirm=yes", playbook="restore.yml")
    assert rows(CHECKSUM) == before
    assert before.startswith(tuple("123456789"))
    everything_is_well()


@pytest.mark.order(82)
def test_a_data_host_that_is_lost_is_rebuilt_and_restored_from_the_copy_that_was_fetched(alice, folder):
    fleet.write_notes(alice, 5)
    before = rows(CHECKSUM)
    who = fleet.issue(folder, f"redis-{uuid.uuid4().hex[:8]}", names=[f"app.app1.{DOMAIN}"])
    assert fleet.redis(who, "SET app:drill kept", user="admin") == b"+OK\r\n"
    # For a reader by age, on its way to the disk.
    sealed = ("-e", f"backup_recipient={fleet.recipient()}")
    fleet.apply("--tags", "backup", *sealed)
    copy = backed_up_in(folder / "copies", *sealed)
    assert {path.suffix for path in copy.iterdir() if path.name != "SHA256SUMS"} == {".age"}, list(copy.iterdir())
    fleet.fleet("lose", "data1")
    fleet.fleet("hosts")
    assert fleet.recap(fleet.apply())["data1"]["failed"] == 0
    fleet.apply("-e", "restore_confirm=yes", "-e", "restore_redis=yes", "-e", f"restore_from={copy}", "-e",
                f"restore_identity={fleet.STATE / 'identity/age'}", *sealed, playbook="restore.yml")
    assert rows(CHECKSUM) == before
    assert fleet.redis(who, "GET app:drill", user="admin").endswith(b"kept\r\n")
    status, _, body = fleet.http("edge1", 443, fleet.USERS_NAME, "/api/notes", alice)
    assert status == 200 and b"note 4" in body
    fleet.apply(playbook="backup.yml")
    everything_is_well()


@pytest.mark.order(80)
@pytest.mark.parametrize("host", ["app1", "data1", "edge1", "monitor1"])
def test_a_host_that_reboots_is_healthy_again(host, alice):
    fleet.fleet("reboot", host)
    fleet.until(f"{host} is well", lambda: fleet.apply("--limit", host, playbook="self-check.yml", check=False).returncode == 0, seconds=120)
    assert fleet.http("edge1", 443, fleet.USERS_NAME, "/api/notes", alice)[0] == 200


@pytest.mark.order(80)
def test_hosts_are_rebooted_one_after_the_other(alice):
    done = fleet.recap(fleet.apply("--limit", "app", playbook="reboot.yml"))
    assert all(count["failed"] == 0 and count["changed"] == 1 for count in done.values()), done
    everything_is_well()


@pytest.mark.order(81)
def test_a_host_that_is_lost_is_rebuilt_by_the_playbook_alone(alice):
    fleet.fleet("lose", "app2")
    fleet.fleet("hosts")
    done = fleet.recap(fleet.apply())
    assert done["app2"]["failed"] == 0 and done["app2"]["changed"] > 10
    everything_is_well()


def image_of(host):
    return fleet.on(host, "docker", "inspect", "--format", "{{.Config.Image}}", "app").stdout.strip()


def push(dockerfile, name):
    """Another image of the app in the fleet's registry; its reference by digest."""
    return fleet.fleet("push", name, input=dockerfile).stdout.strip().splitlines()[-1]


@pytest.mark.order(75)
def test_the_app_is_updated_without_a_failed_request(alice):
    image = push("FROM platform/app:test\nENV APP_VERSION=2\n", "app")
    with Load(alice) as load:
        fleet.apply("-e", f"app_image={image}", playbook="rolling-update.yml")
    assert image_of("app1") == image_of("app2") == image
    assert load.failures == [], (load.answered, load.failures[:10])
    # The door's connections go on: nothing was asked twice either.
    assert load.again == 0
    assert load.answered > 50


BROKEN = {
    "it does not start": 'FROM platform/app:test\nENTRYPOINT ["false"]\n',
    # It runs, answers /healthz, and would be killed by nobody.
    "it is never ready": "FROM platform/app:test\nUSER 0\nRUN sed -i 's/ good = all/ good = False and all/' /srv/web/health.py\nUSER 10001\n",
}


@pytest.mark.order(76)
@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_image_stops_after_the_first_host_which_has_its_old_one_again(fault, alice):
    before = image_of("app1")
    broken = push(BROKEN[fault], "app")
    with Load(alice) as load:
        done = fleet.apply("-e", f"app_image={broken}", playbook="rolling-update.yml", check=False)
    assert done.returncode != 0
    assert image_of("app1") == before and image_of("app2") == before
    assert "app2" not in {host for host, count in fleet.recap(done).items() if count["changed"] > 0}
    assert load.failures == [] and load.again == 0, (load.answered, load.again, load.failures[:10])
    fleet.apply()
    everything_is_well()


@pytest.mark.order(95)
def test_on_day_sixty_everything_is_due_and_renewed_under_load(folder):
    """A fleet whose certificates were all issued sixty days ago, by authorities that are older still."""
    fleet.fleet("clean")
    fleet.fleet("up", env={"PLATFORM_CLOCK": fleet.ago(85)}, timeout=1500)
    forgotten = fleet.issue(folder, "forgotten", names=[f"forgotten.app1.{DOMAIN}"], clock=fleet.ago(70))
    sixty = fleet.ago(60)
    fleet.pki("crl build", *fleet.IDENTITY, "--clock", sixty)
    fleet.apply("--tags", "common,docker,certificates", "-e", f"certificates_clock={sixty}")
    # The lists of that day are over: today's come before anybody reads them.
    fleet.pki("crl build", *fleet.IDENTITY)
    store = ("--store", fleet.STATE / "pki")
    fleet.run(fleet.PROVISION, "pki", "trust", "deploy", "-i", "inventories/fleet", *store)
    fleet.apply("--skip-tags", "certificates")
    with webhook():
        with known_to_app1(forgotten):
            wait_for_alert(alertname="CertificateRenewalOverdue", service="forgotten")
            # Those of the services are due today, and nobody is called for that.
            assert {one["service"] for one in heard() if one["alertname"] == "CertificateRenewalOverdue"} == {"forgotten"}
    user = fleet.issue(folder, "of-today", names=[f"alice.users.{DOMAIN}"])
    scraper = fleet.issue(folder, "scraper-of-today", names=[f"prometheus.monitor1.{DOMAIN}"])
    before = all_served(scraper)
    with Load(user) as load:
        done = fleet.run(fleet.PROVISION, "pki", "renew", "--due", "-i", "inventories/fleet", *store, *fleet.IDENTITY, "--format", "json",
                         check=False)
    answer = json.loads(done.stdout)
    assert done.returncode == 0, answer
    assert {reason["reason"] for one in answer["certificates"] for reason in one["reasons"]} == {"age"}
    assert answer["renewed"] == len(answer["certificates"]) > len(SERVED)
    after = all_served(scraper)
    assert [one for one in before if after[one] == before[one]] == []
    assert load.failures == [], (load.answered, load.failures[:10])
    assert load.answered > 100
