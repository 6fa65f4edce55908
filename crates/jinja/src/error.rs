//! What can go wrong, with the place in the template.

/// An error of a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What kind of error.
    pub kind: Kind,
    /// What went wrong, in Jinja2's and Python's words.
    pub message: String,
    /// The template's name, if it has one.
    pub template: Option<String>,
    /// The line in the template, from 1; 0 where it is not known.
    pub line: usize,
}

/// Kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The template is not well-formed.
    Syntax,
    /// A value is undefined.
    Undefined,
    /// A type does not fit.
    Type,
    /// A value does not fit.
    Value,
    /// A key is not there.
    Key,
    /// An index is out of range.
    Index,
    /// An attribute is not there.
    Attribute,
    /// A division by zero.
    ZeroDivision,
    /// A filter or test is not known.
    UnknownFilter,
    /// A template that is included or imported is not there.
    TemplateNotFound,
    /// A limit was reached (recursion, size, steps).
    Limit,
    /// Anything that a filter, test or lookup says.
    Other,
}

impl Error {
    /// An error without a place.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), template: None, line: 0 }
    }
}
