#!/usr/bin/env python3
"""dashboards.py: ask a live Prometheus what every panel of every dashboard asks, as Grafana would, and say which get no answer.

Variables have the values that the dashboards begin with, and Grafana's own those of a short window. A panel's query has an answer
when one of its samples is a finite number. The exit code is 1 when a query has none.

  dashboards.py https://monitor1.example.org:9090 --certificate me.pem --key me.key --ca roots.pem [--connect ADDRESS] [FILE...]

In tests: `look(ask)` with a function `ask(path, **parameters)` that gives the `data` of Prometheus' API.
"""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import json
import math
import re
import socket
import ssl
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "roles/grafana/files/dashboards"
WINDOW = 300
"""Seconds of which a graph is asked for."""
STEP = 15
"""Seconds between its points: the data source's interval."""

Ask = Callable[..., Any]


@dataclasses.dataclass(frozen=True)
class Query:
    """One query of a panel, with its variables replaced."""

    dashboard: str
    panel: int
    title: str
    ref: str
    expression: str
    instant: bool

    def __str__(self) -> str:
        return f"{self.dashboard}, panel {self.panel} \"{self.title}\" {self.ref}: {self.expression}"


@dataclasses.dataclass(frozen=True)
class Answer:
    """What Prometheus said: how many series, how many finite samples, the sum of each series' last one; or its error."""

    query: Query
    series: int
    finite: int
    total: float
    error: str = ""


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels but rows, those inside of closed rows too."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def variables(dashboard: dict[str, Any]) -> dict[str, str]:
    """Each variable as it goes into an expression when the dashboard is opened."""
    values = {
        "__interval": f"{STEP}s",
        "__interval_ms": f"{STEP * 1000}",
        "__rate_interval": f"{STEP * 4}s",
        "__range": f"{WINDOW}s",
        "__range_s": f"{WINDOW}",
        "__range_ms": f"{WINDOW * 1000}",
    }
    for variable in dashboard.get("templating", {}).get("list", []):
        chosen = variable.get("current", {}).get("value")
        chosen = chosen if isinstance(chosen, list) else [chosen]
        if "$__all" in chosen:
            # What Grafana does without a value for all, it does with the values it finds: there are none here.
            values[variable["name"]] = variable.get("allValue") or ".*"
        elif variable.get("multi") or variable.get("includeAll"):
            values[variable["name"]] = "(" + "|".join(re.escape(str(one)) for one in chosen) + ")"
        else:
            values[variable["name"]] = str(chosen[0])
    return values


def replaced(expression: str, values: dict[str, str]) -> str:
    """The expression without variables; one that is not known is an error."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        if name not in values:
            raise KeyError(f"the variable {name} is not known in: {expression}")
        return values[name]

    return re.sub(r"\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]", value, expression)


def queries(files: Iterable[Path] | None = None) -> Iterator[Query]:
    """What all panels ask."""
    for path in sorted(files or FOLDER.glob("*.json")):
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        values = variables(dashboard)
        for panel in panels(dashboard):
            for target in panel.get("targets", []):
                yield Query(
                    dashboard["title"],
                    panel["id"],
                    panel["title"],
                    target["refId"],
                    replaced(target["expr"], values),
                    bool(target.get("instant")),
                )


def answer(query: Query, ask: Ask) -> Answer:
    """Ask one of them."""
    now = time.time()
    try:
        if query.instant:
            data = ask("query", query=query.expression, time=f"{now:.3f}")
        else:
            data = ask("query_range", query=query.expression, start=f"{now - WINDOW:.3f}", end=f"{now:.3f}", step=f"{STEP}")
    except (OSError, ValueError, AssertionError) as error:
        return Answer(query, 0, 0, math.nan, str(error))
    finite, total = 0, 0.0
    for series in data["result"]:
        numbers = [float(value) for _, value in (series["values"] if "values" in series else [series["value"]])]
        numbers = [number for number in numbers if math.isfinite(number)]
        finite += len(numbers)
        total += numbers[-1] if numbers else 0.0
    return Answer(query, len(data["result"]), finite, total)


def look(ask: Ask, files: Iterable[Path] | None = None) -> list[Answer]:
    """Ask all of them, in order."""
    return [answer(query, ask) for query in queries(files)]


def silent(answers: Iterable[Answer]) -> list[Answer]:
    """Those without a finite sample."""
    return [one for one in answers if not one.finite]


def client(base: str, certificate: Path, key: Path, ca: Path, connect: str | None = None) -> Ask:
    """A function that asks Prometheus at `base` with a client certificate; `connect` is its address where names do not resolve."""
    url = urllib.parse.urlsplit(base)
    if url.scheme != "https" or not url.hostname:
        raise ValueError(f"{base}: an address that begins with https://")
    context = ssl.create_default_context(cafile=str(ca))
    context.load_cert_chain(certificate, key)
    port = url.port or 443

    def ask(path: str, **parameters: str) -> Any:
        connection = http.client.HTTPSConnection(url.hostname, port, context=context, timeout=30)
        raw = socket.create_connection((connect or url.hostname, port), timeout=30)
        connection.sock = context.wrap_socket(raw, server_hostname=url.hostname)
        try:
            body = urllib.parse.urlencode(parameters)
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"{url.path.rstrip('/')}/api/v1/{path}", body, headers)
            reply = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if reply["status"] != "success":
            raise ValueError(reply.get("error", "Prometheus gave no reason"))
        return reply["data"]

    return ask


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("files", nargs="*", type=Path, help="dashboards; else those of the role grafana")
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--ca", type=Path, required=True)
    parser.add_argument("--connect", help="the address, where the name in the URL does not resolve")
    parser.add_argument("--values", action="store_true", help="print what each query gave")
    arguments = parser.parse_args()
    answers = look(client(arguments.url, arguments.certificate, arguments.key, arguments.ca, arguments.connect), arguments.files or None)
    if arguments.values:
        for one in answers:
            print(f"{one.series:4} series {one.finite:6} samples {one.total:14.4g}  {one.query}")
    without = silent(answers)
    for one in without:
        print(f"no sample: {one.query}{': ' + one.error if one.error else ''}", file=sys.stderr)
    print(f"{len(answers) - len(without)} of {len(answers)} queries have an answer")
    return 1 if without else 0


if __name__ == "__main__":
    sys.exit(main())
