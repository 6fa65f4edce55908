//! General names (RFC 5280 section 4.2.1.6) from the form that the collection's options have: `DNS:example.org`.

use std::net::IpAddr;

use const_oid::ObjectIdentifier;
use der::{
    Decode,
    asn1::{Any, Ia5String, OctetString},
};
use protocol::arguments::python;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

use super::{describe::Wrong, describe::idn::NameEncoding, name};

/// What a name is for, as messages have it.
pub const ALTERNATIVE_NAME: &str = "Subject Alternative Name";

/// Reads one.
///
/// # Errors
///
/// The collection's words: an unknown kind, a value that its kind cannot have.
pub fn parse(text: &str, what: &str) -> Result<GeneralName, Wrong> {
    let within = |reason: &str| format!("Cannot parse {what} \"{text}\": {reason}");
    let read = |read: Result<GeneralName, Wrong>| read.map_err(|error| error.within(within));
    match text.split_once(':') {
        Some(("DNS", value)) => read(dns(value)),
        Some(("IP", value)) => read(address(value)),
        Some(("email", value)) => read(mail(value)),
        Some(("URI", value)) => read(uri(value)),
        Some(("RID", value)) => read(registered(value, text, what)),
        Some(("otherName", value)) => match hexadecimal(value) {
            Some((number, bytes)) => read(other(number, &bytes)),
            // The collection has lost the prefix by then.
            None => written(value, what)
                .map_err(|error| error.within(|reason| format!("Cannot parse {what} \"{value}\": {reason}"))),
        },
        Some(("dirName", value)) => read(name::parse(value).map(GeneralName::DirectoryName)),
        Some(_) => Err(Wrong::said(format!(
            "Cannot parse {what} \"{text}\" (potentially unsupported by cryptography backend)"
        ))),
        None => Err(Wrong::said(format!("Cannot parse {what} \"{text}\" (forgot \"DNS:\" prefix?)"))),
    }
}

/// Reads several.
///
/// # Errors
///
/// As [`parse`].
pub fn list(texts: &[String], what: &str) -> Result<Vec<GeneralName>, Wrong> {
    texts.iter().map(|text| parse(text, what)).collect()
}

fn ascii(text: &str, kind: &str) -> Result<Ia5String, Wrong> {
    Ia5String::new(text).map_err(|_| {
        Wrong::said(format!(
            "{kind} values should be passed as an A-label string. This means unicode characters should be encoded via a \
             library like idna."
        ))
    })
}

fn dns(value: &str) -> Result<GeneralName, Wrong> {
    ascii(value, "DNSName").map(GeneralName::DnsName)
}

fn mail(value: &str) -> Result<GeneralName, Wrong> {
    let text = ascii(value, "RFC822Name")?;
    // Python's `parseaddr` would find a display name, or nothing.
    if value.trim().is_empty() || value.contains(['<', '>', ' ', ',', '(', ')']) {
        return Err(Wrong::said("Invalid rfc822name value"));
    }
    Ok(GeneralName::Rfc822Name(text))
}

fn uri(value: &str) -> Result<GeneralName, Wrong> {
    let text = NameEncoding::Idna.uri(value).map_err(|wrong| Wrong::said(wrong.text()))?;
    ascii(&text, "URI").map(GeneralName::UniformResourceIdentifier)
}

fn registered(value: &str, text: &str, what: &str) -> Result<GeneralName, Wrong> {
    let is_dotted = value.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_dotted {
        return Err(Wrong::said(format!("Cannot parse {what} \"{text}\"")));
    }
    number(value).map(GeneralName::RegisteredId)
}

fn number(text: &str) -> Result<ObjectIdentifier, Wrong> {
    ObjectIdentifier::new(text).map_err(|_| Wrong::said("error parsing asn1 value: invalid object identifier"))
}

/// `OID;aa:bb`.
fn hexadecimal(value: &str) -> Option<(&str, Vec<u8>)> {
    let (number, content) = value.split_once(';')?;
    let is_dotted = number.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()));
    is_dotted.then(|| octets(content)).flatten().map(|bytes| (number, bytes))
}

