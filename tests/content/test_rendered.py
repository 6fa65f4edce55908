"""What the templates make for the demo hosts is what the programs that read it take."""

import json
import re

import pytest
import yaml

from content import PROVISION, TOOLS, WORK, as_rehearsal, copy_of_content, refuse, run, said


@pytest.fixture(scope="session")
def rendered():
    """The folder with a folder for each demo host, rendered in a copy of the content."""
    tree = copy_of_content(WORK / "tree")
    code, output = run([PROVISION, "apply", "-i", "inventory"], cwd=tree)
    refuse([f"the demo cannot be rendered: ./provision apply -i inventory\n{output[-1500:]}"] if code else [])
    return tree / "demo"


def files(folder, *patterns):
    """The files below a folder; there must be one, or the check would be of nothing."""
    found = sorted(path for pattern in patterns for path in folder.rglob(pattern) if path.is_file())
    assert found, f"nothing in {said(folder)} is {' or '.join(patterns)}: the demo renders it no more, or under another name"
    return found


def test_nginx_configuration_has_no_known_weakness(rendered):
    for path in files(rendered, "nginx.conf"):
        code, output = run([TOOLS / "gixy", path])
        refuse([f"{said(path)}:\n{output}"] if code else [])


def test_yaml_is_yaml(rendered):
    for path in files(rendered, "*.yml", "*.yaml"):
        try:
            list(yaml.safe_load_all(path.read_text()))
        except yaml.YAMLError as error:
            refuse([f"{said(path)}: {error}"])


def test_json_is_json(rendered):
    for path in sorted(rendered.rglob("*.json")):
        try:
            json.loads(path.read_text())
        except ValueError as error:
            refuse([f"{said(path)}: {error}"])


def test_one_machine_has_a_port_for_every_service(tmp_path):
    """inventories/dev: all groups on one host, so no port may be published twice."""
    tree = copy_of_content(tmp_path / "tree")
    extra = as_rehearsal(tmp_path)
    code, output = run([PROVISION, "apply", "-i", "inventories/dev", "-e", f"@{extra}", "playbooks/site.yml"], cwd=tree)
    refuse([f"inventories/dev cannot be rendered:\n{output[-1500:]}"] if code else [])
    ports = {}
    for path in files(tmp_path / "hosts/dev", "compose.yml"):
        for name, service in yaml.safe_load(path.read_text())["services"].items():
            for port in service.get("ports", []):
                ports.setdefault(str(port).split(":")[-2], []).append(name)
    assert {"443", "5000", "5432", "6379", "9090"} <= set(ports)
    assert {port: names for port, names in ports.items() if len(names) > 1} == {}


def test_nginx_says_its_headers_once_and_leaves_connections_before_the_app_does(rendered):
    for path in files(rendered, "nginx.conf"):
        text = path.read_text()
        users = text[text.index("# Users."):text.index("# nginx's own numbers")]
        added = set(re.findall(r"^ *add_header (\S+)", users, re.M))
        assert {"X-Request-ID", "X-Content-Type-Options"} <= added
        hidden = set(re.findall(r"^ *proxy_hide_header (\S+);", users, re.M))
        refuse([f"{said(path)}: {name} comes twice where the app says it too: hide the app's" for name in sorted(added - hidden)])
        kept = int(re.search(r"upstream app \{[^}]*\n *keepalive_timeout (\d+)s;", text)[1])
        for settings in files(rendered, "srv/app/config/app.json"):
            assert kept < json.loads(settings.read_text())["server"]["keepalive"], f"{said(settings)}: see nginx_upstream_keepalive"


@pytest.mark.parametrize(("extra", "code"), [("app_keepalive=60", 2), ("app_keepalive=61", 0), ("nginx_upstream_keepalive=75", 0)])
def test_nginx_refuses_an_app_that_closes_connections_before_it(tmp_path, extra, code):
    tree = copy_of_content(tmp_path / "tree")
    command = [PROVISION, "apply", "-i", "inventory", "--limit", "edge", "--check", "-e", extra]
    assert run([*command, "playbooks/site.yml", "--tags", "nginx"], cwd=tree)[0] == code
