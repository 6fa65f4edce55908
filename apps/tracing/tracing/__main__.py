"""`python -m tracing SETTINGS`: run the collector and the door before it. `--probe` asks the running one, for the health check.

SETTINGS is a JSON object: `port`, `name` (what the certificate must say to the probe), `callers` (patterns of common names, each
with a list out of traces, metrics, health), `tls` (directory, roots, lists), `collector` (its command, a list) and
`collector_port`, where it listens on the loopback address. Both end together: a container with half of it would look well.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from mtls import Files
from mtls.server import Server, probe, say
from tracing.door import Counters, door

GRACE = 5.0
"""Seconds for the collector to hand on what it has."""


def serve(settings: dict[str, Any]) -> Server:
    """The door, listening."""
    handler = door(("127.0.0.1", settings["collector_port"]), Counters())
    return Server(settings["port"], handler, Files(**settings.get("tls", {})), settings["callers"])


def main(arguments: list[str]) -> int:
    """See the module."""
    settings = json.loads(Path(arguments[-1]).read_text(encoding="utf-8"))
    if arguments[0] == "--probe":
        return probe(Files(**settings.get("tls", {})), "/healthz", settings["name"], settings["port"])
    server = serve(settings)
    collector = subprocess.Popen(settings["collector"])
    ended = threading.Event()

    def wait() -> None:
        say("the collector ended", code=collector.wait())
        ended.set()
        server.shutdown()

    def stop(*_: Any) -> None:
        collector.terminate()

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=wait, daemon=True).start()
    say("listening", port=settings["port"])
    server.serve_forever()
    try:
        code = collector.wait(GRACE)
    except subprocess.TimeoutExpired:
        collector.kill()
        code = collector.wait()
    # Its end by the signal that this program passes on is a good one.
    return 0 if code in (0, -signal.SIGTERM) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
