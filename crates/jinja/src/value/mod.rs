//! Values, as Python has them: mutable lists and dicts that are shared by reference, integers of any size, and an
//! undefined that remembers where it came from. Text carries tags: whether it may be templated, where it was written,
//! whether it came out of a vault.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

use indexmap::IndexMap;
use num_bigint::BigInt;

use crate::Error;

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

/// Text with its tags. Cloning is cheap.
#[derive(Clone)]
pub struct Str {
    text: Rc<str>,
    tags: Option<Rc<Tags>>,
}

/// What is known of a text beside its characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// It was written by the operator (playbook, inventory, template) and may be templated. Text without this tag is
    /// data for ever.
    pub trusted: bool,
    /// Where it was written.
    pub origin: Option<Origin>,
    /// It came out of a vault: the text that was encrypted, so that it can be written back unopened, and a sign for
    /// whatever prints it.
    pub vault: Option<Rc<str>>,
}

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, as the user named it.
    pub file: Rc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// Why a value is undefined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undefined {
    /// The whole message, as Jinja2 words it: `'foo' is undefined`, `object of type 'dict' has no attribute 'bar'`.
    pub message: String,
}

/// A list; clones share it.
#[derive(Clone)]
pub struct List(Rc<ListCell>);

struct ListCell {
    items: RefCell<Vec<Slot>>,
    lazy: RefCell<Option<Rc<dyn Lazy>>>,
}

/// A dict in insertion order; clones share it.
#[derive(Clone)]
pub struct Dict(Rc<DictCell>);

struct DictCell {
    entries: RefCell<IndexMap<Key, Slot>>,
    lazy: RefCell<Option<Rc<dyn Lazy>>>,
}

/// An element and whether it has been resolved by the container's [`Lazy`].
struct Slot {
    value: Value,
    resolved: Cell<bool>,
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
}

/// A dict's key: a value that Python can hash, equal as Python has it (`1 == 1.0 == True`).
#[derive(Clone)]
pub struct Key(Value);

/// A value with behaviour of its own.
pub trait Object: fmt::Debug {
    /// Python's name of its type.
    fn type_name(&self) -> &str;
}
