//! PEM files (RFC 7468), read as leniently as `cryptography` does and refused with its words.

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};
use der::pem::LineEnding;

use super::Wrong;

/// One section of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// `CERTIFICATE`.
    pub label: String,
    /// What it holds, decoded.
    pub content: Vec<u8>,
}

/// All sections of a file.
///
/// # Errors
///
/// None at all, or one that is damaged.
pub fn sections(bytes: &[u8]) -> Result<Vec<Section>, Wrong> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while let Some((framed, after)) = framed(rest) {
        found.push(framed.section().map_err(|problem| refused(&problem))?);
        rest = after;
    }
    if found.is_empty() { Err(refused("MalformedFraming")) } else { Ok(found) }
}

/// The first section with one of these labels.
///
/// # Errors
///
/// As [`sections`]; where there is none, `otherwise`.
pub fn find(bytes: &[u8], labels: &[&str], otherwise: &str) -> Result<Vec<u8>, Wrong> {
    let found = sections(bytes)?.into_iter().find(|section| labels.contains(&section.label.as_str()));
    found.map(|section| section.content).ok_or_else(|| Wrong::Said(otherwise.to_owned()))
}

/// Writes a section.
///
/// # Errors
///
/// None in practice: labels are ours.
pub fn write(label: &str, content: &[u8]) -> Result<String, Wrong> {
    der::pem::encode_string(label, LineEnding::LF, content).map_err(|error| Wrong::Raised(error.to_string()))
}

/// Whether a file is text with a section in it, complete or not at all (the collection's own check, before it takes a file
/// for DER).
#[must_use]
pub fn is_pem(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let first = split(text).into_iter().next();
    first.and_then(|section| section.lines().next().map(str::to_owned)).is_some_and(|line| {
        line.strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_suffix("-----"))
            .is_some_and(|label| !label.is_empty())
    })
}

/// The sections of a text, each from its first to its last line, undecoded (the collection's `split_pem_list`).
#[must_use]
pub fn split(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current: Option<String> = None;
    for line in text.split_inclusive('\n').filter(|line| !line.trim().is_empty()) {
        if line.starts_with("-----BEGIN ") {
            current = Some(String::new());
        }
        if let Some(section) = &mut current {
            section.push_str(line);
            if line.starts_with("-----END ") {
                found.extend(current.take());
            }
        }
    }
    found
}

fn refused(problem: &str) -> Wrong {
    Wrong::Said(format!(
        "Unable to load PEM file. See https://cryptography.io/en/latest/faq/#why-can-t-i-import-my-pem-file for more \
         details. {problem}"
    ))
}

/// What stands between the marks, undecoded.
struct Framed<'a> {
    begin: &'a [u8],
    body: &'a [u8],
    end: &'a [u8],
}

/// The first section, and what follows it.
fn framed(bytes: &[u8]) -> Option<(Framed<'_>, &[u8])> {
    let (_, rest) = until(bytes, b"-----BEGIN ")?;
    let (begin, rest) = until(rest, b"-----")?;
    let blanks = rest.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
    let (body, rest) = until(rest.get(blanks..)?, b"-----END ")?;
    let (end, rest) = until(rest, b"-----")?;
    Some((Framed { begin, body, end }, rest))
}

/// What stands before a mark and what behind it.
fn until<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}

impl Framed<'_> {
    fn section(&self) -> Result<Section, String> {
        let text =
            |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| format!("NotUtf8({error:?})"));
        let begin = text(self.begin)?;
        if begin.is_empty() {
            return Err("MissingBeginTag".to_owned());
        }
        let end = text(self.end)?;
        if end.is_empty() {
            return Err("MissingEndTag".to_owned());
        }
        if begin != end {
            return Err(format!("MismatchedTags({begin:?}, {end:?})"));
        }
        let (headers, data) =
            until(self.body, b"\n\n").or_else(|| until(self.body, b"\r\n\r\n")).unwrap_or((&[], self.body));
        let data: String = text(data)?.chars().filter(|letter| !letter.is_whitespace()).collect();
        let content = STANDARD.decode(data).map_err(|error| format!("InvalidData({})", words(&error)))?;
        for line in text(headers)?.lines() {
            if !line.contains(':') {
                return Err(format!("InvalidHeader({:?})", line.trim_end()));
            }
        }
        Ok(Section { label: begin, content })
    }
}

