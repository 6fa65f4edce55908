//! Polynomials over GF(256), with the modulus of AES: without tables and without branches on secret values, so that time
//! and cache tell nothing.

use zeroize::Zeroizing;

/// A point of as many polynomials as its value has bytes.
pub(super) struct Point {
    /// Its place.
    pub(super) at: u8,
    /// The values there.
    pub(super) value: Zeroizing<Vec<u8>>,
}

/// The product modulo x^8 + x^4 + x^3 + x + 1.
fn multiply(one: u8, other: u8) -> u8 {
    let (mut one, mut other, mut product) = (one, other, 0_u8);
    for _ in 0..8 {
        product ^= one & 0_u8.wrapping_sub(other & 1);
        let carry = 0_u8.wrapping_sub(one >> 7);
        one = (one << 1) ^ (0x1b & carry);
        other >>= 1;
    }
    product
}

/// The inverse: the 254th power. Zero has none and gives zero.
fn inverse(value: u8) -> u8 {
    (0..254).fold(1, |power, _| multiply(power, value))
}

/// The values at a place of the polynomials of least degree through those points, whose places are all different.
pub(super) fn interpolate(points: &[Point], at: u8) -> Zeroizing<Vec<u8>> {
    let length = points.first().map_or(0, |point| point.value.len());
    let mut result = Zeroizing::new(vec![0; length]);
    for point in points {
        let basis = points
            .iter()
            .filter(|other| other.at != point.at)
            .fold(1, |basis, other| multiply(basis, multiply(at ^ other.at, inverse(point.at ^ other.at))));
        result.iter_mut().zip(point.value.iter()).for_each(|(sum, value)| *sum ^= multiply(*value, basis));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_but_zero_has_its_inverse() {
        // FIPS 197 section 4.2: {57} x {83} = {c1}.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        for value in 1..=255 {
            assert_eq!(multiply(value, inverse(value)), 1);
        }
    }

    #[test]
    fn a_polynomial_goes_through_its_points() {
        let points = [(1, vec![3, 0]), (5, vec![250, 1]), (255, vec![7, 9])]
            .map(|(at, value)| Point { at, value: Zeroizing::new(value) });
        for point in &points {
            assert_eq!(interpolate(&points, point.at), point.value);
        }
    }
}
