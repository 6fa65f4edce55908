//! Bytes as text and back, without loss: what is no UTF-8 travels as characters of a private plane, as Python's
//! `surrogateescape` does with surrogates.

/// Byte 0 of those that are no UTF-8.
const BASE: u32 = 0x10_FF00;

/// A text encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, other bytes kept.
    Utf8,
    /// ISO-8859-1; ASCII is read so, too.
    Latin1,
}

impl Encoding {
    /// An encoding by Python's names for it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.to_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" | "u8" => Some(Self::Utf8),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "ascii" | "us-ascii" => Some(Self::Latin1),
            _ => None,
        }
    }

    /// Bytes as text.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
            Self::Utf8 => {
                let mut text = String::with_capacity(bytes.len());
                for chunk in bytes.utf8_chunks() {
                    text.push_str(chunk.valid());
                    text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(BASE + u32::from(*byte))));
                }
                text
            }
        }
    }

    /// Text as bytes; `None` where a character has none.
    #[must_use]
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Latin1 => text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect(),
            Self::Utf8 => {
                let mut bytes = Vec::with_capacity(text.len());
                for character in text.chars() {
                    match u32::from(character).checked_sub(BASE).and_then(|byte| u8::try_from(byte).ok()) {
                        Some(byte) => bytes.push(byte),
                        None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                    }
                }
                Some(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_come_back_as_they_were() {
        let bytes = b"a\xff\xc3\xbc\xc3";
        assert_eq!(Encoding::Utf8.encode(&Encoding::Utf8.decode(bytes)).unwrap(), bytes);
        assert_eq!(Encoding::Latin1.encode(&Encoding::Latin1.decode(bytes)).unwrap(), bytes);
        assert_eq!(Encoding::Latin1.encode("€"), None);
    }
}
