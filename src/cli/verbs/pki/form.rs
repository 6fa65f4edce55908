//! Answers: text for a person, or one JSON object for a program.

use clap::{Args, ValueEnum};
use pki::{Error, Finding};
use serde_json::{Value, json};

use crate::cli::{Failure, exit, terminal::Terminal};

/// In which form an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Form {
    /// For a person
    #[default]
    Text,
    /// One JSON object, for other programs (docs/pki.md)
    Json,
}

/// `--format`
#[derive(Debug, Clone, Copy, Default, Args)]
#[group(skip)]
pub(super) struct Format {
    /// How the answer is printed
    #[arg(long = "format", value_name = "FORM", value_enum, default_value_t)]
    pub(super) format: Form,
}

/// The answer of a verb.
#[derive(Debug, Clone)]
pub(super) struct Done {
    /// For a person, without a final newline.
    pub(super) text: String,
    /// The same for a program.
    pub(super) json: Value,
    /// The exit code.
    pub(super) code: u8,
}

impl Done {
    /// All went well.
    pub(super) fn well(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, code: exit::OK }
    }

    /// Prints it; the exit code.
    pub(super) fn print(&self, form: Form, terminal: &mut Terminal) -> u8 {
        match form {
            Form::Text if self.text.is_empty() => {}
            Form::Text => terminal.print(&self.text),
            Form::Json => terminal.print(&pretty(&self.json)),
        }
        if self.code == exit::OK && terminal.screen.has_lost() {
            let error = Error::io("standard output", "it could not be written", "make room, then try again");
            let failure = Failure::from(error);
            terminal.failure(&failure, false);
            return failure.code();
        }
        self.code
    }
}

/// The answer to `--list-hosts`.
pub(super) fn hosts(names: Vec<String>) -> Done {
    let lines = names.iter().map(|name| format!("\n    {name}")).collect::<String>();
    Done::well(format!("  hosts ({}):{lines}", names.len()), json!({"hosts": names}))
}

/// A failure as JSON on standard output; its text for a person goes to standard error beside it.
pub(super) fn print_failure(failure: &Failure, terminal: &mut Terminal) {
    let Failure::Pki(error) = failure else { return };
    let findings: Vec<_> = error.findings().iter().map(finding).collect();
    let mut object = json!({"code": failure.code(), "kind": error.kind(), "message": error.to_string()});
    if !findings.is_empty()
        && let Some(object) = object.as_object_mut()
    {
        object.insert("findings".to_owned(), findings.into());
    }
    terminal.print(&pretty(&json!({"error": object})));
}

/// One fault for a program.
pub(super) fn finding(finding: &Finding) -> Value {
    json!({
        "object": finding.object,
        "field": finding.field,
        "problem": finding.problem,
        "rule": finding.rule,
        "cure": finding.cure,
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}
