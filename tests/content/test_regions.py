"""Production over two regions: upstreams of the own region first, federation of the other, names for the DNS."""

import re
import shutil

import dns.zone
import pytest
import yaml

from content import PROVISION, TOOLS, WORK, as_rehearsal, copy_of_content, refuse, run, said


@pytest.fixture(scope="session")
def rendered():
    """The folder with a folder for each host of production, and the names."""
    work = WORK / "production"
    shutil.rmtree(work, ignore_errors=True)
    tree = copy_of_content(work / "tree")
    command = [PROVISION, "apply", "-i", "inventories/production", "-e", f"@{as_rehearsal(work)}", "-e", f"regions_directory={work}/regions"]
    for more in [["--tags", "certificates,nginx,prometheus", "playbooks/site.yml"], ["playbooks/regions.yml"]]:
        code, output = run([*command, *more], cwd=tree)
        refuse([f"production cannot be rendered:\n{output[-1500:]}"] if code else [])
    return work


def nginx(rendered, host):
    return rendered / f"hosts/{host}/srv/nginx/conf/nginx.conf"


def prometheus(rendered, host):
    return yaml.safe_load((rendered / f"hosts/{host}/srv/prometheus/config/prometheus.yml").read_text())


@pytest.mark.parametrize(("host", "own", "other"), [("fra-edge1", "fra", "ams"), ("ams-edge1", "ams", "fra")])
def test_requests_stay_in_their_region_while_it_answers(rendered, host, own, other):
    servers = re.findall(r"server (\S+)\.platform\.example:5000 ([^;]*);", nginx(rendered, host).read_text())
    assert {name: "backup" in options for name, options in servers} == {
        f"{own}-app1": False, f"{own}-app2": False, f"{other}-app1": True, f"{other}-app2": True,
    }


def test_nginx_of_every_region_has_no_known_weakness(rendered):
    for host in ["fra-edge1", "ams-edge1"]:
        code, output = run([TOOLS / "gixy", nginx(rendered, host)])
        refuse([f"{said(nginx(rendered, host))}:\n{output}"] if code else [])


@pytest.mark.parametrize(("host", "own", "other"), [("fra-monitor1", "fra", "ams"), ("ams-monitor1", "ams", "fra")])
def test_prometheus_scrapes_its_region_and_federates_the_other(rendered, host, own, other):
    jobs = {job["job_name"]: job for job in prometheus(rendered, host)["scrape_configs"]}
    hosts = {
        name: [config["labels"]["host"] for config in job["static_configs"] if "labels" in config] for name, job in jobs.items()
    }
    # A job whose hosts are all elsewhere is none here.
    assert ("postgres" in hosts) == (own == "fra")
    assert hosts["app"] == [f"{own}-app1", f"{own}-app2"]
    assert all(name.startswith(own) for name in hosts["node"])
    assert hosts["federation"] == [f"{other}-monitor1"]
    federation = jobs["federation"]
    assert (federation["metrics_path"], federation["honor_labels"]) == ("/federate", True)
    assert federation["params"] == {"match[]": ['{__name__=~".+:.+"}', "up"]}
    assert federation["scheme"] == "https"
    assert prometheus(rendered, host)["global"]["external_labels"] == {"region": own}


def test_names_are_a_zone(rendered):
    text = (rendered / "regions/platform.example.zone").read_text()
    start = "@ 60 IN SOA ns.platform.example. hostmaster.platform.example. 1 3600 600 86400 60\n@ 60 IN NS ns\nns 60 IN A 192.0.2.53\n"
    zone = dns.zone.from_text(f"$ORIGIN platform.example.\n{start}{text}", origin="platform.example.")
    assert {rdata.address for rdata in zone.find_rdataset("fra-edge1", "A")} == {"192.0.2.11"}
    for name in ["www", "pki"]:
        assert {rdata.address for rdata in zone.find_rdataset(name, "A")} == {"192.0.2.11", "192.0.2.12", "198.51.100.11"}
