//! The order of Python's sets, for what Python hashes alike in every run: numbers and tuples of them. (Text is hashed
//! with a seed of the process, so ansible-core's own order of it differs from run to run.)
//!
//! Source: CPython 3.11, `Objects/setobject.c`; <https://docs.python.org/3/library/stdtypes.html#hashing-of-numeric-types>.

use jinja::{Key, Value};
use num_bigint::BigInt;
use num_traits::{Signed as _, ToPrimitive as _};

/// The prime that Python reckons the hashes of numbers by.
const MODULUS: u64 = (1 << 61) - 1;
/// Slots that are looked at one after the other before the next jump.
const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;
const MIN_SIZE: usize = 8;

/// Python's hash of a value; none where it differs from run to run.
fn hash(value: &Value) -> Option<i64> {
    match value {
        Value::Float(number) => hash_float(*number),
        Value::Tuple(items) => hash_tuple(items),
        number => number.as_bigint().map(|number| hash_integer(&number)),
    }
}

/// Python keeps -1 for errors.
fn unlike_error(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

fn hash_integer(number: &BigInt) -> i64 {
    let rest = (number.abs() % BigInt::from(MODULUS)).to_i64().unwrap_or_default();
    unlike_error(if number.is_negative() { -rest } else { rest })
}

fn hash_float(number: f64) -> Option<i64> {
    if number.is_infinite() {
        return Some(if number > 0.0 { 314_159 } else { -314_159 });
    }
    // What is no number hashes by its address.
    if number.is_nan() {
        return None;
    }
    let bits = number.abs().to_bits();
    let (exponent, fraction) = ((bits >> 52) as i32, bits & ((1 << 52) - 1));
    let (mantissa, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    // mantissa * 2 ** exponent, where 2 ** 61 is 1.
    let shift = exponent.rem_euclid(61);
    let rest = ((u128::from(mantissa) << shift) % u128::from(MODULUS)) as i64;
    Some(unlike_error(if number < 0.0 { -rest } else { rest }))
}

fn hash_tuple(items: &[Value]) -> Option<i64> {
    const PRIMES: [u64; 3] = [11_400_714_785_074_694_791, 14_029_467_366_897_019_727, 2_870_177_450_012_600_261];
    let [first, second, last] = PRIMES;
    let mut sum = last;
    for item in items {
        let lane = hash(item)?.cast_unsigned();
        sum = sum.wrapping_add(lane.wrapping_mul(second)).rotate_left(31).wrapping_mul(first);
    }
    sum = sum.wrapping_add(items.len() as u64 ^ last ^ 3_527_539);
    Some(if sum == u64::MAX { 1_546_275_796 } else { sum.cast_signed() })
}

/// One place of the table.
#[derive(Clone)]
enum Slot {
    Free,
    /// Something was here and was taken out.
    Dummy,
    Taken(i64, Key),
}

/// A set of what is hashed alike in every run.
#[derive(Clone)]
pub(super) struct PythonSet {
    slots: Vec<Slot>,
    /// Slots that are not free.
    fill: usize,
    used: usize,
}

impl PythonSet {
    fn empty() -> Self {
        Self { slots: vec![Slot::Free; MIN_SIZE], fill: 0, used: 0 }
    }

    /// `set(items)`; none where an item cannot be hashed, or is hashed anew in every run.
    pub(super) fn new(items: &[Value]) -> Option<Self> {
        let mut set = Self::empty();
        for item in items {
            set.add(hash(item)?, Key::new(item.clone()).ok()?);
        }
        Some(set)
    }

    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    /// The places where a hash is looked for, in their order.
    fn places(&self, hash: i64) -> impl Iterator<Item = usize> + use<> {
        let mask = self.mask();
        let mut perturb = hash.cast_unsigned();
        let mut at = perturb as usize & mask;
        std::iter::repeat_with(move || {
            let probes = if at + LINEAR_PROBES <= mask { LINEAR_PROBES } else { 0 };
            let run = at..=at + probes;
            perturb >>= PERTURB_SHIFT;
            at = at.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb as usize) & mask;
            run
        })
        .flatten()
    }

    /// Where a key is, else where it is to be put: the last place on the way that was taken once, or the free one.
    fn find(&self, hash: i64, key: &Key) -> Result<usize, usize> {
        let mut dummy = None;
        for place in self.places(hash) {
            match self.slots.get(place) {
                Some(Slot::Taken(known, other)) if *known == hash && other == key => return Ok(place),
                Some(Slot::Taken(..)) => {}
                Some(Slot::Dummy) => dummy = Some(place),
                Some(Slot::Free) | None => return Err(dummy.unwrap_or(place)),
            }
        }
        // There is always a free place: the table grows before it is full.
        Err(0)
    }

    fn add(&mut self, hash: i64, key: Key) {
        let Err(place) = self.find(hash, &key) else { return };
        let fill = self.fill;
        self.put(place, hash, key);
        if self.fill > fill && self.fill * 5 >= self.mask() * 3 {
            self.resize(if self.used > 50_000 { self.used * 2 } else { self.used * 4 });
        }
    }

    fn put(&mut self, place: usize, hash: i64, key: Key) {
        if let Some(slot) = self.slots.get_mut(place) {
            self.fill += usize::from(matches!(slot, Slot::Free));
            self.used += 1;
            *slot = Slot::Taken(hash, key);
        }
    }

    /// Puts a key in that is known not to be there.
    fn add_new(&mut self, hash: i64, key: Key) {
        let place = self.places(hash).find(|place| matches!(self.slots.get(*place), Some(Slot::Free) | None));
        self.put(place.unwrap_or(0), hash, key);
    }

    fn resize(&mut self, least: usize) {
        let size = (least + 1).next_power_of_two().max(MIN_SIZE);
        let old = std::mem::replace(&mut self.slots, vec![Slot::Free; size]);
        (self.fill, self.used) = (0, 0);
        for slot in old {
            if let Slot::Taken(hash, key) = slot {
                self.add_new(hash, key);
            }
        }
    }

    fn remove(&mut self, hash: i64, key: &Key) -> bool {
        let Ok(place) = self.find(hash, key) else { return false };
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Slot::Dummy;
            self.used -= 1;
        }
        true
    }

    fn iter(&self) -> impl Iterator<Item = (i64, &Key)> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Taken(hash, key) => Some((*hash, key)),
            Slot::Free | Slot::Dummy => None,
        })
    }

    fn contains(&self, hash: i64, key: &Key) -> bool {
        self.find(hash, key).is_ok()
    }

    fn merge(&mut self, other: &Self) {
        if (self.fill + other.used) * 5 >= self.mask() * 3 {
            self.resize((self.used + other.used) * 2);
        }
        let empty = self.fill == 0;
        if empty && self.slots.len() == other.slots.len() && other.fill == other.used {
            self.clone_from(other);
            return;
        }
        for (hash, key) in other.iter() {
            if empty { self.add_new(hash, key.clone()) } else { self.add(hash, key.clone()) }
        }
    }

    fn copy(&self) -> Self {
        let mut copy = Self::empty();
        copy.merge(self);
        copy
    }

    fn filtered(&self, wanted: impl Fn(i64, &Key) -> bool) -> Self {
        let mut out = Self::empty();
        for (hash, key) in self.iter().filter(|(hash, key)| wanted(*hash, key)) {
            out.add(hash, key.clone());
        }
        out
    }

    /// `self | other`
    pub(super) fn union(&self, other: &Self) -> Self {
        let mut union = self.copy();
        union.merge(other);
        union
    }

    /// `self & other`
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let (few, many) = if other.used > self.used { (self, other) } else { (other, self) };
        few.filtered(|hash, key| many.contains(hash, key))
    }

    /// `self - other`
    pub(super) fn difference(&self, other: &Self) -> Self {
        if self.used >> 2 <= other.used {
            return self.filtered(|hash, key| !other.contains(hash, key));
        }
        let mut out = self.copy();
        for (hash, key) in other.iter() {
            out.remove(hash, key);
        }
        out
    }

    /// `self ^ other`
    pub(super) fn symmetric_difference(&self, other: &Self) -> Self {
        let mut out = other.copy();
        for (hash, key) in self.iter() {
            if !out.remove(hash, key) {
                out.add(hash, key.clone());
            }
        }
        out
    }

    /// `list(self)`
    pub(super) fn into_values(self) -> Vec<Value> {
        self.slots
            .into_iter()
            .filter_map(|slot| match slot {
                Slot::Taken(_, key) => Some(key.into_value()),
                Slot::Free | Slot::Dummy => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use md5::Digest as _;

    use super::*;

    #[test]
    fn numbers_hash_as_pythons() {
        let floats = [0.5, -1.0, 1e300, 5e-324, 1.5, -0.1, f64::INFINITY].map(hash_float).map(Option::unwrap);
        let wanted = [
            1_152_921_504_606_846_976,
            -2,
            1_224_995_262_755_759_164,
            16_777_216,
            1_152_921_504_606_846_977,
            -230_584_300_921_369_408,
            314_159,
        ];
        assert_eq!(floats, wanted);
        let power = |exponent: u32| BigInt::from(2).pow(exponent);
        assert_eq!([power(61) - 1, power(61), -power(70)].map(|number| hash_integer(&number)), [0, 1, -512]);
        assert_eq!(hash_tuple(&[]), Some(5_740_354_900_026_072_187));
        assert_eq!(hash_tuple(&[1.into(), 2.5.into()]), Some(396_935_360_214_441_795));
        assert_eq!(hash(&"text".into()), None);
    }

    /// Numbers that the recording program drew in the same way.
    struct Draw(u64);

    impl Draw {
        fn below(&mut self, limit: i64) -> i64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as i64 % limit
        }

        fn element(&mut self, width: i64) -> Value {
            let number = self.below(width) - width / 4;
            match self.below(4) {
                0 => (number as f64 / 4.0).into(),
                1 => Value::Tuple([number.into(), (number as f64 / 2.0).into()].into()),
                2 if number % 5 == 0 => (number << 40).into(),
                _ => number.into(),
            }
        }

        fn elements(&mut self, most: i64, width: i64) -> PythonSet {
            let count = self.below(most);
            PythonSet::new(&(0..count).map(|_| self.element(width)).collect::<Vec<_>>()).unwrap()
        }
    }

    #[test]
    fn four_hundred_sets_come_out_in_the_order_that_python_gave_them() {
        let recorded = [
            (PythonSet::union as fn(&PythonSet, &PythonSet) -> PythonSet, "6e27467139740be91d8672c6040f6e81"),
            (PythonSet::intersection, "81e9eca90f8550a3883f7af0c1bf4999"),
            (PythonSet::difference, "694e8e1eb17913b209022bd5e788d7d6"),
            (PythonSet::symmetric_difference, "e0a45a18336420289b9ba9eb8877dc39"),
        ];
        let mut draw = Draw(1);
        for (operation, wanted) in recorded {
            let mut out = String::new();
            for round in 0..100 {
                let size = [4, 30, 300, 3000][round % 4];
                let left = draw.elements(size, size);
                let right = draw.elements(if round % 3 == 0 { size / 8 + 1 } else { size }, size);
                let values = Value::from(operation(&left, &right).into_values());
                let _ = writeln!(out, "{}", values.repr().unwrap());
            }
            let digest = md5::Md5::digest(out.trim_end());
            assert_eq!(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), wanted);
        }
    }
}
