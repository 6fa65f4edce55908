//! Distinguished names from options: attributes by name or number, each with the string type that its kind has.

use const_oid::ObjectIdentifier;
use der::{
    Tag,
    asn1::{Any, SetOfVec},
};
use protocol::{Data, Map, arguments::python};
use x509_cert::{
    attr::AttributeTypeAndValue,
    name::{Name, RdnSequence, RelativeDistinguishedName},
};

use super::{describe::Wrong, describe::oid};

/// An attribute as it was given: its name or number, and its value.
pub type Pair = (String, String);

const COMMON_NAME: &str = "2.5.4.3";
const COUNTRY: &str = "2.5.4.6";
const JURISDICTION_COUNTRY: &str = "1.3.6.1.4.1.311.60.2.1.3";
const SERIAL_NUMBER: &str = "2.5.4.5";
const DN_QUALIFIER: &str = "2.5.4.46";
const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";
const DOMAIN_COMPONENT: &str = "0.9.2342.19200300.100.1.25";

/// The number of what is named, or numbered, so.
///
/// # Errors
///
/// A name that is not known.
pub fn number_of(name: &str) -> Result<ObjectIdentifier, Wrong> {
    // The collection knows one more.
    let known = oid::numbered(if name == "userID" { "userId" } else { name });
    let is_dotted = || {
        name.contains('.')
            && name.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match known {
        Some(oid) => Ok(oid),
        None if is_dotted() => {
            ObjectIdentifier::new(name).map_err(|_| Wrong::said(format!("Invalid object identifier: \"{name}\"")))
        }
        None => Err(Wrong::said(format!("Cannot find OID for \"{name}\""))),
    }
}

/// One attribute.
///
/// # Errors
///
/// A name that is not known, a value that is too long or too short for its kind.
pub fn attribute(oid: ObjectIdentifier, value: &str) -> Result<AttributeTypeAndValue, Wrong> {
    let dotted = oid.to_string();
    let limits = match dotted.as_str() {
        COUNTRY | JURISDICTION_COUNTRY => Some((2, 2)),
        COMMON_NAME => Some((1, 64)),
        _ => None,
    };
    if let Some((least, most)) = limits
        && !(least..=most).contains(&value.len())
    {
        return Err(Wrong::said(format!(
            "Attribute's length must be >= {least} and <= {most}, but it was {}",
            value.len()
        )));
    }
    let tag = match dotted.as_str() {
        COUNTRY | JURISDICTION_COUNTRY | SERIAL_NUMBER | DN_QUALIFIER => Tag::PrintableString,
        EMAIL_ADDRESS | DOMAIN_COMPONENT => Tag::Ia5String,
        _ => Tag::Utf8String,
    };
    let value = Any::new(tag, value.as_bytes()).map_err(|error| Wrong::said(error.to_string()))?;
    Ok(AttributeTypeAndValue { oid, value })
}

/// A name of one attribute each.
///
/// # Errors
///
/// None in practice.
pub fn from_attributes(attributes: impl IntoIterator<Item = AttributeTypeAndValue>) -> Result<Name, Wrong> {
    let mut sequence = RdnSequence::default();
    for attribute in attributes {
        sequence.push(relative([attribute])?);
    }
    Ok(Name::hazmat_from_rdn_sequence(sequence))
}

/// Attributes that stand beside each other.
///
/// # Errors
///
/// One is there twice.
pub fn relative(
    attributes: impl IntoIterator<Item = AttributeTypeAndValue>,
) -> Result<RelativeDistinguishedName, Wrong> {
    let mut set = SetOfVec::new();
    for attribute in attributes {
        set.insert(attribute).map_err(|_| Wrong::said("duplicate attributes are not allowed"))?;
    }
    Ok(RelativeDistinguishedName::from(set))
}

/// A subject.
///
/// # Errors
///
/// As [`attribute`].
pub fn subject(pairs: &[Pair]) -> Result<Name, Wrong> {
    let attributes: Result<Vec<_>, _> = pairs.iter().map(|(name, value)| attribute(number_of(name)?, value)).collect();
    from_attributes(attributes?)
}

/// The pairs of an option that is a map of texts and lists of texts. `field` is its name.
///
/// # Errors
///
/// A value that is neither, or empty.
pub fn pairs(map: &Map, field: &str) -> Result<Vec<Pair>, Wrong> {
    let mut pairs = Vec::new();
    for (key, value) in map {
        match value {
            Data::List(items) => {
                for item in items {
                    match item {
                        Data::Str(text) if text.is_empty() => {
                            return Err(Wrong::said(format!("Values for {key} in {field} must not be empty strings")));
                        }
                        Data::Str(text) => pairs.push((key.clone(), text.clone())),
                        _ => return Err(Wrong::raised(format!("Values {key} in {field} must be strings"))),
                    }
                }
            }
            Data::Str(text) if text.is_empty() => {
                return Err(Wrong::said(format!("Value for {key} in {field} must not be an empty string")));
            }
            Data::Str(text) => pairs.push((key.clone(), text.clone())),
            _ => {
                return Err(Wrong::raised(format!(
                    "Value for {key} in {field} must be either a string or a list of strings"
                )));
            }
        }
    }
    Ok(pairs)
}

/// The pairs of an option that is a list of maps of one entry each.
///
/// # Errors
///
/// A map of another size; as [`pairs`].
pub fn ordered_pairs(list: &[Map], field: &str) -> Result<Vec<Pair>, Wrong> {
    let mut all = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        let number = index + 1;
        if entry.len() != 1 {
            return Err(Wrong::said(format!(
                "Entry #{number} in {field} must be a dictionary with exactly one key-value pair"
            )));
        }
        all.extend(pairs(entry, field).map_err(|error| {
            error.within(|text| format!("Error while processing entry #{number} in {field}: {text}"))
        })?);
    }
    Ok(all)
}

