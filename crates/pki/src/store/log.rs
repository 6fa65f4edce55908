//! The audit log: one JSON object a line, each with the hash of the line before it and its own.

use std::path::Path;

use super::{
    failed,
    files::Files,
    record::{Event, Record},
};
use crate::{
    Error, Finding, Result,
    chain::{self, START},
    clock::{ClockKind, Moment},
};

const FILE: &str = "log.jsonl";

/// An open log, ready for its next line.
#[derive(Debug)]
pub struct Log {
    lines: u64,
    head: String,
    last: Option<Moment>,
    /// Bytes that are whole lines.
    length: u64,
    /// A write failed: what the file holds is not known until it is opened anew.
    broken: bool,
}

impl Log {
    pub(super) fn create<F: Files>(files: &F) -> Result<Self> {
        let object = failed(FILE);
        files.create(Path::new(FILE), b"").map_err(&object)?;
        files.sync(Path::new(FILE)).map_err(&object)?;
        files.sync_folder(Path::new("")).map_err(&object)?;
        Ok(Self { lines: 0, head: START.to_owned(), last: None, length: 0, broken: false })
    }

    /// Reads all of it, and hands each record over. A last line that is not whole is cut off and returned.
    pub(super) fn open<F: Files>(
        files: &F,
        mut each: impl FnMut(Record) -> Result<()>,
    ) -> Result<(Self, Option<Vec<u8>>)> {
        let object = failed(FILE);
        let bytes = bytes(files)?;
        let mut last = None;
        let read = read(&bytes, |record| {
            last = Some(Moment::parse(&record.time)?);
            each(record)
        })?;
        let torn = bytes.get(read.length..).filter(|rest| !rest.is_empty()).map(<[u8]>::to_vec);
        if torn.is_some() {
            files.truncate(Path::new(FILE), read.length as u64).map_err(&object)?;
            files.sync(Path::new(FILE)).map_err(&object)?;
        }
        let log = Self { lines: read.lines, head: read.head, last, length: read.length as u64, broken: false };
        Ok((log, torn))
    }

    pub(super) fn append<F: Files>(
        &mut self,
        files: &F,
        time: Moment,
        clock: ClockKind,
        event: Event,
    ) -> Result<Record> {
        if self.broken {
            return Err(Error::io(FILE, "an earlier line could not be written", "open the store anew"));
        }
        let record = Record { line: self.lines + 1, time: time.to_string(), clock, previous: self.head.clone(), event };
        let wrong = |problem| Error::input(FILE, problem, "report this: a record must be writable as JSON");
        let json = serde_json::to_string(&record).map_err(|problem| wrong(problem.to_string()))?;
        let (line, hash) = chain::close(FILE, &json)?;
        let written = files.append(Path::new(FILE), line.as_bytes()).and_then(|()| files.sync(Path::new(FILE)));
        if let Err(problem) = written {
            self.broken = true;
            // What may have been written is taken back, so that a full disk does not leave half a line; if this fails too,
            // opening cuts it off.
            let _ = files.truncate(Path::new(FILE), self.length).and_then(|()| files.sync(Path::new(FILE)));
            return Err(failed(FILE)(problem));
        }
        self.lines += 1;
        self.head = hash;
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
        self.length += line.len() as u64;
        Ok(record)
    }

    pub(super) fn head(&self) -> &str {
        &self.head
    }

    pub(super) fn last(&self) -> Option<Moment> {
        self.last
    }
}

/// The log as it is, for [`verify_log`].
///
/// # Errors
///
/// There is none; the file system.
pub fn bytes<F: Files>(files: &F) -> Result<Vec<u8>> {
    files
        .read(Path::new(FILE))
        .map_err(failed(FILE))?
        .ok_or_else(|| Error::input(FILE, "there is no log, so this is no store", "make one with `pki init`"))
}

/// Hands all whole lines over of a log that another process may be writing to; their number, and the hash of the last one.
pub(super) fn look<F: Files>(files: &F, each: impl FnMut(Record) -> Result<()>) -> Result<(u64, String)> {
    let read = read(&bytes(files)?, each)?;
    Ok((read.lines, read.head))
}

struct Read {
    lines: u64,
    head: String,
    /// Bytes that are whole lines.
    length: usize,
}

/// Reads lines as long as they chain, and hands each over: a log of years is not kept in memory. A fault in the last line is
/// a torn write; before it, somebody changed the log.
fn read(bytes: &[u8], mut each: impl FnMut(Record) -> Result<()>) -> Result<Read> {
    let mut read = Read { lines: 0, head: START.to_owned(), length: 0 };
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, after) = match rest.iter().position(|byte| *byte == b'\n') {
            Some(at) => rest.split_at_checked(at + 1).unwrap_or((rest, &[])),
            None => break,
        };
        match parse(line, &read) {
            Ok((record, hash)) => {
                each(record)?;
                read.lines += 1;
                read.head = hash;
                read.length += line.len();
            }
            Err(_) if after.is_empty() => break,
            Err(problem) => return Err(broken(read.lines + 1, &problem)),
        }
        rest = after;
    }
    Ok(read)
}

fn parse(line: &[u8], read: &Read) -> Result<(Record, String), String> {
    let (json, hash) = chain::open(line)?;
    let record: Record = serde_json::from_str(&json).map_err(|problem| problem.to_string())?;
    if record.previous != read.head {
        return Err("it does not follow the line before it".to_owned());
    }
    if record.line != read.lines + 1 {
        return Err("it says that it is another line".to_owned());
    }
    Ok((record, hash))
}

fn broken(line: u64, problem: &str) -> Error {
    Error::Failed(vec![Finding::new(
        format!("{FILE} line {line}"),
        "hash",
        problem,
        "PKI policy: the audit log is a hash chain",
        "compare it with a backup: it was changed after it was written",
    )])
}

/// Checks a log that somebody hands in: every line, the last one too. Returns its records and the hash of the last line.
///
/// # Errors
///
/// The first line that is not what it was, or does not follow the one before.
pub fn verify_log(bytes: &[u8]) -> Result<(Vec<Record>, String)> {
    let mut records = Vec::new();
    let read = read(bytes, |record| {
        records.push(record);
        Ok(())
    })?;
    if read.length != bytes.len() {
        return Err(broken(read.lines + 1, "it is not whole"));
    }
    Ok((records, read.head))
}
