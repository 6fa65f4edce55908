//! `random` and `shuffle`: with a seed, what Python's `random.Random` gives.
//!
//! Source: Matsumoto and Nishimura, "Mersenne Twister" (1998); <https://docs.python.org/3/library/random.html>.

use jinja::{Call, Environment, Error, List, Value};
use num_bigint::{BigInt, BigUint, Sign};
use sha2::Digest as _;

use super::{Result, given, or_none};

pub(super) fn add(env: &mut Environment) {
    env.add_filter("random", random);
    env.add_filter("shuffle", shuffle);
}

/// Python's generator.
struct Random {
    state: Vec<u32>,
    at: usize,
}

const SIZE: usize = 624;

impl Random {
    /// Seeded by a value as Python does it, or by the system.
    fn new(seed: Option<&Value>) -> Result<Self> {
        let number = match seed {
            None => {
                let mut bytes = [0; 32];
                rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
                    .map_err(|error| Error::other(error.to_string()))?;
                BigUint::from_bytes_le(&bytes)
            }
            Some(Value::Str(text)) => {
                let mut bytes = text.as_bytes().to_vec();
                bytes.extend_from_slice(&sha2::Sha512::digest(text.as_bytes()));
                BigUint::from_bytes_be(&bytes)
            }
            Some(value) => match value.as_bigint() {
                Some(number) => number.magnitude().clone(),
                None => {
                    return Err(Error::type_error(
                        "The only supported seed types are: None,\nint, float, str, bytes, and bytearray.",
                    ));
                }
            },
        };
        let mut key = number.to_u32_digits();
        if key.is_empty() {
            key.push(0);
        }
        let mut state = vec![19_650_218_u32];
        for index in 1..SIZE as u32 {
            let last = state.last().copied().unwrap_or(0);
            state.push(1_812_433_253_u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(index));
        }
        let (mut i, mut j) = (1, 0);
        for _ in 0..SIZE.max(key.len()) {
            let before = state[i - 1] ^ (state[i - 1] >> 30);
            state[i] = (state[i] ^ before.wrapping_mul(1_664_525)).wrapping_add(key[j]).wrapping_add(j as u32);
            i += 1;
            if i >= SIZE {
                state[0] = state[SIZE - 1];
                i = 1;
            }
            j = (j + 1) % key.len();
        }
        for _ in 0..SIZE - 1 {
            let before = state[i - 1] ^ (state[i - 1] >> 30);
            state[i] = (state[i] ^ before.wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            i += 1;
            if i >= SIZE {
                state[0] = state[SIZE - 1];
                i = 1;
            }
        }
        state[0] = 0x8000_0000;
        Ok(Self { state, at: SIZE })
    }

    fn next(&mut self) -> u32 {
        if self.at >= SIZE {
            for k in 0..SIZE {
                let y = (self.state[k] & 0x8000_0000) | (self.state[(k + 1) % SIZE] & 0x7fff_ffff);
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[k] = self.state[(k + 397) % SIZE] ^ (y >> 1) ^ odd;
            }
            self.at = 0;
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn bits(&mut self, count: u64) -> BigUint {
        let mut left = count;
        let mut words = Vec::new();
        while left > 0 {
            let word = self.next();
            words.push(if left < 32 { word >> (32 - left) } else { word });
            left = left.saturating_sub(32);
        }
        BigUint::new(words)
    }

    /// A number below a limit that is not 0.
    fn below(&mut self, limit: &BigUint) -> BigUint {
        let bits = limit.bits();
        loop {
            let number = self.bits(bits);
            if number < *limit {
                return number;
            }
        }
    }

    fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(&BigUint::from(limit))).unwrap_or(0)
    }
}

fn random(call: &mut Call<'_>) -> Result<Value> {
    let [end, start, step, seed] = call.bind("rand", 1, ["end", "start", "step", "seed"])?;
    let mut random = Random::new(given(seed).as_ref())?;
    let set = |value: Option<Value>| -> Result<Option<Value>> {
        match given(value) {
            Some(value) if value.truthy()? => Ok(Some(value)),
            _ => Ok(None),
        }
    };
    let (start, step, end) = (set(start)?, set(step)?, or_none(end));
    if let Some(end) = end.as_bigint() {
        let whole = |value: Option<Value>, default: i64| -> Result<BigInt> {
            match value {
                None => Ok(BigInt::from(default)),
                Some(value) => value.as_bigint().ok_or_else(|| {
                    let name = value.type_name();
                    Error::type_error(format!("'{name}' object cannot be interpreted as an integer"))
                }),
            }
        };
        let (start, step) = (whole(start, 0)?, whole(step, 1)?);
        let width: BigInt = &end - &start;
        let count: BigInt = match step.sign() {
            Sign::Plus => (&width + &step - BigInt::from(1)) / &step,
            Sign::Minus => (&width + &step + BigInt::from(1)) / &step,
            Sign::NoSign => return Err(Error::value_error("zero step for randrange()")),
        };
        let Some(count) = count.to_biguint().filter(|count| count.bits() > 0) else {
            return Err(Error::value_error(if step == BigInt::from(1) {
                format!("empty range for randrange() ({start}, {end}, {width})")
            } else {
                format!("empty range for randrange() ({start}, {end}, {step})")
            }));
        };
        return Ok(Value::from_bigint(start + step * BigInt::from(random.below(&count))));
    }
    if !end.is_iterable() {
        return Err(Error::other("random can only be used on sequences and integers"));
    }
    if start.is_some() || step.is_some() {
        return Err(Error::other("start and step can only be used with integer values"));
    }
    let values = end.iterate()?;
    if values.is_empty() {
        return Err(Error::new(jinja::Kind::Index, "Cannot choose from an empty sequence"));
    }
    Ok(or_none(values.get(random.index(values.len())).cloned()))
}

fn shuffle(call: &mut Call<'_>) -> Result<Value> {
    let [list, seed] = call.bind("randomize_list", 1, ["mylist", "seed"])?;
    let list = or_none(list);
    let Ok(mut values) = list.iterate() else { return Ok(list) };
    let seed = match given(seed) {
        Some(seed) if seed.truthy()? => Some(seed),
        _ => None,
    };
    let Ok(mut random) = Random::new(seed.as_ref()) else { return Ok(Value::List(List::new(values))) };
    for index in (1..values.len()).rev() {
        let other = random.index(index + 1);
        values.swap(index, other);
    }
    Ok(Value::List(List::new(values)))
}
