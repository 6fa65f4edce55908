//! Control data: stanzas of `Field: value` lines, parted by empty lines.
//!
//! Source: Debian Policy, 5.1 "Syntax of control files".

use std::{borrow::Cow, ops::Range};

/// One stanza, as its bytes stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stanza<'a>(&'a [u8]);

impl<'a> Stanza<'a> {
    /// Takes bytes for one stanza.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// A field's value, without the blanks around it; what is no UTF-8 becomes U+FFFD. Names of fields are alike in
    /// capitals and small letters.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut value: Option<Range<usize>> = None;
        let mut at = 0;
        for line in self.0.split(|byte| *byte == b'\n') {
            let (start, end) = (at, at + line.len());
            at = end + 1;
            match (&mut value, line.first()) {
                // A line that begins with a blank belongs to the field before it.
                (Some(range), Some(b' ' | b'\t')) => range.end = end,
                (Some(_), _) => break,
                (None, _) => {
                    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
                    if line.get(..colon).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes())) {
                        value = Some(end.min(start + colon + 1)..end);
                    }
                }
            }
        }
        Some(String::from_utf8_lossy(self.0.get(value?)?.trim_ascii()))
    }
}

/// Where the stanzas of a file stand in it.
pub fn stanzas(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at) == Some(&b'\n') {
            at += 1;
        }
        let start = at;
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let mut end = bytes.len();
        let mut line = 0;
        while let Some(length) = rest.get(line..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
            line += length + 1;
            if rest.get(line) == Some(&b'\n') {
                end = start + line;
                break;
            }
        }
        at = end;
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"\nPackage: one\nDescription: short\n long\n .\n more\nVersion:1.0 \n\n\n\nPackage: two\n";

    fn all(bytes: &[u8]) -> Vec<Stanza<'_>> {
        stanzas(bytes).filter_map(|range| bytes.get(range)).map(Stanza::new).collect()
    }

    #[test]
    fn fields_are_found_with_the_lines_that_continue_them() {
        let found = all(TEXT);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].field("package").as_deref(), Some("one"));
        assert_eq!(found[0].field("Description").as_deref(), Some("short\n long\n .\n more"));
        assert_eq!(found[0].field("Version").as_deref(), Some("1.0"));
        assert_eq!(found[1].field("Version"), None);
    }

    #[test]
    fn bytes_that_are_no_control_data_are_no_harm() {
        for bytes in [&b""[..], b"\n\n\n", b":", b"\xff\xfe", b"x\n y\n\0\n\n: :\n", b" a"] {
            for stanza in all(bytes) {
                assert_eq!(stanza.field("Package"), None);
            }
        }
        assert_eq!(all(b"Package: \xff\xfe")[0].field("Package").as_deref(), Some("\u{fffd}\u{fffd}"));
    }
}
