//! What is wrong with an inventory.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Span};

/// The inventory, or a question to it, is at fault; the diagnostic says where and how to mend it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(pub Box<Diagnostic>);

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(Box::new(diagnostic))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        fault.diagnostic().into()
    }
}

/// What a reader of one kind of source has against it; another kind may still read it.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) place: Option<(Span, String)>,
    /// No other reader may try: the source is of a kind that is not done yet.
    pub(super) fatal: bool,
    /// Python itself would raise it (`ValueError`), so that Ansible does not catch it where it catches its own.
    pub(super) python: bool,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, place: None, fatal: false, python: false }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn python(mut self) -> Self {
        self.python = true;
        self
    }

    pub(super) fn fatal(mut self) -> Self {
        self.fatal = true;
        self
    }

    pub(super) fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.place.get_or_insert_with(|| (span, label.into()));
        self
    }

    pub(super) fn diagnostic(self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.message);
        diagnostic.help = self.help;
        diagnostic.labels.extend(self.place);
        diagnostic
    }
}

impl From<yaml::Error> for Fault {
    fn from(error: yaml::Error) -> Self {
        let mut fault = Self::new(format!("YAML parsing failed: {}", error.message));
        fault.help.clone_from(&error.help);
        fault.at(span(&error.file, error.span), error.label.clone())
    }
}

/// A node's place.
pub(super) fn span(file: &Arc<str>, span: yaml::Span) -> Span {
    Span { file: Arc::clone(file), line: span.start.line, column: span.start.column, length: span.length() }
}
