//! `env`: variables of the environment that the program was started in.
//!
//! Source: Ansible documentation, `ansible.builtin.env` lookup.

use jinja::Value;

use super::{Answer, Request};

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        if term.is_undefined() {
            return Ok(vec![term.clone()]);
        }
        let term = term.to_str()?;
        let name = term.split_whitespace().next().unwrap_or_default();
        found.push(match (request.registry.config.environment.get(name), request.option("default")) {
            (Some(value), _) => Value::from(value),
            // `undef()` asks for the error that names the variable.
            (None, Some(Value::Undefined(default))) if default.name.is_none() && default.cause.is_none() => {
                Value::undefined(format!("The environment variable '{name}' is not set."))
            }
            (None, Some(default)) => default.clone(),
            (None, None) => Value::from(""),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::answer;

    #[test]
    fn the_environment_is_read_and_has_defaults() {
        assert_eq!(answer("lookup('env', 'HOME')"), "'/home/me'");
        assert_eq!(answer("lookup('env', 'NOPE')"), "''");
        assert_eq!(answer("lookup('env', 'NOPE', default=5)"), "5");
        assert_eq!(answer("q('env', 'HOME', 'NOPE')"), "['/home/me', '']");
    }
}
