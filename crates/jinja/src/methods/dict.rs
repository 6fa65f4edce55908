//! Methods of dicts.

use super::{Result, list::unknown, positional};
use crate::{
    Call, Dict, Error, Key, Kind, List, Value,
    value::ops::{tuple, update_dict},
};

pub(super) const NAMES: &[&str] =
    &["get", "keys", "values", "items", "update", "pop", "popitem", "setdefault", "clear", "copy", "fromkeys"];

pub(super) fn call(dict: &Dict, name: &str, call: &mut Call<'_>) -> Result<Value> {
    match name {
        "get" => {
            let [key, default] = positional(call, "get", 1)?;
            let key = Key::new(key.unwrap_or(Value::None))?;
            Ok(dict.get_key(&key)?.or(default).unwrap_or(Value::None))
        }
        "keys" => {
            let [] = positional(call, "dict.keys", 0)?;
            Ok(Value::List(List::new(dict.keys())))
        }
        "values" => {
            let [] = positional(call, "dict.values", 0)?;
            Ok(Value::List(entries(dict)?.into_iter().map(|(_, value)| value).collect()))
        }
        "items" => {
            let [] = positional(call, "dict.items", 0)?;
            let items = entries(dict)?.into_iter().map(|(key, value)| tuple(vec![key, value]));
            Ok(Value::List(items.collect()))
        }
        "update" => {
            if call.args.len() > 1 {
                let given = call.args.len();
                return Err(Error::type_error(format!("update expected at most 1 argument, got {given}")));
            }
            if let Some(source) = call.args.pop() {
                update_dict(dict, &source)?;
            }
            for (key, value) in call.kwargs.drain(..) {
                dict.insert(key, value);
            }
            Ok(Value::None)
        }
        "pop" => {
            let [key, default] = positional(call, "pop", 1)?;
            let key = Key::new(key.unwrap_or(Value::None))?;
            match dict.remove_key(&key)?.or(default) {
                Some(value) => Ok(value),
                None => Err(Error::new(Kind::Key, key.value().repr()?)),
            }
        }
        "popitem" => {
            let [] = positional(call, "dict.popitem", 0)?;
            let last = dict.len().checked_sub(1).and_then(|last| dict.key_at(last));
            let Some(key) = last else {
                return Err(Error::new(Kind::Key, "'popitem(): dictionary is empty'"));
            };
            let value = dict.remove_key(&Key::new(key.clone())?)?.unwrap_or(Value::None);
            Ok(tuple(vec![key, value]))
        }
        "setdefault" => {
            let [key, default] = positional(call, "setdefault", 1)?;
            let key = Key::new(key.unwrap_or(Value::None))?;
            if let Some(value) = dict.get_key(&key)? {
                return Ok(value);
            }
            let value = default.unwrap_or(Value::None);
            dict.insert(key, value.clone());
            Ok(value)
        }
        "clear" => {
            let [] = positional(call, "dict.clear", 0)?;
            dict.clear();
            Ok(Value::None)
        }
        "copy" => {
            let [] = positional(call, "dict.copy", 0)?;
            let copy = Dict::with_capacity(dict.len());
            copy.update(dict)?;
            Ok(Value::Dict(copy))
        }
        "fromkeys" => {
            let [keys, value] = positional(call, "fromkeys", 1)?;
            let made = Dict::new();
            let value = value.unwrap_or(Value::None);
            for key in keys.unwrap_or(Value::None).iterate()? {
                made.insert(Key::new(key)?, value.clone());
            }
            Ok(Value::Dict(made))
        }
        name => Err(unknown("dict", name)),
    }
}

/// All entries; one that a dict resolves as it is read stops at what is undefined.
fn entries(dict: &Dict) -> Result<Vec<(Value, Value)>> {
    if dict.resolver().is_some() { dict.defined_items() } else { dict.items() }
}
