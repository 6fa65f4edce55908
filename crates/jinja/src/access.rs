//! Attributes and items: `a.b`, `a[b]`, `a[b:c]`, by the rules of Jinja2's sandbox.

use std::rc::Rc;

use crate::{Error, Key, Undefined, Value, methods, value::ops};

type Result<T> = std::result::Result<T, Error>;

/// `object.name`: an attribute or method first, then an item.
pub(crate) fn attribute(object: &Value, name: &Rc<str>) -> Result<Value> {
    if let Value::Undefined(_) = object {
        return Ok(object.clone());
    }
    let private = name.starts_with('_');
    if !private && let Some(value) = own_attribute(object, name)? {
        return Ok(value);
    }
    let item = match object {
        Value::Dict(dict) => dict.get(name)?,
        Value::Object(object) => object.item(&Value::from(Rc::clone(name)))?,
        _ => None,
    };
    Ok(match item {
        Some(value) => value,
        None if private && is_unsafe(object, name) => unsafe_attribute(object, name),
        None => missing(object, &Value::from(Rc::clone(name))),
    })
}

/// `object | attr(name)`: an attribute or method, never an item.
pub(crate) fn attribute_only(object: &Value, name: &Rc<str>) -> Result<Value> {
    if let Value::Undefined(_) = object {
        return Ok(object.clone());
    }
    if name.starts_with('_') {
        return Ok(if is_unsafe(object, name) {
            unsafe_attribute(object, name)
        } else {
            missing(object, &Value::from(Rc::clone(name)))
        });
    }
    Ok(own_attribute(object, name)?.unwrap_or_else(|| missing(object, &Value::from(Rc::clone(name)))))
}

/// An attribute or method as Python's own `getattr` gives it.
pub(crate) fn own_attribute(object: &Value, name: &str) -> Result<Option<Value>> {
    if let Value::Object(object) = object
        && let Some(value) = object.attribute(name)?
    {
        return Ok(Some(value));
    }
    if let Some(value) = methods::property(object, name) {
        return Ok(Some(value));
    }
    Ok(methods::bound(object, name))
}

/// `object[key]`: an item first, then an attribute; undefined where there is neither.
///
/// # Errors
///
/// It is there and cannot be had.
pub fn item(object: &Value, key: &Value) -> Result<Value> {
    if let (false, Value::Undefined(undefined)) = (object.is_undefined(), key) {
        return Err(undefined.error());
    }
    let found = match object {
        Value::Undefined(_) => return Ok(object.clone()),
        Value::List(list) => match key.as_int().and_then(|at| ops::index(list.len(), at)) {
            Some(at) => list.get(at)?,
            None => None,
        },
        Value::Tuple(items) => {
            key.as_int().and_then(|at| ops::index(items.len(), at)).and_then(|at| items.get(at).cloned())
        }
        Value::Dict(dict) => match key {
            Value::Str(key) => dict.get(key)?,
            key => match Key::new(key.clone()) {
                Ok(key) => dict.get_key(&key)?,
                Err(_) => None,
            },
        },
        Value::Str(text) => match key.as_int() {
            Some(at) => char_at(text, at),
            None => None,
        },
        Value::Bytes(bytes) => key
            .as_int()
            .and_then(|at| ops::index(bytes.len(), at))
            .and_then(|at| bytes.get(at))
            .map(|byte| Value::Int(i64::from(*byte))),
        Value::Object(object) => object.item(key)?,
        _ => None,
    };
    if let Some(value) = found {
        return Ok(value);
    }
    if let Value::Str(name) = key {
        if name.starts_with('_') {
            if is_unsafe(object, name) {
                return Ok(unsafe_attribute(object, name));
            }
        } else if let Some(value) = own_attribute(object, name)? {
            return Ok(value);
        }
    }
    Ok(missing(object, key))
}

