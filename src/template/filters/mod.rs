//! Ansible's filters, one file a family.
//!
//! Source: Ansible documentation, "Using filters to manipulate data".

use jinja::Environment;

/// Adds all filters.
pub fn register(environment: &mut Environment) {
    let _ = environment;
}
