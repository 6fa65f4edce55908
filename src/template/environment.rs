//! The environment with Ansible's filters, tests and globals over Jinja2's own.

use std::rc::Rc;

use jinja::Environment;

use super::{Templar, filters, globals, hooks::AnsibleHooks, tests};

/// An environment that knows all but lookups, which are added from above.
#[must_use]
pub fn environment() -> Environment {
    let mut environment = Environment::new(Templar::playbook_options());
    environment.set_prefixes(&["ansible.builtin.", "ansible.legacy."]);
    environment.set_hooks(Rc::new(AnsibleHooks));
    filters::register(&mut environment);
    tests::register(&mut environment);
    globals::register(&mut environment);
    environment
}
