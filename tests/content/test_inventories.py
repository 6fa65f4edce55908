"""Inventories: groups, the shared variables, images and secrets; what production needs is refused until it is there."""

import json
import re

import pytest
import yaml

from content import ORACLE, PROVISION, TOP, copy_of_content, load, refuse, run, said

INVENTORIES = [TOP / "inventory", *sorted(path for path in (TOP / "inventories").iterdir() if (path / "hosts.yml").exists())]
TIERS = ["edge", "app", "data", "monitoring"]
PRODUCTION = TOP / "inventories/production"
PROGRAMS = {"ansible-core": [ORACLE / "ansible-playbook"], "provision": [PROVISION, "apply"]}
LISTS = {"ansible-core": [ORACLE / "ansible-inventory"], "provision": [PROVISION, "inventory"]}

each_inventory = pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.name)
each_program = pytest.mark.parametrize("program", PROGRAMS)


def listed(inventory, program="provision"):
    code, output = run([*LISTS[program], "-i", inventory, "--list"], cwd=TOP)
    assert code == 0, output
    return json.loads(output)


def variables(inventory):
    """What the files of group_vars/all say, the linked ones included, before anything is rendered."""
    said_there = {}
    for path in sorted((inventory / "group_vars/all").glob("*.yml")):
        said_there.update(load(path) or {})
    return said_there


def hosts(data, group):
    found = list(data.get(group, {}).get("hosts", []))
    for child in data.get(group, {}).get("children", []):
        found += hosts(data, child)
    return found


def test_the_embedded_default_has_demo_hosts_only():
    data = listed(TOP / "inventory")
    assert {group: hosts(data, group) for group in TIERS} == {
        "edge": ["edge1"], "app": ["app1", "app2"], "data": ["data1"], "monitoring": ["monitor1"],
    }
    everyone = data["_meta"]["hostvars"]
    assert sorted(everyone) == ["app1", "app2", "data1", "edge1", "monitor1"]
    for name, known in everyone.items():
        assert known["ansible_connection"] == "local", name
        assert known["platform_system"] is False, name
        assert known["platform_containers"] is False, name


@each_inventory
def test_every_tier_has_hosts(inventory):
    data = listed(inventory)
    refuse([f"{said(inventory)}: no host in the group {tier}: site.yml has a play for it" for tier in TIERS if not hosts(data, tier)])


@each_inventory
def test_shared_variables_are_linked_and_not_copied(inventory):
    link = inventory / "group_vars/all/00-platform.yml"
    if not link.is_symlink() or link.resolve() != TOP / "inventories/defaults/platform.yml":
        refuse([f"{said(link)}: not a link to inventories/defaults/platform.yml: make it one, or the inventories drift apart"])


def used(map_name):
    """The keys of a map of variables that roles, templates and playbooks name."""
    found = {}
    for folder in ["roles", "templates", "playbooks", "inventories/defaults"]:
        for path in sorted((TOP / folder).rglob("*")) if (TOP / folder).exists() else []:
            if path.is_file() and path.suffix in {".yml", ".j2"}:
                for key in re.findall(rf"\b{map_name}\.([a-z_]+)", path.read_text()):
                    found.setdefault(key, said(path))
    return found


@each_inventory
@pytest.mark.parametrize("map_name", ["platform_images", "platform_secrets"])
def test_what_roles_name_is_in_every_inventory(inventory, map_name):
    known = variables(inventory).get(map_name) or {}
    if isinstance(known, str):
        # A template: over names (secrets that are drawn), or over a file of the run (the images of the test fleet).
        known = variables(inventory)["platform_secret_names"] if map_name == "platform_secrets" else used(map_name)
    missing = {key: where for key, where in used(map_name).items() if key not in known}
    refuse([f"{said(inventory)}: no {map_name}.{key}, which {where} names: say it in group_vars/all" for key, where in missing.items()])


def test_every_image_of_production_has_a_version_and_a_place_for_its_digest():
    images = load(PRODUCTION / "group_vars/all/versions.yml")["platform_images"]
    wrong = [name for name, image in images.items() if not re.fullmatch(r"(\S.*/)?[a-z_-]+:v?\d+(\.\d+)+@sha256:(unknown|[0-9a-f]{64})", image)]
    refuse([f"inventories/production: {name}: {images[name]}: write NAME:VERSION@sha256:DIGEST" for name in wrong])


def test_the_vaults_example_has_what_is_asked_of_the_vault():
    asked = set(re.findall(r"\bvault_[a-z_]+", (PRODUCTION / "group_vars/all/10-vault-secrets.yml").read_text()))
    example = load(PRODUCTION / "group_vars/all/vault.yml.example")
    assert set(example) == asked
    assert not any(example.values()), "an example with values gets used as it is"


def test_each_host_of_production_is_in_one_region():
    data = listed(PRODUCTION)
    regions = [group for group in data if group.startswith("region_")]
    assert len(regions) > 1
    for host, known in data["_meta"]["hostvars"].items():
        assert [group for group in regions if host in hosts(data, group)] == [f"region_{known['platform_region']}"], host


@pytest.fixture
def production(tmp_path):
    """A copy of the content in which production can be filled in."""
    return copy_of_content(tmp_path / "tree") / "inventories/production"


def preflight(program, inventory):
    return run([*PROGRAMS[program], "-i", inventory, "playbooks/preflight.yml"], cwd=inventory.parents[1])


