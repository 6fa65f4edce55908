"""A guest book behind mutual TLS: notes in PostgreSQL, a cache in Redis, roles by client certificate."""
