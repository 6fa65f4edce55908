//! `$5$` and `$6$`: Ulrich Drepper's password hashes over SHA-256 and SHA-512.
//!
//! Source: <https://www.akkadia.org/drepper/SHA-crypt.txt>.

use jinja::Error;
use sha_crypt::Params;

use super::base64;

/// As many rounds as are not written into the hash.
const IMPLICIT_ROUNDS: u32 = 5000;

fn params(rounds: u32) -> Result<Params, Error> {
    Params::new(rounds).map_err(super::refused)
}

fn written(ident: char, rounds: u32, salt: &str, digest: &str) -> String {
    let rounds = if rounds == IMPLICIT_ROUNDS { String::new() } else { format!("rounds={rounds}$") };
    format!("${ident}${rounds}{salt}${digest}")
}

/// The digest is written in triples: one byte from each third of it, turned by one each time.
fn triples(third: usize, turn_left: bool) -> impl Iterator<Item = [Option<usize>; 3]> {
    (0..third).map(move |at| {
        let mut triple = [at, at + third, at + 2 * third].map(Some);
        if turn_left {
            triple.rotate_left(at % 3)
        } else {
            triple.rotate_right(at % 3)
        }
        triple
    })
}

pub(super) fn sha256(secret: &[u8], salt: &str, rounds: u32) -> Result<String, Error> {
    let digest = sha_crypt::sha256_crypt(secret, salt.as_bytes(), params(rounds)?);
    let order = triples(10, false).chain([[None, Some(31), Some(30)]]);
    Ok(written('5', rounds, salt, &base64::crypt(&digest, order)))
}

pub(super) fn sha512(secret: &[u8], salt: &str, rounds: u32) -> Result<String, Error> {
    let digest = sha_crypt::sha512_crypt(secret, salt.as_bytes(), params(rounds)?);
    let order = triples(21, true).chain([[None, None, Some(63)]]);
    Ok(written('6', rounds, salt, &base64::crypt(&digest, order)))
}
