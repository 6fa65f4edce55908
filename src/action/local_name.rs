//! Names of files that Ansible would have made in its own temporary folder on the control node.
//!
//! Nothing is made: what is rendered or decrypted stays in memory. Results and diffs name such a file all the same, and
//! people's callbacks and checks know its shape.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    path::PathBuf,
};

use crate::config::Environment;

/// The path of a file with that prefix and a random name.
pub(super) fn temporary(environment: &Environment, prefix: &str) -> PathBuf {
    let home = environment.get("ANSIBLE_HOME").map_or_else(|| environment.home.join(".ansible"), PathBuf::from);
    let folder = format!("ansible-local-{}{}", std::process::id(), random());
    home.join("tmp").join(folder).join(format!("{prefix}{}", random()))
}

/// Eight characters as Python's `tempfile` draws them.
fn random() -> String {
    const LETTERS: &[u8; 37] = b"abcdefghijklmnopqrstuvwxyz0123456789_";
    let mut number = RandomState::new().build_hasher().finish();
    let mut text = String::new();
    for _ in 0..8 {
        let letter = LETTERS.get((number % 37) as usize).copied().unwrap_or(b'_');
        text.push(char::from(letter));
        number /= 37;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_shape_of_ansibles_and_differ() {
        let environment = Environment { home: PathBuf::from("/home/u"), ..Environment::default() };
        let path = temporary(&environment, "tmp").display().to_string();
        assert!(path.starts_with("/home/u/.ansible/tmp/ansible-local-"), "{path}");
        assert_eq!(path.rsplit('/').next().map(str::len), Some(11), "{path}");
        assert_ne!(random(), random());
    }
}
