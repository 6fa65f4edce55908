//! Ansible's way of templating over the Jinja engine.

pub mod data;
