//! Ansible's temporary folder on a host, by name: results show files that they would have had there.

use std::time::{SystemTime, UNIX_EPOCH};

use super::random;
use crate::Context;

/// What Ansible shows for a temporary file of that name. There is none: content goes to its place in one step.
#[must_use]
pub fn shown(ctx: &Context, name: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let home = ctx.variable("HOME").unwrap_or("/").trim_end_matches('/');
    format!(
        "{home}/.ansible/tmp/ansible-tmp-{}.{:07}-{}-{}/{name}",
        now.as_secs(),
        now.subsec_nanos() / 100,
        std::process::id(),
        now.as_nanos() % 1_000_000_000_000_000,
    )
}

/// A name as Python's `mkstemp` makes them: `tmp` and eight letters.
#[must_use]
pub fn random_name() -> String {
    // A name that is only shown may as well be always the same.
    format!("tmp{}", random::letters(8).unwrap_or_else(|_| "xxxxxxxx".to_owned()))
}
