//! Methods of objects that are mappings and nothing more, as Python's `collections.abc.Mapping` gives them.

use super::{Result, list::unknown, positional};
use crate::{Call, List, Object, Value, value::ops::tuple};

pub(super) const NAMES: &[&str] = &["get", "items", "keys", "values"];

pub(super) fn call(object: &dyn Object, name: &str, call: &mut Call<'_>) -> Result<Value> {
    let keys = || Ok(object.values()?.unwrap_or_default());
    let item = |key: &Value| Ok(object.item(key)?.unwrap_or(Value::None));
    match name {
        "get" => {
            let [key, default] = positional(call, "Mapping.get", 1)?;
            let found = object.item(&key.unwrap_or(Value::None))?;
            Ok(found.or(default).unwrap_or(Value::None))
        }
        "items" => {
            let [] = positional(call, "Mapping.items", 0)?;
            let items = keys()?.into_iter().map(|key| Ok(tuple(vec![key.clone(), item(&key)?])));
            items.collect::<Result<List>>().map(Value::List)
        }
        "keys" => {
            let [] = positional(call, "Mapping.keys", 0)?;
            Ok(Value::List(List::new(keys()?)))
        }
        "values" => {
            let [] = positional(call, "Mapping.values", 0)?;
            keys()?.iter().map(item).collect::<Result<List>>().map(Value::List)
        }
        name => Err(unknown(object.type_name(), name)),
    }
}
