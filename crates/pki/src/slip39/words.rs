//! The 1024 words of SLIP-0039: each is known by its first four letters.

use std::sync::LazyLock;

/// The list, in its order; it is sorted.
pub(crate) static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("words.txt").lines().collect());

/// A word's number.
pub(super) fn number(word: &str) -> Option<u16> {
    WORDS.binary_search(&word).ok().and_then(|at| u16::try_from(at).ok())
}

/// The word of that number.
pub(super) fn word(number: u16) -> &'static str {
    WORDS.get(usize::from(number)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_list_is_sorted_and_known_by_four_letters() {
        assert_eq!(WORDS.len(), 1024);
        assert!(WORDS.is_sorted());
        assert_eq!(WORDS.iter().map(|word| &word[..4]).collect::<HashSet<_>>().len(), 1024);
        assert_eq!((number("academic"), number("zero"), number("acadmic")), (Some(0), Some(1023), None));
    }
}
