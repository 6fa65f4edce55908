//! Ansible's way of templating over the Jinja engine.
