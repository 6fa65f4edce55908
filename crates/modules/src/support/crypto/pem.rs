//! PEM (RFC 7468, and the headers of RFC 1421 that encrypted keys of old have): reading, writing, and what a key file is.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const WIDTH: usize = 64;

/// One block of a PEM file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What stands after `BEGIN`.
    pub label: String,
    /// Lines `Name: value` before the data.
    pub headers: Vec<(String, String)>,
    /// The data.
    pub der: Zeroizing<Vec<u8>>,
}

impl Block {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why a text is no PEM file; shown as the reference's library shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// No block, or one without an end.
    #[error("{LIBRARY} MalformedFraming")]
    Framing,
    /// The end names something else.
    #[error("{LIBRARY} MismatchedTags({0:?}, {1:?})")]
    Tags(String, String),
    /// What is between is not base64.
    #[error("{LIBRARY} InvalidData({0})")]
    Data(String),
}

const LIBRARY: &str = "Unable to load PEM file. See https://cryptography.io/en/latest/faq/#why-can-t-i-import-my-pem-file for more details.";

/// All blocks of a file; what stands between them is left out.
///
/// # Errors
///
/// There is none, or one is broken.
pub fn blocks(bytes: &[u8]) -> Result<Vec<Block>, PemError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PemError::Framing)?;
    let mut rest = text;
    let mut blocks = Vec::new();
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after.split_once(DASHES).ok_or(PemError::Framing)?;
        let (body, after) = after.split_once(END).ok_or(PemError::Framing)?;
        let (end, after) = after.split_once(DASHES).ok_or(PemError::Framing)?;
        if label != end {
            return Err(PemError::Tags(label.to_owned(), end.to_owned()));
        }
        blocks.push(block(label, body)?);
        rest = after;
    }
    if blocks.is_empty() { Err(PemError::Framing) } else { Ok(blocks) }
}

/// The first block with one of these labels, where the file has blocks at all.
///
/// # Errors
///
/// The file is no PEM file.
pub fn find(bytes: &[u8], labels: &[&str]) -> Result<Option<Block>, PemError> {
    Ok(blocks(bytes)?.into_iter().find(|block| labels.contains(&block.label.as_str())))
}

fn block(label: &str, body: &str) -> Result<Block, PemError> {
    let mut headers = Vec::new();
    let mut data = Zeroizing::new(String::with_capacity(body.len()));
    for line in body.lines() {
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.trim().to_owned(), value.trim().to_owned())),
            None => data.extend(line.chars().filter(|letter| !letter.is_ascii_whitespace())),
        }
    }
    let der = STANDARD.decode(data.as_bytes()).map_err(|problem| PemError::Data(problem.to_string()))?;
    Ok(Block { label: label.to_owned(), headers, der: Zeroizing::new(der) })
}

/// A PEM file of one block, lines of 64 letters.
#[must_use]
pub fn encode(label: &str, headers: &[(&str, String)], der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / WIDTH + 200));
    text.push_str(&format!("{BEGIN}{label}{DASHES}\n"));
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if !headers.is_empty() {
        text.push('\n');
    }
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(WIDTH).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("{END}{label}{DASHES}\n"));
    text
}

/// How a private key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// Bytes that are no PEM: the bare key of an Edwards or Montgomery curve.
    Raw,
    /// `RSA PRIVATE KEY`, `EC PRIVATE KEY` and the like.
    Pkcs1,
    /// `PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`.
    Pkcs8,
    /// Something else.
    Unknown,
}

/// How a file's first block says that its key is written.
#[must_use]
pub fn key_form(bytes: &[u8]) -> KeyForm {
    let Ok(text) = std::str::from_utf8(bytes) else { return KeyForm::Raw };
    let mut first = None;
    for line in text.lines() {
        if line.starts_with(BEGIN) {
            first = Some(line);
        }
        // A block counts when it ends.
        if first.is_some() && line.starts_with(END) {
            break;
        }
        if line.starts_with(END) {
            first = None;
        }
    }
    let ended = text.lines().any(|line| line.starts_with(END));
    let label = first
        .filter(|_| ended)
        .and_then(|line| line.strip_prefix(BEGIN))
        .and_then(|line| line.strip_suffix(DASHES))
        .filter(|label| !label.is_empty());
    match label {
        None => KeyForm::Raw,
        Some("PRIVATE KEY" | "ENCRYPTED PRIVATE KEY") => KeyForm::Pkcs8,
        Some(label) if label.len() > " PRIVATE KEY".len() && label.ends_with(" PRIVATE KEY") => KeyForm::Pkcs1,
        Some(_) => KeyForm::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (blocks(&bytes), key_form(&bytes));
        }

        #[test]
        fn any_text_about_pem_is_read_without_harm(text in "(-----BEGIN |-----END |-----|X|A{1,5}=?|:|\n){0,40}") {
            let _ = (blocks(text.as_bytes()), key_form(text.as_bytes()));
        }

        #[test]
        fn what_was_written_reads_back_the_same(der in proptest::collection::vec(any::<u8>(), 0..300)) {
            let read = blocks(encode("THING", &[("A-B", "c,d".to_owned())], &der).as_bytes()).unwrap();
            prop_assert_eq!(&*read[0].der, &der);
            prop_assert_eq!(read[0].header("A-B"), Some("c,d"));
        }
    }

    #[test]
    fn a_broken_file_is_refused_in_the_librarys_words() {
        let says = |text: &str| blocks(text.as_bytes()).unwrap_err().to_string().split_off(LIBRARY.len() + 1);
        assert_eq!(says(""), "MalformedFraming");
        assert_eq!(says("-----BEGIN X-----\nAAAA\n"), "MalformedFraming");
        assert_eq!(says("-----BEGIN X-----\nMAA=\n-----END Y-----\n"), "MismatchedTags(\"X\", \"Y\")");
        assert_eq!(says("-----BEGIN X-----\nMA!=\n-----END X-----\n"), "InvalidData(Invalid symbol 33, offset 2.)");
    }

    #[test]
    fn the_first_block_says_how_a_key_is_written() {
        let file = |label: &str| format!("comment\n-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
        for (label, want) in [
            ("PRIVATE KEY", KeyForm::Pkcs8),
            ("ENCRYPTED PRIVATE KEY", KeyForm::Pkcs8),
            ("RSA PRIVATE KEY", KeyForm::Pkcs1),
            ("CERTIFICATE", KeyForm::Unknown),
        ] {
            assert_eq!(key_form(file(label).as_bytes()), want, "{label}");
        }
        assert_eq!(key_form(b"\xff\x00"), KeyForm::Raw);
        assert_eq!(key_form(b"-----BEGIN PRIVATE KEY-----\nMAA=\n"), KeyForm::Raw);
    }
}
