"""Switches can be said as an operator says them: `-e platform_containers=false` is the text "false", and counts as JSON's false does."""

import json
import os
import re

import jinja2
import pytest
from jinja2 import nodes

from content import ORACLE, PROVISION, ROLES, TOP, copy_of_content, load, refuse, run, said

# Keys whose value is an expression without braces.
CONDITIONS = {"when", "that", "until", "failed_when", "changed_when"}


def switches():
    """The variables of the shared inventory and of roles that are true or false."""
    shared = {name for name, value in load(TOP / "inventories/defaults/platform.yml").items() if isinstance(value, bool)}
    options = [
        spec.get("options") or {} for role in ROLES for spec in load(role / "meta/argument_specs.yml")["argument_specs"].values()
    ]
    return shared | {name for known in options for name, option in known.items() if option.get("type") == "bool"}


def texts(data, key=None):
    """The templates in the data of a YAML file, conditions among them."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from texts(value, name)
    elif isinstance(data, list):
        for value in data:
            yield from texts(value, key)
    elif isinstance(data, str):
        # Ansible takes braces in a condition too; they are not used here.
        yield "{{ (" + data + ") }}" if key in CONDITIONS and "{{" not in data else data


def bare(text, names):
    """The names that a template uses without the filter `bool`; a test such as `is defined` looks at no value."""
    found = set()

    def visit(node, safe=False):
        if isinstance(node, nodes.Name) and node.name in names and node.ctx == "load" and not safe:
            found.add(node.name)
        passes_on = isinstance(node, nodes.Filter) and (node.name == "bool" or safe and node.name == "default")
        for child in node.iter_child_nodes():
            visit(child, passes_on or isinstance(node, nodes.Test) and node.name in {"defined", "undefined"})

    visit(jinja2.Environment(extensions=["jinja2.ext.do"]).parse(text))
    return found


# Ansible doubles the backslashes of regular expressions before Jinja reads them.
@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
def test_every_switch_is_read_as_one():
    names, wrong, seen = switches(), [], 0
    for folder in ["roles", "playbooks", "inventories", "inventory", "templates"]:
        for path in sorted((TOP / folder).rglob("*")):
            if path.is_symlink() or not path.is_file() or path.suffix not in {".yml", ".j2"} or {"files", "meta"} & set(path.parts):
                continue
            content = [path.read_text()] if path.suffix == ".j2" else texts(load(path))
            for text in content:
                seen += any(re.search(rf"\b{name}\b", text) for name in names)
                wrong += [f"{said(path)}: {name} may be text from the command line: write {name} | bool" for name in bare(text, names)]
    assert seen > 100, "the check looks at nothing"
    refuse(sorted(set(wrong)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ (on and other) }}", {"on"}),
        ("{{ 'a' if on else omit }}", {"on"}),
        ("{{ 'a' if on | bool else omit }}", set()),
        ("{% if on | default(false) | bool and on is defined %}x{% endif %}", set()),
        ("{{ on | bool and [on] }}", {"on"}),
    ],
)
def test_a_switch_that_is_not_read_as_one_is_found_out(text, found):
    assert bare(text, {"on"}) == found


def recap(output):
    """How often each host was changed, skipped and so on."""
    lines = output[output.index("PLAY RECAP"):].splitlines()[1:]
    return {line.split()[0]: dict(part.split("=") for part in line.split() if "=" in part) for line in lines if "=" in line}


@pytest.mark.parametrize(
    "command",
    # ansible-core takes its time for all of it.
    [[PROVISION, "apply", "playbooks/site.yml"], [ORACLE / "ansible-playbook", "playbooks/deploy.yml", "--limit", "app1"]],
    ids=["provision", "ansible-core"],
)
def test_false_on_the_command_line_renders_and_skips_as_false_does(tmp_path, command):
    tree = copy_of_content(tmp_path / "tree")
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PYTHON_INTERPRETER": str(ORACLE / "python")}
    names = ["platform_containers", "platform_system", "grafana_enabled", "audit_enabled"]

    def applied(*extra):
        code, output = run([*command, "-i", "inventory", *extra], cwd=tree, env=environment)
        refuse([output[-1500:]] if code else [])
        return recap(output)

    as_json = ["-e", json.dumps(dict.fromkeys(names, False))]
    applied(*as_json)
    expected = applied(*as_json)
    assert all(host["changed"] == "0" and int(host["skipped"]) > 0 for host in expected.values()), expected
    assert applied(*(part for name in names for part in ["-e", f"{name}=false"])) == expected
