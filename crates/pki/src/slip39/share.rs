//! One share: its fields, and the words that it is written with.

use zeroize::Zeroizing;

use super::{
    checksum,
    field::Point,
    words::{number, word},
};
use crate::{Error, Result};

/// Identifier, flag, exponent, group and member: the first four words.
const HEADER: usize = 4;
/// The fewest words: those of a secret of 16 bytes.
const FEWEST: usize = 20;
/// The most words that are read: those of a secret of 64 bytes and more.
const MOST: usize = 64;

/// What all shares of one secret have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Common {
    /// Fifteen random bits that tell one split from another.
    pub(super) identifier: u16,
    pub(super) extendable: bool,
    pub(super) exponent: u8,
    pub(super) group_index: u8,
    pub(super) group_threshold: u8,
    pub(super) group_count: u8,
    pub(super) threshold: u8,
}

/// A share of a secret. Its words are wiped when it is dropped; it cannot be printed, cloned or compared.
pub struct Share {
    common: Common,
    index: u8,
    value: Zeroizing<Vec<u8>>,
}

impl Share {
    pub(super) fn new(common: Common, index: u8, value: Zeroizing<Vec<u8>>) -> Self {
        Self { common, index, value }
    }

    /// Reads a share's words: between spaces or lines, in either case.
    ///
    /// # Errors
    ///
    /// Other text: a word that is not in the list, or is not the one that was written down, is named with its place.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let wrong = |problem: String, cure: &str| Err(Error::input("share", problem, cure));
        let Ok(text) = std::str::from_utf8(text) else {
            return wrong("it is not text".to_owned(), "type the words from the paper");
        };
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        let mut words = Zeroizing::new(Vec::with_capacity(MOST));
        for (at, typed) in lower.split_ascii_whitespace().enumerate() {
            match number(typed) {
                _ if at == MOST => return wrong("it has too many words".to_owned(), "type one share at a time"),
                Some(number) => words.push(number),
                None => {
                    return wrong(
                        format!("word {} {typed:?} is not in the list", at + 1),
                        "compare it with the paper: the first four letters tell each word",
                    );
                }
            }
        }
        if words.len() < FEWEST {
            return wrong(format!("it has {} words", words.len()), "type all of them; a share of this PKI has 33");
        }
        let mut bits = Bits { words: &words, at: 0 };
        let identifier = bits.take(15);
        let extendable = bits.take(1) == 1;
        if !checksum::holds(&words, extendable) {
            // The flag is in the second word: where that is the wrong one, the other customization finds it.
            let found = checksum::wrong_word(&words, extendable).or_else(|| checksum::wrong_word(&words, !extendable));
            let typed = found.and_then(|at| Some((at, lower.split_ascii_whitespace().nth(at)?)));
            return match typed {
                Some((at, typed)) => wrong(
                    format!("word {} {typed:?} is not the one that was written down", at + 1),
                    "compare it with the paper",
                ),
                None => wrong(
                    "some of its words are not those that were written down, or are in another order".to_owned(),
                    "compare all of them with the paper",
                ),
            };
        }
        let mut small = |length| u8::try_from(bits.take(length)).unwrap_or_default();
        let exponent = small(4);
        let [group_index, group_threshold, group_count, index, threshold] = [0; 5].map(|_: u8| small(4));
        let common = Common {
            identifier,
            extendable,
            exponent,
            group_index,
            group_threshold: group_threshold + 1,
            group_count: group_count + 1,
            threshold: threshold + 1,
        };
        if common.group_threshold > common.group_count {
            return wrong("it asks for more groups than there are".to_owned(), "it was not made by this format");
        }
        let length = 10 * (words.len() - HEADER - checksum::LENGTH);
        let padding = length % 16;
        if padding > 8 || (0..padding).any(|_| bits.take(1) != 0) {
            return wrong("its length is none that a share has".to_owned(), "type all of its words");
        }
        let value = (0..length / 16 * 2).map(|_| u8::try_from(bits.take(8)).unwrap_or_default()).collect();
        Ok(Self { common, index, value: Zeroizing::new(value) })
    }

    /// Its words, for paper or for its custodian's recipient.
    #[must_use]
    pub fn to_words(&self) -> Zeroizing<String> {
        let Common { identifier, extendable, exponent, group_index, group_threshold, group_count, threshold } =
            self.common;
        let words = (self.value.len() * 8).div_ceil(10);
        let mut out = Packed { words: Zeroizing::new(Vec::with_capacity(MOST)), filled: 10 };
        out.put(identifier, 15);
        out.put(u16::from(extendable), 1);
        for field in [exponent, group_index, group_threshold - 1, group_count - 1, self.index, threshold - 1] {
            out.put(u16::from(field), 4);
        }
        out.put(0, words * 10 - self.value.len() * 8);
        for byte in self.value.iter() {
            out.put(u16::from(*byte), 8);
        }
        closed(out.words)
    }

    /// A text whose checksum holds: those numbers as words, whatever they say, with their checksum behind them. For those who
    /// try what reads shares; [`Self::to_words`] writes one.
    #[must_use]
    pub fn text_of(numbers: &[u16]) -> Zeroizing<String> {
        closed(Zeroizing::new(numbers.to_vec()))
    }

    /// Which share it is, counted from 1.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.index + 1
    }

    /// How many shares are needed.
    #[must_use]
    pub fn threshold(&self) -> u8 {
        self.common.threshold
    }

    pub(super) fn common(&self) -> &Common {
        &self.common
    }

    pub(super) fn value(&self) -> &[u8] {
        &self.value
    }

    pub(super) fn point(&self) -> Point {
        Point { at: self.index, value: self.value.clone() }
    }
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Share({}, any {} are needed)", self.number(), self.threshold())
    }
}

