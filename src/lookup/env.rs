//! `env`: variables of the environment that the program was started in.
//!
//! Source: Ansible documentation, `ansible.builtin.env` lookup.

use jinja::{Error, Kind, Value};

use super::{Answer, Request};
use crate::template::{filters::class_name, globals::NOT_OVERRIDDEN};

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        if term.is_undefined() {
            return Ok(vec![term.clone()]);
        }
        let Value::Str(term) = term else {
            let message = format!("'{}' object has no attribute 'split'", class_name(term));
            return Err(Error::new(Kind::Attribute, message));
        };
        let name = term.split_whitespace().next().unwrap_or_default();
        found.push(match (request.registry.config.environment.get(name), request.option("default")) {
            (Some(value), _) => Value::from(value),
            // `undef()` asks for the error that names the variable.
            (None, Some(Value::Undefined(default))) if default.message == NOT_OVERRIDDEN => {
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
