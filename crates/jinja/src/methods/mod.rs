//! The methods of Python's types, as far as Jinja2's sandbox lets templates call them.

mod dict;
mod format;
mod list;
mod mapping;
mod number;
pub(crate) mod text;

use std::{any::Any, fmt};

use crate::{Call, Error, Object, Value};

pub(crate) use self::list::sort;

type Result<T> = std::result::Result<T, Error>;

/// Whether a value's type has a method of that name.
pub(crate) fn has(value: &Value, name: &str) -> bool {
    names(value).contains(&name)
}

fn names(value: &Value) -> &'static [&'static str] {
    match value {
        Value::Str(_) => text::NAMES,
        Value::List(_) => list::NAMES,
        Value::Dict(_) => dict::NAMES,
        Value::Tuple(_) => list::TUPLE_NAMES,
        Value::Bool(_) | Value::Int(_) | Value::BigInt(_) => number::INT_NAMES,
        Value::Float(_) => number::FLOAT_NAMES,
        Value::Bytes(_) => text::BYTES_NAMES,
        Value::Object(object) if object.is_mapping() => mapping::NAMES,
        _ => &[],
    }
}

/// Calls a method that [`has`] knows.
///
/// # Errors
///
/// The arguments do not fit, in Python's words.
pub(crate) fn call(value: &Value, name: &str, call: &mut Call<'_>) -> Result<Value> {
    match value {
        Value::Str(text) => text::call(text, name, call),
        Value::List(list) => list::call(list, name, call),
        Value::Dict(dict) => dict::call(dict, name, call),
        Value::Tuple(items) => list::call_tuple(items, name, call),
        Value::Bytes(bytes) => text::call_bytes(bytes, name, call),
        Value::Object(object) => mapping::call(object.as_ref(), name, call),
        value => number::call(value, name, call),
    }
}

/// A method as a value.
pub(crate) fn bound(value: &Value, name: &str) -> Option<Value> {
    let name = *names(value).iter().find(|known| **known == name)?;
    Some(Value::object(Bound { receiver: value.clone(), name }))
}

/// An attribute that is no method.
pub(crate) fn property(value: &Value, name: &str) -> Option<Value> {
    match (value, name) {
        (Value::Bool(_) | Value::Int(_) | Value::BigInt(_), "real" | "numerator") => crate::value::ops::pos(value).ok(),
        (Value::Bool(_) | Value::Int(_) | Value::BigInt(_), "imag") => Some(Value::Int(0)),
        (Value::Bool(_) | Value::Int(_) | Value::BigInt(_), "denominator") => Some(Value::Int(1)),
        (Value::Float(_), "real") => Some(value.clone()),
        (Value::Float(_), "imag") => Some(Value::Float(0.0)),
        _ => None,
    }
}

/// A method and what it is called on.
struct Bound {
    receiver: Value,
    name: &'static str,
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<built-in method {} of {} object>", self.name, self.receiver.type_name())
    }
}

impl Object for Bound {
    fn type_name(&self) -> &str {
        // Containers that resolve their elements are classes written in Python, with some methods of their own.
        let own: &[&str] = match &self.receiver {
            Value::Dict(dict) if dict.resolver().is_some() => {
                &["get", "items", "values", "pop", "popitem", "copy", "setdefault"]
            }
            Value::List(list) if list.resolver().is_some() => &["copy", "index", "pop", "remove", "sort"],
            _ => &[],
        };
        if own.contains(&self.name) { "method" } else { "builtin_function_or_method" }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String> {
        let address = std::ptr::from_ref(&self.receiver).addr();
        Ok(format!("<built-in method {} of {} object at 0x{address:x}>", self.name, self.receiver.type_name()))
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Result<Value> {
        self::call(&self.receiver, self.name, call)
    }
}

/// Binds positional arguments only, in the words of CPython's own functions.
fn positional<const N: usize>(call: &mut Call<'_>, function: &str, required: usize) -> Result<[Option<Value>; N]> {
    if !call.kwargs.is_empty() {
        return Err(Error::type_error(format!("{function}() takes no keyword arguments")));
    }
    let given = call.args.len();
    let short = function.rsplit('.').next().unwrap_or(function);
    if given < required || given > N {
        let message = match (required, N) {
            (0, 0) => format!("{function}() takes no arguments ({given} given)"),
            (1, 1) => format!("{function}() takes exactly one argument ({given} given)"),
            (least, most) if least == most => {
                format!("{short} expected {most} arguments, got {given}")
            }
            (least, _) if given < least => {
                let s = if least == 1 { "" } else { "s" };
                format!("{short} expected at least {least} argument{s}, got {given}")
            }
            (_, most) => {
                let s = if most == 1 { "" } else { "s" };
                format!("{short} expected at most {most} argument{s}, got {given}")
            }
        };
        return Err(Error::type_error(message));
    }
    let mut bound = [const { None }; N];
    for (slot, value) in bound.iter_mut().zip(call.args.drain(..)) {
        *slot = Some(value);
    }
    Ok(bound)
}

/// An argument that must be an integer.
fn integer(value: &Value) -> Result<i64> {
    match value {
        Value::Undefined(undefined) => Err(undefined.error()),
        Value::BigInt(number) => Ok(if num_traits::Signed::is_negative(&**number) { i64::MIN } else { i64::MAX }),
        value => value.as_int().ok_or_else(|| {
            Error::type_error(format!("'{}' object cannot be interpreted as an integer", value.type_name()))
        }),
    }
}
