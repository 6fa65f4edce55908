//! Serial numbers: random, positive, short enough.

use std::fmt;

use x509_cert::serial_number::SerialNumber;

use crate::{Error, Result, random::Random};

/// How many bytes a serial of ours has: 127 random bits under a sign bit of zero.
const LENGTH: usize = 16;
/// RFC 5280 section 4.1.2.2: at most 20 bytes.
const LONGEST: usize = 20;

/// The serial number of a certificate: a positive integer of at most 20 bytes (RFC 5280 section 4.1.2.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// A new one with 127 random bits. Whether it is taken already only an index of serials can say.
    ///
    /// # Errors
    ///
    /// The source of chance fails.
    pub fn generate(random: &mut impl Random) -> Result<Self> {
        let mut bytes = [0; LENGTH];
        loop {
            random.fill(&mut bytes)?;
            bytes[0] &= 0x7f;
            if bytes.iter().any(|byte| *byte != 0) {
                return Self::from_bytes(&bytes);
            }
        }
    }

    /// One that a plan fixes, or that a certificate carries; big-endian, leading zeros do not count.
    ///
    /// # Errors
    ///
    /// Zero, a negative number (first bit set) and more than 20 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refused = |problem: &str| {
            Err(Error::input(format!("serial {}", hex(bytes)), problem, "take a positive integer of at most 20 bytes"))
        };
        if bytes.first().is_some_and(|first| first & 0x80 != 0) {
            return refused("it is negative");
        }
        let number: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        if number.is_empty() {
            return refused("it is zero");
        }
        // A number whose first bit is set needs a zero byte before it.
        let encoded = number.len() + usize::from(number.first().is_some_and(|first| first & 0x80 != 0));
        if encoded > LONGEST {
            return refused("it takes more than 20 bytes");
        }
        Ok(Self(number))
    }

    /// Reads hexadecimal digits, with or without colons, in either case.
    ///
    /// # Errors
    ///
    /// Anything else, and what [`Self::from_bytes`] refuses.
    pub fn parse(text: &str) -> Result<Self> {
        let digits: Vec<u8> =
            text.chars().filter(|c| *c != ':').map(|c| c.to_digit(16).map_or(0xff, |digit| digit as u8)).collect();
        if digits.is_empty() || digits.contains(&0xff) || digits.len() > 2 * (LONGEST + 1) {
            return Err(Error::input(format!("serial {text:?}"), "not a hexadecimal number", "copy it from `status`"));
        }
        let mut bytes = vec![0];
        let (odd, pairs) = digits.split_at(digits.len() % 2);
        bytes.extend(odd);
        bytes.extend(pairs.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, digit| sum << 4 | digit)));
        Self::from_bytes(&bytes)
    }

    /// The number, big-endian, without leading zeros.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn encoded(&self) -> Result<SerialNumber> {
        SerialNumber::new(&self.0).map_err(|problem| Error::input(format!("serial {self}"), problem, "take another"))
    }
}

impl TryFrom<&SerialNumber> for Serial {
    type Error = Error;

    fn try_from(value: &SerialNumber) -> Result<Self> {
        Self::from_bytes(value.as_bytes())
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use der::Encode;
    use proptest::prelude::*;

    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn ten_thousand_serials_are_unique_positive_and_random_in_127_bits() {
        let serials: Vec<_> = (0..10_000).map(|_| Serial::generate(&mut SystemRandom).unwrap()).collect();
        assert_eq!(serials.iter().collect::<HashSet<_>>().len(), 10_000);
        let mut ones = [0_u32; 128];
        for serial in &serials {
            let der = serial.encoded().unwrap().to_der().unwrap();
            assert!(der.len() <= 2 + 20);
            assert_eq!(der[2] & 0x80, 0, "positive");
            let mut padded = [0; LENGTH];
            padded[LENGTH - serial.as_bytes().len()..].copy_from_slice(serial.as_bytes());
            for (bit, count) in ones.iter_mut().enumerate() {
                *count += u32::from(padded[bit / 8] >> (7 - bit % 8) & 1);
            }
        }
        assert_eq!(ones[0], 0);
        // Six standard deviations of 10,000 fair coins are 300: a false alarm in a thousand million runs.
        for (bit, count) in ones.iter().enumerate().skip(1) {
            assert!((4_700..=5_300).contains(count), "bit {bit} was one {count} times of 10,000");
        }
    }

    #[test]
    fn a_source_of_zeros_is_asked_again() {
        struct ZeroOnce(bool);
        impl Random for ZeroOnce {
            fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
                bytes.fill(if self.0 { 0xff } else { 0 });
                self.0 = true;
                Ok(())
            }
        }
        assert_eq!(Serial::generate(&mut ZeroOnce(false)).unwrap().to_string(), "7fffffffffffffffffffffffffffffff");
    }

    #[test]
    fn zero_negative_and_too_long_numbers_are_refused() {
        for bytes in [&[][..], &[0, 0], &[0x80], &[1; 21], &[[0].as_slice(), &[0xff; 20]].concat()] {
            assert!(Serial::from_bytes(bytes).is_err(), "{bytes:?}");
        }
        for text in ["", ":", "xyz", "0", "-1", &"f".repeat(40)] {
            assert!(Serial::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn serials_survive_text_and_der(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
            if let Ok(serial) = Serial::from_bytes(&bytes) {
                prop_assert_eq!(&Serial::parse(&serial.to_string()).unwrap(), &serial);
                let encoded = serial.encoded().unwrap();
                prop_assert!(encoded.to_der().unwrap().len() <= 22);
                prop_assert_eq!(&Serial::try_from(&encoded).unwrap(), &serial);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = Serial::parse(&text);
        }
    }
}
