//! Jinja2's own filters, one file a family.

mod basic;
mod html;
mod json;
mod number;
mod pprint;
mod select;
mod sequence;
mod text;
mod urlize;
mod wrap;

pub(crate) use self::sequence::below;
use crate::{Call, Environment, Error, Kind, Value, access};

type Result<T> = std::result::Result<T, Error>;

/// Adds them all.
pub(crate) fn add(env: &mut Environment) {
    basic::add(env);
    html::add(env);
    number::add(env);
    select::add(env);
    sequence::add(env);
    text::add(env);
}

/// An argument's truth, or what it is where it was not given.
fn flag(value: Option<Value>, default: bool) -> Result<bool> {
    value.map_or(Ok(default), |value| value.truthy())
}

/// An integer argument, or what it is where it was not given.
fn integer(value: Option<Value>, default: i64) -> Result<i64> {
    match value {
        None => Ok(default),
        Some(Value::Undefined(undefined)) => Err(undefined.error()),
        Some(value) => value.as_int().ok_or_else(|| {
            Error::type_error(format!("'{}' object cannot be interpreted as an integer", value.type_name()))
        }),
    }
}

/// A count or size, which must not be too large.
fn size(value: i64) -> Result<usize> {
    match usize::try_from(value.max(0)) {
        Ok(size) if size <= crate::value::ops::MAX_SIZE => Ok(size),
        _ => Err(Error::new(Kind::Limit, "the result would be too large")),
    }
}

/// The one argument of a filter.
fn only(call: &mut Call<'_>, function: &str, name: &str) -> Result<Value> {
    let [value] = call.bind(function, 1, [name])?;
    Ok(value.unwrap_or(Value::None))
}

/// What `attribute='a.0.b'` gets from a value; undefined steps are the default, if there is one.
fn attribute_of(value: &Value, attribute: &Value, default: Option<&Value>) -> Result<Value> {
    let mut found = value.clone();
    let mut step = |key: &Value| -> Result<()> {
        found = access::item(&found, key)?;
        if found.is_undefined()
            && let Some(default) = default
        {
            found = default.clone();
        }
        Ok(())
    };
    match attribute {
        Value::None => {}
        Value::Str(path) => {
            for part in path.split('.') {
                match part.parse::<i64>() {
                    Ok(number) if part.bytes().all(|byte| byte.is_ascii_digit()) => step(&Value::Int(number))?,
                    _ => step(&Value::from(part))?,
                }
            }
        }
        other => step(other)?,
    }
    Ok(found)
}

/// A key for sorting: text in lower case, unless case counts.
fn fold(value: Value, case_sensitive: bool) -> Value {
    match &value {
        Value::Str(text) if !case_sensitive => Value::from(text.to_lowercase()),
        _ => value,
    }
}
