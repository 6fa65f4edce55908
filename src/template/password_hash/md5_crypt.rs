//! `$1$`: the MD5 password hash of FreeBSD.
//!
//! Source: Poul-Henning Kamp's `crypt-md5.c`, as described in
//! <https://passlib.readthedocs.io/en/stable/lib/passlib.hash.md5_crypt.html#algorithm>.

use md5::{Digest as _, Md5};

use super::base64;

/// The bytes of the digest in the order in which they are written.
const ORDER: [[Option<usize>; 3]; 6] = [
    [Some(0), Some(6), Some(12)],
    [Some(1), Some(7), Some(13)],
    [Some(2), Some(8), Some(14)],
    [Some(3), Some(9), Some(15)],
    [Some(4), Some(10), Some(5)],
    [None, None, Some(11)],
];

pub(super) fn hash(secret: &[u8], salt: &str) -> String {
    let both = Md5::new().chain_update(secret).chain_update(salt).chain_update(secret).finalize();
    let mut first = Md5::new().chain_update(secret).chain_update("$1$").chain_update(salt);
    for start in (0..secret.len()).step_by(16) {
        first.update(both.get(..(secret.len() - start).min(16)).unwrap_or_default());
    }
    let mut bits = secret.len();
    while bits > 0 {
        first.update(if bits & 1 == 1 { &[0] } else { secret.get(..1).unwrap_or_default() });
        bits >>= 1;
    }
    let mut digest = first.finalize();
    for round in 0..1000 {
        let mut next = Md5::new();
        if round % 2 == 1 {
            next.update(secret)
        } else {
            next.update(digest)
        }
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(secret);
        }
        if round % 2 == 1 {
            next.update(digest)
        } else {
            next.update(secret)
        }
        digest = next.finalize();
    }
    format!("$1${salt}${}", base64::crypt(&digest, ORDER))
}
