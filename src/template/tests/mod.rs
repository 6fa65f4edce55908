//! Ansible's tests, one file a family.
//!
//! Source: Ansible documentation, "Tests".

mod file;
mod result;
mod uri;
mod value;
mod vault;
mod version;

use jinja::Environment;

/// Adds all tests.
pub fn register(environment: &mut Environment) {
    result::add(environment);
    value::add(environment);
    version::add(environment);
    file::add(environment);
    uri::add(environment);
    vault::add(environment);
}
