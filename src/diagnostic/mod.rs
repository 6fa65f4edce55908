//! What points at a user's text: span, label, help. Data only; drawn in one place (`cli`).
//!
//! - [`ErrorChain`]: why a task failed, and the form in which ansible-core prints it (`Origin: ...`).
//! - [`suggest`]: the nearest known word.

pub mod suggest;

use std::sync::Arc;

mod chain;

pub use chain::{ErrorChain, Link, Origin};

/// A place in a user's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The file, as the user named it; `<...>` for what is not a file (`<CLI option '-e'>`).
    pub file: Arc<str>,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
    /// The column in characters, from 1; 0 where only the line is known.
    pub column: u32,
    /// Characters to underline; 0 for a caret alone.
    pub length: u32,
}

impl From<&jinja::Origin> for Span {
    fn from(origin: &jinja::Origin) -> Self {
        Self { file: Arc::from(&*origin.file), line: origin.line, column: origin.column, length: 0 }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The run stops.
    Error,
    /// The run goes on.
    Warning,
}

/// One message about a user's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// Where, with a few words on what is seen there (may be empty).
    pub labels: Vec<(Span, String)>,
    /// The cure, if there is one.
    pub help: Option<String>,
    /// What brought it about, outermost first; its message is not repeated in this one's.
    pub cause: Option<Box<Diagnostic>>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), labels: Vec::new(), help: None, cause: None }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push((span, label.into()));
        self
    }

    /// Adds the cure.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what brought it about.
    #[must_use]
    pub fn caused_by(mut self, cause: Diagnostic) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }
}

/// The diagnostic and its causes, each at its first place.
impl From<&Diagnostic> for ErrorChain {
    fn from(diagnostic: &Diagnostic) -> Self {
        let chain = std::iter::successors(Some(diagnostic), |next| next.cause.as_deref());
        let links = chain.map(|one| Link {
            message: one.message.clone(),
            origin: one.labels.first().map(|(span, _)| Origin::File(span.clone())),
            help: one.help.clone(),
            handling: false,
            parts: Vec::new(),
        });
        Self { links: links.collect() }
    }
}
