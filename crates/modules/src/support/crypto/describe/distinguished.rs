//! Distinguished names: which attributes, in which order, as text.

use const_oid::ObjectIdentifier;
use der::{Tag, Tagged, asn1::Any};
use protocol::{Data, Map};
use x509_cert::name::Name;

use super::{Wrong, oid};

/// The attributes of a name, in the order in which they stand.
///
/// # Errors
///
/// A value that is no text.
pub fn attributes(name: &Name) -> Result<Vec<(ObjectIdentifier, String)>, Wrong> {
    name.iter().map(|attribute| Ok((attribute.oid, text(&attribute.value)?))).collect()
}

/// The attributes as a map by their long names (the last of several stays) and as pairs in order.
///
/// # Errors
///
/// As [`attributes`].
pub fn described(name: &Name) -> Result<(Map, Data), Wrong> {
    let pairs: Vec<_> = attributes(name)?.into_iter().map(|(id, value)| (oid::long(id), value)).collect();
    let map = pairs.iter().map(|(name, value)| (name.clone(), Data::from(value.as_str()))).collect();
    let ordered = pairs.into_iter().map(|(name, value)| Data::List(vec![name.into(), value.into()])).collect();
    Ok((map, Data::List(ordered)))
}

/// The attributes as a map by their short names, the last of several.
///
/// # Errors
///
/// As [`attributes`].
pub fn short(name: &Name) -> Result<Map, Wrong> {
    Ok(attributes(name)?.into_iter().map(|(id, value)| (oid::short(id), Data::Str(value))).collect())
}

/// As RFC 4514 section 2.1 has it: the last attribute first, a comma between each two.
///
/// # Errors
///
/// As [`attributes`].
pub fn rfc4514(name: &Name) -> Result<String, Wrong> {
    let parts: Vec<_> = attributes(name)?
        .into_iter()
        .rev()
        .map(|(id, value)| format!("{}={}", oid::short(id), escaped(&value)))
        .collect();
    Ok(parts.join(","))
}

/// RFC 4514 section 2.4, with what the collection leaves out.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '\\' | ',' | '+' | '<' | '>' | ';' | '"' => text.extend(['\\', letter]),
            '\0' => text.push_str("\\00"),
            _ => text.push(letter),
        }
    }
    if text.starts_with([' ', '#']) {
        text.insert(0, '\\');
    }
    if text.ends_with(' ') {
        text.insert(text.len() - 1, '\\');
    }
    text
}

/// The text of a value, whatever string type it has.
fn text(value: &Any) -> Result<String, Wrong> {
    let bytes = value.value();
    let read = match value.tag() {
        Tag::BmpString => {
            let (units, rest) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
        }
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    read.ok_or_else(|| Wrong::Raised("a distinguished name has a value that is no text.".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(escaped(" a,b+c\\ "), "\\ a\\,b\\+c\\\\\\ ");
        assert_eq!(escaped("#a\0"), "\\#a\\00");
        assert_eq!(escaped("a#b c"), "a#b c");
    }

    #[test]
    fn the_text_form_begins_with_the_last_attribute() {
        let name = Name::from_str("CN=a,O=b,C=DE").unwrap();
        let (map, ordered) = described(&name).unwrap();
        assert_eq!(map.keys().collect::<Vec<_>>(), ["countryName", "organizationName", "commonName"]);
        assert_eq!(ordered.as_list().unwrap().len(), 3);
        assert_eq!(rfc4514(&name).unwrap(), "CN=a,O=b,C=DE");
    }

    #[test]
    fn two_byte_text_is_read() {
        assert_eq!(text(&Any::new(Tag::BmpString, [0, b'a', 0x20, 0xac]).unwrap()).unwrap(), "a€");
        assert!(text(&Any::new(Tag::BmpString, [0]).unwrap()).is_err());
        assert!(text(&Any::new(Tag::Utf8String, [0xff]).unwrap()).is_err());
    }
}
