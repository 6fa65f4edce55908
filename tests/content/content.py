"""Where the content stands and how a page of tests reads it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
ROLES = sorted(path for path in (TOP / "roles").iterdir() if path.is_dir())
PLAYBOOKS = sorted((TOP / "playbooks").glob("*.yml"))
# Set by tests/content/run.
TOOLS = Path(os.environ["PROVISION_TEST_CONTENT_TOOLS"])
ORACLE = Path(os.environ["PROVISION_TEST_ORACLE"])
PROVISION = Path(os.environ["PROVISION_TEST_BINARY"])
WORK = Path(os.environ["PROVISION_TEST_CONTENT_WORK"])


def said(path):
    """A path as messages say it: from the top of the tree."""
    return str(path.relative_to(TOP)) if path.is_relative_to(TOP) else str(path)


def load(path, default=None):
    """The data of a YAML file; `default` where there is none."""
    return yaml.safe_load(path.read_text()) if path.exists() else default


def refuse(wrong):
    """Fails with nothing but the lines in `wrong`, each of which says place, cause and cure; passes when there are none."""
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def run(command, **options):
    """A command's exit code with all that it said."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
        check=False, **options
    )
    return done.returncode, done.stdout


# What an inventory for real hosts is rendered with here: on this machine, into folders, with a throw-away PKI and secrets that
# everybody knows.
SECRET = "a-secret-of-24-characters"


def as_rehearsal(folder):
    """A file of extra variables that turn any inventory into a rehearsal below `folder`."""
    place = folder / "rehearsal.json"
    # One file answers for every host: its name is a template, which JSON carries as it is.
    place.write_text(json.dumps({
        "ansible_connection": "local",
        "ansible_become": False,
        "platform_root": str(folder / "hosts") + "/{{ inventory_hostname }}",
        "platform_system": False,
        "platform_containers": False,
        "platform_images_pinned": False,
        "certificates_rehearsal": True,
        "certificates_store": str(folder / "pki"),
        "certificates_identity": str(folder / "identity/identity"),
        **{name: SECRET for name in load(TOP / "inventories/production/group_vars/all/vault.yml.example")},
    }))
    return place


def copy_of_content(target):
    """A copy of all content below `target`, so that what a run leaves beside its inventory is left there."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ["inventory", "inventories", "playbooks", "roles", "templates"]:
        if (TOP / name).exists():
            shutil.copytree(TOP / name, target / name, symlinks=True)
    shutil.copy(TOP / "ansible.cfg", target)
    return target
