//! Python's `random.Random(seed)`: seeds give the passwords that ansible-core gives for them.
//!
//! Source: Matsumoto and Nishimura, "Mersenne Twister" (MT19937), 1998; Python documentation, `random`.

use sha2::{Digest, Sha512};

const SIZE: usize = 624;
const SHIFT: usize = 397;

/// A generator.
pub(super) struct PythonRandom {
    state: Vec<u32>,
    at: usize,
}

impl PythonRandom {
    /// A generator seeded by text: its bytes and their SHA-512 as one number.
    pub(super) fn of_text(seed: &str) -> Self {
        let mut bytes = seed.as_bytes().to_vec();
        bytes.extend(Sha512::digest(seed.as_bytes()));
        bytes.reverse();
        let mut key: Vec<u32> = bytes
            .chunks(4)
            .map(|chunk| chunk.iter().rev().fold(0, |word, byte| (word << 8) | u32::from(*byte)))
            .collect();
        while key.len() > 1 && key.last() == Some(&0) {
            key.pop();
        }
        Self::of_key(&key)
    }

    fn get(&self, index: usize) -> u32 {
        self.state.get(index).copied().unwrap_or_default()
    }

    fn put(&mut self, index: usize, value: u32) {
        if let Some(slot) = self.state.get_mut(index) {
            *slot = value;
        }
    }

    fn of_key(key: &[u32]) -> Self {
        let mut state = vec![19_650_218_u32];
        for index in 1..SIZE {
            let before = state.last().copied().unwrap_or_default();
            let step = u32::try_from(index).unwrap_or_default();
            state.push(1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(step));
        }
        let mut random = Self { state, at: SIZE };
        let mut index = 1;
        let mut place = 0;
        let wrap = |random: &mut Self, index: &mut usize| {
            *index += 1;
            if *index >= SIZE {
                random.put(0, random.get(SIZE - 1));
                *index = 1;
            }
        };
        for _ in 0..SIZE.max(key.len()) {
            let before = random.get(index - 1);
            let mixed = random.get(index) ^ (before ^ (before >> 30)).wrapping_mul(1_664_525);
            let word = key.get(place).copied().unwrap_or_default();
            let step = u32::try_from(place).unwrap_or_default();
            random.put(index, mixed.wrapping_add(word).wrapping_add(step));
            wrap(&mut random, &mut index);
            place = (place + 1) % key.len().max(1);
        }
        for _ in 1..SIZE {
            let before = random.get(index - 1);
            let mixed = random.get(index) ^ (before ^ (before >> 30)).wrapping_mul(1_566_083_941);
            random.put(index, mixed.wrapping_sub(u32::try_from(index).unwrap_or_default()));
            wrap(&mut random, &mut index);
        }
        random.put(0, 0x8000_0000);
        random
    }

    fn turn(&mut self) {
        for index in 0..SIZE {
            let bits = (self.get(index) & 0x8000_0000) | (self.get((index + 1) % SIZE) & 0x7fff_ffff);
            let odd = if bits & 1 == 1 { 0x9908_b0df } else { 0 };
            self.put(index, self.get((index + SHIFT) % SIZE) ^ (bits >> 1) ^ odd);
        }
        self.at = 0;
    }

    fn next(&mut self) -> u32 {
        if self.at >= SIZE {
            self.turn();
        }
        let mut word = self.get(self.at);
        self.at += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// A number below `limit`, as `choice` picks its index; `limit` is more than zero.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        let bits = 32 - limit.leading_zeros();
        loop {
            let number = self.next() >> (32 - bits.max(1));
            if number < limit {
                return number;
            }
        }
    }
}