/// `OID;UTF8:text`, with `IMPLICIT:1,` or `EXPLICIT:1,` before the type.
fn written(value: &str, what: &str) -> Result<GeneralName, Wrong> {
    let (number, content) = value.split_once(';').ok_or_else(|| {
        Wrong::said(format!(
            "Cannot parse {what} otherName \"{value}\", must be in the format \"otherName:<OID>;<ASN.1 OpenSSL Encoded \
             String>\" or \"otherName:<OID>;<hex string>\""
        ))
    })?;
    other(number, &asn1(content)?)
}

fn other(number: &str, der: &[u8]) -> Result<GeneralName, Wrong> {
    let value = Any::from_der(der).map_err(|error| Wrong::said(format!("error parsing asn1 value: {error}")))?;
    Ok(GeneralName::OtherName(OtherName { type_id: self::number(number)?, value }))
}

/// One or two hexadecimal digits each, colons between.
fn octets(text: &str) -> Option<Vec<u8>> {
    text.split(':')
        .map(|part| {
            let is_hex = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then(|| u8::from_str_radix(part, 16).ok()).flatten()
        })
        .collect()
}

/// The part of OpenSSL's `ASN1_generate_nconf(3)` that the collection knows.
fn asn1(text: &str) -> Result<Vec<u8>, Wrong> {
    const UTF8: u32 = 12;
    let form = || Wrong::said("The ASN.1 serialized string must be in the format [modifier,]type[:value]");
    let (modifier, rest) = match text.split_once(',') {
        Some((modifier, rest)) if modifier.starts_with("IMPLICIT:") || modifier.starts_with("EXPLICIT:") => {
            (Some(modifier), rest)
        }
        _ => (None, text),
    };
    let (kind, value) = rest.split_once(':').ok_or_else(form)?;
    if kind.is_empty() || !kind.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        return Err(form());
    }
    if kind != "UTF8" {
        return Err(Wrong::said(format!(
            "The ASN.1 serialized string is not a known type \"{kind}\", only UTF8 types are supported"
        )));
    }
    let Some(modifier) = modifier else { return Ok(packed(0, false, UTF8, value.as_bytes())) };
    let (how, tag) = modifier.split_once(':').ok_or_else(form)?;
    let (tag, class) = match tag.strip_suffix(['U', 'A', 'P', 'C']) {
        Some(number) => (number, tag.chars().last().unwrap_or('C')),
        None => (tag, 'C'),
    };
    let tag: u32 = tag.parse().map_err(|_| form())?;
    let class_bits = match class {
        'U' => 0,
        'A' => 1,
        'C' => 2,
        _ => 3,
    };
    let is_constructed = how == "EXPLICIT" && class != 'U';
    let inner = if is_constructed { packed(0, false, UTF8, value.as_bytes()) } else { value.as_bytes().to_vec() };
    Ok(packed(class_bits, is_constructed, tag, &inner))
}

/// Tag, length, value (X.690 section 8.1).
fn packed(class: u8, constructed: bool, tag: u32, value: &[u8]) -> Vec<u8> {
    let first = class << 6 | u8::from(constructed) << 5;
    let mut bytes = Vec::with_capacity(value.len() + 8);
    match u8::try_from(tag) {
        Ok(tag) if tag < 31 => bytes.push(first | tag),
        _ => {
            bytes.push(first | 31);
            let groups = (0..5).rev().map(|at| (tag >> (7 * at)) as u8 & 0x7f).skip_while(|group| *group == 0);
            let groups: Vec<u8> = groups.collect();
            let last = groups.len().saturating_sub(1);
            bytes.extend(groups.iter().enumerate().map(|(at, group)| if at < last { group | 0x80 } else { *group }));
        }
    }
    match u8::try_from(value.len()) {
        Ok(length) if length < 128 => bytes.push(length),
        _ => {
            let length: Vec<u8> = value.len().to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | u8::try_from(length.len()).unwrap_or(8));
            bytes.extend(length);
        }
    }
    bytes.extend_from_slice(value);
    bytes
}

