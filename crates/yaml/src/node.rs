//! What a document is made of, once composed.

use std::rc::Rc;

use num_bigint::BigInt;

use crate::{
    date::{Date, DateTime},
    source::Span,
};

/// A node with its place. Cloning is cheap; an alias is a clone, so it shares its content with its anchor.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// A tag that changes what it means, where it has one.
    pub tag: Option<Tag>,
    /// Where it stands (an alias: where its anchor's node stands, as in PyYAML).
    pub span: Span,
}

/// Kinds of nodes.
#[derive(Debug, Clone)]
pub enum Kind {
    /// One value.
    Scalar(Scalar),
    /// A list.
    Sequence(Rc<[Node]>),
    /// A mapping, merge keys and duplicates resolved.
    Mapping(Rc<Mapping>),
}

/// A mapping's entries, in Python's order: a key stands where it came first and has the value that came last.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// Keys and values.
    pub entries: Vec<(Node, Node)>,
}

/// A scalar as it was written, and what it is.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// The text, escapes resolved and lines folded.
    pub text: Rc<str>,
    /// How it was written.
    pub style: Style,
    /// What it is.
    pub value: Resolved,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'...'`
    SingleQuoted,
    /// `"..."`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What a scalar is, as PyYAML's resolver and constructor have it.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// `~`, `null`, nothing
    Null,
    /// `yes`, `off`, `True`
    Bool(bool),
    /// `12`, `0644`, `0x1f`, `1:30`
    Int(i64),
    /// A larger integer.
    BigInt(Rc<BigInt>),
    /// `1.5`, `1.0e+3`, `.inf`
    Float(f64),
    /// Text; it is the scalar's `text`.
    Str,
    /// `2001-12-14`
    Date(Date),
    /// `2001-12-14 21:59:43.10 -05:00`
    DateTime(DateTime),
    /// `!!binary`
    Binary(Rc<[u8]>),
}

/// Tags that outlive composition; all others are resolved or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// `!unsafe`: neither this nor anything within is ever templated.
    Unsafe,
    /// `!vault`: the scalar's text is a vault envelope.
    Vault,
    /// `!!set`: a mapping of which only the keys matter.
    Set,
    /// `!!omap`, `!!pairs`: a list of pairs (each a mapping with one entry).
    Pairs,
}

impl Node {
    /// The text, if this is a scalar that is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Scalar { text, value: Resolved::Str, .. }) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Scalar(Scalar { value: Resolved::Bool(value), .. }) => Some(*value),
            _ => None,
        }
    }

    /// The scalar, if this is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if this is a mapping.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.kind {
            Kind::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// Whether this is `null`, or nothing at all.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(Scalar { value: Resolved::Null, .. }))
    }

    /// What Python calls the type of the value: `str`, `int`, `NoneType`, `dict`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Sequence(_) => "list",
            Kind::Mapping(_) if self.tag == Some(Tag::Set) => "set",
            Kind::Mapping(_) => "dict",
            Kind::Scalar(scalar) => match scalar.value {
                Resolved::Null => "NoneType",
                Resolved::Bool(_) => "bool",
                Resolved::Int(_) | Resolved::BigInt(_) => "int",
                Resolved::Float(_) => "float",
                Resolved::Str => "str",
                Resolved::Date(_) => "date",
                Resolved::DateTime(_) => "datetime",
                Resolved::Binary(_) => "bytes",
            },
        }
    }
}

impl Mapping {
    /// The entry under a text key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        self.entries.iter().find(|(found, _)| found.as_str() == Some(key)).map(|(key, value)| (key, value))
    }

    /// The value under a text key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }
}
