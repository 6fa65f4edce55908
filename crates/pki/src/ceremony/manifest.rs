//! `MANIFEST.sha256`: the hashes of a record's files, as `sha256sum --check` reads them.

use crate::{Error, Finding, Result, serial::hex, signed::sha256};

/// The manifest of those files, in the order of their names.
#[must_use]
pub fn write(files: &[(String, Vec<u8>)]) -> String {
    let mut lines: Vec<_> = files.iter().map(|(name, bytes)| (name, hex(&sha256(bytes)))).collect();
    lines.sort();
    lines.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect()
}

/// The names and hashes of a manifest.
///
/// # Errors
///
/// A line that is none of a manifest: it is named.
pub fn parse(bytes: &[u8]) -> Result<Vec<(String, String)>> {
    let text = std::str::from_utf8(bytes).map_err(|_| broken(1, "it is not UTF-8"))?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(broken(text.lines().count(), "it is not whole"));
    }
    let line = |(at, line): (usize, &str)| {
        let (hash, name) = line.split_once("  ").ok_or_else(|| broken(at + 1, "it is no hash and name"))?;
        let digits = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !digits || name.is_empty() || name.contains('/') {
            return Err(broken(at + 1, "it is no hash and name"));
        }
        Ok((name.to_owned(), hash.to_owned()))
    };
    // Not by `lines`, to which the end of a line may have a byte more than it was written with.
    text.split_terminator('\n').enumerate().map(line).collect()
}

fn broken(line: usize, problem: &str) -> Error {
    Error::Failed(vec![Finding::new(
        format!("MANIFEST.sha256 line {line}"),
        "hash",
        problem,
        "PKI policy: a record is whole",
        "compare it with another copy",
    )])
}
