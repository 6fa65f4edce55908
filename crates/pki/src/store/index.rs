//! What the log says of each serial number and list.

use std::collections::BTreeMap;

use super::record::{Event, Kind, Record};
use crate::{
    Error, Result,
    clock::Moment,
    crl::{Entry, Reason},
    serial::Serial,
};

/// Every serial number that was ever announced, and each issuer's lists.
#[derive(Debug, Clone, Default)]
pub struct Index {
    kind: Option<Kind>,
    issued: BTreeMap<Serial, Issued>,
    /// Of each issuer: the highest number that was announced, and what was announced and is not settled.
    lists: BTreeMap<String, (u64, Option<String>)>,
}

/// What is known of one serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// What to call it.
    pub label: String,
    /// Its issuer's name.
    pub issuer: String,
    /// Its last moment.
    pub not_after: Moment,
    /// The SHA-256 of its to-be-signed bytes.
    pub tbs: String,
    /// The SHA-256 of the certificate, where one is kept.
    pub sha256: Option<String>,
    /// What became of it.
    pub state: State,
}

/// What became of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Announced, not settled yet.
    Announced,
    /// Signed and kept.
    Valid,
    /// It may have been signed, and is not kept: to be revoked.
    Orphan,
    /// Revoked.
    Revoked {
        /// Since when.
        at: Moment,
        /// Why.
        reason: Reason,
    },
}

impl Index {
    /// What the store is for.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// What is known of that serial number.
    #[must_use]
    pub fn get(&self, serial: &Serial) -> Option<&Issued> {
        self.issued.get(serial)
    }

    /// All serial numbers.
    pub fn iter(&self) -> impl Iterator<Item = (&Serial, &Issued)> {
        self.issued.iter()
    }

    /// Serial numbers under which something may have been signed that is not kept.
    pub fn orphans(&self) -> impl Iterator<Item = &Serial> {
        self.issued.iter().filter(|(_, issued)| issued.state == State::Orphan).map(|(serial, _)| serial)
    }

    /// The highest list number that was announced for an issuer; 0 if none was.
    #[must_use]
    pub fn list_number(&self, issuer: &str) -> u64 {
        self.lists.get(issuer).map_or(0, |(number, _)| *number)
    }

    pub(super) fn revoked_by(&self, issuer: &str) -> Result<Vec<Entry>> {
        let revoked =
            self.issued.iter().filter(|(_, issued)| issued.issuer == issuer).filter_map(|(serial, issued)| {
                let State::Revoked { at, reason } = issued.state else { return None };
                Some(Entry { serial: serial.clone(), revoked: at, reason })
            });
        Ok(revoked.collect())
    }

    pub(super) fn open_certificates(&self) -> Vec<(String, String)> {
        let open = self.issued.iter().filter(|(_, issued)| issued.state == State::Announced);
        open.map(|(serial, issued)| (serial.to_string(), issued.tbs.clone())).collect()
    }

    pub(super) fn open_lists(&self) -> Vec<(String, u64, String)> {
        let open =
            self.lists.iter().filter_map(|(issuer, (number, open))| Some((issuer.clone(), *number, open.clone()?)));
        open.collect()
    }

    pub(super) fn apply(&mut self, record: &Record) -> Result<()> {
        let wrong = |problem: &str| {
            Error::input(format!("log.jsonl line {}", record.line), problem, "restore the store from a backup")
        };
        match &record.event {
            Event::Created { kind } => {
                if record.line != 1 {
                    return Err(wrong("the store is made a second time"));
                }
                self.kind = Some(*kind);
            }
            Event::Intent { serial, label, issuer, not_after, tbs } => {
                let issued = Issued {
                    label: label.clone(),
                    issuer: issuer.clone(),
                    not_after: Moment::parse(not_after)?,
                    tbs: tbs.clone(),
                    sha256: None,
                    state: State::Announced,
                };
                if self.issued.insert(Serial::parse(serial)?, issued).is_some() {
                    return Err(wrong("the serial number is announced a second time"));
                }
            }
            Event::Issued { serial, sha256 } => {
                let issued =
                    self.issued.get_mut(&Serial::parse(serial)?).ok_or_else(|| wrong("it was never announced"))?;
                issued.sha256 = Some(sha256.clone());
                issued.state = State::Valid;
            }
            Event::Orphan { serial } => {
                self.issued.get_mut(&Serial::parse(serial)?).ok_or_else(|| wrong("it was never announced"))?.state =
                    State::Orphan;
            }
            Event::Revoked { serial, reason, at } => {
                let issued =
                    self.issued.get_mut(&Serial::parse(serial)?).ok_or_else(|| wrong("it was never announced"))?;
                issued.state = State::Revoked { at: Moment::parse(at)?, reason: Reason::parse(reason)? };
            }
            Event::ListIntent { issuer, number, tbs } => {
                if *number <= self.list_number(issuer) {
                    return Err(wrong("the list's number does not come after the last one"));
                }
                self.lists.insert(issuer.clone(), (*number, Some(tbs.clone())));
            }
            Event::Listed { issuer, number, .. } | Event::ListLost { issuer, number } => {
                let list = self.lists.get_mut(issuer).filter(|list| list.0 == *number);
                list.ok_or_else(|| wrong("the list was never announced"))?.1 = None;
            }
            Event::Refused { .. } | Event::Torn { .. } => {}
        }
        Ok(())
    }
}
