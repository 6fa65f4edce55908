"""Dashboards are what Grafana takes, and ask for what the platform has. Whether each query has an answer, tests/platform asks."""

import collections
import json
import re
import sys

import jsonschema
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from content import TOP, load, refuse, run, said

sys.path.insert(0, str(TOP / "tests/platform"))
import dashboards as live  # noqa: E402

FOLDER = TOP / "roles/grafana/files/dashboards"
FILES = sorted(FOLDER.glob("*.json"))
DATA_SOURCE = {"type": "prometheus", "uid": "prometheus"}


@pytest.fixture(scope="session")
def schema():
    """Grafana's own types as a JSON schema: a validator by name."""
    code, output = run([TOP / "tests/content/grafana/schema"])
    assert code == 0, output
    whole = json.loads(open(output.strip().splitlines()[-1], encoding="utf-8").read())
    parts = whole["definitions"]["Used"]["properties"]
    return {name: jsonschema.Draft7Validator({**part, "definitions": whole["definitions"]}) for name, part in parts.items()}


def wrong(validator, value, where):
    """What a validator has to say, one line each."""
    return [f"{where}, {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in validator.iter_errors(value)]


def dashboard(path):
    return json.loads(path.read_text(encoding="utf-8"))


def all_panels():
    return [(path, panel) for path in FILES for panel in live.panels(dashboard(path))]


def test_the_role_has_all_dashboards_and_copies_each():
    named = load(TOP / "roles/grafana/defaults/main.yml")["grafana_dashboards"]
    assert sorted(named) == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dashboard_has_the_form_of_grafanas_types(schema, path):
    found = wrong(schema["dashboard"], dashboard(path), said(path))
    for panel in live.panels(dashboard(path)):
        where = f"{said(path)}: panel {panel['id']}"
        found += wrong(schema[f"{panel['type']}Options"], panel["options"], f"{where}: options")
        custom = panel["fieldConfig"]["defaults"].get("custom")
        if custom is not None:
            found += wrong(schema[f"{panel['type']}Custom"], custom, f"{where}: custom")
    refuse(found)


def test_the_schema_refuses_what_grafana_does_not_know(schema):
    made = dashboard(FILES[0])
    made["panels"][0]["grid"] = {}
    assert any("grid" in line for line in wrong(schema["dashboard"], made, "made"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_grafanas_library_reads_a_dashboard_and_loses_no_panel_and_no_query(path):
    read = Dashboard.from_json(dashboard(path))
    again = json.loads(JSONEncoder(sort_keys=True).encode(read))
    before = dashboard(path)
    assert [panel["id"] for panel in again["panels"]] == [panel["id"] for panel in before["panels"]]
    for one, other in zip(live.panels(again), live.panels(before), strict=True):
        assert one["type"] == other["type"] and one["title"] == other["title"]
        assert [target["expr"] for target in one["targets"]] == [target["expr"] for target in other["targets"]]
        assert one["fieldConfig"]["defaults"]["unit"] == other["fieldConfig"]["defaults"]["unit"]


def test_dashboards_have_names_of_their_own():
    for what in ("uid", "title"):
        names = [dashboard(path)[what] for path in FILES]
        assert len(names) == len(set(names)), names
    for path in FILES:
        # Links to a dashboard go by its uid: it stays what it is.
        assert dashboard(path)["uid"] == f"platform-{path.stem}"


def test_panels_have_numbers_of_their_own_and_do_not_overlap():
    for path in FILES:
        found = [panel for panel in dashboard(path)["panels"]]
        numbers = [panel["id"] for panel in found]
        assert len(numbers) == len(set(numbers)), said(path)
        taken = collections.Counter()
        for panel in found:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24, (said(path), panel["title"])
            taken.update((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"]))
        assert max(taken.values()) == 1, said(path)


def test_every_panel_asks_the_data_source_that_the_role_provides():
    provided = re.findall(r"^ +uid: (\w+)$", (TOP / "roles/grafana/templates/datasources.yml.j2").read_text(), re.MULTILINE)
    assert DATA_SOURCE["uid"] in provided
    for path, panel in all_panels():
        assert panel["datasource"] == DATA_SOURCE, (said(path), panel["title"])
        assert panel["targets"], (said(path), panel["title"])
        for target in panel["targets"]:
            assert target["datasource"] == DATA_SOURCE, (said(path), panel["title"])
    for path in FILES:
        for variable in dashboard(path)["templating"]["list"]:
            assert variable["datasource"] == DATA_SOURCE, said(path)


def test_no_query_answers_where_there_is_no_data():
    for path, panel in all_panels():
        for target in panel["targets"]:
            assert not re.search(r"\b(vector|absent|absent_over_time|scalar)\s*\(", target["expr"]), (said(path), panel["title"])


def metrics(expression):
    """The names of metrics in an expression, roughly: names that are no function, no keyword and no label."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring)\s*\([^)]*\)', "", expression)
    return set(re.findall(r"[a-zA-Z_:][\w:]*(?![\w:]*\s*\()", bare)) - {"bool", "and", "or", "unless"}


def test_what_panels_take_from_rules_is_recorded():
    recorded = {
        rule["record"]
        for path in (TOP / "roles/prometheus/files/rules").glob("*.yml")
        for group in load(path)["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    for query in live.queries(FILES):
        for name in metrics(query.expression):
            assert ":" not in name or name in recorded, str(query)


def test_what_panels_take_from_our_own_programs_is_there():
    sources = "".join(path.read_text() for folder in ("web/web", "container_metrics/container_metrics")
                      for path in sorted((TOP / "apps" / folder).glob("*.py")))
    known = set(re.findall(r'"((?:app|container|machine)_\w+)"', sources))
    for query in live.queries(FILES):
        for name in metrics(query.expression):
            if name.startswith(("app_", "container_", "machine_")):
                assert name in known or re.sub(r"_(bucket|sum|count)$", "", name) in known, str(query)


def test_variables_are_replaced_as_grafana_does_when_a_dashboard_is_opened():
    made = {"templating": {"list": [
        {"name": "all", "multi": True, "includeAll": True, "allValue": ".*", "current": {"value": ["$__all"]}},
        {"name": "two", "multi": True, "includeAll": True, "current": {"value": ["a.b", "c"]}},
        {"name": "one", "current": {"value": "x"}},
    ]}}
    values = live.variables(made)
    assert live.replaced('m{a=~"$all", b=~"${two:regex}", c="[[one]]"}[$__rate_interval]', values) == \
        'm{a=~".*", b=~"(a\\.b|c)", c="x"}[60s]'
    with pytest.raises(KeyError, match="nobody"):
        live.replaced("up{host=\"$nobody\"}", values)
