"""The README of each role is what roles/readme makes of it."""

import shutil

import pytest
import yaml

from content import ROLES, TOOLS, TOP, refuse, run


def readme(*arguments):
    return run([TOOLS / "python", TOP / "roles/readme", *arguments], cwd=TOP)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_readme_is_up_to_date(role):
    code, output = readme("--check", role.name)
    refuse([output] if code else [])


SPECS = {
    "argument_specs": {
        "main": {
            "short_description": "Run the example",
            "description": ["It does one thing.", "And another | too."],
            "options": {
                "example_port": {"type": "int", "default": 8443, "description": "The port on the host."},
                "example_mode": {"type": "str", "default": "fast", "choices": ["fast", "safe"], "description": "How."},
                "example_name": {"type": "str", "description": "The name."},
                "platform_root": {"type": "str", "required": True, "description": "Where V(paths) begin."},
                "example_users": {
                    "type": "list", "elements": "dict", "default": [], "description": "Who may.",
                    "options": {"name": {"type": "str", "required": True, "description": "The name."}},
                },
                "example_services": {"type": "dict", "default": {"one": {"image": "x" * 70}}, "description": "Containers."},
            },
        },
        "check": {"short_description": "Ask the example how it is"},
    }
}
DEFAULTS = {
    "example_port": 8443, "example_mode": "fast", "example_users": [], "example_name": "{{ platform_domain }}",
    "example_services": {"one": {"image": "{{ platform_images.example }}", "ports": ["{{ example_port }}:8443"]}},
}


@pytest.fixture
def example(tmp_path):
    role = tmp_path / "example"
    files = {"meta/argument_specs.yml": SPECS, "defaults/main.yml": DEFAULTS, "handlers/main.yml": [{"name": "Reload example"}]}
    for name, data in files.items():
        (role / name).parent.mkdir(parents=True)
        (role / name).write_text(yaml.safe_dump(data, sort_keys=False))
    yield role
    shutil.rmtree(role)


def test_page_has_what_the_role_says(example):
    assert readme(example)[0] == 0
    page = (example / "README.md").read_text()
    for line in [
        "Run the example.", "It does one thing.\n\nAnd another | too.",
        "| `check`      | Ask the example how it is |",
        "| `example_port`     | int          | `8443`                  | The port on the host. |",
        "| `example_mode`     | str          | `fast`                  | How. One of `fast`, `safe`. |",
        "| `example_name`     | str          | `{{ platform_domain }}` | The name. |",
        "| `platform_root`    | str          | required                | Where `paths` begin. |",
        "`example_users`: Each element has\n\n| variable | type | default  | what it is |",
        "The default of `example_services`:\n\n```yaml\nexample_services:\n  one:\n",
        "| `one`     | `{{ platform_images.example }}` | 8443            |".rstrip(" |"),
        "## Handlers\n\n- Reload example\n",
    ]:
        assert line in page, f"not there: {line}\n\n{page}"


def test_check_fails_when_a_description_changed(example):
    readme(example)
    assert readme("--check", example) == (0, "")
    specs = example / "meta/argument_specs.yml"
    specs.write_text(specs.read_text().replace("The port on the host.", "Another port."))
    code, output = readme("--check", example)
    assert code == 1
    assert "README.md: not what the role says about itself now: run roles/readme example" in output


def test_variable_without_description_is_refused(example):
    specs = example / "meta/argument_specs.yml"
    specs.write_text(specs.read_text().replace("description: The port on the host.", "description: ''"))
    code, output = readme(example)
    assert code == 1
    assert "argument_specs.yml: main: example_port: no description" in output