def fill(inventory):
    """What an operator does before the first run, the vault's encryption excepted."""
    place = inventory / "group_vars/all"
    versions = (place / "versions.yml").read_text().replace("sha256:unknown", "sha256:" + "0123456789abcdef" * 4)
    versions = versions.replace('docker.io: ""', "docker.io: 20.10.24+dfsg1-1").replace('docker-compose: ""', 'docker-compose: "2.29.7"')
    (place / "versions.yml").write_text(versions)
    (place / "main.yml").write_text((place / "main.yml").read_text().replace("platform.example", "platform.internal")
                                    .replace("alerts.example", "alerts.internal").replace("watchdog.example", "watchdog.internal"))
    listing = (inventory / "hosts.yml").read_text().replace("192.0.2.", "10.1.0.").replace("198.51.100.", "10.2.0.")
    (inventory / "hosts.yml").write_text(listing)
    secrets = dict.fromkeys(load(place / "vault.yml.example"), "a-secret-of-24-characters")
    (place / "vault.yml").write_text(yaml.safe_dump(secrets))


@each_program
def test_production_as_it_ships_is_refused_with_a_cure_for_each(production, program):
    code, output = preflight(program, production)
    assert code == 2, output
    for message in [
        "platform_domain is platform.example, which is for examples: name a domain of yours",
        "the addresses of fra-edge1, fra-edge2, ams-edge1, ",
        "https://alerts.example/platform, https://watchdog.example/platform: for examples, nobody hears of alerts there",
        "no digest is known of nginx, nginx_exporter, app, ",
        "docker buildx imagetools inspect postgres:15",
        "no version is said of docker-compose, docker.io: put into docker_packages in group_vars/all/versions.yml",
        "apt-cache policy docker-compose docker.io",
        "secrets are missing, or shorter than 16 characters: postgres_admin, ",
    ]:
        assert message in output


@each_program
def test_production_that_is_filled_in_and_encrypted_passes(production, program):
    fill(production)
    code, output = preflight(program, production)
    assert code == 2, output
    assert f"vault.yml is not encrypted: ansible-vault encrypt {production}" in output
    password = production / "password"
    password.write_text("a password of the test\n")
    vault = production / "group_vars/all/vault.yml"
    assert run([ORACLE / "ansible-vault", "encrypt", "--vault-password-file", password, vault])[0] == 0
    code, output = run([*PROGRAMS[program], "-i", production, "--vault-password-file", password, "playbooks/preflight.yml"], cwd=production.parents[1])
    assert code == 0, output
    assert "a-secret-of-24-characters" not in output


UNVERSIONED = "no version is said of "


@each_program
@pytest.mark.parametrize(
    ("known", "missing"),
    [
        ({"docker_packages": {"docker-ce": "5:28.1.1-1", "docker-compose-plugin": ""}}, "docker-compose-plugin"),
        ({"docker_packages": {"docker-ce": "5:28.1.1-1", "docker-compose-plugin": "2.35.1-1"}}, None),
        # Where nothing is pinned, and where the system is not ours, what the repositories have is good enough.
        ({"docker_packages": {"docker.io": ""}, "platform_images_pinned": False}, None),
        ({"docker_packages": {"docker.io": ""}, "platform_system": False}, None),
    ],
)
def test_packages_of_docker_without_a_version_are_refused_in_production(production, program, known, missing):
    fill(production)
    code, output = run([*PROGRAMS[program], "-i", production, "-e", json.dumps(known), "playbooks/preflight.yml"], cwd=production.parents[1])
    # The vault is not encrypted here, which is all that else is missing.
    assert code == 2, output
    assert (f"{UNVERSIONED}{missing}: " in output) if missing else (UNVERSIONED not in output), output


@each_program
def test_production_that_does_not_say_the_packages_of_docker_is_refused(production, program):
    fill(production)
    versions = production / "group_vars/all/versions.yml"
    versions.write_text(yaml.safe_dump({"platform_images": load(versions)["platform_images"]}))
    assert f"{UNVERSIONED}docker-compose, docker.io: " in preflight(program, production)[1]


UNHEARD = "alerts of ams-monitor1, fra-monitor1 reach nobody: name who hears of them in alertmanager_webhooks"


@each_program
@pytest.mark.parametrize(
    ("heard", "refused"),
    [
        ({"alertmanager_webhooks": []}, True),
        # It says that the way is open, and nothing else.
        ({"alertmanager_webhooks": [], "alertmanager_watchdog_url": "https://watchdog.internal/"}, True),
        ({"alertmanager_watchdog_url": ""}, False),
        ({"alertmanager_webhooks": [], "alertmanager_routes_more": [{"receiver": "mail"}]}, False),
        # Nobody has to hear of what is a rehearsal.
        ({"alertmanager_webhooks": [], "platform_images_pinned": False}, False),
    ],
)
def test_production_whose_alerts_reach_nobody_is_refused(production, program, heard, refused):
    fill(production)
    code, output = run([*PROGRAMS[program], "-i", production, "-e", json.dumps(heard), "playbooks/preflight.yml"], cwd=production.parents[1])
    # The vault is not encrypted here, which is all that else is missing.
    assert code == 2, output
    assert (UNHEARD in output) == refused, output
    assert "for examples" not in output


@each_program
def test_an_inventory_that_does_not_say_who_hears_of_alerts_is_refused(production, program):
    fill(production)
    main = production / "group_vars/all/main.yml"
    known = load(main)
    del known["alertmanager_webhooks"]
    main.write_text(yaml.safe_dump(known))
    assert UNHEARD in preflight(program, production)[1]


@each_program
@pytest.mark.parametrize("inventory", ["inventory", "inventories/dev"])
def test_demo_and_development_pass_as_they_ship(tmp_path, inventory, program):
    tree = copy_of_content(tmp_path / "tree")
    code, output = run([*PROGRAMS[program], "-i", inventory, "playbooks/preflight.yml"], cwd=tree)
    assert code == 0, output
