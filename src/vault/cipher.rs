//! The inner form of a vault: AES256 as Ansible uses the word.

use aes::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    Error,
    envelope::{hex, unhex},
};

type Aes256Ctr = ctr::Ctr128BE<aes::Aes256>;

const ROUNDS: u32 = 10_000;
const BLOCK: usize = 16;
const KEY: usize = 32;

/// What PBKDF2 makes of password and salt: cipher key, HMAC key, counter.
fn derive(password: &[u8], salt: &[u8]) -> Zeroizing<[u8; 2 * KEY + BLOCK]> {
    let mut derived = Zeroizing::new([0; 2 * KEY + BLOCK]);
    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, ROUNDS, derived.as_mut_slice());
    derived
}

fn hmac(key: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length; `None` cannot come.
    Hmac::new_from_slice(key).ok()
}

/// Opens the body of a vault. `Ok(None)`: the password is another one.
pub(super) fn decrypt(body: &[u8], password: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let inner = unhex(body)?;
    let mut parts = inner.splitn(3, |byte| *byte == b'\n');
    let (Some(salt), Some(digest), Some(ciphertext)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Error::Text);
    };
    let (salt, ciphertext, digest) = (unhex(salt)?, unhex(ciphertext)?, unhex(digest)?);

    let derived = derive(password, &salt);
    let (cipher_key, rest) = derived.split_at(KEY);
    let (hmac_key, counter) = rest.split_at(KEY);
    let mut mac = hmac(hmac_key).ok_or(Error::Text)?;
    mac.update(&ciphertext);
    if mac.verify_slice(&digest).is_err() {
        return Ok(None);
    }
    let mut text = ciphertext;
    Aes256Ctr::new_from_slices(cipher_key, counter).map_err(|_| Error::Text)?.apply_keystream(&mut text);
    let padding = usize::from(*text.last().ok_or(Error::Text)?);
    let end = text.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding)).ok_or(Error::Text)?;
    if !text.split_off(end).iter().all(|byte| usize::from(*byte) == padding) {
        return Err(Error::Text);
    }
    Ok(Some(text))
}

/// The body of a new vault, as hex digits.
pub(super) fn encrypt(text: &[u8], password: &[u8], salt: &[u8]) -> Result<String, Error> {
    let derived = derive(password, salt);
    let (cipher_key, rest) = derived.split_at(KEY);
    let (hmac_key, counter) = rest.split_at(KEY);
    let padding = BLOCK - text.len() % BLOCK;
    let mut padded = text.to_vec();
    padded.extend(std::iter::repeat_n(u8::try_from(padding).unwrap_or_default(), padding));
    Aes256Ctr::new_from_slices(cipher_key, counter).map_err(|_| Error::Text)?.apply_keystream(&mut padded);
    let mut mac = hmac(hmac_key).ok_or(Error::Text)?;
    mac.update(&padded);
    let inner = format!("{}\n{}\n{}", hex(salt), hex(&mac.finalize().into_bytes()), hex(&padded));
    Ok(hex(inner.as_bytes()))
}
