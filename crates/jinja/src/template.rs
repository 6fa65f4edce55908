//! Templates: compiled once, rendered many times.

use std::rc::Rc;

use crate::{
    Environment, Error, Scope, Value,
    compiler::{self, Compiled},
    environment::{Loaded, Options},
    render,
};

/// A compiled template or expression; clones share it.
#[derive(Clone)]
pub struct Template {
    compiled: Rc<Compiled>,
}

impl Environment {
    /// Compiles a template.
    ///
    /// # Errors
    ///
    /// It is not well-formed or uses a filter or test that is not known.
    pub fn compile(&self, source: &str, name: Option<&str>) -> Result<Template, Error> {
        let compiled = compiler::compile(self, source, name, &self.options, false)?;
        Ok(Template { compiled: Rc::new(compiled) })
    }

    /// Compiles a template that is read with options of its own; what it includes is read with them too.
    ///
    /// # Errors
    ///
    /// As [`Environment::compile`].
    pub fn compile_with(&self, source: &str, name: Option<&str>, options: &Options) -> Result<Template, Error> {
        let compiled = compiler::compile(self, source, name, &Rc::new(options.clone()), false)?;
        Ok(Template { compiled: Rc::new(compiled) })
    }

    /// Compiles an expression alone, without delimiters.
    ///
    /// # Errors
    ///
    /// As [`Environment::compile`].
    pub fn compile_expression(&self, source: &str) -> Result<Template, Error> {
        let compiled = compiler::compile(self, source, None, &self.options, true)?;
        Ok(Template { compiled: Rc::new(compiled) })
    }

    /// Compiles an expression alone that is read with options of its own.
    ///
    /// # Errors
    ///
    /// As [`Environment::compile`].
    pub fn compile_expression_with(&self, source: &str, options: &Options) -> Result<Template, Error> {
        let compiled = compiler::compile(self, source, None, &Rc::new(options.clone()), true)?;
        Ok(Template { compiled: Rc::new(compiled) })
    }

    /// A template that a loader gave, compiled anew only if its source has changed.
    pub(crate) fn load_compiled(
        &self,
        source: &str,
        name: &str,
        asked: &str,
        options: &Rc<Options>,
    ) -> Result<Rc<Compiled>, Error> {
        if let Some(loaded) = self.loaded.borrow().get(name)
            && loaded.source == source
            && loaded.options == *options
        {
            return Ok(Rc::clone(&loaded.template));
        }
        let read = if options.escape_backslashes {
            Rc::new(Options { escape_backslashes: false, ..Options::clone(options) })
        } else {
            Rc::clone(options)
        };
        let mut template = compiler::compile(self, source, Some(name), &read, false)?;
        template.asked = Some(Rc::from(asked));
        let template = Rc::new(template);
        let loaded = Loaded { source: source.to_owned(), options: Rc::clone(options), template: Rc::clone(&template) };
        self.loaded.borrow_mut().insert(name.to_owned(), loaded);
        Ok(template)
    }
}

impl Template {
    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.compiled.name.as_deref()
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
        render::evaluate(&self.compiled, env, scope)
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
    /// Names of globals (`range`) are among them.
    pub fn free_names(&self) -> &[Rc<str>] {
        &self.compiled.names
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({:?})", self.name())
    }
}

/// A value as a variable can hold it: lists and dicts all resolved, tuples are lists, nothing undefined.
///
/// # Errors
///
/// Something in it is undefined, its template fails, or it is of a type that a variable cannot hold.
pub fn finalize(value: &Value) -> Result<Value, Error> {
    finalize_noting(value, &mut |_, _| ())
}

/// As [`finalize`]; says what becomes of values whose types variables do not hold, as `("Markup", "str")`.
///
/// # Errors
///
/// As [`finalize`].
pub fn finalize_noting(value: &Value, note: &mut dyn FnMut(&str, &str)) -> Result<Value, Error> {
    finalize_at(value, note, 0)
}

fn finalize_at(value: &Value, note: &mut dyn FnMut(&str, &str), depth: usize) -> Result<Value, Error> {
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
                    values.push(finalize_at(&value, note, depth + 1)?);
                }
            }
            Value::List(List::new(values))
        }
        Value::Tuple(items) => {
            let mut values = Vec::with_capacity(items.len());
            for value in items.iter().filter(|value| !vanishes(value)) {
                values.push(finalize_at(value, note, depth + 1)?);
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
                        key => finalize_at(&key, note, depth + 1)?,
                    };
                    result.insert(Key::new(key)?, finalize_at(&value, note, depth + 1)?);
                }
            }
            Value::Dict(result)
        }
        Value::Object(object) => match object.finalize()? {
            Some(plain @ Value::Object(_)) => plain,
            Some(plain) => {
                if !object.is_known() {
                    note(object.type_name(), if plain.is_mapping() { "dict" } else { "list" });
                }
                finalize_at(&plain, note, depth + 1)?
            }
            None => {
                let message = format!("Type '{}' is unsupported for variable storage.", object.type_name());
                return Err(Error::type_error(message).about(&Value::Object(Rc::clone(object))));
            }
        },
        // Safe HTML is text like any other in a variable.
        Value::Str(text) if text.is_markup() => {
            note("Markup", "str");
            Value::Str(crate::Str::new(text.shared()))
        }
        value => value.clone(),
    })
}
