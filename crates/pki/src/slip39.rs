//! A secret split into shares of words (SLIP-0039): any m of n give it back, fewer tell nothing of it.
//!
//! What is made here is one group of m-of-n shares, without a passphrase, with the flag "extendable"; a secret of 32 bytes
//! gives 33 words a share. Any tool that follows SLIP-0039 recovers it, the PyPI package shamir-mnemonic among them.
//!
//! Source: <https://github.com/satoshilabs/slips/blob/master/slip-0039.md>

mod checksum;
mod cipher;
mod field;
mod share;
mod words;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use share::Share;
pub(crate) use words::WORDS;

use crate::{Error, Result, random::Random};
use field::{Point, interpolate};

/// The most shares of one secret.
pub const MOST: u8 = 16;
/// Where the polynomial has the secret, and where the digest that tells whether it came back right.
const SECRET_AT: u8 = 255;
const DIGEST_AT: u8 = 254;
const DIGEST: usize = 4;

/// Splits a secret: any `threshold` of `count` shares give it back.
///
/// # Errors
///
/// Fewer than two or more than sixteen shares, a threshold of less than two or more than there are shares; a secret of less
/// than 16 bytes or of an odd length; the source of chance fails.
pub fn split(secret: &[u8], threshold: u8, count: u8, random: &mut impl Random) -> Result<Vec<Share>> {
    let wrong = |problem: String| Error::input("shares", problem, "ask for 3 of 5, for example");
    if !(2..=MOST).contains(&count) || !(2..=count).contains(&threshold) {
        return Err(wrong(format!("{threshold} of {count} cannot be: 2 of 2 up to {MOST} of {MOST}")));
    }
    if secret.len() < 16 || !secret.len().is_multiple_of(2) {
        return Err(wrong(format!("a secret of {} bytes cannot be split", secret.len())));
    }
    let mut identifier = [0; 2];
    random.fill(&mut identifier)?;
    let common = share::Common {
        identifier: u16::from_be_bytes(identifier) & 0x7fff,
        extendable: true,
        exponent: 0,
        group_index: 0,
        group_threshold: 1,
        group_count: 1,
        threshold,
    };
    let encrypted = cipher::encrypt(secret, b"", &common);

    let mut points: Vec<Point> = Vec::new();
    for at in 0..threshold - 2 {
        let mut value = Zeroizing::new(vec![0; secret.len()]);
        random.fill(&mut value)?;
        points.push(Point { at, value });
    }
    let mut random_part = Zeroizing::new(vec![0; secret.len() - DIGEST]);
    random.fill(&mut random_part)?;
    let mut check = Zeroizing::new(digest(&random_part, &encrypted)?.to_vec());
    check.extend_from_slice(&random_part);
    let given = points.len();
    points.push(Point { at: DIGEST_AT, value: check });
    points.push(Point { at: SECRET_AT, value: encrypted });

    let mut values: Vec<_> = (threshold - 2..count).map(|at| (at, interpolate(&points, at))).collect();
    points.truncate(given);
    let mut shares: Vec<Share> = Vec::with_capacity(usize::from(count));
    for point in points {
        shares.push(Share::new(common, point.at, point.value));
    }
    shares.extend(values.drain(..).map(|(at, value)| Share::new(common, at, value)));
    Ok(shares)
}

/// Puts a secret together again from as many shares as its threshold; more are not looked at.
///
/// # Errors
///
/// Too few shares, one of them twice, shares of different secrets, or changed ones.
pub fn recover(shares: &[Share]) -> Result<Zeroizing<Vec<u8>>> {
    recover_with(shares, b"")
}

fn recover_with(shares: &[Share], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let wrong = |problem: String, cure: &str| Err(Error::input("shares", problem, cure));
    let Some(first) = shares.first() else {
        return wrong("there is none".to_owned(), "bring the custodians together");
    };
    let common = *first.common();
    if common.group_threshold != 1 {
        return wrong(
            format!("they are of {} groups", common.group_count),
            "recover them with the tool that made them",
        );
    }
    for (at, share) in shares.iter().enumerate() {
        if *share.common() != common {
            return wrong(
                format!("share {} is of another secret than share {}", share.number(), first.number()),
                "bring shares that were made together",
            );
        }
        if share.value().len() != first.value().len() {
            return wrong(
                format!("share {} has another length", share.number()),
                "bring shares that were made together",
            );
        }
        if shares.iter().take(at).any(|other| other.number() == share.number()) {
            return wrong(format!("share {} is there twice", share.number()), "bring another custodian's share");
        }
    }
    let threshold = usize::from(common.threshold);
    let Some(shares) = shares.get(..threshold) else {
        return wrong(
            format!("{} of {threshold} that are needed are there", shares.len()),
            "bring more custodians together",
        );
    };
    let points: Vec<Point> = shares.iter().map(Share::point).collect();
    let encrypted = if threshold == 1 {
        interpolate(&points, first.number() - 1)
    } else {
        let encrypted = interpolate(&points, SECRET_AT);
        let check = interpolate(&points, DIGEST_AT);
        let (found, random_part) = check.split_at_checked(DIGEST).unwrap_or_default();
        if digest(random_part, &encrypted)?.as_slice() != found {
            return wrong(
                "together they give no secret".to_owned(),
                "one of them was changed, or is of another split: compare each with its paper",
            );
        }
        encrypted
    };
    Ok(cipher::decrypt(&encrypted, passphrase, &common))
}

