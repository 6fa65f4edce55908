//! What kind of content an answer has, and its text.

use http::Headers;

use crate::support::text::Encoding;

/// The kind of an answer's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kind {
    subtype: String,
    charset: String,
}

/// The characters 0x80 to 0x9f of Windows' western code page.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}', '\u{fffd}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

impl Kind {
    /// That of an answer with these header fields.
    pub(super) fn of(headers: Option<&Headers>) -> Self {
        let Some(headers) = headers else {
            return Self { subtype: "octet-stream".to_owned(), charset: "utf-8".to_owned() };
        };
        let charset = headers.parameter("content-type", "charset").unwrap_or_default();
        let charset = charset.split(',').next().filter(|charset| !charset.is_empty()).unwrap_or("utf-8").to_owned();
        Self { subtype: headers.content_type().1, charset }
    }

    /// Whether it says that it is JSON, or a format built on it (RFC 6839).
    pub(super) fn is_json(&self) -> bool {
        let subtype = self.subtype.split_once('+').map_or(self.subtype.as_str(), |(_, suffix)| suffix);
        matches!(subtype, "json" | "javascript")
    }

    /// The content as text; the error is Python's where the encoding is not known.
    pub(super) fn decode(&self, bytes: &[u8]) -> Result<String, String> {
        match Encoding::named(&self.charset) {
            Some(Encoding::Utf8) => Ok(String::from_utf8_lossy(bytes).into_owned()),
            Some(encoding) => Ok(encoding.decode(bytes)),
            None if matches!(self.charset.to_lowercase().as_str(), "windows-1252" | "cp1252") => {
                let letter = |byte: &u8| match byte.checked_sub(0x80) {
                    Some(index) => WINDOWS.get(usize::from(index)).copied().unwrap_or(char::from(*byte)),
                    None => char::from(*byte),
                };
                Ok(bytes.iter().map(letter).collect())
            }
            None => Err(format!("unknown encoding: {}", self.charset)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(value: &str) -> Kind {
        let mut headers = Headers::default();
        headers.push("Content-Type", value);
        Kind::of(Some(&headers))
    }

    #[test]
    fn json_is_known_by_its_type() {
        for (value, want) in [
            ("application/json", true),
            ("application/problem+json; charset=utf-8", true),
            ("text/javascript", true),
            ("text/html", false),
            ("application/xml+x", false),
        ] {
            assert_eq!(kind(value).is_json(), want, "{value}");
        }
    }

    #[test]
    fn text_is_read_in_its_encoding() {
        assert_eq!(kind("text/plain").decode(b"\xc3\xbc\xff").unwrap(), "ü\u{fffd}");
        assert_eq!(kind("text/plain; charset=ISO-8859-1").decode(b"\xfc").unwrap(), "ü");
        assert_eq!(kind("text/plain; charset=\"windows-1252\"").decode(b"\x80\xfc").unwrap(), "€ü");
        assert_eq!(kind("text/plain; charset=x").decode(b"").unwrap_err(), "unknown encoding: x");
    }
}