fn words(error: &DecodeError) -> String {
    match error {
        DecodeError::InvalidByte(at, byte) => format!("Invalid symbol {byte}, offset {at}."),
        DecodeError::InvalidLength(length) => format!("Invalid input length: {length}"),
        DecodeError::InvalidPadding => "Invalid padding".to_owned(),
        DecodeError::InvalidLastSymbol(at, byte) => {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                .iter()
                .position(|symbol| symbol == byte)
                .unwrap_or_default();
            format!(
                "Invalid last symbol 0x{byte:02X} ({:?}) at offset {at}, decoded as {value:#010b}.",
                char::from(*byte)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(text: &str) -> String {
        let wrong = sections(text.as_bytes()).unwrap_err();
        wrong.text().split_once("more details. ").unwrap().1.to_owned()
    }

    #[test]
    fn sections_are_found_among_other_text() {
        let found =
            sections(b"x\n-----BEGIN A-----\nAA\n AA\n-----END A-----\n-----BEGIN B-----\n-----END B-----").unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].label.as_str(), found[0].content.as_slice()), ("A", &[0, 0, 0][..]));
        assert_eq!(sections(b"-----BEGIN A-----\nB: c\n\nAAAA\n-----END A-----").unwrap()[0].content, [0, 0, 0]);
    }

    #[test]
    fn damage_is_said_as_cryptography_says_it() {
        assert_eq!(problem("hello"), "MalformedFraming");
        assert_eq!(problem("-----BEGIN A-----\nAAAA\n"), "MalformedFraming");
        assert_eq!(problem("-----BEGIN A-----\nAAAA\n-----END B-----"), "MismatchedTags(\"A\", \"B\")");
        assert_eq!(problem("-----BEGIN -----\nAAAA\n-----END B-----"), "MissingBeginTag");
        assert_eq!(problem("-----BEGIN B-----\nAAAA\n-----END -----"), "MissingEndTag");
        assert_eq!(problem("-----BEGIN A-----\n!AAA\n-----END A-----"), "InvalidData(Invalid symbol 33, offset 0.)");
        assert_eq!(problem("-----BEGIN A-----\nAAA\n-----END A-----"), "InvalidData(Invalid padding)");
        assert_eq!(problem("-----BEGIN A-----\nAAAAA\n-----END A-----"), "InvalidData(Invalid input length: 5)");
        assert_eq!(
            problem("-----BEGIN A-----\nAAAAAB==\n-----END A-----"),
            "InvalidData(Invalid last symbol 0x42 ('B') at offset 5, decoded as 0b00000001.)"
        );
        assert_eq!(problem("-----BEGIN A-----\nB\n\nAAAA\n-----END A-----"), "InvalidHeader(\"B\")");
    }

    #[test]
    fn a_text_is_split_by_its_lines() {
        let one = "-----BEGIN A-----\nAAAA\n-----END A-----\n";
        assert_eq!(split(&format!("x\n{one}y\n{one}-----BEGIN")), [one, one]);
        assert!(is_pem(one.as_bytes()) && !is_pem(b"\xff") && !is_pem(b"hello"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(content in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = write("CERTIFICATE", &content).unwrap();
            prop_assert_eq!(find(text.as_bytes(), &["CERTIFICATE"], "none").unwrap(), content);
        }

        #[test]
        fn any_text_is_read_without_harm(text in "(-----(BEGIN|END) A?-----|[A-Za-z=:\n ]){0,8}") {
            let _ = sections(text.as_bytes());
            let _ = split(&text);
        }
    }
}
