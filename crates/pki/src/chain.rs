//! Lines of JSON as a hash chain: each ends with its own hash, and what it says has the hash of the line before in it.
//!
//! The audit log and the transcripts of ceremonies are written so.

use crate::{Error, Result, serial::hex, signed::sha256};

/// What the first line of a chain follows that has nothing before it.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// A line ends with its own hash, over all that stands before this.
const HASH: &str = ",\"hash\":\"";
const END: &str = "\"}";

/// A JSON object as a line with its hash, and that hash.
///
/// # Errors
///
/// A text that does not end as an object does.
pub fn close(object: &str, json: &str) -> Result<(String, String)> {
    let body = json
        .strip_suffix('}')
        .ok_or_else(|| Error::input(object, "a record is no object", "report this: it must be writable as JSON"))?;
    let hash = hex(&sha256(body.as_bytes()));
    Ok((format!("{body}{HASH}{hash}{END}\n"), hash))
}

/// The JSON object of a line, and its hash, once the line is what was written.
pub(crate) fn open(line: &[u8]) -> Result<(String, String), String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let (body, hash) =
        text.strip_suffix(END).and_then(|text| text.rsplit_once(HASH)).ok_or("it does not end with its hash")?;
    if hash != hex(&sha256(body.as_bytes())) {
        return Err("its hash is not that of its text".to_owned());
    }
    Ok((format!("{body}}}"), hash.to_owned()))
}
