//! RS1024: a Reed-Solomon code over words. Any three wrong words are seen, and one wrong word can be found.

/// How many words it has.
pub(super) const LENGTH: usize = 3;

const GENERATOR: [u32; 10] = [
    0x00e0_e040,
    0x01c1_c080,
    0x0383_8100,
    0x0707_0200,
    0x0e0e_0009,
    0x1c0c_2412,
    0x3808_6c24,
    0x3090_fc48,
    0x21b1_f890,
    0x03f3_f120,
];

fn polymod(values: impl Iterator<Item = u16>) -> u32 {
    values.fold(1, |sum, value| {
        let top = sum >> 20;
        let shifted = (sum & 0x000f_ffff) << 10 ^ u32::from(value);
        GENERATOR.iter().enumerate().fold(shifted, |sum, (bit, generator)| sum ^ (generator * (top >> bit & 1)))
    })
}

fn prefix(extendable: bool) -> impl Iterator<Item = u16> {
    let text: &[u8] = if extendable { b"shamir_extendable" } else { b"shamir" };
    text.iter().map(|byte| u16::from(*byte))
}

/// The three words that go behind those.
pub(super) fn create(words: &[u16], extendable: bool) -> [u16; LENGTH] {
    let sum = polymod(prefix(extendable).chain(words.iter().copied()).chain([0; LENGTH])) ^ 1;
    [20, 10, 0].map(|shift| (sum >> shift & 0x3ff) as u16)
}

/// Whether the last three words belong to the others.
pub(super) fn holds(words: &[u16], extendable: bool) -> bool {
    polymod(prefix(extendable).chain(words.iter().copied())) == 1
}

/// The place of the one word that is wrong, counted from 0; none where more are. Which word would be right is not told:
/// SLIP-0039 asks for that, so that nobody takes a guess for a share.
pub(super) fn wrong_word(words: &[u16], extendable: bool) -> Option<usize> {
    let mut tried = zeroize::Zeroizing::new(words.to_vec());
    for at in 0..tried.len() {
        let typed = *words.get(at)?;
        for other in 0..1024 {
            *tried.get_mut(at)? = other;
            if holds(&tried, extendable) {
                return Some(at);
            }
        }
        *tried.get_mut(at)? = typed;
    }
    None
}
