//! Reads DER, and says of what is none what `cryptography`'s reader says, as far as the outermost value goes.

use der::{Decode, DecodeOwned};

use super::Wrong;

/// Reads one value and nothing behind it.
///
/// # Errors
///
/// Bytes that are no such value.
pub(super) fn read<T>(bytes: &[u8]) -> Result<T, Wrong>
where
    T: DecodeOwned + for<'a> Decode<'a, Error = der::Error>,
{
    outermost(bytes).map_err(|kind| parse_error(&kind))?;
    T::from_der(bytes).map_err(|_| parse_error("InvalidValue"))
}

fn parse_error(kind: &str) -> Wrong {
    Wrong::Said(format!("error parsing asn1 value: ParseError {{ kind: {kind} }}"))
}

/// Whether these bytes are one sequence, whatever is in it (X.690 section 8.1); else what kind of fault they have.
fn outermost(bytes: &[u8]) -> Result<(), String> {
    let mut rest = Rest(bytes);
    let first = rest.byte()?;
    let mut number = u32::from(first & 0x1f);
    if number == 0x1f {
        number = 0;
        loop {
            let byte = rest.byte()?;
            if number == 0 && byte == 0x80 || number > u32::MAX >> 7 {
                return Err("InvalidTag".to_owned());
            }
            number = number << 7 | u32::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        if number < 0x1f {
            return Err("InvalidTag".to_owned());
        }
    }
    let length = rest.length()?;
    rest.take(length)?;
    if first != 0x30 {
        let class = ["Universal", "Application", "ContextSpecific", "Private"].get(usize::from(first >> 6));
        let class = class.copied().unwrap_or_default();
        let constructed = first & 0x20 != 0;
        return Err(format!(
            "UnexpectedTag {{ actual: Tag {{ value: {number}, constructed: {constructed}, class: {class} }} }}"
        ));
    }
    if rest.0.is_empty() { Ok(()) } else { Err("ExtraData".to_owned()) }
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let Some((taken, rest)) = self.0.split_at_checked(count) else {
            return Err(format!("ShortData {{ needed: {} }}", count - self.0.len()));
        };
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        self.take(1).map(|taken| taken.first().copied().unwrap_or_default())
    }

    fn length(&mut self) -> Result<usize, String> {
        let invalid = || "InvalidLength".to_owned();
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(usize::from(first));
        }
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return Err(invalid());
        }
        let bytes = self.take(count)?;
        let length = bytes.iter().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
        // The shortest form is the only one.
        if length < 0x80 || bytes.first() == Some(&0) {
            return Err(invalid());
        }
        usize::try_from(length).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_with_the_outermost_value_is_said() {
        let wrong = |bytes: &[u8]| outermost(bytes).unwrap_err();
        assert_eq!(wrong(b""), "ShortData { needed: 1 }");
        assert_eq!(wrong(b"hello"), "ShortData { needed: 98 }");
        assert_eq!(wrong(b"\x30\x00\x00"), "ExtraData");
        assert_eq!(wrong(b"\x30\x80"), "InvalidLength");
        assert_eq!(wrong(b"\x30\x82\x00\xff"), "InvalidLength");
        assert_eq!(wrong(b"\x30\x82\x01"), "ShortData { needed: 1 }");
        assert_eq!(wrong(b"\x1f\x01\x00"), "InvalidTag");
        let tag = "UnexpectedTag { actual: Tag { value: 129, constructed: true, class: Universal } }";
        assert_eq!(wrong(b"\x3f\x81\x01\x00"), tag);
        assert_eq!(outermost(b"\x30\x00"), Ok(()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = outermost(&bytes);
        }
    }
}
