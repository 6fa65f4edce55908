//! `vars` and `varnames`: variables by names that are worked out.
//!
//! Source: Ansible documentation, the lookups `ansible.builtin.vars` and `ansible.builtin.varnames`.

use jinja::{Error, Scope, Value};

use super::{Answer, Request};

pub(super) fn run(request: &mut Request<'_>) -> Answer {
    let mut found = Vec::new();
    for term in &request.terms {
        let Value::Str(name) = term else {
            let message = format!("Variable name must be 'str' not '{}'.", term.type_name());
            return Err(Error::type_error(message).about(term));
        };
        found.push(match (request.scope.lookup(name)?, request.option("default")) {
            (Some(value), _) => value,
            (None, Some(default)) if !default.is_none() => default.clone(),
            (None, _) => Value::undefined(format!("No variable named '{}' was found.", name.as_str())),
        });
    }
    if let Some(undefined) = found.iter().find(|value| value.is_undefined()) {
        return Ok(vec![undefined.clone()]);
    }
    Ok(found)
}

pub(super) fn names(request: &mut Request<'_>) -> Answer {
    let names = request.scope.names();
    let mut found = Vec::new();
    for term in &request.terms {
        let Value::Str(pattern) = term else {
            let message = format!(
                "Invalid setting identifier, \"{}\" is not a string, it is a <class '{}'>",
                term.to_str()?,
                term.type_name()
            );
            return Err(Error::other(message));
        };
        let unusable = |why: String| {
            let message = format!("Unable to use \"{}\" as a search parameter: {why}", pattern.as_str());
            Error::other(message).while_handling()
        };
        let regex = pyregex::Regex::new(pattern.as_str(), pyregex::Flags::default())
            .map_err(|error| unusable(error.to_string()))?;
        for name in &names {
            if regex.is_match(name).map_err(|error| unusable(error.to_string()))? {
                found.push(Value::from(&**name));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crate::lookup::testing::{answer, refusal};

    #[test]
    fn variables_are_found_by_name_and_rendered() {
        assert_eq!(answer("lookup('vars', 'ne' ~ 'st')"), "'a web b'");
        assert_eq!(answer("lookup('vars', 'nope', default='d')"), "'d'");
        assert_eq!(refusal("lookup('vars', 'nope')"), "No variable named 'nope' was found.");
        assert_eq!(
            refusal("lookup('vars', 5)"),
            "The lookup plugin 'vars' failed: Variable name must be 'str' not 'int'."
        );
    }

    #[test]
    fn names_are_found_by_regular_expressions() {
        assert_eq!(answer("q('varnames', '^ne')"), "['nest']");
        assert_eq!(
            refusal("q('varnames', '(')"),
            "The lookup plugin 'varnames' failed: Unable to use \"(\" as a search parameter: missing ), unterminated subpattern at position 0"
        );
    }
}
