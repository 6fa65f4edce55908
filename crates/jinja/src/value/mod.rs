//! Values, as Python has them: mutable lists and dicts that are shared by reference, integers of any size, and an
//! undefined that remembers where it came from. Text carries tags: whether it may be templated, where it was written,
//! whether it came out of a vault.

mod compare;
mod dict;
mod html;
mod key;
mod list;
mod numeral;
mod object;
pub(crate) mod ops;
mod print;
pub(crate) mod printf;
mod release;
mod text;

use std::{cell::Cell, cmp::Ordering, fmt, rc::Rc};

use num_bigint::BigInt;
use num_traits::{ToPrimitive, Zero};

pub(crate) use self::{
    compare::{MAX_DEPTH, too_deep},
    html::escape,
    numeral::{Align, Spec, exponent, fixed, float_from_text, float_to_int, general, group, int_from_text, pad},
    print::{float as float_repr, is_printable, quote},
};
pub use self::{
    dict::Dict,
    key::Key,
    list::List,
    object::Object,
    text::{Origin, Str, Tags},
};
use crate::{Error, error::Kind};

/// A value.
#[derive(Clone)]
pub enum Value {
    /// Not there.
    Undefined(Rc<Undefined>),
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// A larger integer.
    BigInt(Rc<BigInt>),
    /// A double.
    Float(f64),
    /// Text.
    Str(Str),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A list.
    List(List),
    /// A tuple.
    Tuple(Rc<[Value]>),
    /// A dict.
    Dict(Dict),
    /// Anything else: functions, macros, `loop`, `namespace`, ranges, sets, dates, what the user of the engine adds.
    Object(Rc<dyn Object>),
}

/// Why a value is undefined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undefined {
    /// The whole message, as Jinja2 words it: `'foo' is undefined`, `object of type 'dict' has no attribute 'bar'`.
    pub message: String,
    /// The name that is undefined, be it a variable's or an attribute's.
    pub name: Option<Rc<str>>,
    /// The error whose place this value takes: a call or a filter that failed, which `default()` may still mend.
    pub cause: Option<Error>,
    /// Where the text that is to blame was written, if it is known.
    pub origin: Option<Origin>,
    /// The vault that could not be opened, if it is one.
    pub vault: Option<Rc<str>>,
}

/// An element and whether it has been resolved by the container's [`Lazy`].
struct Slot {
    value: Value,
    resolved: Cell<bool>,
}

impl Slot {
    fn done(value: Value) -> Self {
        Self { value, resolved: Cell::new(true) }
    }
}

/// Turns the raw elements of a container into values when they are first read: renders text that may be templated,
/// wraps containers. The engine asks once an element and keeps the answer.
pub trait Lazy {
    /// The value of a raw element.
    ///
    /// # Errors
    ///
    /// Its template fails.
    fn resolve(&self, raw: &Value) -> Result<Value, Error>;

    /// The full name of its containers' type where Jinja2 shows that, for those that are `list` or `dict` to Python
    /// and have a class of their own.
    fn container_name(&self, plain: &str) -> Option<String> {
        let _ = plain;
        None
    }
}

impl Undefined {
    /// A name that is not defined.
    pub fn name(name: &str) -> Self {
        Self { name: Some(name.into()), ..Self::new(format!("'{name}' is undefined")) }
    }

    /// Anything that is not there, in words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), name: None, cause: None, origin: None, vault: None }
    }

    /// What stands where a call or filter failed: using it is that error. An error that says that something is
    /// undefined gives just that.
    pub fn failed(error: Error) -> Self {
        if error.kind == Kind::Undefined && error.cause().is_none() {
            return Self { origin: error.origin, ..Self::new(error.message) };
        }
        Self { origin: error.origin.clone(), cause: Some(error.clone()), ..Self::new(error.message) }
    }

    /// The error that using it is.
    pub fn error(&self) -> Error {
        let mut error = match &self.cause {
            Some(error) => error.clone(),
            None => Error::new(Kind::Undefined, self.message.clone()),
        };
        if error.origin.is_none() {
            error.origin.clone_from(&self.origin);
        }
        error
    }
}

impl Value {
    /// An integer of any size.
    pub fn from_bigint(number: BigInt) -> Self {
        match number.to_i64() {
            Some(number) => Self::Int(number),
            None => Self::BigInt(Rc::new(number)),
        }
    }

    /// A value that is not there, in words.
    pub fn undefined(message: impl Into<String>) -> Self {
        Self::Undefined(Rc::new(Undefined::new(message)))
    }

