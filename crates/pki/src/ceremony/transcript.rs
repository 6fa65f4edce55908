//! The transcript: what happened, as a hash chain that follows the ceremony before.

use std::{io::ErrorKind, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    Error, Finding, Result, chain,
    clock::{ClockKind, Moment},
    store::Files,
};

/// What the root's signature over a transcript begins with, so that it is never one over a certificate or a list: those
/// begin with the byte 0x30.
pub const CONTEXT: &[u8] = b"provision ceremony transcript 1\n";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which line it is, counted from 1.
    pub line: u64,
    /// When, UTC.
    pub time: String,
    /// Which clock said so, where it was not the machine's.
    #[serde(default, skip_serializing_if = "ClockKind::is_system")]
    pub clock: ClockKind,
    /// The hash of the line before; of the first one that of the ceremony before.
    pub previous: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen. Hashes are SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum Event {
    /// It began.
    Begun {
        ceremony: String,
        title: String,
        plan: String,
        /// Done with throw-away keys.
        rehearsal: bool,
        tool: String,
        tool_sha256: String,
        machine: String,
    },
    /// A rule was set aside by an option of whoever ran it.
    Overridden { rule: String, found: String },
    /// Something was checked, and holds.
    Checked { what: String },
    /// Somebody is there.
    Present { role: String, name: String },
    /// The room agreed: to the time, to a hash that was typed back, to what will be signed.
    Confirmed { what: String, value: String },
    /// What was typed back was something else.
    Mistyped { what: String },
    /// A custodian has their share, or a passphrase is on its paper.
    Handed { what: String },
    /// A key was made or sealed anew, was written, read again and opened.
    Sealed { file: String, sha256: String, key: String, custody: String },
    /// Bytes are about to be signed.
    Intent { what: String, to_be_signed: String },
    /// They were signed, the signature verified, the file written and read again.
    Signed { file: String, sha256: String, fingerprint: String },
    /// It was refused; nothing was signed after this.
    Refused { why: String },
    /// It was broken off by something that is nobody's decision.
    Failed { why: String },
    /// It is over: the last line.
    Closed { signed: u64 },
}

/// A transcript that is being written.
#[derive(Debug)]
pub(super) struct Transcript<'a, F> {
    files: &'a F,
    name: String,
    lines: u64,
    head: String,
}

impl<'a, F: Files> Transcript<'a, F> {
    /// A new file; none where there is one of that name.
    pub(super) fn create(files: &'a F, name: &str, previous: &str) -> Result<Option<Self>> {
        match files.create(Path::new(name), b"") {
            Err(problem) if problem.kind() == ErrorKind::AlreadyExists => return Ok(None),
            other => other.map_err(|problem| failed(name, &problem))?,
        }
        files.sync_folder(Path::new("")).map_err(|problem| failed(name, &problem))?;
        Ok(Some(Self { files, name: name.to_owned(), lines: 0, head: previous.to_owned() }))
    }

    /// Writes a line; it is on the disk when this returns.
    pub(super) fn note(&mut self, time: Moment, clock: ClockKind, event: Event) -> Result<()> {
        let line = self.lines + 1;
        let record = Record { line, time: time.to_string(), clock, previous: self.head.clone(), event };
        let json = serde_json::to_string(&record)
            .map_err(|problem| Error::input(&self.name, problem, "report this: it must be writable as JSON"))?;
        let (text, hash) = chain::close(&self.name, &json)?;
        let path = Path::new(&self.name);
        let written = self.files.append(path, text.as_bytes()).and_then(|()| self.files.sync(path));
        written.map_err(|problem| failed(&self.name, &problem))?;
        (self.lines, self.head) = (line, hash);
        Ok(())
    }

    /// Gives the file the first name `refused-N.jsonl` that is free, so that the next run finds its place.
    pub(super) fn set_aside(self) -> Result<String> {
        let name = free_name(self.files)?;
        let renamed = self
            .files
            .rename(Path::new(&self.name), Path::new(&name))
            .and_then(|()| self.files.sync_folder(Path::new("")));
        renamed.map_err(|problem| failed(&name, &problem))?;
        Ok(name)
    }

    pub(super) fn head(&self) -> &str {
        &self.head
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// The first name for a refusal that no file has.
pub(super) fn free_name<F: Files>(files: &F) -> Result<String> {
    for number in 1..=u16::MAX {
        let name = format!("refused-{number}.jsonl");
        if files.read(Path::new(&name)).map_err(|problem| failed(&name, &problem))?.is_none() {
            return Ok(name);
        }
    }
    Err(Error::input("refusals", "there are too many", "take another folder"))
}

pub(super) fn failed(name: &str, problem: &std::io::Error) -> Error {
    Error::io(name, problem, "make room or repair the file system, then try again")
}

/// Reads a transcript that somebody hands in: every line, from the first to the one that closes it. Returns its lines and
/// the hash of the last one, which the next ceremony begins with.
///
/// # Errors
///
/// The first line that is not what it was, does not follow the one before, or is missing: it is named.
pub fn read(bytes: &[u8]) -> Result<(Vec<Record>, String)> {
    let mut records: Vec<Record> = Vec::new();
    let mut head: Option<String> = None;
    let mut rest = bytes;
    while !rest.is_empty() {
        let number = records.len() + 1;
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err(broken(number, "it is not whole"));
        };
        let (line, after) = rest.split_at_checked(end + 1).unwrap_or((rest, &[]));
        let (json, hash) = chain::open(line).map_err(|problem| broken(number, &problem))?;
        let record: Record = serde_json::from_str(&json).map_err(|problem| broken(number, &problem.to_string()))?;
        if head.as_ref().is_some_and(|head| *head != record.previous) {
            return Err(broken(number, "it does not follow the line before it"));
        }
        if record.line != number as u64 {
            return Err(broken(number, &format!("it says that it is line {}", record.line)));
        }
        if matches!(records.last().map(|last| &last.event), Some(Event::Closed { .. })) {
            return Err(broken(number, "it stands behind the line that closes"));
        }
        records.push(record);
        head = Some(hash);
        rest = after;
    }
    match (records.first().map(|first| &first.event), records.last().map(|last| &last.event), head) {
        (Some(Event::Begun { .. }), Some(Event::Closed { .. }), Some(head)) => Ok((records, head)),
        (Some(Event::Begun { .. }), ..) => {
            Err(broken(records.len() + 1, "it is missing: the transcript was cut, or never closed"))
        }
        _ => Err(broken(1, "it is not the beginning of a transcript")),
    }
}

pub(super) fn broken(line: usize, problem: &str) -> Error {
    Error::Failed(vec![Finding::new(
        format!("transcript line {line}"),
        "hash",
        problem,
        "PKI policy: a transcript is a hash chain",
        "compare it with another copy: it was changed after it was written",
    )])
}