/// Numbers as words, with their checksum behind them.
fn closed(mut words: Zeroizing<Vec<u16>>) -> Zeroizing<String> {
    // The flag "extendable", which the checksum depends on, is the sixteenth bit.
    let extendable = Bits { words: &words, at: 15 }.take(1) == 1;
    let sum = checksum::create(&words, extendable);
    words.extend(sum);
    // Reserved whole, so that growing leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(10 * words.len()));
    for (at, number) in words.iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(word(*number));
    }
    text
}

/// Words as bits, ten each.
struct Bits<'a> {
    words: &'a [u16],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, length: usize) -> u16 {
        let range = self.at..self.at + length;
        self.at = range.end;
        range.fold(0, |sum, at| sum << 1 | self.words.get(at / 10).map_or(0, |word| word >> (9 - at % 10) & 1))
    }
}

/// Bits as words.
struct Packed {
    words: Zeroizing<Vec<u16>>,
    /// Bits of the last word that are taken.
    filled: usize,
}

impl Packed {
    fn put(&mut self, value: u16, length: usize) {
        for bit in (0..length).rev() {
            if self.filled == 10 {
                self.words.push(0);
                self.filled = 0;
            }
            if let Some(last) = self.words.last_mut() {
                *last |= (value >> bit & 1) << (9 - self.filled);
            }
            self.filled += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{random::SystemRandom, slip39::split};

    #[test]
    fn a_mistyped_word_is_named_with_its_place() {
        let share = split(&[9; 32], 2, 3, &mut SystemRandom).unwrap().remove(0);
        let text = share.to_words();
        let words: Vec<&str> = text.split(' ').collect();
        for at in 0..words.len() {
            let mut typed = words.clone();
            typed[at] = "wrogn";
            let refusal = Share::parse(typed.join(" ").as_bytes()).unwrap_err().to_string();
            assert!(refusal.contains(&format!("word {} \"wrogn\" is not in the list", at + 1)), "{refusal}");
            // One of the list, and not the right one.
            let other = if words[at] == "academic" { "zero" } else { "academic" };
            typed[at] = other;
            let refusal = Share::parse(typed.join(" ").as_bytes()).unwrap_err().to_string();
            assert!(refusal.contains(&format!("word {} {other:?} is not the one", at + 1)), "{at}: {refusal}");
        }
    }

    #[test]
    fn words_in_another_order_or_left_out_are_refused() {
        let share = split(&[9; 32], 2, 3, &mut SystemRandom).unwrap().remove(0);
        let text = share.to_words();
        let mut words: Vec<&str> = text.split(' ').collect();
        words.swap(0, 32);
        assert!(Share::parse(words.join(" ").as_bytes()).is_err());
        words.swap(0, 32);
        assert!(Share::parse(words.join(" \n ").to_uppercase().as_bytes()).is_ok());
        words.pop();
        assert!(Share::parse(words.join(" ").as_bytes()).is_err());
        assert!(Share::parse(b"").unwrap_err().to_string().contains("it has 0 words"));
        assert!(Share::parse(b"\xff").is_err());
    }
}
