//! Reads [`Data`], to a depth: what a host sends must not overflow the stack of who reads it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor},
};

use crate::{Data, Map};

/// How deep lists and maps may stand in each other: more than Python's own reader of JSON takes.
pub(crate) const MAX_DEPTH: usize = 1000;

/// The variants of [`Data`] in their order, as `derive` numbers them.
const VARIANTS: &[&str] = &["Null", "Bool", "Int", "BigInt", "Float", "Str", "List", "Map"];

/// A variant's number.
#[derive(Clone, Copy)]
enum Variant {
    Null,
    Bool,
    Int,
    BigInt,
    Float,
    Str,
    List,
    Map,
}

impl Variant {
    const ALL: [Self; 8] =
        [Self::Null, Self::Bool, Self::Int, Self::BigInt, Self::Float, Self::Str, Self::List, Self::Map];
}

impl<'de> Deserialize<'de> for Variant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Variant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a kind of data")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Variant, E> {
                usize::try_from(number)
                    .ok()
                    .and_then(|number| Variant::ALL.get(number).copied())
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Variant, E> {
                VARIANTS
                    .iter()
                    .position(|known| *known == name)
                    .and_then(|number| Variant::ALL.get(number).copied())
                    .ok_or_else(|| E::unknown_variant(name, VARIANTS))
            }
        }

        deserializer.deserialize_identifier(Name)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Nested { left: MAX_DEPTH }.deserialize(deserializer)
    }
}

/// Reads a value in which containers may stand in each other so often.
#[derive(Clone, Copy)]
struct Nested {
    left: usize,
}

impl Nested {
    fn within<E: Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left }),
            None => Err(E::custom(format_args!("data nests deeper than {MAX_DEPTH} levels"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Data;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        deserializer.deserialize_enum("Data", VARIANTS, self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Data, A::Error> {
        let (variant, content) = access.variant()?;
        Ok(match variant {
            Variant::Null => {
                content.unit_variant()?;
                Data::Null
            }
            Variant::Bool => Data::Bool(content.newtype_variant()?),
            Variant::Int => Data::Int(content.newtype_variant()?),
            Variant::BigInt => Data::BigInt(content.newtype_variant()?),
            Variant::Float => Data::Float(content.newtype_variant()?),
            Variant::Str => Data::Str(content.newtype_variant()?),
            Variant::List => Data::List(content.newtype_variant_seed(Items(self.within()?))?),
            Variant::Map => Data::Map(content.newtype_variant_seed(Entries(self.within()?))?),
        })
    }
}

/// How many items are given room before they have come: their number is the sender's word alone.
const TRUSTED_LENGTH: usize = 1024;

struct Items(Nested);

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Vec<Data>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Data>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Data>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of data")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Vec<Data>, A::Error> {
        let mut items = Vec::with_capacity(access.size_hint().unwrap_or(0).min(TRUSTED_LENGTH));
        while let Some(item) = access.next_element_seed(self.0)? {
            items.push(item);
        }
        Ok(items)
    }
}

struct Entries(Nested);

impl<'de> DeserializeSeed<'de> for Entries {
    type Value = Map;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Map, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entries {
    type Value = Map;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of data")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Map, A::Error> {
        let mut map = Map::with_capacity(access.size_hint().unwrap_or(0).min(TRUSTED_LENGTH));
        while let Some(key) = access.next_key::<String>()? {
            map.insert(key, access.next_value_seed(self.0)?);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{FromHelper, decode, encode};

    fn in_lists(depth: usize) -> Data {
        (0..depth).fold(Data::Int(1), |inner, _| Data::List(vec![inner]))
    }

    /// The frame of an outcome whose only return key is that.
    fn sent(value: Data) -> Vec<u8> {
        let outcome = Box::new(crate::Outcome::changed(true).with("k", value));
        encode(&FromHelper::Done { id: 1, outcome }).unwrap().split_off(4)
    }

    #[test]
    fn every_kind_reads_back_as_it_was_written() {
        let map = Map::from([("k".to_owned(), Data::Float(0.5)), ("l".to_owned(), Data::Null)]);
        let all = Data::List(vec![
            Data::Null,
            Data::Bool(true),
            Data::Int(-7),
            Data::BigInt("9".repeat(30)),
            Data::Float(1.5),
            Data::Str("ü".to_owned()),
            Data::List(Vec::new()),
            Data::Map(map),
        ]);
        let bytes = postcard::to_stdvec(&all).unwrap();
        assert_eq!(postcard::from_bytes::<Data>(&bytes).unwrap(), all);
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Data>(&json).unwrap(), all);
    }

    #[test]
    fn data_is_read_to_a_depth_and_refused_beyond_it() {
        // In the smallest stack that a thread of ours has.
        let read = || {
            assert!(decode::<FromHelper>(&sent(in_lists(MAX_DEPTH))).is_ok());
            let refused = decode::<FromHelper>(&sent(in_lists(MAX_DEPTH + 1))).unwrap_err().to_string();
            assert!(refused.starts_with("bytes that are not a frame"), "{refused}");
            // A list of one list of one list ...: by hand, for nothing of ours writes that.
            let mut bytes = sent(Data::Null);
            let place = bytes.iter().position(|byte| *byte == b'k').unwrap() + 1;
            bytes.splice(place..=place, [6, 1].repeat(1_000_000));
            assert!(decode::<FromHelper>(&bytes).is_err());
        };
        std::thread::Builder::new().stack_size(2 << 20).spawn(read).unwrap().join().unwrap();
    }

    #[test]
    fn a_length_that_does_not_come_takes_no_memory() {
        let mut bytes = vec![6];
        bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(postcard::from_bytes::<Data>(&bytes).is_err());
    }
}
