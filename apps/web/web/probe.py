"""`python -m web.probe PATH`: ask the app of this container, over TLS with the app's own certificate; exit code 0 if it is well."""

from __future__ import annotations

import http.client
import socket
import sys

import mtls
from web import settings

TIMEOUT = 4.0


def ask(path: str, name: str, address: str, port: int, chosen: settings.Settings) -> tuple[int, str]:
    """Status and body; the certificate must speak for `name`."""
    context = mtls.client_context(chosen.tls)
    with socket.create_connection((address, port), TIMEOUT) as plain, context.wrap_socket(plain, server_hostname=name) as wrapped:
        wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        response = http.client.HTTPResponse(wrapped)
        response.begin()
        return response.status, response.read().decode(errors="replace").strip()


def main(arguments: list[str]) -> int:
    """PATH NAME PORT: the name is the one the certificate must have; the address is the container's own."""
    path, name, port = arguments
    try:
        status, body = ask(path, name, "127.0.0.1", int(port), settings.load())
    except (OSError, settings.SettingsError, http.client.HTTPException) as error:
        print(error)
        return 1
    print(body)
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
