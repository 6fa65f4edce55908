//! `default`, `length`, `list`, `join`, `map` and what else most templates use.

use std::rc::Rc;

use crate::{Call, Environment, Error, List, Str, Value, access};

type Result<T> = std::result::Result<T, Error>;

pub(super) fn add(env: &mut Environment) {
    env.add_filter_seeing_undefined("default", default);
    env.alias_filter("d", "default");
    env.add_filter("length", |call| {
        let [value] = call.bind("len", 1, ["obj"])?;
        value.unwrap_or(Value::None).len().map(Value::from)
    });
    env.alias_filter("count", "length");
    env.add_filter("list", |call| {
        let [value] = call.bind("do_list", 1, ["value"])?;
        Ok(Value::List(List::new(value.unwrap_or(Value::None).iterate()?)))
    });
    env.add_filter("join", join);
    env.add_filter("upper", |call| text_filter(call, "do_upper", |text| text.to_uppercase()));
    env.add_filter("lower", |call| text_filter(call, "do_lower", |text| text.to_lowercase()));
    env.add_filter("first", |call| {
        let [value] = call.bind("do_first", 1, ["seq"])?;
        match value.unwrap_or(Value::None).iterate()?.into_iter().next() {
            Some(value) => Ok(value),
            None => Ok(Value::undefined("No first item, sequence was empty.")),
        }
    });
    env.add_filter("last", |call| {
        let [value] = call.bind("do_last", 1, ["seq"])?;
        match value.unwrap_or(Value::None).iterate()?.pop() {
            Some(value) => Ok(value),
            None => Ok(Value::undefined("No last item, sequence was empty.")),
        }
    });
}

/// A filter of text alone.
pub(super) fn text_filter(call: &mut Call<'_>, function: &str, make: impl Fn(&str) -> String) -> Result<Value> {
    let [value] = call.bind(function, 1, ["s"])?;
    let value = value.unwrap_or(Value::None);
    let made = make(&value.to_str()?);
    Ok(match &value {
        Value::Str(text) if text.is_markup() => Value::Str(Str::markup(made)),
        _ => Value::from(made),
    })
}

fn default(call: &mut Call<'_>) -> Result<Value> {
    let [value, default, boolean] = call.bind("do_default", 1, ["value", "default_value", "boolean"])?;
    let value = value.unwrap_or(Value::None);
    let boolean = boolean.map_or(Ok(false), |boolean| boolean.truthy())?;
    if value.is_undefined() || boolean && !value.truthy()? {
        return Ok(default.unwrap_or_else(|| Value::from("")));
    }
    Ok(value)
}

fn join(call: &mut Call<'_>) -> Result<Value> {
    let [value, separator, attribute] = call.bind("sync_do_join", 1, ["value", "d", "attribute"])?;
    let separator = separator.map_or(Ok(String::new()), |separator| separator.to_str())?;
    let mut values = value.unwrap_or(Value::None).iterate()?;
    if let Some(attribute) = attribute.filter(|attribute| !attribute.is_none()) {
        for value in &mut values {
            *value = attribute_of(value, &attribute)?;
        }
    }
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(&separator);
        }
        value.write_str(&mut out)?;
    }
    Ok(Value::from(out))
}

/// What `map(attribute='a.0.b')` gets from a value.
pub(super) fn attribute_of(value: &Value, attribute: &Value) -> Result<Value> {
    let Value::Str(path) = attribute else { return access::item(value, attribute) };
    let mut value = value.clone();
    for part in path.split('.') {
        let key = match part.parse::<i64>() {
            Ok(number) if part.bytes().all(|byte| byte.is_ascii_digit()) => Value::Int(number),
            _ => Value::from(Rc::<str>::from(part)),
        };
        value = access::item(&value, &key)?;
    }
    Ok(value)
}
