//! The base64 of hashed passwords: `crypt`'s letters from the low bits up, bcrypt's from the high bits down.

use jinja::{Error, Kind};

const CRYPT: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BCRYPT: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn letter(alphabet: &[u8; 64], six: u32) -> char {
    alphabet.get((six & 63) as usize).copied().map_or('.', char::from)
}

/// Bytes in `crypt`'s way: those that `order` names, three to four letters, the last of them in the lowest bits.
pub(super) fn crypt(bytes: &[u8], order: impl IntoIterator<Item = [Option<usize>; 3]>) -> String {
    let mut out = String::new();
    for triple in order {
        let byte = |at: Option<usize>| at.and_then(|at| bytes.get(at)).map_or(0, |byte| u32::from(*byte));
        let [high, middle, low] = triple;
        let bits = byte(high) << 16 | byte(middle) << 8 | byte(low);
        let letters = triple.iter().flatten().count() + 1;
        out.extend((0..letters).map(|at| letter(CRYPT, bits >> (6 * at))));
    }
    out
}

/// Bytes in bcrypt's way.
pub(super) fn bcrypt(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | chunk.get(at).map_or(0, |byte| u32::from(*byte)));
        out.extend((0..=chunk.len()).map(|at| letter(BCRYPT, bits >> (18 - 6 * at))));
    }
    out
}

/// The bytes of bcrypt's letters; bits that do not fill a byte are dropped.
pub(super) fn bcrypt_bytes(text: &str) -> Vec<u8> {
    let (mut bits, mut count) = (0_u32, 0);
    let mut out = Vec::new();
    for byte in text.bytes() {
        let six = BCRYPT.iter().position(|letter| *letter == byte).unwrap_or(0);
        bits = bits << 6 | six as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}

/// A salt of bcrypt whose last letter says nothing beyond the last whole byte.
pub(super) fn without_unused_bits(salt: &str) -> Result<String, Error> {
    let mask = match salt.chars().count() % 4 {
        0 => return Ok(salt.to_owned()),
        1 => return Err(Error::value_error("source length must != 1 mod 4")),
        2 => 0b11_0000,
        _ => 0b11_1100,
    };
    let mut letters: Vec<char> = salt.chars().collect();
    let last = letters.pop().and_then(|last| BCRYPT.iter().position(|letter| char::from(*letter) == last));
    let Some(six) = last else { return Err(Error::value_error("substring not found")) };
    letters.push(letter(BCRYPT, six as u32 & mask));
    Ok(letters.into_iter().collect())
}

/// Letters drawn by the system.
pub(super) fn draw(count: usize) -> Result<String, Error> {
    let mut bytes = vec![0; count];
    let drawn = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| Error::other(format!("no random numbers: {error}")))?;
    if drawn < count {
        return Err(Error::new(Kind::Other, "no random numbers: the system gave too few"));
    }
    Ok(bytes.iter().map(|byte| letter(CRYPT, u32::from(*byte))).collect())
}
