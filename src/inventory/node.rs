//! Values of YAML and JSON sources.

use std::rc::Rc;

use jinja::{Dict, List, Origin, Str, Tags, Value};
use yaml::{Kind, Node, Resolved};

use super::vars::Vars;
use crate::yaml::{Trust, Vaulted};

/// The value of a node that the operator wrote.
pub(super) fn value(node: &Node, file: &Rc<str>) -> Value {
    crate::yaml::value(node, Some(file), Trust::Trusted)
}

/// The entries of a mapping of variables, in order; names that are no text are taken as they print.
pub(super) fn variables(mapping: &yaml::Mapping, file: &Rc<str>) -> Vars {
    mapping.entries.iter().map(|(key, content)| (name(key), value(content, file))).collect()
}

/// The value of JSON that a script printed. `{"__ansible_unsafe": TEXT}` is text that is never templated,
/// `{"__ansible_vault": TEXT}` a vault.
pub(super) fn json(value: &serde_json::Value, trusted: bool, file: &Rc<str>) -> Value {
    use serde_json::Value as Json;
    let origin = || Some(Origin { file: Rc::clone(file), line: 0, column: 0 });
    let text = |text: &str, trusted| {
        Value::Str(Str::new(text).with_tags(Tags { trusted, origin: origin(), ..Tags::default() }))
    };
    match value {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Value::Int(number),
            (_, Some(number), _) => Value::from_bigint(number.into()),
            (.., number) => Value::Float(number.unwrap_or(f64::NAN)),
        },
        Json::String(found) => text(found, trusted),
        Json::Array(items) => Value::List(items.iter().map(|item| json(item, trusted, file)).collect::<List>()),
        Json::Object(map) => {
            let only = |name: &str| map.get(name).and_then(Json::as_str).filter(|_| map.len() == 1);
            if let Some(found) = only("__ansible_unsafe") {
                return text(found, false);
            }
            if let Some(envelope) = only("__ansible_vault") {
                return Value::object(Vaulted::new(Rc::from(envelope), origin()));
            }
            let dict = Dict::new();
            for (key, value) in map {
                dict.insert(key.as_str(), json(value, trusted, file));
            }
            Value::Dict(dict)
        }
    }
}

/// A key as text.
pub(super) fn name(key: &Node) -> Rc<str> {
    match &key.kind {
        Kind::Scalar(scalar) => match &scalar.value {
            Resolved::Null => Rc::from("None"),
            Resolved::Bool(true) => Rc::from("True"),
            Resolved::Bool(false) => Rc::from("False"),
            Resolved::Int(number) => Rc::from(number.to_string()),
            _ => Rc::clone(&scalar.text),
        },
        _ => Rc::from(""),
    }
}
