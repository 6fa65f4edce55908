"""What role compose says of containers is said of each project, so that no handler reads what another role's containers did."""

import json
import os

import pytest

from content import ORACLE, PROVISION, copy_of_content, refuse, run

# In the place of Docker: what was brought up runs, and the file's text stands for its hash.
DOCKER = """#!/bin/sh
case "$*" in
  *"config -q") ;;
  *"config --hash"*) echo "service $(cksum <"$3" | tr -d ' ')" ;;
  ps*) project=$(echo "$*" | sed 's/.*project=\\([a-z]*\\).*/\\1/'); cat "$DOCKER_STATE/$project" 2>/dev/null || true ;;
  "network ls"*) echo there ;;
  *pull*) ;;
  *up*) "$0" compose --file "$3" config --hash >"$DOCKER_STATE/$(basename "$(dirname "$3")")"; echo "Container Started" >&2 ;;
  *) echo "docker $*?" >&2; exit 1 ;;
esac
"""

PLAYBOOK = """
- name: Two projects
  hosts: edge1
  gather_facts: false
  tasks:
    - name: Run them
      ansible.builtin.include_role:
        name: compose
      vars:
        compose_project: "{{ item }}"
        compose_services: {service: {image: "image:{{ versions[item] }}"}}
        platform_root: "{{ playbook_dir }}/host"
        platform_containers: true
      loop: [first, second]
    - name: Say what was said of them
      ansible.builtin.copy:
        content: "{{ compose_changed | to_json }}"
        dest: "{{ playbook_dir }}/said"
        mode: "0600"
"""


@pytest.mark.parametrize("program", [[PROVISION, "apply"], [ORACLE / "ansible-playbook"]], ids=["provision", "ansible-core"])
def test_containers_that_were_made_anew_are_those_of_their_project(tmp_path, program):
    tree = copy_of_content(tmp_path / "tree")
    (tree / "projects.yml").write_text(PLAYBOOK)
    for folder in ["bin", "state"]:
        (tmp_path / folder).mkdir()
    (tmp_path / "bin/docker").write_text(DOCKER)
    (tmp_path / "bin/docker").chmod(0o755)
    environment = {
        **os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "DOCKER_STATE": str(tmp_path / "state"),
        "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PYTHON_INTERPRETER": str(ORACLE / "python"), "ANSIBLE_ROLES_PATH": str(tree / "roles"),
    }

    def changed(first, second):
        versions = json.dumps({"versions": {"first": first, "second": second}})
        code, output = run([*program, "-i", "inventory", "-e", versions, "projects.yml"], cwd=tree, env=environment)
        refuse([output[-1500:]] if code else [])
        return json.loads((tree / "said").read_text())

    assert changed(1, 1) == {"first": True, "second": True}
    assert changed(2, 1) == {"first": True, "second": False}
