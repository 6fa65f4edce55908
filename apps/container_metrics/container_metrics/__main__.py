"""`python -m container_metrics SETTINGS`: serve the page over mutual TLS. `--probe` asks the running one, for the health check.

SETTINGS is a JSON object: `port`, `name` (what the certificate must say to the probe), `socket`, `callers` (patterns of common
names, each with a list out of metrics, health), `tls` (directory, roots, lists).
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

from container_metrics.collect import Collector
from container_metrics.engine import Engine, EngineError
from mtls import Files
from mtls.server import Handler, Server, probe, say


class Page(Handler):
    """The metrics, and whether the engine answers."""

    paths = {"/metrics": "metrics", "/healthz": "health"}
    collector: Collector
    engine: Engine

    def do_GET(self) -> None:  # noqa: N802 (the name is the base class's)
        if not self.admit():
            return
        try:
            if self.path == "/metrics":
                body, kind = self.collector.page().encode(), "text/plain; version=0.0.4; charset=utf-8"
            else:
                self.engine.get("/info")
                body, kind = b"ok\n", "text/plain; charset=utf-8"
        except EngineError as error:
            # Without numbers the target has to be down: an empty page would look like a host without containers.
            say("the engine does not answer", error=str(error))
            self.answer(503, b"the engine does not answer\n")
            return
        self.answer(200, body, kind)


def serve(settings: dict[str, Any]) -> Server:
    """The server, listening."""
    engine = Engine(settings.get("socket", "/var/run/docker.sock"))
    page = type("Page", (Page,), {"engine": engine, "collector": Collector(engine)})
    return Server(settings["port"], page, Files(**settings.get("tls", {})), settings["callers"])


def main(arguments: list[str]) -> int:
    """See the module."""
    settings = json.loads(Path(arguments[-1]).read_text(encoding="utf-8"))
    if arguments[0] == "--probe":
        return probe(Files(**settings.get("tls", {})), "/healthz", settings["name"], settings["port"])
    server = serve(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say("listening", port=settings["port"])
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
