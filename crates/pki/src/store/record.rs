//! The lines of the audit log.

use serde::{Deserialize, Serialize};

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
    /// A certificate is about to be signed.
    Intent {
        /// Its serial number.
        serial: String,
        /// What to call it.
        label: String,
        /// Its issuer's name.
        issuer: String,
        /// Its last moment.
        not_after: String,
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
    /// It was announced, and no list is kept: its number is used up.
    ListLost {
        /// Its issuer's name.
        issuer: String,
        /// Its number.
        number: u64,
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
        for event in [
            Event::Created { kind: Kind::Production },
            Event::Intent { serial: text(), label: text(), issuer: text(), not_after: text(), tbs: text() },
            Event::Issued { serial: text(), sha256: text() },
            Event::Orphan { serial: text() },
            Event::Revoked { serial: text(), reason: text(), at: text() },
            Event::ListIntent { issuer: text(), number: 7, tbs: text() },
            Event::Listed { issuer: text(), number: 7, sha256: text() },
            Event::ListLost { issuer: text(), number: 7 },
            Event::Refused { why: text() },
            Event::Torn { bytes: 7, sha256: text() },
        ] {
            let record = Record { line: 3, time: text(), previous: text(), event };
            let json = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
        }
    }
}
