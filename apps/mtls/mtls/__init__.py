"""Mutual TLS the way the platform has it: files that renewal replaces, lists on every level, names out of certificates."""

from mtls.contexts import Files, client_context, common_name, pair, release, server_context

__all__ = ["Files", "client_context", "common_name", "pair", "release", "server_context"]
