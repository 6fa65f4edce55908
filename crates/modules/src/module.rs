//! What a module is, and how it fails.

use std::{fmt, io};

use protocol::{
    Data, Outcome,
    arguments::{ArgumentValueError, Arguments, CheckMode, Specification, documentation},
    outcome::Diff,
};

use crate::context::Context;

/// A native module.
pub trait Module {
    /// Its options. The struct's documentation is the module's: the first paragraph in short, the rest in full.
    type Args: Arguments;
    /// Its short name: `copy`.
    const NAME: &'static str;
    /// A runnable example: YAML, a list of tasks.
    const EXAMPLES: &'static str;
    /// What it does in check mode.
    const CHECK_MODE: CheckMode = CheckMode::Full;
    /// The option that free text (`command: ls -l`) goes to.
    const FREE_FORM: Option<&'static str> = None;

    /// Observes, plans, and, unless in check mode, applies.
    ///
    /// # Errors
    ///
    /// [`Failure`], which becomes a failed result: what could not be done and why, in Ansible's words where it has some.
    fn run(args: Self::Args, ctx: &mut Context) -> Result<Outcome, Failure>;
}

/// The table of a module, from its trait.
#[must_use]
pub const fn specification<M: Module>() -> Specification {
    let rules = <M::Args as Arguments>::RULES;
    let doc = <M::Args as Arguments>::DOC;
    let (short_description, description) = first_paragraph(doc);
    Specification {
        module: M::NAME,
        short_description: documentation(short_description),
        description: documentation(description),
        options: <M::Args as Arguments>::OPTIONS,
        mutually_exclusive: rules.mutually_exclusive,
        required_one_of: rules.required_one_of,
        required_together: rules.required_together,
        required_if: rules.required_if,
        required_by: rules.required_by,
        check_mode: M::CHECK_MODE,
        free_form: M::FREE_FORM,
        examples: documentation(M::EXAMPLES),
    }
}

/// A documentation's first paragraph and the rest of it.
const fn first_paragraph(doc: &'static str) -> (&'static str, &'static str) {
    let bytes = doc.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        if bytes[at] == b'\n' && bytes[at + 1] == b'\n' {
            let (first, rest) = doc.split_at(at);
            let (_, rest) = rest.split_at(2);
            return (first, rest);
        }
        at += 1;
    }
    (doc, "")
}

/// A module that could not do its work: the failed result.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure(Box<Outcome>);

impl Failure {
    /// A failure with Ansible's `msg`.
    #[must_use]
    pub fn new(msg: impl Into<String>) -> Self {
        Self(Box::new(Outcome::failure(msg)))
    }

    /// A failure with the error behind it, which Ansible shows after `msg` on stderr and not in the result.
    #[must_use]
    pub fn caused(msg: impl Into<String>, cause: impl fmt::Display) -> Self {
        let mut failure = Self::new(msg);
        failure.0.cause = Some(cause.to_string());
        failure
    }

    /// What Ansible makes of an exception that no module caught: there is no `msg`, and the control node makes one of the
    /// whole chain of reasons.
    #[must_use]
    pub fn raised(msg: &str, cause: Option<&str>) -> Self {
        let mut failure = Self::new("");
        failure.0.msg = None;
        failure.0.changed = None;
        failure.0.cause = Some(match cause {
            Some(cause) => format!("{}: {cause}", msg.trim_end_matches(['.', ' '])),
            None => msg.to_owned(),
        });
        failure
    }

    /// The run was cancelled, or the control node is gone.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new("cancelled")
    }

    /// Fails with a result that is filled already (`fail_json(**result)`).
    #[must_use]
    pub fn from_outcome(mut outcome: Outcome, msg: impl Into<String>) -> Self {
        outcome.failed = true;
        outcome.msg = Some(msg.into());
        Self(Box::new(outcome))
    }

    /// Sets a return key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Data>) -> Self {
        self.0.set(key, value);
        self
    }

    /// Whether a return key is set.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.0.values.contains_key(key)
    }

    /// Sets `changed`.
    #[must_use]
    pub fn with_changed(mut self, changed: bool) -> Self {
        self.0.changed = Some(changed);
        self
    }

    /// Adds a diff.
    #[must_use]
    pub fn with_diff(mut self, diff: Diff) -> Self {
        self.0.diff.push(diff);
        self
    }

    /// The result.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        *self.0
    }

    /// The message.
    #[must_use]
    pub fn msg(&self) -> String {
        self.0.message().unwrap_or_default()
    }
}

impl From<ArgumentValueError> for Failure {
    fn from(error: ArgumentValueError) -> Self {
        Self::new(error.to_string())
    }
}

/// An error of the system as Python writes it: `[Errno 2] No such file or directory: '/x'`.
#[must_use]
pub fn os_error(error: &io::Error, path: Option<&str>) -> String {
    let reason = strerror(error);
    let number = errno(error).map(|number| format!("[Errno {number}] ")).unwrap_or_default();
    let path = path.map(|path| format!(": {}", protocol::arguments::python::repr_str(path))).unwrap_or_default();
    format!("{number}{reason}{path}")
}

/// The system's number for an error, also where a library has wrapped it and left the number in the text alone.
fn errno(error: &io::Error) -> Option<i32> {
    error.raw_os_error().or_else(|| {
        let text = error.to_string();
        let (_, number) = text.split_once("(os error ")?;
        number.split_once(')')?.0.parse().ok()
    })
}

/// As [`os_error`], for a path that Python holds as bytes: `[Errno 2] No such file or directory: b'/x'`.
#[must_use]
pub fn os_error_bytes(error: &io::Error, path: &str) -> String {
    format!("{}: b{}", os_error(error, None), protocol::arguments::python::repr_str(path))
}

/// The system's words for an error, without the number.
#[must_use]
pub fn strerror(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_paragraph_is_the_short_description() {
        assert_eq!(first_paragraph("One.\n\nTwo.\n\nThree."), ("One.", "Two.\n\nThree."));
        assert_eq!(first_paragraph("One."), ("One.", ""));
    }

    #[test]
    fn errors_of_the_system_read_as_pythons() {
        let error = io::Error::from_raw_os_error(2);
        assert_eq!(os_error(&error, Some("/x")), "[Errno 2] No such file or directory: '/x'");
    }
}
