"""TLS contexts out of the files as they are now: made for each connection, so that a renewal needs no restart."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Files:
    """Where certificates are. `lists` is the bundle of revocation lists of all levels; without it nobody is accepted."""

    directory: str = "/tls/current"
    roots: str = "/trust/roots.pem"
    lists: str = "/trust/lists.crl"


def release(files: Files) -> str:
    """The folder of the certificate that holds now. Another answer than before means that it was renewed."""
    return os.path.realpath(files.directory)


def pair(files: Files) -> tuple[str, str]:
    """The paths of chain and key, both of one release.

    `directory` is a link that renewal turns. It is followed once here: two paths through the link could be read before
    and after it turns, and a chain with another certificate's key is refused.
    """
    folder = release(files)
    return os.path.join(folder, "fullchain.pem"), os.path.join(folder, "key.pem")


def server_context(files: Files) -> ssl.SSLContext:
    """For a server that asks for a client certificate: chain, usage and revocation on every level are checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _fill(context, files)
    context.verify_mode = ssl.CERT_REQUIRED
    # The context serves one connection, so a ticket could never be redeemed.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


def client_context(files: Files) -> ssl.SSLContext:
    """For a client that shows its certificate: the server's chain, name, usage and revocation are checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _fill(context, files)
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    return context


def _fill(context: ssl.SSLContext, files: Files) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    chain, key = pair(files)
    context.load_cert_chain(chain, key)
    context.load_verify_locations(files.roots)
    context.load_verify_locations(files.lists)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN | ssl.VERIFY_X509_STRICT


def common_name(certificate: dict[str, Any] | None) -> str | None:
    """The common name of a verified peer (what SSLSocket.getpeercert gives); None unless there is exactly one."""
    names = [
        value
        for relative in (certificate or {}).get("subject", ())
        for key, value in relative
        if key == "commonName"
    ]
    return names[0] if len(names) == 1 else None
