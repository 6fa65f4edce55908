//! `provision pki log`.

use clap::{Args, Subcommand};
use pki::{
    Error, Finding,
    store::{SystemFiles, log_bytes, verify_log},
};
use serde_json::json;

use super::{
    Verb, files,
    form::{Done, Form, Format},
    place::Place,
};
use crate::cli::{Result, terminal::Terminal};

/// Check the audit log
///
/// Example: provision pki log verify
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Verify(VerifyLog),
}

impl Arguments {
    pub(super) fn verb(self) -> Box<dyn Verb> {
        match self.action {
            Action::Verify(verb) => Box::new(verb),
        }
    }
}

/// Check that every line of the audit log is what it was and follows the one before
///
/// A log that was cut at a line's end is whole in itself: give the head that was noted elsewhere to see that too. Exit code 4
/// means that it was changed; the line is named.
///
/// Example: provision pki log verify --head 3f2a...
#[derive(Debug, Args)]
struct VerifyLog {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    place: Place,
    /// A hash that was the log's head once: it must be that of one of its lines
    #[arg(long = "head", value_name = "SHA256")]
    head: Option<String>,
    /// Another log, a copy from a backup
    #[arg(value_name = "FILE")]
    file: Option<String>,
}

impl Verb for VerifyLog {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, terminal: &mut Terminal) -> Result<Done> {
        let bytes = match &self.file {
            Some(file) => files::read(file)?,
            None => log_bytes(&SystemFiles::at_folder(self.place.root(terminal)))?,
        };
        let (records, head) = verify_log(&bytes)?;
        if records.is_empty() {
            return Err(Error::Failed(vec![Finding::new(
                "log.jsonl line 1",
                "line",
                "there is none",
                "PKI policy: the audit log begins with the making of its store",
                "restore it from a backup",
            )])
            .into());
        }
        if let Some(wanted) = &self.head {
            let was_head = records.iter().skip(1).any(|record| record.previous.eq_ignore_ascii_case(wanted));
            if !was_head && !head.eq_ignore_ascii_case(wanted) {
                return Err(Error::Failed(vec![Finding::new(
                    format!("log.jsonl line {}", records.len()),
                    "hash",
                    format!("no line has the hash {wanted}"),
                    "PKI policy: the audit log only grows",
                    "compare it with a backup: lines were cut off or all of it was written anew",
                )])
                .into());
            }
        }
        let last = records.last().map(|record| record.time.clone()).unwrap_or_default();
        Ok(Done::well(
            format!("{} lines, whole; the last of {last}\nhead: {head}", records.len()),
            json!({"lines": records.len(), "head": head, "last": last}),
        ))
    }
}