/// A name in one line: `CN=Test, O = Something`, or `/O=Something/CN=Test`; in the order of certificates, which is the
/// other way round.
///
/// # Errors
///
/// The collection's words for what it cannot read.
pub fn parse(text: &str) -> Result<Name, Wrong> {
    let within = |reason: &str| format!("Error while parsing distinguished name {}: {reason}", python::repr_str(text));
    let mut rest = text.trim_start();
    let mut separator = b',';
    if let Some(after) = rest.strip_prefix('/') {
        (separator, rest) = (b'/', after);
    }
    let mut attributes = Vec::new();
    let mut rest = rest.as_bytes();
    while !rest.is_empty() {
        let (attribute, after) = component(rest, Some(separator)).map_err(|error| error.within(within))?;
        attributes.push(attribute);
        rest = match after.split_first() {
            None => after,
            Some((first, next)) if *first == separator && !next.is_empty() => next,
            Some(_) => return Err(Wrong::said(within("unexpected end of string"))),
        };
    }
    from_attributes(attributes.into_iter().rev())
}

/// Attributes that stand beside each other, each `NAME=VALUE`.
///
/// # Errors
///
/// The collection's words for what it cannot read.
pub fn parse_relative(parts: &[String]) -> Result<RelativeDistinguishedName, Wrong> {
    let attributes: Result<Vec<_>, _> = parts
        .iter()
        .map(|part| {
            let read = component(part.as_bytes(), None).map(|(attribute, _)| attribute);
            read.map_err(|error| {
                let part = python::repr_str(part);
                error.within(|reason| format!("Error while parsing relative distinguished name {part}: {reason}"))
            })
        })
        .collect();
    relative(attributes?)
}

