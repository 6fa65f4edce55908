//! `$2b$` and its elders: the password hash over Blowfish.
//!
//! Source: Provos and Mazières, "A Future-Adaptable Password Scheme" (1999).

use blowfish::Blowfish;
use jinja::{Error, Value};

use super::{base64, refused};

/// What is hashed of a password.
const LONGEST: usize = 72;

/// The form of bcrypt that a setting names.
pub(super) fn ident(given: &Value) -> Result<&'static str, Error> {
    let known = given.as_str().and_then(|given| {
        let bare = given.strip_prefix('$').and_then(|given| given.strip_suffix('$')).unwrap_or(given);
        ["2", "2a", "2b", "2y"].into_iter().find(|known| *known == bare)
    });
    known.ok_or_else(|| refused(format!("invalid ident: {}", given.repr().unwrap_or_default())))
}

pub(super) fn hash(secret: &[u8], salt: &str, rounds: u32, ident: &str) -> String {
    let mut key = secret.to_vec();
    if ident == "2" && !secret.is_empty() {
        // The oldest form knows no end of the password and begins it anew.
        key = secret.iter().copied().cycle().take(LONGEST).collect();
    } else {
        key.push(0);
        key.truncate(LONGEST);
    }
    let salt_bytes = base64::bcrypt_bytes(salt);
    let mut state: Blowfish = Blowfish::bc_init_state();
    state.salted_expand_key(&salt_bytes, &key);
    for _ in 0..1_u64 << rounds.min(31) {
        state.bc_expand_key(&key);
        state.bc_expand_key(&salt_bytes);
    }
    let mut digest = Vec::with_capacity(24);
    for pair in b"OrpheanBeholderScryDoubt".chunks_exact(8) {
        let half = |from: usize| pair.iter().skip(from).take(4).fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let mut block = [half(0), half(4)];
        for _ in 0..64 {
            block = state.bc_encrypt(block);
        }
        digest.extend(block.iter().flat_map(|word| word.to_be_bytes()));
    }
    // The last byte is left out, as it always was.
    digest.pop();
    format!("${ident}${rounds:02}${salt}{}", base64::bcrypt(&digest))
}
