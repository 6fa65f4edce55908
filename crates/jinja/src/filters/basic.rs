//! `default`, `length`, `list`, `join`, `first`, `last`, `string`, `attr`, `items`: what most templates use.

use std::rc::Rc;

use super::{Result, attribute_of, only};
use crate::{Call, Environment, Error, List, Value, access, value::ops::tuple};

pub(super) fn add(env: &mut Environment) {
    env.add_filter_seeing_undefined("default", default);
    env.alias_filter("d", "default");
    env.add_filter("length", |call| only(call, "len", "obj")?.len().map(Value::from));
    env.alias_filter("count", "length");
    env.add_filter("list", |call| Ok(Value::List(List::new(only(call, "do_list", "value")?.iterate()?))));
    env.add_filter("join", join);
    env.add_filter("first", |call| {
        let value = only(call, "sync_do_first", "seq")?;
        let first = match &value {
            Value::List(list) => list.get(0)?,
            value => value.iterate()?.into_iter().next(),
        };
        Ok(first.unwrap_or_else(|| Value::undefined("No first item, sequence was empty.")))
    });
    env.add_filter("last", |call| {
        let value = only(call, "do_last", "seq")?;
        let last = match &value {
            Value::List(list) => list.len().checked_sub(1).map_or(Ok(None), |last| list.get(last))?,
            Value::Int(_) | Value::Bool(_) | Value::Float(_) | Value::BigInt(_) | Value::None => {
                return Err(Error::type_error(format!("'{}' object is not reversible", value.type_name())));
            }
            value => value.iterate()?.pop(),
        };
        Ok(last.unwrap_or_else(|| Value::undefined("No last item, sequence was empty.")))
    });
    env.add_filter("string", |call| {
        let value = only(call, "soft_str", "s")?;
        match &value {
            Value::Str(_) => Ok(value),
            value => value.to_str().map(Value::from),
        }
    });
    env.add_filter("attr", |call| {
        let [object, name] = call.bind("do_attr", 2, ["obj", "name"])?;
        let (object, name) = (object.unwrap_or(Value::None), name.unwrap_or(Value::None));
        let Value::Str(name) = name else {
            return Err(Error::type_error("attribute name must be string, not '".to_owned() + name.type_name() + "'"));
        };
        access::attribute_only(&object, &Rc::from(name.as_str()))
    });
    env.add_filter("items", |call| {
        let value = only(call, "do_items", "value")?;
        match &value {
            Value::Dict(dict) => {
                Ok(Value::List(dict.defined_items()?.into_iter().map(|(key, value)| tuple(vec![key, value])).collect()))
            }
            Value::Object(object) if object.is_mapping() => {
                let mut items = Vec::new();
                for key in object.values()?.unwrap_or_default() {
                    let value = object.item(&key)?.unwrap_or(Value::None);
                    items.push(tuple(vec![key, value]));
                }
                Ok(Value::List(List::new(items)))
            }
            _ => Err(Error::type_error("Can only get item pairs from a mapping.")),
        }
    });
}

fn default(call: &mut Call<'_>) -> Result<Value> {
    let [value, default, boolean] = call.bind("ansible_default", 1, ["value", "default_value", "boolean"])?;
    let value = value.unwrap_or(Value::None);
    let boolean = match boolean {
        None => false,
        Some(Value::Bool(boolean)) => boolean,
        Some(Value::Undefined(undefined)) => return Err(undefined.error()),
        Some(other) => {
            let name = other.type_name();
            let message = format!("The 'boolean' argument must be of type 'bool', not '{name}'.");
            return Err(Error::type_error(message).about(&other));
        }
    };
    let default = || default.unwrap_or_else(|| Value::from(""));
    match &value {
        // What failed stays failed: only what is not there has a default.
        Value::Undefined(undefined) if undefined.cause.is_none() => Ok(default()),
        Value::Undefined(_) => Ok(value),
        found if boolean && !found.truthy()? => Ok(default()),
        _ => Ok(value),
    }
}

fn join(call: &mut Call<'_>) -> Result<Value> {
    let [value, separator, attribute] = call.bind("sync_do_join", 1, ["value", "d", "attribute"])?;
    let separator = separator.map_or(Ok(String::new()), |separator| separator.to_str())?;
    let attribute = attribute.unwrap_or(Value::None);
    let mut out = String::new();
    for (index, value) in value.unwrap_or(Value::None).iterate()?.iter().enumerate() {
        if index > 0 {
            out.push_str(&separator);
        }
        match attribute {
            Value::None => value.write_str(&mut out)?,
            _ => attribute_of(value, &attribute, None)?.write_str(&mut out)?,
        }
    }
    Ok(Value::from(out))
}
