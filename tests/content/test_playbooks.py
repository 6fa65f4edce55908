"""Both programs read every playbook, with every inventory that ships."""

import os

import pytest

from content import ORACLE, PLAYBOOKS, PROVISION, TOP, refuse, run, said

INVENTORIES = ["inventory", *sorted(said(path) for path in (TOP / "inventories").iterdir() if (path / "hosts.yml").exists())]
PROGRAMS = {"ansible-core": [ORACLE / "ansible-playbook"], "provision": [PROVISION, "apply"]}


@pytest.mark.parametrize("inventory", INVENTORIES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_playbooks_are_read(program, inventory):
    environment = {**os.environ, "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
    code, output = run([*PROGRAMS[program], "--syntax-check", "-i", inventory, *map(said, PLAYBOOKS)], cwd=TOP, env=environment)
    refuse([output] if code or "WARN" in output else [])
