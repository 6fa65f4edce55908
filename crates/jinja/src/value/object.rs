//! Values with behaviour of their own.

use std::{any::Any, cmp::Ordering, fmt};

use super::{Key, Value};
use crate::{Call, Error, error::Kind};

/// A value with behaviour of its own: functions, macros, `loop`, `namespace`, dates, and what the user of the engine
/// adds. Every method but the first two has an answer that suits a plain value without parts.
pub trait Object: fmt::Debug {
    /// Python's name of its type.
    fn type_name(&self) -> &str;

    /// Itself, for downcasts: `fn as_any(&self) -> &dyn Any { self }`.
    fn as_any(&self) -> &dyn Any;

    /// Python's `repr()`.
    ///
    /// # Errors
    ///
    /// A part of it cannot be had.
    fn repr(&self) -> Result<String, Error> {
        Ok(format!("<{} object>", self.type_name()))
    }

    /// Python's `str()`.
    ///
    /// # Errors
    ///
    /// A part of it cannot be had.
    fn to_str(&self) -> Result<String, Error> {
        self.repr()
    }

    /// Python's `format()` with a format that is not empty; `None` where it has no formats.
    fn format(&self, spec: &str) -> Option<Result<String, Error>> {
        let _ = spec;
        None
    }

    /// Python's `bool()`.
    ///
    /// # Errors
    ///
    /// A part of it cannot be had.
    fn truthy(&self) -> Result<bool, Error> {
        Ok(self.len().is_none_or(|len| len > 0))
    }

    /// An attribute (`x.name`); `None` where it has none of that name.
    ///
    /// # Errors
    ///
    /// It is there and cannot be had.
    fn attribute(&self, name: &str) -> Result<Option<Value>, Error> {
        let _ = name;
        Ok(None)
    }

    /// Sets an attribute (`{% set x.name = value %}`, which only a namespace allows).
    ///
    /// # Errors
    ///
    /// It has no attributes that may be set.
    fn set_attribute(&self, name: &str, value: Value) -> Result<(), Error> {
        let _ = (name, value);
        Err(Error::new(Kind::Value, "cannot assign attribute on non-namespace object"))
    }

    /// An item (`x[key]`); `None` where it has none under that key.
    ///
    /// # Errors
    ///
    /// It is there and cannot be had.
    fn item(&self, key: &Value) -> Result<Option<Value>, Error> {
        let _ = key;
        Ok(None)
    }

    /// How many elements, if it has a length.
    fn len(&self) -> Option<usize> {
        None
    }

    /// Whether it has a length of 0.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// What a `for` gets from it (keys, if it is a mapping); `None` where it cannot be iterated over.
    ///
    /// # Errors
    ///
    /// An element cannot be had.
    fn values(&self) -> Result<Option<Vec<Value>>, Error> {
        Ok(None)
    }

    /// Whether it is a mapping: [`Object::values`] gives keys and [`Object::item`] their values.
    fn is_mapping(&self) -> bool {
        false
    }

    /// Whether it is a sequence, with items by number from 0.
    fn is_sequence(&self) -> bool {
        false
    }

    /// Python's `value in self`; `None` where iterating answers it.
    fn contains(&self, value: &Value) -> Option<Result<bool, Error>> {
        let _ = value;
        None
    }

    /// Whether it can be called.
    fn is_callable(&self) -> bool {
        false
    }

    /// Whether it wants to see arguments that are undefined, as macros and `lookup` do.
    fn sees_undefined(&self) -> bool {
        false
    }

    /// Calls it.
    ///
    /// # Errors
    ///
    /// It cannot be called, or it says no.
    fn call(&self, call: &mut Call<'_>) -> Result<Value, Error> {
        let _ = call;
        Err(Error::new(Kind::Type, format!("'{}' object is not callable", self.type_name())))
    }

    /// Python's `==`; `None` where only the same object is equal.
    fn equals(&self, other: &Value) -> Option<Result<bool, Error>> {
        let _ = other;
        None
    }

    /// Its order, if it has one with the other value.
    fn compare(&self, other: &Value) -> Option<Result<Option<Ordering>, Error>> {
        let _ = other;
        None
    }

    /// Python's `self operator other` (`+`, `-`, ...) or, `reflected`, `other operator self`.
    fn binary(&self, operator: &str, other: &Value, reflected: bool) -> Option<Result<Value, Error>> {
        let _ = (operator, other, reflected);
        None
    }

    /// Whether it can be a dict's key.
    fn is_hashable(&self) -> bool {
        true
    }

    /// A hash that fits [`Object::equals`]; `None`: its address.
    fn hash_key(&self) -> Option<u64> {
        None
    }

    /// What it is when a template's result is finalized: a plain value of the kinds that variables may hold. `None`:
    /// it cannot be stored in a variable.
    ///
    /// # Errors
    ///
    /// A part of it cannot be had.
    fn finalize(&self) -> Result<Option<Value>, Error> {
        if self.is_mapping() {
            let dict = super::Dict::new();
            for key in self.values()?.unwrap_or_default() {
                let value = self.item(&key)?.unwrap_or(Value::None);
                dict.insert(Key::new(key)?, value);
            }
            return Ok(Some(Value::Dict(dict)));
        }
        Ok(None)
    }

    /// Whether what [`Object::finalize`] makes of it is what everybody expects: nothing need be said of it.
    fn is_known(&self) -> bool {
        true
    }

    /// Whether it drops out of the lists and dicts it stands in when they are finalized, as `omit` does.
    fn vanishes(&self) -> bool {
        false
    }
}
