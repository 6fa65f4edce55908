//! Dict keys: what Python can hash, equal as Python has it.

use std::{
    fmt,
    hash::{Hash, Hasher},
    rc::Rc,
};

use indexmap::Equivalent;
use num_traits::{FromPrimitive, ToPrimitive};

use super::{Str, Value, compare};
use crate::{Error, error::Kind};

/// A dict's key: a value that Python can hash, equal as Python has it (`1 == 1.0 == True`).
#[derive(Clone)]
pub struct Key(Value);

/// A text key that is only looked up.
pub(super) struct KeyStr<'a>(pub(super) &'a str);

impl Key {
    /// A key of a value.
    ///
    /// # Errors
    ///
    /// The value cannot be hashed (`unhashable type: 'list'`) or is undefined.
    pub fn new(value: Value) -> Result<Self, Error> {
        check(&value)?;
        Ok(Self(value))
    }

    /// Its value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Its value.
    pub fn into_value(self) -> Value {
        self.0
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }
}

fn check(value: &Value) -> Result<(), Error> {
    match value {
        Value::List(_) | Value::Dict(_) => {
            Err(Error::new(Kind::Type, format!("unhashable type: '{}'", value.type_name())))
        }
        Value::Undefined(undefined) => Err(undefined.error()),
        Value::Tuple(items) => items.iter().try_for_each(check),
        Value::Object(object) if !object.is_hashable() => {
            Err(Error::new(Kind::Type, format!("unhashable type: '{}'", object.type_name())))
        }
        _ => Ok(()),
    }
}

fn hash_str<H: Hasher>(text: &str, state: &mut H) {
    state.write_u8(3);
    text.hash(state);
}

fn hash<H: Hasher>(value: &Value, state: &mut H) {
    let int = |number: i64, state: &mut H| {
        state.write_u8(1);
        number.hash(state);
    };
    match value {
        Value::None => state.write_u8(0),
        Value::Bool(yes) => int(i64::from(*yes), state),
        Value::Int(number) => int(*number, state),
        Value::BigInt(number) => {
            state.write_u8(2);
            number.hash(state);
        }
        Value::Float(number) => match number.to_i64() {
            Some(whole) if whole.to_f64() == Some(*number) => int(whole, state),
            _ if number.fract() == 0.0 => {
                state.write_u8(2);
                num_bigint::BigInt::from_f64(*number).unwrap_or_default().hash(state);
            }
            _ => {
                state.write_u8(4);
                number.to_bits().hash(state);
            }
        },
        Value::Str(text) => hash_str(text, state),
        Value::Bytes(bytes) => {
            state.write_u8(5);
            bytes.hash(state);
        }
        Value::Tuple(items) => {
            state.write_u8(6);
            for item in items.iter() {
                hash(item, state);
            }
        }
        Value::Object(object) => {
            state.write_u8(7);
            object.hash_key().unwrap_or_else(|| Rc::as_ptr(object).cast::<()>() as u64).hash(state);
        }
        Value::Undefined(_) | Value::List(_) | Value::Dict(_) => state.write_u8(8),
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Value::Str(left), Value::Str(right)) => left == right,
            // Python asks for identity first, so a NaN finds itself.
            (Value::Float(left), Value::Float(right)) if left.to_bits() == right.to_bits() => true,
            (left, right) => compare::equals(left, right).unwrap_or(false),
        }
    }
}

impl Eq for Key {}

impl Hash for KeyStr<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_str(self.0, state);
    }
}

impl Equivalent<Key> for KeyStr<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.as_str() == Some(self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(Value::from(text))
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(Value::from(text))
    }
}

impl From<Rc<str>> for Key {
    fn from(text: Rc<str>) -> Self {
        Self(Value::Str(Str::new(text)))
    }
}

impl From<Str> for Key {
    fn from(text: Str) -> Self {
        Self(Value::Str(text))
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self(Value::Int(number))
    }
}

impl From<bool> for Key {
    fn from(yes: bool) -> Self {
        Self(Value::Bool(yes))
    }
}

impl TryFrom<Value> for Key {
    type Error = Error;

    fn try_from(value: Value) -> Result<Self, Error> {
        Self::new(value)
    }
}
