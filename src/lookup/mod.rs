//! Lookups, one file each: for `lookup()` and `query()` in templates and for `with_*` loops.
//!
//! Architecture invariant: a lookup sees the process's surroundings only through the configuration, and what it returns
//! is data: no text that it read is ever templated unless it is the `template` lookup itself.
//!
//! Source: Ansible documentation, "Lookups".

mod config;
mod containers;
mod csvfile;
mod env;
mod file;
mod fileglob;
mod first_found;
mod ini;
mod inventory_hostnames;
mod options;
mod password;
mod pipe;
mod python_random;
mod random_choice;
mod search;
mod sequence;
mod subelements;
mod template;
mod url;
mod vars;

use std::rc::Rc;

use jinja::{Call, Environment, Error, Kind, Kwargs, List, Value};

use crate::{
    config::Config,
    template::{Lookups, Notice, TemplateError, VariableScope, render_constant},
    yaml::Decrypt,
};

/// All lookups, with what they may reach.
#[derive(Clone)]
pub struct Registry {
    config: Rc<Config>,
    decrypt: Option<Rc<dyn Decrypt>>,
}

/// One use of a lookup.
struct Request<'a> {
    /// The positional arguments.
    terms: Vec<Value>,
    /// The keyword arguments.
    options: Kwargs,
    /// The variables.
    scope: &'a Rc<VariableScope>,
    /// What it may reach.
    registry: &'a Registry,
    /// The action of the task whose `with_*` this is; none in a template.
    action: Option<&'a str>,
}

type Answer = Result<Vec<Value>, Error>;
type Lookup = fn(&mut Request<'_>) -> Answer;

/// Lookups by name; the last column says that undefined arguments are welcome.
const LOOKUPS: &[(&str, Lookup, bool)] = &[
    ("config", config::run, false),
    ("csvfile", csvfile::run, false),
    ("dict", containers::dict, false),
    ("env", env::run, true),
    ("file", file::run, false),
    ("fileglob", fileglob::run, false),
    ("first_found", first_found::run, true),
    ("indexed_items", containers::indexed_items, false),
    ("ini", ini::run, false),
    ("inventory_hostnames", inventory_hostnames::run, false),
    ("items", containers::items, false),
    ("lines", pipe::lines, false),
    ("list", containers::list, false),
    ("nested", containers::nested, false),
    ("password", password::run, false),
    ("pipe", pipe::run, false),
    ("random_choice", random_choice::run, false),
    ("sequence", sequence::run, false),
    ("subelements", subelements::run, false),
    ("template", template::run, false),
    ("together", containers::together, false),
    ("unvault", file::unvault, false),
    ("url", url::run, false),
    ("varnames", vars::names, false),
    ("vars", vars::run, false),
];

/// The lookup of a name, short or full.
fn find(name: &str) -> Option<&'static (&'static str, Lookup, bool)> {
    let short = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    LOOKUPS.iter().find(|(known, ..)| *known == short)
}

fn not_found(name: &str) -> Error {
    Error::other(format!("The lookup plugin '{name}' was not found."))
}

/// An error of a lookup in Ansible's words; what is undefined stays just that.
fn failed(name: &str, error: Error) -> Error {
    if matches!(error.kind, Kind::Undefined | Kind::Limit) {
        return error;
    }
    let origin = error.origin.clone().filter(|_| error.has_details());
    crate::template::failed(&format!("lookup plugin '{name}'"), Error { origin, ..error })
}

impl Registry {
    /// The lookups of a program with this configuration; `decrypt` opens files that are encrypted.
    #[must_use]
    pub fn new(config: Rc<Config>, decrypt: Option<Rc<dyn Decrypt>>) -> Self {
        Self { config, decrypt }
    }

    /// Adds `lookup`, `query` and `q` to an environment.
    pub fn register(&self, environment: &mut Environment) {
        for (function, wantlist) in [("lookup", false), ("query", true), ("q", true)] {
            let registry = self.clone();
            environment.add_global(
                function,
                jinja::function_seeing_undefined(function, move |call| {
                    if wantlist {
                        call.take("wantlist");
                        call.kwargs.push(("wantlist".into(), Value::Bool(true)));
                    }
                    registry.call(if wantlist { "_query" } else { "_lookup" }, call)
                }),
            );
        }
    }

