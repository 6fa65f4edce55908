"""Another intermediate: what would end half done, because the root is offline, is refused before anything is changed."""

import json

import pytest
import yaml

from content import ORACLE, PROVISION, TOP, run

PROGRAMS = {"ansible-core": [ORACLE / "ansible-playbook"], "provision": [PROVISION, "apply"]}
INIT = ["--organization", "Example", "--url", "http://pki.example.org/", "--dns", "example.org"]

each_program = pytest.mark.parametrize("program", PROGRAMS)


def pki(*arguments):
    code, output = run([PROVISION, "pki", *arguments])
    assert code == 0, output
    return output


@pytest.fixture
def production(tmp_path):
    """A store as ceremonies fill it: it has no root's key."""
    pki("init", tmp_path / "pki", *INIT)
    return tmp_path / "pki"


@pytest.fixture
def rehearsal(tmp_path):
    """A store with a throw-away root, and the identity that opens it."""
    pki("identity", tmp_path / "identity")
    recipient = next(word for word in (tmp_path / "identity").read_text().split() if word.startswith("age1"))
    pki("init", tmp_path / "pki", "--rehearsal", "--chain", "--recipient", recipient, *INIT)
    return tmp_path / "pki"


def rotate(program, store, **more):
    """The playbook with this store, and a folder for the one host, which has no service."""
    inventory = store.parent / "inventory"
    (inventory / "group_vars/all").mkdir(parents=True)
    (inventory / "group_vars/all/00-platform.yml").symlink_to(TOP / "inventories/defaults/platform.yml")
    host = {
        "ansible_connection": "local", "ansible_python_interpreter": str(ORACLE / "python"), "platform_root": str(store.parent / "host"),
        "platform_system": False, "platform_containers": False, "platform_domain": "example.org", "certificates_store": str(store),
        "certificates_wanted": [],
        "certificates_identity": str(store.parent / "identity"),
    }
    (store.parent / "host/etc/platform/trust").mkdir(parents=True)
    (inventory / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"web1": host}}}))
    command = [*PROGRAMS[program], "-i", inventory, "-e", json.dumps({"certificates_program": str(PROVISION), **more})]
    return run([*command, "playbooks/rotate-intermediate.yml"], cwd=TOP)


# The first that is done to a host.
BEGUN = "PLAY [The new intermediate's list, on every host]"


@each_program
@pytest.mark.parametrize("said", [{}, {"certificates_rehearsal": True}], ids=["", "said to be a rehearsal"])
def test_no_intermediate_is_revoked_without_the_list_of_an_offline_root(production, program, said):
    before = (production / "log.jsonl").read_text()
    code, output = rotate(program, production, rotate_to="services-2", rotate_revoke="services-1", **said)
    assert code == 2, output
    assert f"nothing was done: to revoke services-1 takes the root's list with it, and the root of {production} is offline" in output
    assert "-e rotate_root_list=root.crl.pem" in output
    assert BEGUN not in output
    assert (production / "log.jsonl").read_text() == before


@each_program
def test_a_list_that_is_not_there_is_refused_before_anything_is_done(production, program):
    code, output = rotate(program, production, rotate_to="services-2", rotate_revoke="services-1", rotate_root_list="absent.crl.pem")
    assert code == 2, output
    assert "nothing was done: there is no absent.crl.pem" in output
    assert BEGUN not in output


@each_program
def test_with_a_list_of_the_root_it_goes_on(production, program, tmp_path):
    (tmp_path / "root.crl.pem").touch()
    known = {"rotate_revoke": "services-1", "rotate_root_list": str(tmp_path / "root.crl.pem")}
    _, output = rotate(program, production, rotate_to="services-2", **known)
    assert "nothing was done" not in output
    assert BEGUN in output


@each_program
def test_without_a_revocation_no_list_is_wanted(production, program):
    _, output = rotate(program, production, rotate_to="services-2")
    assert BEGUN in output


# Of ansible-core no more can be seen: what issues from a store is built into provision.
def test_a_rehearsal_signs_its_roots_list_itself(rehearsal):
    code, output = rotate("provision", rehearsal, rotate_to="services-2", rotate_revoke="services-1")
    assert code == 0, output
    status = json.loads(pki("status", "--store", rehearsal, "--format", "json"))
    assert {known["name"]: known["number"] for known in status["lists"]}["root"] == 2
    assert [known["state"] for known in status["intermediates"]] == ["revoked"]
