//! Hashes as they are read aloud, and typed back.

use crate::{serial::hex, words};

/// A hash in groups of hexadecimal digits and as PGP words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aloud {
    words: Vec<&'static str>,
    digits: String,
}

/// How many words stand on a line, and are typed back of either end.
const GROUP: usize = 4;

/// A SHA-256 to be read aloud.
#[must_use]
pub fn aloud(hash: &[u8; 32]) -> Aloud {
    Aloud { words: words::of(hash), digits: hex(hash) }
}

impl Aloud {
    /// The digits as they are written in a plan.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// All of it for a screen or for paper: eight lines of four words, each with the digits that it stands for.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |(at, words): (usize, &[&str])| {
            let digits = self.digits.get(8 * at..8 * at + 8).unwrap_or_default();
            format!("  {digits}  {}", words.join(" "))
        };
        self.words.chunks(GROUP).enumerate().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Whether somebody typed the first four and the last four words, in whatever case.
    #[must_use]
    pub fn typed_back(&self, typed: &str) -> bool {
        let ends = self.words.iter().take(GROUP).chain(self.words.iter().skip(self.words.len() - GROUP));
        typed.split_ascii_whitespace().map(str::to_ascii_lowercase).eq(ends.map(|word| word.to_ascii_lowercase()))
    }

    /// What is to be typed back.
    #[must_use]
    pub fn ends(&self) -> String {
        let ends = self.words.iter().take(GROUP).chain(self.words.iter().skip(self.words.len() - GROUP));
        ends.copied().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_typed_back_in_any_case_and_nothing_else_will_do() {
        let mut hash = [0; 32];
        hash.iter_mut().zip(0..).for_each(|(byte, value)| *byte = value);
        let spoken = aloud(&hash);
        assert!(spoken.text().starts_with("  00010203  aardvark adviser accrue aggregate\n  04050607  adrift "));
        assert_eq!(spoken.text().lines().count(), 8);
        assert!(spoken.typed_back(&spoken.ends().to_uppercase()));
        for other in ["", "aardvark", "aardvark adviser accrue aggregate", spoken.digits()] {
            assert!(!spoken.typed_back(other), "{other}");
        }
        hash[31] ^= 1;
        assert!(!aloud(&hash).typed_back(&spoken.ends()));
    }
}