    fn call(&self, function: &str, call: &mut Call<'_>) -> Result<Value, Error> {
        if call.args.is_empty() {
            let message = format!("{function}() missing 1 required positional argument: 'plugin_name'");
            return Err(Error::type_error(message));
        }
        let name = match call.args.remove(0) {
            undefined @ Value::Undefined(_) => return Ok(undefined),
            name => name.to_str()?,
        };
        let Some((_, lookup, sees_undefined)) = find(&name) else { return Err(not_found(&name)) };
        let undefined = call.args.iter().chain(call.kwargs.iter().map(|(_, value)| value));
        if let Some(undefined) = undefined.into_iter().find(|value| value.is_undefined())
            && !sees_undefined
        {
            return Ok(undefined.clone());
        }
        let wantlist = call.take("wantlist").map_or(Ok(false), |value| value.truthy())?;
        let errors = call.take("errors").map_or_else(|| Ok("strict".to_owned()), |value| value.to_str())?;
        let Some(scope) = call.state().scope().as_any().and_then(|scope| scope.downcast_ref::<VariableScope>()) else {
            return Err(Error::other(format!("The lookup plugin '{name}' has no variables to work with.")));
        };
        let terms = std::mem::take(&mut call.args).into_iter().map(|term| rendered(term, scope));
        let terms = terms.collect::<Result<Vec<_>, _>>()?;
        if let Some(undefined) = terms.iter().find(|term| term.is_undefined())
            && !sees_undefined
        {
            return Ok(undefined.clone());
        }
        let options = std::mem::take(&mut call.kwargs);
        let mut request = Request { terms, options, scope: &scope.shared(), registry: self, action: None };
        let nothing = || if wantlist { Value::List(List::new(Vec::new())) } else { Value::None };
        match lookup(&mut request) {
            Ok(values) if wantlist => Ok(Value::List(List::new(values))),
            Ok(values) => joined(values),
            Err(error) if matches!(error.kind, Kind::Undefined | Kind::Limit) => Err(error),
            Err(error) if errors == "warn" => {
                let message = format!("An error occurred while running the lookup plugin '{name}'.");
                scope.notice(Notice::error_as_warning(message, error.message));
                Ok(nothing())
            }
            Err(_) if errors == "ignore" => Ok(nothing()),
            Err(error) => Err(failed(&name, error)),
        }
    }
}

/// A term as lookups get it: texts of the template's source that look like templates are rendered.
fn rendered(term: Value, scope: &VariableScope) -> Result<Value, Error> {
    match &term {
        Value::Str(text) if text.tags().is_some_and(|tags| tags.constant) => render_constant(text, scope),
        // Lists and dicts that the template itself made.
        Value::List(list) if list.resolver().is_none() => list
            .raw_values()
            .into_iter()
            .map(|item| rendered(item, scope))
            .collect::<Result<List, _>>()
            .map(Value::List),
        Value::Dict(dict) if dict.resolver().is_none() => {
            let items = dict.raw_items().into_iter();
            let items = items.map(|(key, item)| Ok((jinja::Key::new(key)?, rendered(item, scope)?)));
            Ok(Value::Dict(items.collect::<Result<Vec<_>, Error>>()?.into_iter().collect()))
        }
        _ => Ok(term),
    }
}

/// What `lookup` makes of a list: its only element, its texts with commas between, else the list.
fn joined(mut values: Vec<Value>) -> Result<Value, Error> {
    if values.len() == 1
        && let Some(only) = values.pop()
    {
        return Ok(only);
    }
    let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
    Ok(match texts {
        Some(texts) if !texts.is_empty() => Value::from(texts.join(",")),
        _ => Value::List(List::new(values)),
    })
}

impl Lookups for Registry {
    fn with(
        &self,
        name: &str,
        terms: Vec<Value>,
        action: &str,
        scope: &Rc<VariableScope>,
    ) -> Result<Vec<Value>, TemplateError> {
        let Some((_, lookup, _)) = find(name) else {
            return Err(TemplateError::from_engine(&not_found(name), None));
        };
        let mut request = Request { terms, options: Vec::new(), scope, registry: self, action: Some(action) };
        lookup(&mut request).map_err(|error| TemplateError::from_engine(&failed(name, error), None))
    }
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod testing;
