//! Values of YAML and JSON sources.

use std::rc::Rc;

use indexmap::IndexMap;
use jinja::{Dict, Error, Key, List, Origin, Str, Tags, Undefined, Value, error};
use yaml::{Kind, Node, Resolved, Scalar, Tag};

use crate::vault::VaultSecrets;

/// The value of a node that the operator wrote: text may be templated, but for what `!unsafe` marks.
pub(super) fn value(node: &Node, file: &Rc<str>, secrets: &VaultSecrets) -> Value {
    Converter { file, secrets }.value(node, true)
}

struct Converter<'a> {
    file: &'a Rc<str>,
    secrets: &'a VaultSecrets,
}

impl Converter<'_> {
    fn value(&self, node: &Node, trusted: bool) -> Value {
        let trusted = trusted && node.tag != Some(Tag::Unsafe);
        match &node.kind {
            Kind::Sequence(items) => {
                Value::List(List::new(items.iter().map(|item| self.value(item, trusted)).collect()))
            }
            Kind::Mapping(mapping) => {
                let dict = Dict::new();
                for (key, value) in &mapping.entries {
                    if let Ok(key) = Key::try_from(self.value(key, false)) {
                        dict.insert(key, self.value(value, trusted));
                    }
                }
                Value::Dict(dict)
            }
            Kind::Scalar(scalar) if node.tag == Some(Tag::Vault) => self.vault(scalar, node),
            Kind::Scalar(scalar) => self.scalar(scalar, node, trusted),
        }
    }

    fn scalar(&self, scalar: &Scalar, node: &Node, trusted: bool) -> Value {
        match &scalar.value {
            Resolved::Null => Value::None,
            Resolved::Bool(value) => Value::Bool(*value),
            Resolved::Int(number) => Value::Int(*number),
            Resolved::BigInt(number) => Value::from_bigint((**number).clone()),
            Resolved::Float(number) => Value::Float(*number),
            Resolved::Binary(bytes) => Value::Bytes(Rc::clone(bytes)),
            Resolved::Str | Resolved::Date(_) | Resolved::DateTime(_) => {
                Value::Str(self.text(Rc::clone(&scalar.text), node, trusted, None))
            }
        }
    }

    fn text(&self, text: Rc<str>, node: &Node, trusted: bool, vault: Option<Rc<str>>) -> Str {
        let start = node.span.start;
        let origin = Origin { file: Rc::clone(self.file), line: start.line, column: start.column };
        Str::new(text).with_tags(Tags { trusted, origin: Some(origin), vault, ..Tags::default() })
    }

    /// A vault that cannot be opened is an error for whoever uses it, not for those who do not.
    fn vault(&self, scalar: &Scalar, node: &Node) -> Value {
        match self.secrets.decrypt_text(&scalar.text) {
            Ok(plaintext) => Value::Str(self.text(Rc::from(plaintext), node, true, Some(Rc::clone(&scalar.text)))),
            Err(cause) => {
                let undefined = Undefined::failed(Error::new(error::Kind::Other, cause.to_string()));
                Value::Undefined(Rc::new(undefined))
            }
        }
    }
}

/// The value of JSON that a script printed. `{"__ansible_unsafe": TEXT}` is text that is never templated,
/// `{"__ansible_vault": TEXT}` is opened.
pub(super) fn json(value: &serde_json::Value, trusted: bool, file: &Rc<str>, secrets: &VaultSecrets) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Value::Int(number),
            (_, Some(number), _) => Value::from_bigint(number.into()),
            (.., number) => Value::Float(number.unwrap_or(f64::NAN)),
        },
        Json::String(text) => json_text(text, trusted, file),
        Json::Array(items) => {
            Value::List(List::new(items.iter().map(|item| json(item, trusted, file, secrets)).collect()))
        }
        Json::Object(map) => {
            let only = |name: &str| map.get(name).and_then(Json::as_str).filter(|_| map.len() == 1);
            if let Some(text) = only("__ansible_unsafe") {
                return json_text(text, false, file);
            }
            if let Some(text) = only("__ansible_vault") {
                let Ok(plaintext) = secrets.decrypt_text(text) else { return json_text(text, false, file) };
                let tags = Tags { trusted, vault: Some(Rc::from(text)), ..Tags::default() };
                return Value::Str(Str::new(plaintext).with_tags(tags));
            }
            let dict = Dict::new();
            for (key, value) in map {
                dict.insert(key.as_str(), json(value, trusted, file, secrets));
            }
            Value::Dict(dict)
        }
    }
}

fn json_text(text: &str, trusted: bool, file: &Rc<str>) -> Value {
    let origin = Origin { file: Rc::clone(file), line: 0, column: 0 };
    Value::Str(Str::new(text).with_tags(Tags { trusted, origin: Some(origin), ..Tags::default() }))
}

/// The entries of a mapping of variables, in order; names that are no text are taken as they print.
pub(super) fn variables(mapping: &yaml::Mapping, file: &Rc<str>, secrets: &VaultSecrets) -> IndexMap<Rc<str>, Value> {
    let converter = Converter { file, secrets };
    let entries = mapping.entries.iter();
    entries.map(|(key, value)| (name(key), converter.value(value, true))).collect()
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
