"""A guest book behind mutual TLS: notes in PostgreSQL, a cache in Redis, roles by client certificate."""

from web.application import create_app

__all__ = ["create_app"]
