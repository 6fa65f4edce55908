"""The manifests that the roles' files become are what Kubernetes takes, restricted, and have no secret in them."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from content import PROVISION, SECRET, TOOLS, TOP, WORK, as_rehearsal, copy_of_content, load, refuse, run, said


@pytest.fixture(scope="session")
def rendered():
    """The folder that playbooks/kubernetes.yml fills; the playbook itself has validated the manifests."""
    work = WORK / "kubernetes"
    shutil.rmtree(work, ignore_errors=True)
    tree = copy_of_content(work / "tree")
    extra = as_rehearsal(work)
    # The throw-away PKI certifies names of the platform's domain alone.
    more = ["-e", f"kubernetes_directory={work}", "-e", "platform_public_name=www.platform.svc.cluster.local"]
    code, output = run([PROVISION, "apply", "-i", "inventories/kubernetes", "-e", f"@{extra}", *more, "playbooks/kubernetes.yml"], cwd=tree)
    refuse([f"playbooks/kubernetes.yml failed:\n{output[-1500:]}"] if code else [])
    assert "skipping: [edge1]" not in output.split("TASK [Check the manifests]")[1].split("\n\n")[0], "the manifests were not checked"
    return work


@pytest.fixture(scope="session")
def objects(rendered):
    """All objects of all manifests, by kind and name."""
    found = {}
    for path in sorted((rendered / "manifests").glob("*.yml")):
        for data in filter(None, yaml.safe_load_all(path.read_text())):
            if data["kind"] != "Kustomization":
                found[data["kind"], data["metadata"]["name"]] = data
    return found


def pods(objects):
    return {name: data["spec"]["template"]["spec"] for (kind, name), data in objects.items() if kind in {"Deployment", "StatefulSet"}}


def test_manifests_are_valid_to_the_letter(rendered):
    manifests = [path for path in sorted((rendered / "manifests").glob("*.yml")) if path.name != "kustomization.yml"]
    code, output = run([TOOLS / "kubernetes-validate", "--strict", *manifests])
    refuse([output] if code else [])


def test_kustomize_takes_all_of_them(rendered, objects):
    code, output = run(["kubectl", "kustomize", rendered / "manifests"])
    assert code == 0, output
    assert {(data["kind"], data["metadata"]["name"]) for data in yaml.safe_load_all(output)} == set(objects)


def test_every_tier_has_pods_and_services(objects):
    for host in ["edge1", "edge2", "data1", "monitor1"]:
        assert host in pods(objects)
        assert ("Service", host) in objects
    assert ("StatefulSet", "data1") in objects
    assert {port["port"] for port in objects["Service", "data1"]["spec"]["ports"]} >= {5432, 6379, 9187, 9121}
    assert {port["port"] for port in objects["Service", "www"]["spec"]["ports"]} == {80, 443}


def test_every_container_is_restricted(objects):
    for host, pod in pods(objects).items():
        assert pod["securityContext"]["runAsNonRoot"] is True, host
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, host
        assert pod["automountServiceAccountToken"] is False, host
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, container["name"]
            assert context["readOnlyRootFilesystem"] is True, container["name"]
            assert context["capabilities"] == {"drop": ["ALL"]}, container["name"]
            assert context["runAsUser"] > 0, container["name"]
            assert "memory" in container["resources"]["limits"], container["name"]


def test_probes_are_commands_of_the_healthchecks(objects):
    """nginx asks itself over TLS with its client certificate, from within."""
    nginx = next(container for container in pods(objects)["edge1"]["containers"] if container["name"] == "nginx")
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"]:
        command = " ".join(nginx[probe]["exec"]["command"])
        assert "--cert /tls/current/fullchain.pem --key /tls/current/key.pem --cacert /trust/roots.pem" in command


def test_secrets_are_referred_to_and_never_written(rendered, objects):
    for path in (rendered / "manifests").glob("*.yml"):
        text = path.read_text()
        assert SECRET not in text, f"{said(path)} has a secret in it"
        assert "PRIVATE KEY" not in text, f"{said(path)} has a key in it"
    assert not [name for kind, name in objects if kind == "Secret"]
    wanted = {
        volume["secret"]["secretName"] for pod in pods(objects).values() for volume in pod["volumes"] if "secret" in volume
    }
    script = (rendered / "secrets").read_text()
    assert set(re.findall(r"^put (\S+)", script, re.M)) == wanted
    for folder in re.findall(r"--from-file (/\S+)$", script, re.M):
        assert any(Path(folder).iterdir()), f"{folder} is empty"


def test_every_volume_is_there(objects):
    for host, pod in pods(objects).items():
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        claims = {
            claim["metadata"]["name"]
            for claim in objects.get(("StatefulSet", host), {}).get("spec", {}).get("volumeClaimTemplates", [])
        }
        for container in pod["containers"]:
            for mount in container["volumeMounts"]:
                assert mount["name"] in volumes or mount["name"] in claims, (host, container["name"], mount["name"])
        for volume in volumes.values():
            if "configMap" in volume:
                config = objects["ConfigMap", volume["configMap"]["name"]]
                keys = {*(config.get("data") or {}), *(config.get("binaryData") or {})}
                assert {item["key"] for item in volume["configMap"].get("items", [])} <= keys, volume


def test_configuration_fits_into_an_object(objects):
    """etcd takes no more than a mebibyte."""
    for (kind, name), data in objects.items():
        assert kind != "ConfigMap" or len(yaml.safe_dump(data)) < 1_000_000, name


def test_who_may_connect_to_the_databases_is_what_the_firewall_of_hosts_says(objects):
    policy = objects["NetworkPolicy", "data"]["spec"]
    allowed = {
        rule["ports"][0]["port"]: [source["podSelector"]["matchLabels"]["platform/tier"] for source in rule["from"]]
        for rule in policy["ingress"]
    }
    # The containers of this tier listen to the ports that are published.
    assert allowed == {rule["port"]: rule["from"] for rule in load(TOP / "inventories/defaults/platform.yml")["platform_ports"]["data"]}
    assert "edge" not in allowed[5432]
    assert objects["NetworkPolicy", "nothing"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