    /// An object.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Rc::new(object))
    }

    /// Python's name of its type.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Undefined(_) => "Undefined",
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Str(text) if text.is_markup() => "Markup",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::Object(object) => object.type_name(),
        }
    }

    /// Python's `bool()`.
    ///
    /// # Errors
    ///
    /// It is undefined.
    pub fn truthy(&self) -> Result<bool, Error> {
        Ok(match self {
            Self::Undefined(undefined) => return Err(undefined.error()),
            Self::None => false,
            Self::Bool(yes) => *yes,
            Self::Int(number) => *number != 0,
            Self::BigInt(number) => !number.is_zero(),
            Self::Float(number) => *number != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Tuple(items) => !items.is_empty(),
            Self::Dict(dict) => !dict.is_empty(),
            Self::Object(object) => object.truthy()?,
        })
    }

    /// Python's `str()`.
    ///
    /// # Errors
    ///
    /// It is undefined or holds what is, or nests too deeply.
    pub fn to_str(&self) -> Result<String, Error> {
        print::str(self)
    }

    /// Appends Python's `str()`.
    ///
    /// # Errors
    ///
    /// As [`Value::to_str`].
    pub fn write_str(&self, out: &mut String) -> Result<(), Error> {
        print::write_str(self, out)
    }

    /// Python's `repr()`.
    ///
    /// # Errors
    ///
    /// As [`Value::to_str`].
    pub fn repr(&self) -> Result<String, Error> {
        print::repr(self)
    }

    /// Python's `==`.
    ///
    /// # Errors
    ///
    /// One is undefined, or an element's template fails.
    pub fn equals(&self, other: &Self) -> Result<bool, Error> {
        compare::equals(self, other)
    }

    /// Python's order, as `<` asks for it.
    ///
    /// # Errors
    ///
    /// They have none: `'<' not supported between instances of 'int' and 'str'`.
    pub fn compare(&self, other: &Self) -> Result<Ordering, Error> {
        Ok(self.order(other, "<")?.unwrap_or(Ordering::Greater))
    }

    /// Python's order under an operator (`<`, `<=`, `>`, `>=`), which only the error names; `None` for NaN.
    ///
    /// # Errors
    ///
    /// As [`Value::compare`].
    pub fn order(&self, other: &Self, operator: &str) -> Result<Option<Ordering>, Error> {
        compare::order(self, other, operator)
    }

    /// Whether it is undefined.
    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined(_))
    }

    /// Whether it is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Its number, if it is an integer of 64 bits or a bool, which Python counts as one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(yes) => Some(i64::from(*yes)),
            _ => None,
        }
    }

    /// Its integer of any size, if it is one (bools are).
    pub fn as_bigint(&self) -> Option<BigInt> {
        match self {
            Self::BigInt(number) => Some((**number).clone()),
            value => value.as_int().map(BigInt::from),
        }
    }

    /// Its number as a double, if it is a number.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            Self::BigInt(number) => number.to_f64(),
            value => value.as_int().map(|number| number as f64),
        }
    }

    /// Its answer, if it is a bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(yes) => Some(*yes),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The dict, if it is one.
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The object, if it is one of a Rust type.
    pub fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Whether it is a mapping.
    pub fn is_mapping(&self) -> bool {
        match self {
            Self::Dict(_) => true,
            Self::Object(object) => object.is_mapping(),
            _ => false,
        }
    }

    /// Whether it is a number: a bool is one, as in Python.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Bool(_) | Self::Int(_) | Self::BigInt(_) | Self::Float(_))
    }

    /// Python's `len()`.
    ///
    /// # Errors
    ///
    /// It has none: `object of type 'int' has no len()`.
    #[expect(clippy::len_without_is_empty, reason = "Python asks for truth instead, which is another question")]
    pub fn len(&self) -> Result<usize, Error> {
        match self {
            Self::Undefined(undefined) => return Err(undefined.error()),
            Self::Str(text) if text.is_ascii() => Some(text.len()),
            Self::Str(text) => Some(text.chars().count()),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(list) => Some(list.len()),
            Self::Tuple(items) => Some(items.len()),
            Self::Dict(dict) => Some(dict.len()),
            Self::Object(object) => object.len(),
            _ => None,
        }
        .ok_or_else(|| Error::new(Kind::Type, format!("object of type '{}' has no len()", self.type_name())))
    }

    /// What Python's `for` gets from it: elements, a dict's keys, a text's characters.
    ///
    /// # Errors
    ///
    /// It cannot be iterated over: `'int' object is not iterable`.
    pub fn iterate(&self) -> Result<Vec<Self>, Error> {
        match self {
            Self::Undefined(undefined) => return Err(undefined.error()),
            Self::Str(text) => Some(text.chars().map(|c| Self::from(c.encode_utf8(&mut [0; 4]) as &str)).collect()),
            Self::Bytes(bytes) => Some(bytes.iter().map(|byte| Self::Int(i64::from(*byte))).collect()),
            Self::List(list) => Some(list.values()?),
            Self::Tuple(items) => Some(items.to_vec()),
            Self::Dict(dict) => Some(dict.keys()),
            Self::Object(object) => object.values()?,
            _ => None,
        }
        .ok_or_else(|| Error::new(Kind::Type, format!("'{}' object is not iterable", self.type_name())))
    }

    /// Whether [`Value::iterate`] gives anything.
    pub fn is_iterable(&self) -> bool {
        match self {
            Self::Str(_) | Self::Bytes(_) | Self::List(_) | Self::Tuple(_) | Self::Dict(_) => true,
            Self::Object(object) => {
                object.is_mapping() || object.is_sequence() || matches!(object.values(), Ok(Some(_)))
            }
            _ => false,
        }
    }

    /// Whether it can be called.
    pub fn is_callable(&self) -> bool {
        matches!(self, Self::Object(object) if object.is_callable())
    }

    /// Whether it is the same object (`is`): what cannot change is the same if it is equal.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left.to_bits() == right.to_bits(),
            (Self::BigInt(left), Self::BigInt(right)) => left == right,
            (Self::Str(left), Self::Str(right)) => left == right,
            (Self::Bytes(left), Self::Bytes(right)) => left == right,
            (Self::List(left), Self::List(right)) => left.ptr_eq(right),
            (Self::Dict(left), Self::Dict(right)) => left.ptr_eq(right),
            (Self::Tuple(left), Self::Tuple(right)) => Rc::ptr_eq(left, right),
            (Self::Object(left), Self::Object(right)) => std::ptr::addr_eq(Rc::as_ptr(left), Rc::as_ptr(right)),
            (Self::Undefined(left), Self::Undefined(right)) => Rc::ptr_eq(left, right),
            _ => false,
        }
    }
}