fn digest(random_part: &[u8], secret: &[u8]) -> Result<[u8; DIGEST]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(random_part)
        .map_err(|problem| Error::crypto("shares", problem, "split it anew"))?;
    mac.update(secret);
    let mut short = [0; DIGEST];
    short.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(to, from)| *to = from);
    Ok(short)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{random::SystemRandom, serial::hex};

    fn shares(texts: &[&str]) -> Vec<Share> {
        texts.iter().map(|text| Share::parse(text.as_bytes()).unwrap()).collect()
    }

    /// Values of SLIP-0039's official vectors (passphrase TREZOR), recomputed with shamir-mnemonic 0.3.0.
    #[test]
    fn the_official_vectors_give_their_secrets() {
        for (texts, secret) in [
            (
                &["duckling enlarge academic academic agency result length solution fridge kidney coal piece deal \
                   husband erode duke ajar critical decision keyboard"][..],
                "bb54aac4b89dc868ba37d9cc21b2cece",
            ),
            (
                &[
                    "shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang wrist rescue \
                     view short owner flip making coding armed",
                    "shadow pistol academic acid actress prayer class unknown daughter sweater depict flip twice unkind \
                     craft early superior advocate guest smoking",
                ],
                "b43ceb7e57a0ea8766221624d01b0864",
            ),
        ] {
            assert_eq!(hex(&recover_with(&shares(texts), b"TREZOR").unwrap()), secret);
        }
    }

    #[test]
    fn any_three_of_five_give_it_back_and_two_are_refused() {
        let secret = *b"0123456789abcdef0123456789abcdef";
        let all = split(&secret, 3, 5, &mut SystemRandom).unwrap();
        let texts: Vec<_> = all.iter().map(Share::to_words).collect();
        assert!(texts.iter().all(|text| text.split(' ').count() == 33));
        for one in 0..5 {
            for two in 0..5 {
                for three in 0..5 {
                    let chosen = [one, two, three].map(|at| Share::parse(texts[at].as_bytes()).unwrap());
                    if one != two && two != three && one != three {
                        assert_eq!(*recover(&chosen).unwrap(), secret);
                        let refusal = recover(&chosen[..2]).unwrap_err().to_string();
                        assert!(refusal.contains("2 of 3 that are needed"), "{refusal}");
                    } else {
                        assert!(recover(&chosen).unwrap_err().to_string().contains("twice"));
                    }
                }
            }
        }
    }

    #[test]
    fn shares_of_two_secrets_do_not_mix() {
        let one = split(&[1; 32], 2, 2, &mut SystemRandom).unwrap();
        let other = split(&[2; 32], 2, 2, &mut SystemRandom).unwrap();
        let mixed = [&one[0], &other[1]].map(|share| Share::parse(share.to_words().as_bytes()).unwrap());
        let refusal = recover(&mixed).unwrap_err().to_string();
        assert!(refusal.contains("share 2 is of another secret than share 1"), "{refusal}");
    }

    #[test]
    fn a_debug_print_shows_no_word_of_a_share() {
        let all = split(&[7; 32], 2, 3, &mut SystemRandom).unwrap();
        assert_eq!(format!("{:?}", all[1]), "Share(2, any 2 are needed)");
    }

    #[test]
    fn numbers_that_cannot_be_are_refused() {
        for (threshold, count) in [(0, 0), (1, 1), (1, 3), (3, 2), (2, 17)] {
            assert!(split(&[1; 32], threshold, count, &mut SystemRandom).is_err(), "{threshold} of {count}");
        }
        assert!(split(&[1; 15], 2, 3, &mut SystemRandom).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_was_split_comes_back(
            secret in prop::collection::vec(any::<u8>(), 8..=24).prop_map(|half| [half.clone(), half].concat()),
            (count, threshold) in (2_u8..=16).prop_flat_map(|count| (Just(count), 2..=count)),
            skip in any::<prop::sample::Index>(),
        ) {
            let mut all = split(&secret, threshold, count, &mut SystemRandom).unwrap();
            all.rotate_left(skip.index(usize::from(count)));
            prop_assert_eq!(&*recover(&all).unwrap(), &secret);
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Share::parse(&bytes);
        }

        #[test]
        fn no_words_make_the_parser_panic(words in prop::collection::vec(0_usize..1024, 0..60)) {
            let text = words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ");
            if let Ok(share) = Share::parse(text.as_bytes()) {
                prop_assert_eq!(&*share.to_words(), &text);
            }
        }
    }
}
