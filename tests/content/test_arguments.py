"""Roles say what they take: meta/argument_specs.yml and defaults/main.yml tell the same, and defaults fit their types."""

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import DEFAULT_TYPE_VALIDATORS

from content import PLAYBOOKS, ROLES, load, refuse, said

MISSING = object()


def named(data):
    """The roles that a playbook names, as plays and tasks do."""
    if isinstance(data, list):
        for part in data:
            yield from named(part)
    elif isinstance(data, dict):
        yield from (role if isinstance(role, str) else role.get("role", role.get("name")) for role in data.get("roles") or [])
        for way in ["include_role", "import_role"]:
            if f"ansible.builtin.{way}" in data:
                yield data[f"ansible.builtin.{way}"]["name"]
        for part in data.values():
            yield from named(part) if isinstance(part, (dict, list)) else ()


# Roles that only other roles include are checked with those.
IN_PLAYBOOKS = {name for path in PLAYBOOKS for name in named(load(path))}


def specs(role):
    """The entry points of a role with their options."""
    return (load(role / "meta/argument_specs.yml", {}) or {}).get("argument_specs") or {}


def defaults(role):
    return load(role / "defaults/main.yml", {}) or {}


def has_template(value):
    """Whether a value is known only when it is rendered."""
    if isinstance(value, dict):
        return any(has_template(part) for part in [*value, *value.values()])
    if isinstance(value, list):
        return any(map(has_template, value))
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def undescribed(options, place):
    """What options lack, those of maps in them included."""
    for name, option in (options or {}).items():
        if not option.get("description"):
            yield f"{place}: {name} has no description: say what it is, in which unit, and when one would change it"
        if option.get("type") not in DEFAULT_TYPE_VALIDATORS:
            known = ", ".join(sorted(DEFAULT_TYPE_VALIDATORS))
            yield f"{place}: {name} has the type {option.get('type')}: write one of {known}"
        if option.get("type") == "list" and "elements" not in option:
            yield f"{place}: {name} is a list of what? write elements"
        yield from undescribed(option.get("options"), f"{place}: {name}")


def differing(role):
    """Where the specification of main and the defaults do not say the same."""
    place, options, given = said(role / "meta/argument_specs.yml"), specs(role).get("main", {}).get("options") or {}, defaults(role)
    for name, value in given.items():
        documented = options.get(name, {}).get("default", MISSING)
        if name not in options:
            yield f"{place}: {name} of defaults/main.yml is not described: add it to the options of main"
        elif has_template(value):
            # What is known only when it is rendered need not be said there: the README shows it as it stands in the defaults.
            continue
        elif documented is MISSING:
            yield f"{place}: {name} has no default here and {value!r} in defaults/main.yml: write it here too"
        elif documented != value or type(documented) is not type(value):
            yield f"{place}: {name} has the default {documented!r} here and {value!r} in defaults/main.yml: make them the same"
    for name, option in options.items():
        if name in given:
            continue
        if "default" in option:
            yield f"{place}: {name} has a default here and none in defaults/main.yml, where it would count: write it there"
        elif not option.get("required"):
            yield f"{place}: {name} is neither required nor has it a default: say required: true, or give it one in defaults/main.yml"


def unfit(role):
    """Defaults that their own specification would refuse."""
    options = specs(role).get("main", {}).get("options") or {}
    known = {name: value for name, value in defaults(role).items() if name in options and not has_template(value)}
    checked = ArgumentSpecValidator({name: {**options[name], "required": False} for name in known}).validate(known)
    for message in checked.error_messages:
        yield f"{said(role / 'defaults/main.yml')}: {message}: mend the default, or its type in meta/argument_specs.yml"


def entry_points(role):
    """Entry points without tasks; main, and check of roles in playbooks; options that one entry point tells otherwise."""
    place, found = said(role / "meta/argument_specs.yml"), specs(role)
    for name in ["main", "check"] if role.name in IN_PLAYBOOKS else ["main"]:
        if name not in found:
            yield f"{place}: no entry point {name}: describe it, and write tasks/{name}.yml"
    for name, spec in found.items():
        if not (role / f"tasks/{name}.yml").exists():
            yield f"{place}: entry point {name} has no tasks/{name}.yml: write it, or remove the entry point"
        if not spec.get("short_description"):
            yield f"{place}: entry point {name} has no short_description: say in a line what it does"
        for option, told in (spec.get("options") or {}).items():
            own = (found.get("main", {}).get("options") or {}).get(option, told)
            if any(own.get(key) != told.get(key) for key in ["type", "default", "elements"]):
                yield f"{place}: {option} of {name} has another type or default than in main: make them the same"


CHECKS = {
    "entry points": entry_points,
    "descriptions": lambda role: (
        line for name, spec in specs(role).items()
        for line in undescribed(spec.get("options"), f"{said(role / 'meta/argument_specs.yml')}: {name}")
    ),
    "the same as defaults": differing,
    "defaults fit": unfit,
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_arguments(role, check):
    wrong = list(CHECKS[check](role))
    refuse(wrong)


def example(tmp_path, options, given):
    """A role of two files."""
    role = tmp_path / "example"
    for folder in ["meta", "defaults"]:
        (role / folder).mkdir(parents=True)
    (role / "meta/argument_specs.yml").write_text(f"argument_specs: {{main: {{options: {options}}}}}")
    (role / "defaults/main.yml").write_text(given)
    return role


@pytest.mark.parametrize(
    ("options", "given", "check", "message"),
    [
        ("{}", "example_port: 1", "the same as defaults", "example_port of defaults/main.yml is not described"),
        ("{example_port: {type: int, default: 2}}", "example_port: 1", "the same as defaults", "the default 2 here and 1 in"),
        ("{example_port: {type: int, default: 1}}", "{}", "the same as defaults", "has a default here and none in"),
        ("{example_port: {type: int}}", "example_port: 1", "the same as defaults", "example_port has no default here and 1 in"),
        ("{example_port: {type: int}}", "{}", "the same as defaults", "is neither required nor has it a default"),
        ("{example_port: {type: int}}", "example_port: http", "defaults fit", "'http'"),
        ("{example_port: {type: number}}", "{}", "descriptions", "example_port has the type number"),
        ("{example: {type: dict, description: d, options: {a: {type: int}}}}", "{}", "descriptions", "example: a has no description"),
        ("{}", "{}", "entry points", "entry point main has no tasks/main.yml"),
    ],
)
def test_a_role_that_says_something_else_is_found_out(tmp_path, options, given, check, message):
    role = example(tmp_path, options, given)
    assert any(message in line for line in CHECKS[check](role)), list(CHECKS[check](role))


def test_a_default_that_is_a_template_is_said_once(tmp_path):
    role = example(tmp_path, "{example_port: {type: int}}", "example_port: '{{ app_port }}'")
    assert not list(differing(role))
