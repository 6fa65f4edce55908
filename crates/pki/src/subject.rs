//! Distinguished names of ours: country, organization, common name, each in its right string type.

use der::{
    Encode,
    asn1::{Any, PrintableString, SetOfVec},
};
use x509_cert::{
    attr::AttributeTypeAndValue,
    name::{Name, RdnSequence, RelativeDistinguishedName},
};

use crate::{Error, Finding, Result};

/// A subject: what an authority calls itself, and the organization of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Two letters of ISO 3166; written as PrintableString.
    pub country: Option<String>,
    /// The organization; written as UTF8String.
    pub organization: Option<String>,
    /// The common name; written as UTF8String.
    pub common_name: Option<String>,
}

impl Subject {
    /// A subject of all three.
    #[must_use]
    pub fn new(country: &str, organization: &str, common_name: &str) -> Self {
        Self {
            country: Some(country.to_owned()),
            organization: Some(organization.to_owned()),
            common_name: Some(common_name.to_owned()),
        }
    }

    /// The name as certificates carry it: C, O, CN, one attribute in each relative name.
    ///
    /// # Errors
    ///
    /// A country that is not two capital letters, an attribute that is empty, has control characters or spaces around it, or
    /// has more than 64 characters (upper bounds of RFC 5280 appendix A.1).
    pub fn name(&self) -> Result<Name> {
        let mut sequence = RdnSequence::default();
        let mut push = |oid, value: Any| {
            let set = SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(unwritable)?;
            sequence.push(RelativeDistinguishedName::from(set));
            Ok::<_, Error>(())
        };
        if let Some(country) = &self.country {
            if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Err(refused(
                    "countryName",
                    format!("{country:?} is not two capital letters"),
                    "take a code of ISO 3166",
                ));
            }
            let value = PrintableString::new(country).map_err(unwritable)?;
            push(const_oid::db::rfc4519::COUNTRY_NAME, Any::encode_from(&value).map_err(unwritable)?)?;
        }
        if let Some(organization) = &self.organization {
            push(const_oid::db::rfc4519::ORGANIZATION_NAME, utf8("organizationName", organization)?)?;
        }
        if let Some(common_name) = &self.common_name {
            push(const_oid::db::rfc4519::COMMON_NAME, utf8("commonName", common_name)?)?;
        }
        Ok(Name::hazmat_from_rdn_sequence(sequence))
    }
}

fn utf8(field: &'static str, text: &str) -> Result<Any> {
    if text.is_empty() || text.chars().count() > 64 {
        return Err(refused(field, format!("{text:?} has no or more than 64 characters"), "shorten it"));
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(refused(field, format!("{text:?} has control characters, or spaces at an end"), "remove them"));
    }
    let value = text.to_owned();
    Any::encode_from(&value).map_err(unwritable)
}

fn refused(field: &'static str, problem: String, cure: &str) -> Error {
    Error::refused(Finding::new("subject", field, problem, "RFC 5280 appendix A.1", cure))
}

fn unwritable(problem: der::Error) -> Error {
    Error::input("subject", problem, "check the names")
}

/// The bytes of a name, as certificates compare them when they were written by the same authority.
pub(crate) fn bytes(name: &Name) -> Result<Vec<u8>> {
    name.to_der().map_err(unwritable)
}

/// A name as a person reads it: the common name where there is one, else the whole.
#[must_use]
pub fn shown(name: &Name) -> String {
    name.common_name().ok().flatten().map_or_else(|| name.to_string(), |common| common.value().into_owned())
}

#[cfg(test)]
mod tests {
    use der::Tag;

    use super::*;

    #[test]
    fn the_country_is_a_printable_string_and_the_rest_is_utf8() {
        let name = Subject::new("DE", "Beispiel GmbH", "Beispiel Wurzel Ä").name().unwrap();
        let tags: Vec<_> = name.iter().map(|attribute| der::Tagged::tag(&attribute.value)).collect();
        assert_eq!(tags, [Tag::PrintableString, Tag::Utf8String, Tag::Utf8String]);
        assert_eq!(name.iter_rdn().count(), 3);
        assert_eq!(shown(&name), "Beispiel Wurzel Ä");
    }

    #[test]
    fn attributes_out_of_bounds_are_refused() {
        for subject in [
            Subject::new("de", "Example", "CA"),
            Subject::new("DEU", "Example", "CA"),
            Subject::new("DE", "", "CA"),
            Subject::new("DE", "Example", &"x".repeat(65)),
            Subject::new("DE", "Example\n", "CA"),
            Subject::new("DE", " Example", "CA"),
        ] {
            assert!(subject.name().is_err(), "{subject:?}");
        }
    }

    #[test]
    fn nothing_asked_for_is_an_empty_name() {
        assert!(Subject::default().name().unwrap().is_empty());
    }
}
