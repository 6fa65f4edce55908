//! Names of chance, as Python's `tempfile` makes them.

use std::io;

use rustix::rand::{GetRandomFlags, getrandom};

const LETTERS: &[u8; 37] = b"abcdefghijklmnopqrstuvwxyz0123456789_";

/// So many letters, digits and underscores.
///
/// # Errors
///
/// The system has no random numbers.
pub fn letters(count: usize) -> io::Result<String> {
    let mut bytes = vec![0; count];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        filled += getrandom(rest, GetRandomFlags::empty())?;
    }
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map_or('_', char::from);
    Ok(bytes.iter().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_have_the_asked_length_and_differ() {
        let (one, other) = (letters(16).unwrap(), letters(16).unwrap());
        assert_eq!(one.len(), 16);
        assert!(one.bytes().all(|byte| LETTERS.contains(&byte)));
        assert_ne!(one, other);
    }
}
