//! `ansible.cfg`.

use provision::config::{Config, Environment};

use super::text;

/// Reads an `ansible.cfg`.
pub fn config(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let environment = Environment { home: "/nonexistent".into(), cwd: "/nonexistent".into(), ..Environment::default() };
    match Config::of_text(environment, "/nonexistent/ansible.cfg".into(), text, &mut |_| {}) {
        Ok(_) => {}
        Err(error) => assert!(!error.0.is_empty(), "a refusal says why"),
    }
}
