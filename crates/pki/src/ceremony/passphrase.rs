//! Passphrases: drawn by the machine, or typed and checked.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::Hidden;
use crate::{Error, Finding, Result, random::Random, slip39::WORDS};

/// How many words are drawn: ten bits each, 80 in all; six words of a diceware list have 77.
pub const WORDS_DRAWN: usize = 8;
/// The fewest bits that a typed passphrase is taken for.
pub const FEWEST_BITS: u32 = 64;

/// Draws one.
///
/// # Errors
///
/// The source of chance fails.
pub fn draw(random: &mut impl Random) -> Result<Hidden> {
    let mut text = Zeroizing::new(String::with_capacity(9 * WORDS_DRAWN));
    for at in 0..WORDS_DRAWN {
        let mut bytes = Zeroizing::new([0; 2]);
        random.fill(&mut *bytes)?;
        if at > 0 {
            text.push(' ');
        }
        // 1024 divides 65536: every word has the same chance.
        text.push_str(WORDS.get(usize::from(u16::from_be_bytes(*bytes) % 1024)).copied().unwrap_or_default());
    }
    Ok(Hidden::new(text))
}

/// Refuses a typed passphrase that somebody could guess.
///
/// # Errors
///
/// One that is taken for less than [`FEWEST_BITS`].
pub fn check(typed: &Hidden) -> Result<()> {
    let bits = bits(typed.reveal());
    if bits >= FEWEST_BITS {
        return Ok(());
    }
    Err(Error::refused(Finding::new(
        "passphrase",
        "strength",
        format!("it is taken for {bits} bits, and {FEWEST_BITS} are asked for"),
        "PKI policy: passphrases of keys",
        "take six different words that do not belong together, better eight; in a ceremony one can be drawn",
    )))
}

/// What a guesser who knows how people write has to go through, from below: a different word of three letters or more counts
/// eleven bits (2048 usual words), a lone character that neither repeats nor follows the one before counts four.
fn bits(text: &str) -> u32 {
    let lower = Zeroizing::new(text.to_lowercase());
    let words: BTreeSet<&str> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() >= 3 && word.chars().all(char::is_alphabetic))
        .collect();
    let by_words = u32::try_from(words.len()).unwrap_or(u32::MAX).saturating_mul(11);
    // One long word, or letters, digits and signs mixed: by its characters.
    let mut last = None;
    let mut seen = BTreeSet::new();
    let steps = text.chars().filter(|letter| {
        let code = u32::from(*letter);
        let follows = last.is_some_and(|last: u32| last.abs_diff(code) <= 1);
        let new = seen.insert((last, code));
        last = Some(code);
        new && !follows
    });
    let kinds = [char::is_lowercase, char::is_uppercase, char::is_numeric, |letter: char| !letter.is_alphanumeric()]
        .iter()
        .filter(|kind| text.chars().any(kind))
        .count();
    let by_letters =
        if words.len() > 1 || kinds < 3 { 0 } else { 4 * u32::try_from(steps.count()).unwrap_or(u32::MAX) };
    by_words.max(by_letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    fn hidden(text: &str) -> Hidden {
        Hidden::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_drawn_one_has_eight_words_and_is_strong_enough() {
        let drawn = draw(&mut SystemRandom).unwrap();
        assert_eq!(drawn.reveal().split(' ').count(), 8);
        assert!(drawn.reveal().split(' ').all(|word| WORDS.contains(&word)));
        assert_ne!(drawn.reveal(), draw(&mut SystemRandom).unwrap().reveal());
        assert_eq!(format!("{drawn:?}"), "Hidden(...)");
    }

    #[test]
    fn weak_ones_are_refused_and_strong_ones_are_not() {
        for weak in [
            "",
            "password",
            "correct horse battery staple",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "test test test test test test test test",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "Password123!",
        ] {
            assert!(check(&hidden(weak)).is_err(), "{weak}");
        }
        for strong in ["lamp orbit velvet cactus ridge foam", "kT7#qLz0!vRw9$Xb2@Nc"] {
            check(&hidden(strong)).unwrap();
        }
        let refusal = check(&hidden("correct horse battery staple")).unwrap_err().to_string();
        assert!(refusal.contains("taken for 44 bits") && !refusal.contains("horse"), "{refusal}");
    }
}