fn char_at(text: &str, at: i64) -> Option<Value> {
    if text.is_ascii() {
        let at = ops::index(text.len(), at)?;
        return text.get(at..=at).map(Value::from);
    }
    let at = ops::index(text.chars().count(), at)?;
    text.chars().nth(at).map(|c| Value::from(c.to_string()))
}

/// `object[start:stop:step]`
pub(crate) fn slice(object: &Value, parts: &[Value; 3]) -> Result<Value> {
    match object {
        Value::Undefined(_) => Ok(object.clone()),
        object => ops::slice(object, parts),
    }
}

/// What is not there.
pub(crate) fn missing(object: &Value, key: &Value) -> Value {
    let shown = match key.repr() {
        Ok(shown) => shown,
        Err(error) => return Value::Undefined(Rc::new(Undefined::failed(error))),
    };
    let named = key.truthy().unwrap_or(false);
    let message = if named {
        format!("object of type '{}' has no attribute {shown}", object.type_name())
    } else {
        let lazy = match object {
            Value::List(list) => list.resolver(),
            Value::Dict(dict) => dict.resolver(),
            _ => None,
        };
        let name = match (object, lazy.and_then(|lazy| lazy.container_name(object.type_name()))) {
            (_, Some(name)) => format!("{name} object"),
            (Value::None, None) => "None".to_owned(),
            (object, None) => format!("{} object", object.type_name()),
        };
        match key {
            Value::Str(_) => format!("'{name}' has no attribute {shown}"),
            _ => format!("{name} has no element {shown}"),
        }
    };
    let name = key.as_str().map(Rc::from);
    Value::Undefined(Rc::new(Undefined { name, ..Undefined::new(message) }))
}

fn unsafe_attribute(object: &Value, name: &str) -> Value {
    let message = format!("access to attribute '{name}' of '{}' object is unsafe.", object.type_name());
    Value::Undefined(Rc::new(Undefined::new(message)))
}

/// Whether Python's object has a private attribute of that name: those are all that the sandbox speaks of.
fn is_unsafe(object: &Value, name: &str) -> bool {
    const ALL: &[&str] = &[
        "__class__",
        "__delattr__",
        "__dir__",
        "__doc__",
        "__eq__",
        "__format__",
        "__ge__",
        "__getattribute__",
        "__getstate__",
        "__gt__",
        "__hash__",
        "__init__",
        "__init_subclass__",
        "__le__",
        "__lt__",
        "__ne__",
        "__new__",
        "__reduce__",
        "__reduce_ex__",
        "__repr__",
        "__setattr__",
        "__sizeof__",
        "__str__",
        "__subclasshook__",
    ];
    const SEQUENCE: &[&str] = &["__add__", "__contains__", "__getitem__", "__iter__", "__len__", "__mul__", "__rmul__"];
    const NUMBER: &[&str] = &[
        "__abs__",
        "__add__",
        "__bool__",
        "__divmod__",
        "__float__",
        "__floordiv__",
        "__int__",
        "__mod__",
        "__mul__",
        "__neg__",
        "__pos__",
        "__pow__",
        "__radd__",
        "__round__",
        "__sub__",
        "__truediv__",
        "__trunc__",
    ];
    ALL.contains(&name)
        || match object {
            Value::Str(_) | Value::Bytes(_) | Value::Tuple(_) => {
                SEQUENCE.contains(&name) || matches!(name, "__getnewargs__" | "__mod__" | "__rmod__")
            }
            Value::List(_) => {
                SEQUENCE.contains(&name)
                    || matches!(name, "__delitem__" | "__iadd__" | "__imul__" | "__reversed__" | "__setitem__")
            }
            Value::Dict(_) => matches!(
                name,
                "__contains__"
                    | "__delitem__"
                    | "__getitem__"
                    | "__ior__"
                    | "__iter__"
                    | "__len__"
                    | "__or__"
                    | "__reversed__"
                    | "__ror__"
                    | "__setitem__"
            ),
            Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => NUMBER.contains(&name),
            _ => false,
        }
}
