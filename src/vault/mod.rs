//! The Ansible Vault format.