/// `NAME = VALUE` and what stands behind it. Up to `separator` the value has escapes; without one all of the rest is the
/// value, as it stands.
fn component(text: &[u8], separator: Option<u8>) -> Result<(AttributeTypeAndValue, &[u8]), Wrong> {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (name, mut rest) =
        start(text).ok_or_else(|| Wrong::said(format!("cannot start part in \"{}\"", shown(text))))?;
    let oid = number_of(&shown(name))?;
    let mut value = Vec::new();
    match (separator, rest) {
        (None, _) => {
            value.extend_from_slice(rest);
            rest = &[];
        }
        (Some(_), [b'#', hex @ ..]) => {
            rest = hex;
            while let [high, low, after @ ..] = rest {
                let byte = byte(*high, *low)
                    .ok_or_else(|| Wrong::said(format!("Invalid hex sequence entry \"{}\"", shown(&[*high, *low]))))?;
                value.push(byte);
                rest = after;
            }
        }
        (Some(separator), _) => loop {
            match rest {
                [b'\\', escaped, after @ ..] if digit(*escaped).is_some() => {
                    let [low, after @ ..] = after else {
                        let escaped = shown(&[*escaped]);
                        return Err(Wrong::said(format!(
                            "Hex escape sequence \"\\{escaped}\" incomplete at end of string"
                        )));
                    };
                    value.push(byte(*escaped, *low).ok_or_else(|| {
                        let sequence = shown(&[*escaped, *low]);
                        Wrong::said(format!("Hex escape sequence \"\\{sequence}\" has invalid second letter"))
                    })?);
                    rest = after;
                }
                [b'\\', escaped, after @ ..] => {
                    value.push(*escaped);
                    rest = after;
                }
                // The collection does not come to an end here.
                [b'\\'] => return Err(Wrong::said("a backslash stands at the end of the string")),
                [letter, after @ ..] if *letter != separator => {
                    value.push(*letter);
                    rest = after;
                }
                _ => break,
            }
        },
    }
    Ok((attribute(oid, &shown(&value))?, rest))
}

/// The name before the `=`, with blanks around both.
fn start(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let blanks = |text: &[u8]| text.iter().take_while(|byte| **byte == b' ').count();
    let text = text.get(blanks(text)..)?;
    // `A-z` and not `A-Z`, as in the collection.
    let length =
        text.iter().take_while(|byte| matches!(**byte, b'a'..=b'z' | b'A'..=b'z' | b'0'..=b'9' | b'.')).count();
    let (name, rest) = text.split_at_checked(length).filter(|(name, _)| !name.is_empty())?;
    let rest = rest.get(blanks(rest)..)?.strip_prefix(b"=")?;
    Some((name, rest.get(blanks(rest)..)?))
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| digit.try_into().ok())
}

fn byte(high: u8, low: u8) -> Option<u8> {
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::support::crypto::describe::distinguished::rfc4514;

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "([ =,/#\\\\A-Fa-f0-9.]|CN=|O=|\\PC){0,20}") {
            let _ = (parse(&text), parse_relative(&[text]));
        }
    }

    #[test]
    fn names_read_in_both_orders_and_with_escapes() {
        let read = |text: &str| parse(text).map(|name| rfc4514(&name).unwrap()).map_err(|error| error.to_string());
        assert_eq!(read("CN = a\\,b, O=c").unwrap(), "CN=a\\,b,O=c");
        assert_eq!(read("/CN=a,b/O=c").unwrap(), "CN=a\\,b,O=c");
        assert_eq!(read("CN=\\41b").unwrap(), "CN=Ab");
        assert_eq!(read("CN=#4142").unwrap(), "CN=AB");
        let says = |reason: &str, text: &str| {
            let want = format!("Error while parsing distinguished name {}: {reason}", python::repr_str(text));
            assert_eq!(read(text).unwrap_err(), want);
        };
        says("unexpected end of string", "CN=a,");
        says("cannot start part in \"x\"", "x");
        says("Cannot find OID for \"foo\"", "foo=x");
        says("Hex escape sequence \"\\a\" incomplete at end of string", "CN=\\a");
        says("Hex escape sequence \"\\ax\" has invalid second letter", "CN=\\axy");
        says("Invalid hex sequence entry \"4x\"", "CN=#4x");
    }
}
