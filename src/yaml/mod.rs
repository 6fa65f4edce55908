//! From YAML nodes to template values: trust, origin, vault.
