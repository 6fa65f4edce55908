//! What can go wrong, with the place in the template.

use std::rc::Rc;

use crate::{Origin, Value};

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
    /// Where the text that is to blame was written, if it has a place of its own.
    pub origin: Option<Origin>,
    /// What may be shown with the message.
    pub note: Option<Rc<Note>>,
    /// A filter, a test or a function that was called said it. Its place is that of whatever is rendered outermost, not
    /// of the variable that it happened in.
    pub called: bool,
}

/// What may be shown with an error's message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Note {
    /// The error it comes from, where one stands behind it (`raise ... from ...`): its message ends this one's.
    pub cause: Option<Error>,
    /// The message without the cause's, where there is one.
    pub summary: Option<String>,
    /// The value that is to blame, as text.
    pub value: Option<String>,
    /// The cure.
    pub help: Option<String>,
    /// It was raised while another error was handled, without naming that one as its cause.
    pub handling: bool,
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
    /// A number does not fit its type.
    Overflow,
    /// A filter or test is not known.
    UnknownFilter,
    /// A template that is included or imported is not there.
    TemplateNotFound,
    /// What the sandbox forbids.
    Security,
    /// A limit was reached (recursion, size, steps).
    Limit,
    /// Anything that a filter, test or lookup says.
    Other,
}

impl Error {
    /// An error without a place.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), template: None, line: 0, origin: None, note: None, called: false }
    }

    /// A type that does not fit.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new(Kind::Type, message)
    }

    /// A value that does not fit.
    pub fn value_error(message: impl Into<String>) -> Self {
        Self::new(Kind::Value, message)
    }

    /// Anything else.
    pub fn other(message: impl Into<String>) -> Self {
        Self::new(Kind::Other, message)
    }

    /// The same error with the error it comes from, which is named behind a colon.
    #[must_use]
    pub fn because_of(mut self, cause: Self) -> Self {
        let own = std::mem::take(&mut self.message);
        self.message = format!("{}: {}", own.trim_end_matches(['.', ' ']), cause.message);
        self.noting(|note| {
            note.summary = Some(own);
            note.cause = Some(cause);
        })
    }

    fn noting(mut self, change: impl FnOnce(&mut Note)) -> Self {
        let mut note = self.note.as_deref().cloned().unwrap_or_default();
        change(&mut note);
        self.note = Some(Rc::new(note));
        self
    }

    /// The error it comes from.
    pub fn cause(&self) -> Option<&Self> {
        self.note.as_ref()?.cause.as_ref()
    }

    /// The message without the cause's.
    pub fn summary(&self) -> &str {
        self.note.as_ref().and_then(|note| note.summary.as_deref()).unwrap_or(&self.message)
    }

    /// Whether it has something to show of its own beside the message: a value, a cure.
    pub fn has_details(&self) -> bool {
        self.note.as_ref().is_some_and(|note| note.value.is_some() || note.help.is_some() || note.handling)
    }

    /// The same error with the value that is to blame, and its place if it has one.
    #[must_use]
    pub fn about(mut self, value: &Value) -> Self {
        if let Value::Str(text) = value
            && let Some(origin) = text.origin()
        {
            self.origin = Some(origin.clone());
        }
        let shown = value.to_str().unwrap_or_else(|error| format!("<< context unavailable: {error} >>"));
        self.noting(|note| note.value = Some(shown))
    }

    /// The same error with the cure.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        self.noting(|note| note.help = Some(help.into()))
    }

    /// The same error, raised while another one was handled.
    #[must_use]
    pub fn while_handling(self) -> Self {
        self.noting(|note| note.handling = true)
    }

    /// The same error with its place, unless it has one.
    #[must_use]
    pub fn at(mut self, template: Option<&str>, line: usize) -> Self {
        if self.line == 0 && line != 0 {
            self.line = line;
            if self.template.is_none() {
                self.template = template.map(str::to_owned);
            }
        }
        self
    }
}
