"""The engine's API over its socket; nothing but GET is ever sent, since whoever may write there owns the host."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlencode


class EngineError(Exception):
    """The engine does not answer, or not as expected."""


class Gone(EngineError):
    """What was asked for is no more."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """Asks; paths have no version, so that any engine answers as it does by itself."""

    def __init__(self, path: str = "/var/run/docker.sock", timeout: float = 8.0) -> None:
        self._path = path
        self._timeout = timeout

    def get(self, path: str, **query: str) -> Any:
        """What the engine answers, decoded."""
        connection = _Connection(self._path, self._timeout)
        try:
            connection.request("GET", f"{path}?{urlencode(query)}" if query else path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status in (404, 409):
                raise Gone(path)
            if answer.status != 200:
                raise EngineError(f"GET {path}: status {answer.status}")
            return json.loads(body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EngineError(f"GET {path}: {error}") from error
        finally:
            connection.close()
