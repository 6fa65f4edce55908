"""untested_rules.py RULES TESTS: name the alerts (with their severity) that no test of promtool sees both firing and silent, and the
recorded series that no test looks at. Exit code 1 if there are any."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml


def documents(folder: Path, pattern: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text()) for path in sorted(folder.glob(pattern))]


def untested(rules: list[dict[str, Any]], tests: list[dict[str, Any]]) -> list[str]:
    """What has no test, as lines for a person. An alert that fires at all times need not be seen silent."""
    all_rules = [rule for document in rules for group in document["groups"] for rule in group["rules"]]
    firing: set[tuple[str, str]] = set()
    silent: set[tuple[str, str]] = set()
    expressions: list[str] = [
        expectation["expr"] for document in tests for test in document["tests"] for expectation in test.get("promql_expr_test", [])
    ]
    severities: dict[str, set[str]] = {}
    for rule in all_rules:
        if "alert" in rule:
            severities.setdefault(rule["alert"], set()).add(rule["labels"]["severity"])
    for document in tests:
        for test in document["tests"]:
            for expectation in test.get("alert_rule_test", []):
                name = expectation["alertname"]
                fires = [alert["exp_labels"]["severity"] for alert in expectation["exp_alerts"]]
                firing |= {(name, severity) for severity in fires}
                # It is silent at this moment, or for one of the series.
                silent |= {
                    (name, severity) for severity in severities.get(name, ()) if fires.count(severity) < len(test["input_series"])
                }

    missing = []
    for rule in all_rules:
        if "alert" in rule:
            key = (rule["alert"], rule["labels"]["severity"])
            if key not in firing:
                missing.append(f"alert {key[0]} ({key[1]}): no test sees it firing")
            if key not in silent and rule["expr"] != "vector(1)":
                missing.append(f"alert {key[0]} ({key[1]}): no test sees it silent")
            for annotation in ("summary", "description"):
                if not rule.get("annotations", {}).get(annotation):
                    missing.append(f"alert {key[0]} ({key[1]}): it has no {annotation}")
        elif not any(rule["record"] in expression for expression in expressions):
            # A series that an alert stands on is tested through the alert.
            if not any("alert" in other and rule["record"] in other["expr"] for other in all_rules):
                missing.append(f"series {rule['record']}: no test looks at it")
    for document in tests:
        for test in document["tests"]:
            for expectation in test.get("alert_rule_test", []):
                if expectation["alertname"] not in severities:
                    missing.append(f"a test expects the alert {expectation['alertname']}, which no rule has")
    return missing


def main(arguments: list[str]) -> int:
    rules, tests = (Path(argument) for argument in arguments)
    missing = untested(documents(rules, "*.yml"), documents(tests, "*.test.yml"))
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
