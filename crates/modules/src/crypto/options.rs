//! Options that several of these modules have.

use crate::prelude::*;

/// Whether the file shall be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub(super) enum State {
    /// It shall.
    Present,
    /// It shall not.
    Absent,
}

/// The library that the collection uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub(super) enum Library {
    /// The only one.
    Auto,
    /// The same.
    Cryptography,
}

/// What a diff says: what the module that describes such a file says, with one fingerprint each, and that it could be read.
pub(super) fn for_diff(described: Option<Map>, flag: &str) -> Map {
    let readable = described.is_some();
    let mut info = described.unwrap_or_default();
    for key in ["fingerprints", "public_key_fingerprints"] {
        if let Some(Data::Map(fingerprints)) = info.get_mut(key) {
            *fingerprints = one_fingerprint(std::mem::take(fingerprints));
        }
    }
    info.insert(flag.to_owned(), readable.into());
    info
}

/// The fingerprint that a diff has.
pub(super) fn one_fingerprint(mut fingerprints: Map) -> Map {
    fingerprints.retain(|name, _| name == "sha256");
    fingerprints
}
