//! The four-round Feistel cipher between a secret and what is split. Without a passphrase it hides nothing; it is part of
//! the format.

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::share::Common;

const ROUNDS: u8 = 4;
/// PBKDF2's iterations of all rounds together, for the exponent 0.
const ITERATIONS: u32 = 10_000;

pub(super) fn encrypt(secret: &[u8], passphrase: &[u8], common: &Common) -> Zeroizing<Vec<u8>> {
    feistel(secret, passphrase, common, 0..ROUNDS)
}

pub(super) fn decrypt(encrypted: &[u8], passphrase: &[u8], common: &Common) -> Zeroizing<Vec<u8>> {
    feistel(encrypted, passphrase, common, (0..ROUNDS).rev())
}

fn feistel(input: &[u8], passphrase: &[u8], common: &Common, rounds: impl Iterator<Item = u8>) -> Zeroizing<Vec<u8>> {
    let (left, right) = input.split_at(input.len() / 2);
    let (mut left, mut right) = (Zeroizing::new(left.to_vec()), Zeroizing::new(right.to_vec()));
    for round in rounds {
        let mut password = Zeroizing::new(vec![round]);
        password.extend_from_slice(passphrase);
        let mut salt = Zeroizing::new(Vec::new());
        if !common.extendable {
            salt.extend_from_slice(b"shamir");
            salt.extend_from_slice(&common.identifier.to_be_bytes());
        }
        salt.extend_from_slice(&right);
        let mut mixed = Zeroizing::new(vec![0; right.len()]);
        pbkdf2_hmac::<Sha256>(&password, &salt, (ITERATIONS << common.exponent) / u32::from(ROUNDS), &mut mixed);
        mixed.iter_mut().zip(left.iter()).for_each(|(mixed, left)| *mixed ^= left);
        left = std::mem::replace(&mut right, mixed);
    }
    right.extend_from_slice(&left);
    right
}
