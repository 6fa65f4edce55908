//! Text encodings by Python's names for them. What is no text in its encoding travels as characters of a private plane
//! and comes back as the bytes it was, as with Python's `surrogateescape`.
//!
//! Source: <https://docs.python.org/3/library/codecs.html#standard-encodings>.

/// Byte 0 of those that are no text.
const BASE: u32 = 0x10_FF00;

/// A text encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 with a mark at the beginning (`utf-8-sig`).
    Utf8Signed,
    /// UTF-16, little end first unless it says otherwise; a mark is written at the beginning.
    Utf16,
    /// UTF-16, little end first, no mark.
    Utf16Le,
    /// UTF-16, big end first, no mark.
    Utf16Be,
    /// ASCII.
    Ascii,
    /// ISO-8859-1.
    Latin1,
    /// ISO-8859-15.
    Latin9,
    /// Windows code page 1252.
    Cp1252,
}

/// A text that has no place in an encoding, in Python's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{codec}' codec can't encode {place}: {reason}")]
pub struct EncodeError {
    codec: &'static str,
    place: String,
    reason: &'static str,
}

impl Encoding {
    /// An encoding by Python's names for it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_lowercase().replace(['_', ' '], "-").as_str() {
            "utf-8" | "utf8" | "u8" | "utf" | "cp65001" => Self::Utf8,
            "utf-8-sig" | "utf8-sig" => Self::Utf8Signed,
            "utf-16" | "utf16" | "u16" => Self::Utf16,
            "utf-16-le" | "utf-16le" => Self::Utf16Le,
            "utf-16-be" | "utf-16be" => Self::Utf16Be,
            "ascii" | "us-ascii" | "646" => Self::Ascii,
            "latin-1" | "latin1" | "latin" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" | "l1" => Self::Latin1,
            "iso-8859-15" | "iso8859-15" | "latin-9" | "l9" => Self::Latin9,
            "cp1252" | "windows-1252" | "1252" => Self::Cp1252,
            _ => return None,
        })
    }

    /// Bytes as text.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => decode_utf8(bytes),
            Self::Utf8Signed => decode_utf8(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)),
            Self::Utf16 => match bytes {
                [0xfe, 0xff, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
                [0xff, 0xfe, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
                _ => decode_utf16(bytes, u16::from_le_bytes),
            },
            Self::Utf16Le => decode_utf16(bytes, u16::from_le_bytes),
            Self::Utf16Be => decode_utf16(bytes, u16::from_be_bytes),
            Self::Ascii | Self::Latin1 | Self::Latin9 | Self::Cp1252 => {
                bytes.iter().map(|byte| self.character(*byte).unwrap_or_else(|| escaped(*byte))).collect()
            }
        }
    }

    /// Text as bytes.
    ///
    /// # Errors
    ///
    /// A character has none.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, EncodeError> {
        let mut bytes = Vec::with_capacity(text.len());
        match self {
            Self::Utf8Signed => bytes.extend_from_slice("\u{feff}".as_bytes()),
            Self::Utf16 => bytes.extend_from_slice(&[0xff, 0xfe]),
            _ => {}
        }
        for (at, character) in text.chars().enumerate() {
            if let Some(byte) = unescaped(character) {
                bytes.push(byte);
                continue;
            }
            match self {
                Self::Utf8 | Self::Utf8Signed => {
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Self::Utf16 | Self::Utf16Le => {
                    bytes.extend(character.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_le_bytes()));
                }
                Self::Utf16Be => {
                    bytes.extend(character.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
                }
                Self::Ascii | Self::Latin1 | Self::Latin9 | Self::Cp1252 => match self.byte(character) {
                    Some(byte) => bytes.push(byte),
                    None => return Err(self.error(text, at)),
                },
            }
        }
        Ok(bytes)
    }

    /// Text as bytes, with `?` for what has no place where anything has none: also for bytes that were no text (Ansible's
    /// `surrogate_then_replace`).
    #[must_use]
    pub fn encode_replacing(self, text: &str) -> Vec<u8> {
        self.encode(text).unwrap_or_else(|_| {
            let goes = |character: &char| unescaped(*character).is_none() && self.byte(*character).is_some();
            let replaced: String =
                text.chars().map(|character| if goes(&character) { character } else { '?' }).collect();
            self.encode(&replaced).unwrap_or_default()
        })
    }

    /// The character of a byte, in encodings of one byte each.
    fn character(self, byte: u8) -> Option<char> {
        const CP1252: &str = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";
        let same = char::from(byte);
        match (self, byte) {
            (_, 0..0x80) => Some(same),
            (Self::Latin9, 0xa4) => Some('€'),
            (Self::Latin9, 0xa6) => Some('Š'),
            (Self::Latin9, 0xa8) => Some('š'),
            (Self::Latin9, 0xb4) => Some('Ž'),
            (Self::Latin9, 0xb8) => Some('ž'),
            (Self::Latin9, 0xbc) => Some('Œ'),
            (Self::Latin9, 0xbd) => Some('œ'),
            (Self::Latin9, 0xbe) => Some('Ÿ'),
            (Self::Cp1252, 0x80..0xa0) => CP1252.chars().nth(usize::from(byte - 0x80)).filter(|found| *found != '\0'),
            (Self::Latin1 | Self::Latin9 | Self::Cp1252, _) => Some(same),
            _ => None,
        }
    }

    fn byte(self, character: char) -> Option<u8> {
        let same = u8::try_from(u32::from(character)).ok().filter(|byte| self.character(*byte) == Some(character));
        same.or_else(|| (0x80..=0xff).find(|byte| self.character(*byte) == Some(character)))
    }

    fn error(self, text: &str, at: usize) -> EncodeError {
        let bad: Vec<char> = text.chars().skip(at).take_while(|character| self.byte(*character).is_none()).collect();
        let (codec, reason) = match self {
            Self::Ascii => ("ascii", "ordinal not in range(128)"),
            Self::Latin1 => ("latin-1", "ordinal not in range(256)"),
            _ => ("charmap", "character maps to <undefined>"),
        };
        let place = match bad.as_slice() {
            [one] => {
                let code = u32::from(*one);
                let shown = match code {
                    0..=0xff => format!("\\x{code:02x}"),
                    0x100..=0xffff => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                };
                format!("character '{shown}' in position {at}")
            }
            several => format!("characters in position {at}-{}", at + several.len().saturating_sub(1)),
        };
        EncodeError { codec, place, reason }
    }
}

