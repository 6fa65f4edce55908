//! Names of object identifiers, as OpenSSL has them.
//!
//! Source: OpenSSL's `crypto/objects/objects.txt`, in the state that community.crypto 3.0.5 has it in. A line is the number,
//! the long name, and the short name where that is another.

use const_oid::ObjectIdentifier;

const OBJECTS: &str = include_str!("objects.tsv");

/// The long name, `commonName`; the number where there is none.
#[must_use]
pub fn long(oid: ObjectIdentifier) -> String {
    let dotted = oid.to_string();
    names(&dotted).map_or(dotted.as_str(), |(long, _)| long).to_owned()
}

/// The short name, `CN`; the number where there is none.
#[must_use]
pub fn short(oid: ObjectIdentifier) -> String {
    let dotted = oid.to_string();
    names(&dotted).map_or(dotted.as_str(), |(_, short)| short).to_owned()
}

/// The number of what has this name, long or short.
#[must_use]
pub fn numbered(name: &str) -> Option<ObjectIdentifier> {
    OBJECTS.lines().find_map(|line| {
        let (dotted, names) = line.split_once('\t')?;
        names.split('\t').any(|known| known == name).then(|| ObjectIdentifier::new(dotted).ok()).flatten()
    })
}

fn names(dotted: &str) -> Option<(&'static str, &'static str)> {
    OBJECTS.lines().find_map(|line| {
        let names = line.strip_prefix(dotted)?.strip_prefix('\t')?;
        Some(names.split_once('\t').unwrap_or((names, names)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_long_or_short_and_else_the_number() {
        let name = |text: &str| {
            let oid = ObjectIdentifier::new(text).unwrap();
            (long(oid), short(oid))
        };
        assert_eq!(name("2.5.4.3"), ("commonName".to_owned(), "CN".to_owned()));
        assert_eq!(name("1.3.6.1.5.5.7.3.1"), ("TLS Web Server Authentication".to_owned(), "serverAuth".to_owned()));
        assert_eq!(name("1.2.840.10045.4.3.2"), ("ecdsa-with-SHA256".to_owned(), "ecdsa-with-SHA256".to_owned()));
        assert_eq!(name("1.2.3.4.5.6"), ("1.2.3.4.5.6".to_owned(), "1.2.3.4.5.6".to_owned()));
    }

    #[test]
    fn each_line_has_a_number_and_one_name_or_two() {
        for line in OBJECTS.lines() {
            let fields: Vec<_> = line.split('\t').collect();
            assert!((2..=3).contains(&fields.len()), "{line}");
            assert!(fields[0].split('.').all(|arc| arc.parse::<u128>().is_ok()), "{line}");
        }
    }
}
