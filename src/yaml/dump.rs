//! Template values as YAML text: what the filters `to_yaml` and `to_nice_yaml` print.

use std::rc::Rc;

use jinja::{Error, Object, Value, error::Kind};
use yaml::emit::{self, Item};

use super::{DateTimeValue, DateValue, Vaulted};

/// How deep values may nest.
const MAX_DEPTH: usize = 200;

/// A value as YAML. Lists and dicts that come more than once get anchors; text out of a vault is printed as the vault it
/// came from, as Ansible does.
///
/// # Errors
///
/// Something in it is undefined or fails, or is of a kind that YAML cannot hold.
pub fn dump(value: &Value, options: &emit::Options) -> Result<String, Error> {
    Ok(emit::emit(&to_item(value)?, options))
}

/// A value as what the emitter takes.
///
/// # Errors
///
/// As [`dump`].
pub fn to_item(value: &Value) -> Result<Item, Error> {
    Converter::default().item(value, 0)
}

#[derive(Default)]
struct Converter {
    /// What was seen: addresses tell objects apart only while they live.
    alive: Vec<Value>,
}

impl Converter {
    fn items(&mut self, values: &[Value], depth: usize) -> Result<emit::Value, Error> {
        values.iter().map(|value| self.item(value, depth + 1)).collect::<Result<_, _>>().map(emit::Value::Sequence)
    }

    fn item(&mut self, value: &Value, depth: usize) -> Result<Item, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::new(Kind::Limit, "maximum recursion depth exceeded"));
        }
        let plain = match value {
            Value::Undefined(undefined) => return Err(undefined.error()),
            Value::None => emit::Value::Null,
            Value::Bool(value) => emit::Value::Bool(*value),
            Value::Int(value) => emit::Value::Int(*value),
            Value::BigInt(value) => emit::Value::BigInt(Rc::clone(value)),
            Value::Float(value) => emit::Value::Float(*value),
            Value::Str(text) => match text.tags().and_then(|tags| tags.vault.clone()) {
                Some(envelope) => emit::Value::Vault(envelope),
                None => emit::Value::Str(text.shared()),
            },
            Value::Bytes(bytes) => emit::Value::Bytes(Rc::clone(bytes)),
            Value::List(list) => {
                self.alive.push(value.clone());
                let items = self.items(&list.values()?, depth)?;
                return Ok(Item { value: items, identity: Some(list.address()) });
            }
            Value::Tuple(values) => self.items(values, depth)?,
            Value::Dict(dict) => {
                self.alive.push(value.clone());
                let mut entries = Vec::with_capacity(dict.len());
                for (key, value) in dict.items()? {
                    entries.push((self.item(&key, depth + 1)?, self.item(&value, depth + 1)?));
                }
                return Ok(Item { value: emit::Value::Mapping(entries), identity: Some(dict.address()) });
            }
            Value::Object(object) => return self.object(value, object.as_ref(), depth),
        };
        Ok(plain.into())
    }

    fn object(&mut self, value: &Value, object: &dyn Object, depth: usize) -> Result<Item, Error> {
        if let Some(date) = value.downcast::<DateValue>() {
            return Ok(emit::Value::Date(date.0).into());
        }
        if let Some(time) = value.downcast::<DateTimeValue>() {
            return Ok(emit::Value::DateTime(time.0).into());
        }
        if let Some(vaulted) = value.downcast::<Vaulted>() {
            return Ok(emit::Value::Vault(Rc::clone(vaulted.envelope())).into());
        }
        match object.finalize()? {
            Some(plain) if !matches!(plain, Value::Object(_)) => self.item(&plain, depth + 1),
            _ => match object.values()? {
                Some(values) => self.item(&Value::from(values), depth + 1),
                None => Err(Error::other(format!("cannot represent an object of type '{}'", object.type_name()))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use jinja::{Str, Tags};

    use super::*;

    #[test]
    fn a_list_that_comes_twice_is_printed_once() {
        let list = Value::from(vec![1.into(), 2.into()]);
        let dict = jinja::Dict::new();
        dict.insert("b", list.clone());
        dict.insert("a", list);
        assert_eq!(dump(&dict.into(), &emit::Options::to_yaml()).unwrap(), "a: &id001 [1, 2]\nb: *id001\n");
    }

    #[test]
    fn text_out_of_a_vault_is_printed_as_the_vault() {
        let text =
            Str::new("secret").with_tags(Tags { vault: Some("$ANSIBLE_VAULT;1\n12\n".into()), ..Tags::default() });
        let text = dump(&Value::from(vec![Value::Str(text)]), &emit::Options::to_nice_yaml()).unwrap();
        assert_eq!(text, "- !vault |\n    $ANSIBLE_VAULT;1\n    12\n");
    }

    #[test]
    fn what_is_undefined_is_an_error() {
        let error = dump(&Value::from(vec![Value::undefined("'x' is undefined")]), &emit::Options::to_yaml());
        assert_eq!(error.unwrap_err().message, "'x' is undefined");
    }
}
