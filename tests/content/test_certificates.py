"""The catalogue of certificates: how services are told of theirs."""

import os

import pytest

from content import ORACLE, PROVISION, TOP, refuse, run

PROGRAMS = {"ansible-core": [ORACLE / "ansible-playbook"], "provision": [PROVISION, "apply"]}

PLAYBOOK = """
- name: A renewed certificate
  hosts: monitor1
  gather_facts: false
  tasks:
    - name: Tell the service
      ansible.builtin.command: "{{ pki_certificates | selectattr('service', 'equalto', 'grafana') | map(attribute='reload') | first }}"
"""

# In the place of Docker: says what $RUNNING has, and keeps what was asked.
DOCKER = '#!/bin/sh\n[ "$1" != ps ] || { printf %s "$RUNNING"; exit; }\necho "$*" >>"$ASKED"\n'


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("running", "asked"), [("0123abcd", "restart 0123abcd\n"), ("", "")])
def test_grafana_is_started_anew_for_its_certificate_if_it_runs(tmp_path, program, running, asked):
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "asked").touch()
    (tmp_path / "renewed.yml").write_text(PLAYBOOK)
    environment = {
        **os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "RUNNING": running, "ASKED": str(tmp_path / "asked"),
        "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PYTHON_INTERPRETER": str(ORACLE / "python"),
    }
    command = [*PROGRAMS[program], "-i", TOP / "inventory", "-e", "platform_containers=true", tmp_path / "renewed.yml"]
    code, output = run(command, cwd=TOP, env=environment)
    refuse([output[-1500:]] if code else [])
    assert (tmp_path / "asked").read_text() == asked