/// An address, or a network, which name constraints have.
fn address(value: &str) -> Result<GeneralName, Wrong> {
    let shown = python::repr_str(value);
    let bytes = match value.split_once('/') {
        None => {
            let address: IpAddr = value
                .parse()
                .map_err(|_| Wrong::said(format!("{shown} does not appear to be an IPv4 or IPv6 address")))?;
            octets_of(address)
        }
        Some((network, length)) => {
            let none = || Wrong::said(format!("{shown} does not appear to be an IPv4 or IPv6 network"));
            let network = octets_of(network.parse().map_err(|_| none())?);
            let mask = mask(length, network.len()).ok_or_else(none)?;
            if network.iter().zip(&mask).any(|(byte, mask)| byte & !mask != 0) {
                return Err(Wrong::said(format!("{value} has host bits set")));
            }
            [network, mask].concat()
        }
    };
    let octets = OctetString::new(bytes).map_err(|error| Wrong::said(error.to_string()))?;
    Ok(GeneralName::IpAddress(octets))
}

fn octets_of(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// A mask of so many bytes: the number of its bits, or for IPv4 the mask itself or its opposite.
fn mask(text: &str, bytes: usize) -> Option<Vec<u8>> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let bits: usize = text.parse().ok().filter(|bits| *bits <= bytes * 8)?;
        let byte = |at: usize| -> Option<u8> {
            let ones = u32::try_from(bits.saturating_sub(at * 8).min(8)).ok()?;
            Some(!0xff_u8.checked_shr(ones).unwrap_or(0))
        };
        return (0..bytes).map(byte).collect();
    }
    let mask = u32::from(text.parse::<std::net::Ipv4Addr>().ok().filter(|_| bytes == 4)?);
    let mask = [mask, !mask].into_iter().find(|mask| mask.leading_ones() == mask.count_ones())?;
    Some(mask.to_be_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::support::crypto::describe::general_name::shown;

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "(DNS:|IP:|email:|URI:|RID:|otherName:|dirName:|\\PC)[\\PC]{0,30}") {
            let _ = parse(&text, "name");
        }

        #[test]
        fn any_other_name_is_read_without_harm(
            text in "otherName:[0-9.]{0,8};((IMPLICIT|EXPLICIT):[0-9]{0,9}[UAPC]?,)?(UTF8|BOOL)?:?[a-f0-9:]{0,9}",
        ) {
            let _ = parse(&text, "name");
        }
    }

    #[test]
    fn what_is_read_is_shown_the_same() {
        for text in [
            "DNS:*.example.org",
            "IP:192.0.2.1",
            "IP:10.0.0.0/9",
            "IP:::1",
            "IP:2001:db8::/33",
            "email:a@b.example",
            "email:.com",
            "URI:https://example.org/a?b",
            "RID:1.2.3",
            "dirName:CN=a,O=b",
            "otherName:1.2.3;0c:01:61",
        ] {
            let name = parse(text, ALTERNATIVE_NAME).unwrap();
            assert_eq!(shown(&name, NameEncoding::Ignore).unwrap(), text);
        }
        let name = |text: &str| shown(&parse(text, "name").unwrap(), NameEncoding::Ignore).unwrap();
        assert_eq!(name("IP:10.0.0.0/255.0.0.0"), "IP:10.0.0.0/8");
        assert_eq!(name("otherName:1.2.3;UTF8:a"), "otherName:1.2.3;0c:01:61");
        assert_eq!(name("otherName:1.2.3;EXPLICIT:1,UTF8:a"), "otherName:1.2.3;a1:03:0c:01:61");
        assert_eq!(name("otherName:1.2.3;IMPLICIT:40P,UTF8:a"), "otherName:1.2.3;df:28:01:61");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let says = |text: &str| parse(text, ALTERNATIVE_NAME).unwrap_err().to_string();
        let start = "Cannot parse Subject Alternative Name";
        assert_eq!(says("example.org"), format!("{start} \"example.org\" (forgot \"DNS:\" prefix?)"));
        let want = format!("{start} \"foo:a\" (potentially unsupported by cryptography backend)");
        assert_eq!(says("foo:a"), want);
        let want = format!("{start} \"IP:a\": 'a' does not appear to be an IPv4 or IPv6 address");
        assert_eq!(says("IP:a"), want);
        assert_eq!(says("IP:10.0.0.1/8"), format!("{start} \"IP:10.0.0.1/8\": 10.0.0.1/8 has host bits set"));
    }
}