/// Python's `==`; what cannot be compared is unequal.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undefined(left), Self::Undefined(right)) => left == right,
            (left, right) => left.equals(right).unwrap_or(false),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undefined(undefined) => write!(f, "Undefined({:?})", undefined.message),
            value => match value.repr() {
                Ok(text) => f.write_str(&text),
                Err(error) => write!(f, "<{}: {error}>", value.type_name()),
            },
        }
    }
}

macro_rules! from {
    ($($type:ty: $name:ident => $value:expr,)*) => {$(
        impl From<$type> for Value {
            fn from($name: $type) -> Self {
                $value
            }
        }
    )*};
}

from! {
    &str: text => Self::Str(Str::new(text)),
    String: text => Self::Str(Str::new(text)),
    Rc<str>: text => Self::Str(Str::new(text)),
    Str: text => Self::Str(text),
    bool: yes => Self::Bool(yes),
    i32: number => Self::Int(i64::from(number)),
    u32: number => Self::Int(i64::from(number)),
    i64: number => Self::Int(number),
    u64: number => Self::from_bigint(BigInt::from(number)),
    usize: number => Self::from_bigint(BigInt::from(number)),
    BigInt: number => Self::from_bigint(number),
    f64: number => Self::Float(number),
    Vec<Value>: values => Self::List(List::new(values)),
    List: list => Self::List(list),
    Dict: dict => Self::Dict(dict),
    Rc<dyn Object>: object => Self::Object(object),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_is_pythons() {
        for value in [Value::None, false.into(), 0.into(), 0.0.into(), "".into(), vec![].into(), Dict::new().into()] {
            assert!(!value.truthy().unwrap(), "{value:?}");
        }
        for value in [Value::from(true), (-1).into(), "0".into(), vec![Value::None].into()] {
            assert!(value.truthy().unwrap(), "{value:?}");
        }
        assert_eq!(Value::undefined("'x' is undefined").truthy().unwrap_err().message, "'x' is undefined");
    }

    #[test]
    fn what_has_no_length_or_elements_says_so() {
        assert_eq!(Value::from(5).len().unwrap_err().message, "object of type 'int' has no len()");
        assert_eq!(Value::None.iterate().unwrap_err().message, "'NoneType' object is not iterable");
        assert_eq!(Value::from("hé").len().unwrap(), 2);
        assert_eq!(Value::from("hé").iterate().unwrap(), vec![Value::from("h"), Value::from("é")]);
    }

    #[test]
    fn integers_take_the_room_they_need() {
        assert_eq!(Value::from(u64::MAX).to_str().unwrap(), "18446744073709551615");
        assert!(matches!(Value::from_bigint(BigInt::from(5)), Value::Int(5)));
    }
}
