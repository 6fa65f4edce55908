//! What is wrong with a document, where, and the cure.

use std::{fmt, ops::Deref, sync::Arc};

use crate::source::{Position, Source, Span};

/// A document that cannot be read. Boxed, so that results stay small; the fields are those of [`Report`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Report>);

/// What an [`Error`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What is wrong: a sentence with its full stop, in Ansible's words where it has any.
    pub message: String,
    /// The source's name.
    pub file: Arc<str>,
    /// Where.
    pub span: Span,
    /// A few words on what is seen there; may be empty.
    pub label: String,
    /// Another place that has to do with it (where an unclosed quote began), with a few words.
    pub context: Option<(Span, String)>,
    /// The cure, where one is known.
    pub help: Option<String>,
    /// PyYAML's exception as Python prints it, which Ansible puts into results (`from_yaml`).
    pub python: String,
}

impl Report {
    pub(crate) fn new(source: &Source, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        let python = message.clone();
        let file = Arc::clone(source.name());
        Self { message, file, span, label: String::new(), context: None, help: None, python }
    }

    /// An error as PyYAML raises it: what it was doing and since where, what it met and where.
    pub(crate) fn marked(
        source: &Source,
        context: Option<(&str, Position)>,
        problem: &str,
        position: Position,
    ) -> Self {
        let words: Vec<&str> = context.iter().map(|(text, _)| *text).chain([problem]).collect();
        let mut message = words.join(" ");
        if let Some(first) = message.get(..1).map(str::to_uppercase) {
            message.replace_range(..1, &first);
        }
        if !message.ends_with('.') {
            message.push('.');
        }
        Self {
            context: context.map(|(text, start)| (Span::at(start), text.to_owned())),
            label: problem.to_owned(),
            python: python_text(context, problem, position),
            ..Self::new(source, Span::at(position), message)
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn python(mut self, text: impl Into<String>) -> Self {
        self.python = text.into();
        self
    }
}

/// Python's `str()` of a marked error whose marks have no snippet, as the C parser's have none.
fn python_text(context: Option<(&str, Position)>, problem: &str, position: Position) -> String {
    let mark = |place: Position| format!("  in \"<unicode string>\", line {}, column {}", place.line, place.column);
    let mut lines = Vec::new();
    if let Some((text, start)) = context {
        lines.push(text.to_owned());
        // PyYAML leaves the first mark out where it is the same as the second... unless it is on another line or column.
        if start != position {
            lines.push(mark(start));
        }
    }
    lines.push(problem.to_owned());
    lines.push(mark(position));
    lines.join("\n")
}

impl From<Report> for Error {
    fn from(report: Report) -> Self {
        Self(Box::new(report))
    }
}

impl Deref for Error {
    type Target = Report;

    fn deref(&self) -> &Report {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.span.start;
        write!(formatter, "{}:{line}:{column}: {}", self.file, self.message)
    }
}

impl std::error::Error for Error {}

/// Something that can be read and is likely not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What kind of warning.
    pub kind: WarningKind,
    /// What is wrong, in Ansible's words.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What is done about it, or what to do.
    pub help: Option<&'static str>,
}

/// Kinds of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    /// A key stands twice in one mapping.
    DuplicateKey,
    /// A tag that a later Ansible will refuse.
    Deprecation,
}
