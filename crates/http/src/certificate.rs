//! The few things about a certificate that webpki does not tell: issuer, subject, its common name, its time.
//!
//! Source: RFC 5280 section 4.1; ITU-T X.690 for the encoding.

use std::time::{SystemTime, UNIX_EPOCH};

use tz::UtcDateTime;

/// What a certificate says of itself, as encoded parts of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificate<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    validity: &'a [u8],
    extensions: Option<&'a [u8]>,
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version, `[0]`.
const VERSION: u8 = 0xa0;
/// The extensions, `[3]`.
const EXTENSIONS: u8 = 0xa3;
/// `id-at-commonName`, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// `id-ce-subjectAltName`, 2.5.29.17.
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// When a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Its time has not begun.
    Early,
    /// Now.
    Now,
    /// Its time is over.
    Over,
}

impl<'a> Certificate<'a> {
    /// Reads the encoding; `None` where it is none.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (certificate, _) = element(bytes, SEQUENCE)?;
        let (mut rest, _) = element(certificate, SEQUENCE)?;
        if let Some((_, after)) = element(rest, VERSION) {
            rest = after;
        }
        // Serial number and the signature's algorithm.
        for _ in 0..2 {
            rest = first(rest)?.2;
        }
        let (issuer, rest) = element(rest, SEQUENCE)?;
        let (validity, rest) = element(rest, SEQUENCE)?;
        let (subject, rest) = element(rest, SEQUENCE)?;
        let (_key, mut rest) = element(rest, SEQUENCE)?;
        let mut extensions = None;
        while let Some((tag, value, after)) = first(rest) {
            if tag == EXTENSIONS {
                extensions = element(value, SEQUENCE).map(|(list, _)| list);
            }
            rest = after;
        }
        Some(Self { issuer, subject, validity, extensions })
    }

    /// Whether it says that it was issued by itself.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether it names itself as the issuer that the other one names.
    pub(crate) fn issued(&self, other: &Self) -> bool {
        self.subject == other.issuer
    }

    /// Whether its time is now.
    pub(crate) fn validity(&self, now: SystemTime) -> Option<Validity> {
        let now = i64::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
        let (begin, rest) = time(self.validity)?;
        let (end, _) = time(rest)?;
        Some(if now < begin {
            Validity::Early
        } else if now > end {
            Validity::Over
        } else {
            Validity::Now
        })
    }

    /// Whether it has names of hosts beside its subject.
    pub(crate) fn has_alternative_names(&self) -> bool {
        let mut rest = self.extensions.unwrap_or_default();
        while let Some((extension, after)) = element(rest, SEQUENCE) {
            if element(extension, OBJECT).is_some_and(|(id, _)| id == ALTERNATIVE_NAME) {
                return true;
            }
            rest = after;
        }
        false
    }

    /// The last common name of its subject.
    pub(crate) fn common_name(&self) -> Option<&'a str> {
        let mut found = None;
        let mut rest = self.subject;
        while let Some((set, after)) = element(rest, SET) {
            rest = after;
            let Some((attribute, _)) = element(set, SEQUENCE) else { continue };
            let Some((id, value)) = element(attribute, OBJECT) else { continue };
            if id == COMMON_NAME
                && let Some((_, text, _)) = first(value)
            {
                found = std::str::from_utf8(text).ok();
            }
        }
        found
    }
}

/// The first element: tag, content, and what follows it.
fn first(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (size, rest) = rest.split_first()?;
    let (length, rest) = if *size < 0x80 {
        (usize::from(*size), rest)
    } else {
        let count = usize::from(size & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count)?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// The first element, if it has that tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    first(bytes).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// A time in seconds since 1970, and what follows it.
fn time(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (tag, content, rest) = first(bytes)?;
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let year_length = match tag {
        UTC_TIME => 2,
        GENERALIZED_TIME => 4,
        _ => return None,
    };
    let (year, fields) = text.split_at_checked(year_length)?;
    let year: i32 = year.parse().ok()?;
    let year = match tag {
        UTC_TIME if year < 50 => year + 2000,
        UTC_TIME => year + 1900,
        _ => year,
    };
    let number = |at: usize| fields.get(at..at + 2)?.parse::<u8>().ok();
    let moment = UtcDateTime::new(year, number(0)?, number(2)?, number(4)?, number(6)?, number(8)?, 0).ok()?;
    Some((moment.unix_time(), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(certificate) = Certificate::read(&bytes) {
                let _ = (certificate.common_name(), certificate.has_alternative_names());
                let _ = certificate.validity(SystemTime::now());
            }
        }
    }

    #[test]
    fn times_before_and_after_2050_are_read() {
        let with = |tag: u8, text: &str| [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        assert_eq!(time(&with(UTC_TIME, "700101000000Z")).unwrap().0, 0);
        assert_eq!(time(&with(UTC_TIME, "231114221320Z")).unwrap().0, 1_700_000_000);
        assert_eq!(time(&with(GENERALIZED_TIME, "20500101000000Z")).unwrap().0, 2_524_608_000);
        assert_eq!(time(&with(GENERALIZED_TIME, "20501301000000Z")), None);
    }
}
