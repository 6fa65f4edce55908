//! Keys from passphrases (RFC 7292 appendix B), and the MAC over the whole (section 4).

use ring::{digest, hmac};
use zeroize::Zeroizing;

/// What a key is for (appendix B.3).
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// Larger counts are an attack upon whoever reads the file.
pub(super) const MOST_ITERATIONS: u32 = 10_000_000;

/// A passphrase as the derivation takes it: UTF-16, the highest byte first, and a zero (appendix B.1).
pub(super) fn bmp(passphrase: &str) -> Zeroizing<Vec<u8>> {
    let units = passphrase.encode_utf16().chain([0]);
    Zeroizing::new(units.flat_map(u16::to_be_bytes).collect())
}

/// Derives so many bytes (appendix B.2).
pub(super) fn derive(
    hash: &'static digest::Algorithm,
    purpose: Purpose,
    passphrase: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = hash.block_len();
    let diversifier = vec![purpose as u8; block];
    let fill =
        |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().cycle().take(block * bytes.len().div_ceil(block)).collect() };
    let mut input = Zeroizing::new([fill(salt), fill(passphrase)].concat());
    let mut derived = Zeroizing::new(Vec::with_capacity(length + block));
    while derived.len() < length {
        let mut context = digest::Context::new(hash);
        context.update(&diversifier);
        context.update(&input);
        let mut round = context.finish();
        for _ in 1..iterations {
            round = digest::digest(hash, round.as_ref());
        }
        derived.extend_from_slice(round.as_ref());
        let addend: Vec<u8> = round.as_ref().iter().copied().cycle().take(block).collect();
        for part in input.chunks_mut(block) {
            let mut carry = 1_u16;
            for (byte, add) in part.iter_mut().zip(&addend).rev() {
                carry += u16::from(*byte) + u16::from(*add);
                *byte = carry.to_be_bytes()[1];
                carry >>= 8;
            }
        }
    }
    derived.truncate(length);
    derived
}

/// The hash and the HMAC of one name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mac {
    hash: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
}

impl Mac {
    pub(super) const SHA1: Self =
        Self { hash: &digest::SHA1_FOR_LEGACY_USE_ONLY, hmac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY };
    pub(super) const SHA256: Self = Self { hash: &digest::SHA256, hmac: hmac::HMAC_SHA256 };
    pub(super) const SHA384: Self = Self { hash: &digest::SHA384, hmac: hmac::HMAC_SHA384 };
    pub(super) const SHA512: Self = Self { hash: &digest::SHA512, hmac: hmac::HMAC_SHA512 };

    fn key(self, passphrase: &[u8], salt: &[u8], iterations: u32) -> hmac::Key {
        let key = derive(self.hash, Purpose::Mac, passphrase, salt, iterations, self.hash.output_len());
        hmac::Key::new(self.hmac, &key)
    }

    pub(super) fn sign(self, passphrase: &[u8], salt: &[u8], iterations: u32, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key(passphrase, salt, iterations), message).as_ref().to_vec()
    }

    pub(super) fn holds(self, passphrase: &[u8], salt: &[u8], iterations: u32, message: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.key(passphrase, salt, iterations), message, mac).is_ok()
    }
}
