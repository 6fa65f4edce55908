"""A host that boots has its firewall before anything of it can be reached, and one without a firewall has its engine."""

import configparser

from content import TOP, load

COMMON = TOP / "roles/common"


def unit(template):
    """What the template of a unit says, which has no variables but its first line."""
    parser = configparser.ConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string((COMMON / "templates" / template).read_text())
    return parser


def tasks(module):
    """The firewall's tasks of one module, by destination, path or name."""
    found = [task for task in load(COMMON / "tasks/firewall.yml") if f"ansible.builtin.{module}" in task]
    return {task[f"ansible.builtin.{module}"].get("dest", task[f"ansible.builtin.{module}"].get("path")): task for task in found}


def test_no_engine_starts_before_the_rules_or_without_them():
    assert "docker.service" in unit("platform-firewall.service.j2")["Unit"]["Before"].split()
    assert dict(unit("docker-firewall.conf.j2")["Unit"]) == {"Requires": "platform-firewall.service", "After": "platform-firewall.service"}


def test_a_host_whose_firewall_is_taken_away_keeps_its_engine():
    place = "/etc/systemd/system/docker.service.d/platform-firewall.conf"
    order = [task["name"] for task in load(COMMON / "tasks/firewall.yml")]
    removed = tasks("file")[place]
    assert removed["ansible.builtin.file"]["state"] == "absent" and removed["when"] == "not common_firewall | bool"
    assert tasks("template")[place]["when"] == "common_firewall | bool"
    assert order.index(removed["name"]) < order.index("Run the firewall"), "stopped while it is required, it would stop the engine"


def test_new_rules_stop_no_engine():
    assert unit("platform-firewall.service.j2")["Service"]["ExecReload"]
    notified = {name for task in load(COMMON / "tasks/firewall.yml") for name in [task.get("notify")] if name}
    handlers = {handler["name"]: handler for handler in load(COMMON / "handlers/main.yml")}
    for name in notified:
        assert handlers[name]["ansible.builtin.systemd_service"]["state"] == "reloaded"
        assert handlers[name]["when"] == "common_firewall | bool", "where it is taken away it must not start again"
