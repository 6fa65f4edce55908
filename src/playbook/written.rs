//! A keyword's value with its place.
//!
//! Text knows itself where it was written; numbers, lists and mappings do not, and errors about them point at them too.

use std::{fmt, ops::Deref};

use jinja::Value;

use crate::diagnostic::Span;

/// A value as it was written, and where; equal to another wherever that stands.
#[derive(Clone)]
pub struct Written {
    /// The value; it may be a template.
    pub value: Value,
    /// Where it stands; none for what is in no file.
    pub span: Option<Span>,
}

/// What may know where it was written.
pub trait Located {
    /// The value.
    fn written(&self) -> &Value;

    /// Where it was written. Truths and null have no place, as in ansible-core.
    fn place(&self) -> Option<Span>;
}

impl Located for Value {
    fn written(&self) -> &Value {
        self
    }

    fn place(&self) -> Option<Span> {
        match self {
            Value::Str(text) => text.origin().map(Span::from),
            Value::List(list) => list.origin().map(Span::from),
            Value::Dict(dict) => dict.origin().map(Span::from),
            _ => None,
        }
    }
}

impl Located for Written {
    fn written(&self) -> &Value {
        &self.value
    }

    fn place(&self) -> Option<Span> {
        match &self.value {
            Value::None | Value::Bool(_) => None,
            value => value.place().or_else(|| self.span.clone()),
        }
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}

impl Deref for Written {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl From<Value> for Written {
    fn from(value: Value) -> Self {
        Self { value, span: None }
    }
}
