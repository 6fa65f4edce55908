//! The environment with Ansible's filters, tests and globals over Jinja2's own.

use jinja::Environment;

use super::{Templar, filters, globals, tests};

/// An environment that knows all but lookups, which are added from above.
#[must_use]
pub fn environment() -> Environment {
    let mut environment = Environment::new(Templar::playbook_options());
    filters::register(&mut environment);
    tests::register(&mut environment);
    globals::register(&mut environment);
    environment
}