/// Bytes for the screen: what is no UTF-8 is shown as `?`, byte for byte, as Ansible shows it.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    text
}

/// As [`shown`], for a text that was decoded here.
#[must_use]
pub fn shown_text(text: &str) -> String {
    text.chars().map(|character| if unescaped(character).is_some() { '?' } else { character }).collect()
}

fn escaped(byte: u8) -> char {
    char::from_u32(BASE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn unescaped(character: char) -> Option<u8> {
    u32::from(character).checked_sub(BASE).and_then(|byte| u8::try_from(byte).ok())
}

fn decode_utf8(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| escaped(*byte)));
    }
    text
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let pairs = bytes.chunks_exact(2);
    let rest = pairs.remainder();
    let units = pairs.filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(unit);
    let decoded = char::decode_utf16(units).map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER));
    decoded.chain(rest.iter().map(|byte| escaped(*byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_come_back_as_they_were() {
        let bytes = b"a\xff\xc3\xbc\xc3";
        for encoding in [Encoding::Utf8, Encoding::Ascii, Encoding::Latin1, Encoding::Latin9, Encoding::Cp1252] {
            assert_eq!(encoding.encode(&encoding.decode(bytes)).unwrap(), bytes, "{encoding:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_shown_as_question_marks() {
        assert_eq!(shown(b"x\xffy\xc3"), "x?y?");
        assert_eq!(shown_text(&Encoding::Utf8.decode(b"x\xffy\xc3")), "x?y?");
    }

    #[test]
    fn texts_are_written_as_pythons_codecs_write_them() {
        for (name, want) in [
            ("utf-8-sig", b"\xef\xbb\xbf\xc3\xa4\xe2\x82\xac".as_slice()),
            ("UTF_16", b"\xff\xfe\xe4\0\xac\x20"),
            ("utf-16-be", b"\0\xe4\x20\xac"),
            ("iso-8859-15", b"\xe4\xa4"),
            ("cp1252", b"\xe4\x80"),
        ] {
            let encoding = Encoding::named(name).unwrap();
            assert_eq!(encoding.encode("ä€").unwrap(), want, "{name}");
            assert_eq!(encoding.decode(want), "ä€", "{name}");
        }
        assert_eq!(Encoding::named("klingon"), None);
    }

    #[test]
    fn what_has_no_place_is_told_in_pythons_words() {
        let said = |encoding: Encoding, text| encoding.encode(text).unwrap_err().to_string();
        assert_eq!(
            said(Encoding::Latin1, "ab☃"),
            "'latin-1' codec can't encode character '\\u2603' in position 2: ordinal not in range(256)"
        );
        assert_eq!(
            said(Encoding::Ascii, "äöx"),
            "'ascii' codec can't encode characters in position 0-1: ordinal not in range(128)"
        );
        assert_eq!(
            said(Encoding::Cp1252, "\u{81}"),
            "'charmap' codec can't encode character '\\x81' in position 0: character maps to <undefined>"
        );
        assert_eq!(Encoding::Latin1.encode_replacing("ä☃"), b"\xe4?");
    }
}
