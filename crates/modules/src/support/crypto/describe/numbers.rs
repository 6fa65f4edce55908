//! Numbers of any size, from their bytes to decimal digits.

use protocol::Data;

/// A number without sign, the highest byte first.
#[must_use]
pub fn unsigned(bytes: &[u8]) -> Data {
    data(&digits(bytes))
}

/// A number in two's complement, the highest byte first: the content of an ASN.1 INTEGER (X.690 section 8.3).
#[must_use]
pub fn signed(bytes: &[u8]) -> Data {
    if bytes.first().is_none_or(|first| first & 0x80 == 0) {
        return unsigned(bytes);
    }
    let mut carry = true;
    let mut magnitude: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    for byte in magnitude.iter_mut().rev() {
        (*byte, carry) = byte.overflowing_add(u8::from(carry));
    }
    if carry {
        magnitude.insert(0, 1);
    }
    data(&format!("-{}", digits(&magnitude)))
}

/// How many bits a number without sign has, leading zeros left out.
#[must_use]
pub fn bits(bytes: &[u8]) -> i64 {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let significant = bytes.get(start..).unwrap_or_default();
    let lead = significant.first().map_or(0, |first| i64::from(first.leading_zeros()));
    i64::try_from(significant.len()).unwrap_or(i64::MAX).saturating_mul(8).saturating_sub(lead)
}

fn data(digits: &str) -> Data {
    digits.parse().map_or_else(|_| Data::BigInt(digits.to_owned()), Data::Int)
}

fn digits(bytes: &[u8]) -> String {
    const LIMB: u64 = 1_000_000_000;
    // The lowest limb first.
    let mut limbs: Vec<u64> = vec![0];
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for limb in &mut limbs {
            let value = *limb * 256 + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut highest_first = limbs.iter().rev();
    let mut text = highest_first.next().map(u64::to_string).unwrap_or_default();
    for limb in highest_first {
        text.push_str(&format!("{limb:09}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_read_as_the_machine_reads_them(number in any::<i128>()) {
            let shown = match signed(&number.to_be_bytes()) {
                Data::Int(small) => small.to_string(),
                Data::BigInt(large) => large,
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(shown, number.to_string());
            prop_assert_eq!(bits(&number.unsigned_abs().to_be_bytes()), 128 - i64::from(number.unsigned_abs().leading_zeros()));
        }
    }

    #[test]
    fn large_and_small_ones_are_told_apart() {
        assert_eq!(unsigned(&[]), Data::Int(0));
        assert_eq!(unsigned(&[0, 0x80]), Data::Int(128));
        assert_eq!(signed(&[0x80]), Data::Int(-128));
        assert_eq!(signed(&[0x80, 0]), Data::Int(-32768));
        assert_eq!(unsigned(&[0xff; 16]), Data::BigInt(u128::MAX.to_string()));
    }
}
