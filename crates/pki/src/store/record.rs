//! The lines of the audit log.

use serde::{Deserialize, Serialize};

use super::{Holder, Settings};
use crate::clock::ClockKind;

/// What a store is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Trusted by hosts: takes this machine's clock only.
    Production,
    /// Tests and rehearsals: takes any clock, and says so in its first line.
    Rehearsal,
}

/// One record of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Which line it is, counted from 1.
    pub line: u64,
    /// When it was written, UTC.
    pub time: String,
    /// Which clock said so, where it was not the machine's.
    #[serde(default, skip_serializing_if = "ClockKind::is_system")]
    pub clock: ClockKind,
    /// The hash of the record before; of the first one 64 zeros.
    pub previous: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The store was made.
    Created {
        /// What for.
        kind: Kind,
    },
    /// What its authorities call themselves and speak for was decided.
    Configured {
        /// That.
        settings: Settings,
    },
    /// A root is trusted from now on; its key is elsewhere.
    Trusted {
        /// Its serial number.
        serial: String,
        /// Its name.
        subject: String,
        /// Its first moment.
        not_before: String,
        /// Its last moment.
        not_after: String,
        /// The SHA-256 of its certificate.
        sha256: String,
    },
    /// A key for an intermediate was made, sealed and kept, with a request for its certificate.
    KeyMade {
        /// The intermediate's name in this store.
        name: String,
        /// The SHA-256 of the public key's structure.
        key: String,
        /// The SHA-256 of the request.
        request: String,
    },
    /// An intermediate's certificate came from the root's ceremony.
    Installed {
        /// The intermediate's name in this store.
        name: String,
        /// The certificate's serial number.
        serial: String,
        /// Its subject.
        subject: String,
        /// Its issuer's name.
        issuer: String,
        /// Its first moment.
        not_before: String,
        /// Its last moment.
        not_after: String,
        /// The SHA-256 of the certificate.
        sha256: String,
    },
    /// An intermediate issues no more; its lists go on until its last certificate is over.
    Retired {
        /// The intermediate's name in this store.
        name: String,
    },
    /// A certificate is about to be signed.
    Intent {
        /// Its serial number.
        serial: String,
        /// What to call it.
        label: String,
        /// Its issuer's name.
        issuer: String,
        /// Its first moment.
        not_before: String,
        /// Its last moment.
        not_after: String,
        /// Whom it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<Holder>,
        /// The names that it speaks for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
        /// What it is for: `server`, `client` or `both`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
        /// The SHA-256 of the public key's structure.
        key: String,
        /// The SHA-256 of the bytes that will be signed.
        tbs: String,
    },
    /// It was signed and is kept.
    Issued {
        /// Its serial number.
        serial: String,
        /// The SHA-256 of the certificate.
        sha256: String,
    },
    /// It was announced, and no certificate is kept: one may have been signed. To be revoked.
    Orphan {
        /// Its serial number.
        serial: String,
    },
    /// It is revoked.
    Revoked {
        /// Its serial number.
        serial: String,
        /// Why, by RFC 5280's name.
        reason: String,
        /// Since when.
        at: String,
    },
    /// A revocation list is about to be signed.
    ListIntent {
        /// Its issuer's name.
        issuer: String,
        /// Its number.
        number: u64,
        /// When it begins to hold.
        this_update: String,
        /// When it expires.
        next_update: String,
        /// The SHA-256 of the bytes that will be signed.
        tbs: String,
    },
    /// It was signed and is kept.
    Listed {
        /// Its issuer's name.
        issuer: String,
        /// Its number.
        number: u64,
        /// The SHA-256 of the list.
        sha256: String,
    },
    /// A list that was signed elsewhere, the root's, was checked and is kept.
    ListInstalled {
        /// Its issuer's name.
        issuer: String,
        /// Its number.
        number: u64,
        /// When it begins to hold.
        this_update: String,
        /// When it expires.
        next_update: String,
        /// The SHA-256 of the list.
        sha256: String,
    },
    /// It was announced, and no list is kept: its number is used up.
    ListLost {
        /// Its issuer's name.
        issuer: String,
        /// Its number.
        number: u64,
    },
    /// A renewal was tried and failed; the next try waits ([`crate::renewal::Attempts`]).
    RenewalFailed {
        /// Whose.
        holder: Holder,
        /// Why.
        why: String,
        /// The certificate that was issued for it and did not come into use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        serial: Option<String>,
    },
    /// A renewal went through to its end: the service presents the new certificate.
    Renewed {
        /// Whose.
        holder: Holder,
        /// The new certificate's serial number.
        serial: String,
    },
    /// Several things at once, in that order: announcements, or settlements, of many certificates.
    Together {
        /// Those.
        events: Vec<Event>,
    },
    /// Something was refused.
    Refused {
        /// Why.
        why: String,
    },
    /// The log ended in a line that was not whole, as a power loss leaves it; it was cut off.
    Torn {
        /// How many bytes.
        bytes: u64,
        /// Their SHA-256.
        sha256: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_read_as_it_was_written() {
        let text = || "text \"with\" \u{e4} and },\"hash\":\"".to_owned();
        let holder = || Holder::parse("web@edge1").unwrap();
        let settings =
            Settings { organization: text(), country: Some(text()), url: text(), dns: vec![text()], ip: vec![text()] };
        for event in [
            Event::Created { kind: Kind::Production },
            Event::Configured { settings },
            Event::Trusted { serial: text(), subject: text(), not_before: text(), not_after: text(), sha256: text() },
            Event::KeyMade { name: text(), key: text(), request: text() },
            Event::Installed {
                name: text(),
                serial: text(),
                subject: text(),
                issuer: text(),
                not_before: text(),
                not_after: text(),
                sha256: text(),
            },
            Event::Retired { name: text() },
            Event::Intent {
                serial: text(),
                label: text(),
                issuer: text(),
                not_before: text(),
                not_after: text(),
                holder: Some(holder()),
                names: vec![text()],
                role: Some(text()),
                key: text(),
                tbs: text(),
            },
            Event::Issued { serial: text(), sha256: text() },
            Event::Orphan { serial: text() },
            Event::Revoked { serial: text(), reason: text(), at: text() },
            Event::ListIntent { issuer: text(), number: 7, this_update: text(), next_update: text(), tbs: text() },
            Event::Listed { issuer: text(), number: 7, sha256: text() },
            Event::ListInstalled {
                issuer: text(),
                number: 7,
                this_update: text(),
                next_update: text(),
                sha256: text(),
            },
            Event::ListLost { issuer: text(), number: 7 },
            Event::RenewalFailed { holder: holder(), why: text(), serial: None },
            Event::RenewalFailed { holder: holder(), why: text(), serial: Some(text()) },
            Event::Renewed { holder: holder(), serial: text() },
            Event::Together { events: vec![Event::Orphan { serial: text() }, Event::Refused { why: text() }] },
            Event::Refused { why: text() },
            Event::Torn { bytes: 7, sha256: text() },
        ] {
            for clock in [ClockKind::System, ClockKind::Rehearsal] {
                let record = Record { line: 3, time: text(), clock, previous: text(), event: event.clone() };
                let json = serde_json::to_string(&record).unwrap();
                assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
            }
        }
    }
}
