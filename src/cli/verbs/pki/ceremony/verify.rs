//! `provision pki ceremony verify`.

use std::{io::ErrorKind, path::PathBuf};

use clap::Args;
use pki::{
    Error,
    ceremony::{
        aloud, files as names, transcript,
        verify::{self, Wanted},
    },
};
use serde_json::json;

use crate::cli::{
    Result,
    terminal::Terminal,
    verbs::pki::{
        Verb, files,
        form::{Done, Form, Format},
    },
};

/// Verify the record of a ceremony: every line, file and signature, and that what came out is what was planned
///
/// Where something does not hold, the exit code is 4 and the line or the file is named.
///
/// Example: provision pki ceremony verify record --root root.pem --previous last/record
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    /// The root that must have signed it
    #[arg(long = "root", value_name = "FILE")]
    root: Option<String>,
    /// The record, or transcript, that it must follow
    #[arg(long = "previous", value_name = "RECORD")]
    previous: Option<PathBuf>,
    /// Witnesses' signatures may be missing; those that are there must hold
    #[arg(long = "without-witnesses")]
    without_witnesses: bool,
    /// The folder of the record, or its transcript
    #[arg(value_name = "RECORD")]
    record: PathBuf,
}

impl Verb for Arguments {
    fn form(&self) -> Form {
        self.format.format
    }

    fn run(self: Box<Self>, _: &mut Terminal) -> Result<Done> {
        let folder = if self.record.is_dir() {
            self.record.clone()
        } else {
            let parent = self.record.parent().filter(|parent| !parent.as_os_str().is_empty());
            parent.map_or_else(|| PathBuf::from("."), PathBuf::from)
        };
        if !folder.join(names::TRANSCRIPT).exists() {
            let problem = "there is no transcript.jsonl in it";
            return Err(Error::input(folder.display().to_string(), problem, "name the folder of a record").into());
        }
        let previous = match &self.previous {
            None => None,
            Some(path) => {
                let path = if path.is_dir() { path.join(names::TRANSCRIPT) } else { path.clone() };
                Some(transcript::read(&files::read(&path.display().to_string())?)?.1)
            }
        };
        let root = self.root.as_deref().map(files::certificate).transpose()?.map(|root| root.fingerprint());
        let wanted = Wanted { root, previous, unwitnessed: self.without_witnesses };
        let read = |name: &str| match std::fs::read(folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(folder.join(name).display(), error, "check owner and mode")),
        };
        let verified = verify::record(&read, &wanted)?;
        let spoken = aloud(&verified.root.sha256());
        let mut lines = vec![format!(
            "{}: holds: {} ({}), {} lines",
            folder.display(),
            verified.plan.title,
            verified.plan.task.name(),
            verified.records.len()
        )];
        if verified.rehearsal {
            lines.push("REHEARSAL with throw-away keys: trust it nowhere".to_owned());
        }
        lines.extend(verified.outputs.iter().map(|(file, hash)| format!("  {file}: sha256 {hash}")));
        lines.push(format!(
            "witnesses: {}",
            if verified.witnessed.is_empty() { "none".to_owned() } else { verified.witnessed.join(", ") }
        ));
        lines.push(format!(
            "root: {} (sha256 {}); compare its words:\n{}",
            verified.root.label(),
            spoken.digits(),
            spoken.text()
        ));
        lines.push(format!("head {}", verified.head));
        let outputs: Vec<_> =
            verified.outputs.iter().map(|(file, hash)| json!({"file": file, "sha256": hash})).collect();
        let json = json!({
            "holds": true, "type": verified.plan.task.name(), "title": verified.plan.title, "rehearsal": verified.rehearsal,
            "lines": verified.records.len(), "head": verified.head, "root": verified.root.fingerprint(),
            "witnesses": verified.witnessed, "outputs": outputs,
        });
        Ok(Done::well(lines.join("\n"), json))
    }
}
