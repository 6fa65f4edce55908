//! Jinja2's own filters, one file a family.

mod basic;

use crate::Environment;

/// Adds them all.
pub(crate) fn add(env: &mut Environment) {
    basic::add(env);
}
