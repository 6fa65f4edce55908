//! Ansible's tests, one file a family.
//!
//! Source: Ansible documentation, "Tests".

use jinja::Environment;

/// Adds all tests.
pub fn register(environment: &mut Environment) {
    let _ = environment;
}
