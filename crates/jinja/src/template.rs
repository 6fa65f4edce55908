//! Templates: compiled once, rendered many times.

use std::rc::Rc;

use crate::{Environment, Error, Scope, Undefined, Value, error::Kind};

/// A compiled template or expression; clones share it.
#[derive(Clone)]
pub struct Template {
    name: Option<Rc<str>>,
}

impl Environment {
    /// Compiles a template.
    ///
    /// # Errors
    ///
    /// It is not well-formed or uses a filter or test that is not known.
    pub fn compile(&self, source: &str, name: Option<&str>) -> Result<Template, Error> {
        self.compile_with(source, name, &self.options)
    }

    /// Compiles a template that is read with options of its own; what it includes is read with them too.
    ///
    /// # Errors
    ///
    /// As [`Environment::compile`].
    pub fn compile_with(&self, source: &str, name: Option<&str>, options: &Options) -> Result<Template, Error> {
        let _ = (source, name, options);
        Err(Error::new(Kind::Limit, "crates/jinja: compile is not written yet"))
    }

    /// Compiles an expression alone, without delimiters.
    ///
    /// # Errors
    ///
    /// As [`Environment::compile`].
    pub fn compile_expression(&self, source: &str) -> Result<Template, Error> {
        let _ = source;
        Err(Error::new(Kind::Limit, "crates/jinja: compile_expression is not written yet"))
    }
}

use crate::environment::Options;

impl Template {
    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its result as a plain value: lists and dicts all resolved, tuples become lists; a single expression keeps its
    /// type, several are joined to text in which `None` prints empty. `None` if it prints nothing.
    ///
    /// # Errors
    ///
    /// Something in it is undefined or fails, or the result cannot be held by a variable.
    pub fn render(&self, env: &Environment, scope: &dyn Scope) -> Result<Value, Error> {
        finalize(&self.evaluate(env, scope)?)
    }

    /// Its result as it stands, for use inside of another template: lists and dicts unresolved, and an error is an
    /// undefined value, which `default()` may mend.
    ///
    /// # Errors
    ///
    /// A limit was reached.
    pub fn evaluate(&self, env: &Environment, scope: &dyn Scope) -> Result<Value, Error> {
        let _ = (env, scope);
        Ok(Value::Undefined(Rc::new(Undefined::failed(Error::new(Kind::Limit, "not written yet")))))
    }

    /// Its result as text; what prints nothing is empty.
    ///
    /// # Errors
    ///
    /// As [`Template::render`].
    pub fn render_text(&self, env: &Environment, scope: &dyn Scope) -> Result<String, Error> {
        match self.render(env, scope)? {
            Value::None => Ok(String::new()),
            value => value.to_str(),
        }
    }

    /// The names it takes from its scope, of what it can be known before it runs (not what includes and imports use).
    pub fn free_names(&self) -> Vec<Rc<str>> {
        Vec::new()
    }
}

/// A value as a variable can hold it: lists and dicts all resolved, tuples are lists, nothing undefined.
///
/// # Errors
///
/// Something in it is undefined, its template fails, or it is of a type that a variable cannot hold.
pub fn finalize(value: &Value) -> Result<Value, Error> {
    finalize_at(value, 0)
}

fn finalize_at(value: &Value, depth: usize) -> Result<Value, Error> {
    use crate::{Dict, Key, List, value};
    if depth > value::MAX_DEPTH {
        return Err(value::too_deep("while finalizing a value"));
    }
    let vanishes = |value: &Value| matches!(value, Value::Object(object) if object.vanishes());
    Ok(match value {
        Value::Undefined(undefined) => return Err(undefined.error()),
        Value::List(list) => {
            let mut values = Vec::with_capacity(list.len());
            for value in list.values()? {
                if !vanishes(&value) {
                    values.push(finalize_at(&value, depth + 1)?);
                }
            }
            Value::List(List::new(values))
        }
        Value::Tuple(items) => {
            let mut values = Vec::with_capacity(items.len());
            for value in items.iter().filter(|value| !vanishes(value)) {
                values.push(finalize_at(value, depth + 1)?);
            }
            Value::List(List::new(values))
        }
        Value::Dict(dict) => {
            let result = Dict::with_capacity(dict.len());
            for (key, value) in dict.items()? {
                if !vanishes(&value) {
                    let key = match key {
                        // Keys stay what they are: a tuple cannot become a list there.
                        Value::Tuple(_) => key,
                        key => finalize_at(&key, depth + 1)?,
                    };
                    result.insert(Key::new(key)?, finalize_at(&value, depth + 1)?);
                }
            }
            Value::Dict(result)
        }
        Value::Object(object) => match object.finalize()? {
            Some(plain) => finalize_at(&plain, depth + 1)?,
            None => {
                let message = format!("Type '{}' is unsupported for variable storage.", object.type_name());
                return Err(Error::type_error(message));
            }
        },
        value => value.clone(),
    })
}
