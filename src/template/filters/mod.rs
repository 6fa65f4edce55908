//! Ansible's filters, one file a family.
//!
//! Source: Ansible documentation, "Using filters to manipulate data".

mod collection;
mod fileglob;
mod hash;
mod json;
mod json_read;
mod math;
mod misc;
mod path;
mod python_set;
mod random;
pub(super) mod regex;
mod sets;
mod shape;
mod text;
pub(super) mod time;
mod unique;
pub(super) mod url;
mod vault;
mod yaml;

use jinja::{Call, Environment, Error, Value};

/// What filters and tests answer.
pub(super) type Result<T> = std::result::Result<T, Error>;

/// Adds all filters.
pub fn register(environment: &mut Environment) {
    misc::add(environment);
    json::add(environment);
    yaml::add(environment);
    collection::add(environment);
    regex::add(environment);
    sets::add(environment);
    unique::add(environment);
    text::add(environment);
    hash::add(environment);
    path::add(environment);
    math::add(environment);
    random::add(environment);
    shape::add(environment);
    url::add(environment);
    time::add(environment);
    vault::add(environment);
    fileglob::add(environment);
}

/// The parameter that was given, or `None`.
pub(super) fn or_none(value: Option<Value>) -> Value {
    value.unwrap_or(Value::None)
}

/// The truth of a parameter, or what it is where it was not given.
pub(super) fn flag(value: Option<Value>, default: bool) -> Result<bool> {
    value.map_or(Ok(default), |value| value.truthy())
}

/// The one argument of a filter or test.
pub(super) fn only(call: &mut Call<'_>, function: &str, name: &str) -> Result<Value> {
    let [value] = call.bind(function, 1, [name])?;
    Ok(or_none(value))
}

/// What was given, if it was given and is not `None`.
pub(super) fn given(value: Option<Value>) -> Option<Value> {
    value.filter(|value| !value.is_none())
}

/// The name of a value's class as ansible-core's templates have it: containers there have classes of their own.
pub(crate) fn class_name(value: &Value) -> &str {
    match value {
        Value::List(_) => "_AnsibleLazyTemplateList",
        Value::Dict(_) => "_AnsibleLazyTemplateDict",
        Value::Tuple(_) => "_AnsibleLazyAccessTuple",
        Value::Str(text) if text.origin().is_some() => "_AnsibleTaggedStr",
        other => other.type_name(),
    }
}

/// `<class '...'>`, as Python prints a value's class.
pub(super) fn class(value: &Value) -> String {
    let name = class_name(value);
    match value {
        Value::List(_) | Value::Dict(_) | Value::Tuple(_) => {
            format!("<class 'ansible._internal._templating._lazy_containers.{name}'>")
        }
        _ if name == "_AnsibleTaggedStr" => format!("<class 'ansible.module_utils._internal._datatag.{name}'>"),
        _ => format!("<class '{name}'>"),
    }
}

/// Whether Ansible takes a value as a sequence: text and mappings are none.
pub(super) fn is_sequence(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Tuple(_) => true,
        Value::Object(object) => object.is_sequence(),
        _ => false,
    }
}
