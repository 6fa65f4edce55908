//! What a service certificate speaks for: DNS names, IP addresses, at most one SPIFFE identity.

use std::{fmt, net::IpAddr};

use der::asn1::{Ia5String, OctetString};
use x509_cert::ext::pkix::{SubjectAltName, name::GeneralName};

use crate::{
    Error, Finding, Result,
    dns::{self, Wildcards},
};

/// One name of a subject (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectName {
    /// A DNS name in lower case.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
    /// A `spiffe://` URI.
    Spiffe(String),
}

impl fmt::Display for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::Spiffe(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// All names of a subject: not empty, without doubles, checked, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectNames(Vec<SubjectName>);

const FIELD: &str = "subjectAltName";
const RULE: &str = "RFC 5280 section 4.2.1.6";

impl SubjectNames {
    /// Reads names as a person writes them: `web.example.org`, `192.0.2.1`, `2001:db8::1`, `spiffe://example.org/web`.
    ///
    /// # Errors
    ///
    /// No name at all, a name that is none ([`dns::check`]), two SPIFFE identities.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>, wildcards: Wildcards) -> Result<Self> {
        let mut checked = Vec::new();
        for name in names {
            checked.push(if let Ok(address) = name.parse() {
                SubjectName::Ip(address)
            } else if name.contains("://") {
                SubjectName::Spiffe(spiffe(name)?)
            } else {
                SubjectName::Dns(dns::check(name, wildcards)?)
            });
        }
        Self::checked(checked)
    }

    /// Reads the extension of a request or a certificate.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], and kinds of names that this PKI does not certify (mail addresses, directory names, ...).
    pub fn from_extension(extension: &SubjectAltName, wildcards: Wildcards) -> Result<Self> {
        let mut checked = Vec::new();
        for name in &extension.0 {
            checked.push(match name {
                GeneralName::DnsName(name) => SubjectName::Dns(dns::check(name.as_str(), wildcards)?),
                GeneralName::IpAddress(bytes) => SubjectName::Ip(ip(bytes.as_bytes())?),
                GeneralName::UniformResourceIdentifier(uri) => SubjectName::Spiffe(spiffe(uri.as_str())?),
                other => {
                    return Err(Error::refused(Finding::new(
                        "subject alternative names",
                        FIELD,
                        format!("a {} is asked for", kind(other)),
                        "PKI policy: DNS names, IP addresses, one SPIFFE identity",
                        "leave it out",
                    )));
                }
            });
        }
        Self::checked(checked)
    }

    fn checked(names: Vec<SubjectName>) -> Result<Self> {
        let mut unique: Vec<SubjectName> = Vec::new();
        for name in names {
            if !unique.contains(&name) {
                unique.push(name);
            }
        }
        if unique.is_empty() {
            return Err(Error::refused(Finding::new(
                "service certificate",
                FIELD,
                "it names nobody",
                RULE,
                "give one DNS name, IP address or spiffe:// URI at least",
            )));
        }
        if unique.iter().filter(|name| matches!(name, SubjectName::Spiffe(_))).count() > 1 {
            return Err(Error::refused(Finding::new(
                "service certificate",
                FIELD,
                "it has two SPIFFE identities",
                "SPIFFE X.509-SVID section 2",
                "keep one",
            )));
        }
        Ok(Self(unique))
    }

    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &SubjectName> {
        self.0.iter()
    }

    /// What a common name can say: the first DNS name, else the first address, if it has 64 characters at most
    /// (ub-common-name, RFC 5280 appendix A.1). A wildcard may stand there too.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        let dns = self.0.iter().find(|name| matches!(name, SubjectName::Dns(_)));
        let ip = self.0.iter().find(|name| matches!(name, SubjectName::Ip(_)));
        dns.or(ip).map(ToString::to_string).filter(|name| name.len() <= 64)
    }

    /// The extension.
    ///
    /// # Errors
    ///
    /// None in practice: the names were checked.
    pub fn to_extension(&self) -> Result<SubjectAltName> {
        let wrong = |problem: der::Error| Error::input("subject alternative names", problem, "check the names");
        let name = |name: &SubjectName| {
            Ok(match name {
                SubjectName::Dns(name) => GeneralName::DnsName(Ia5String::new(name).map_err(wrong)?),
                SubjectName::Spiffe(uri) => GeneralName::UniformResourceIdentifier(Ia5String::new(uri).map_err(wrong)?),
                SubjectName::Ip(IpAddr::V4(address)) => {
                    GeneralName::IpAddress(OctetString::new(address.octets()).map_err(wrong)?)
                }
                SubjectName::Ip(IpAddr::V6(address)) => {
                    GeneralName::IpAddress(OctetString::new(address.octets()).map_err(wrong)?)
                }
            })
        };
        Ok(SubjectAltName(self.0.iter().map(name).collect::<Result<_>>()?))
    }
}

/// An address of an iPAddress name: four bytes or sixteen.
fn ip(bytes: &[u8]) -> Result<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Ok(four.into());
    }
    <[u8; 16]>::try_from(bytes).map(IpAddr::from).map_err(|_| {
        Error::refused(Finding::new(
            "subject alternative names",
            "subjectAltName.iPAddress",
            format!("an address of {} bytes", bytes.len()),
            RULE,
            "an IPv4 address has 4 bytes, an IPv6 address 16",
        ))
    })
}

/// A SPIFFE ID: `spiffe://trust-domain/path`, nothing else in it (SPIFFE-ID section 2).
fn spiffe(uri: &str) -> Result<String> {
    let refused = |problem: &str, cure: &str| {
        Err(Error::refused(Finding::new(
            format!("URI {uri:?}"),
            "subjectAltName.uniformResourceIdentifier",
            problem,
            "SPIFFE-ID section 2",
            cure,
        )))
    };
    let Some(rest) = uri.strip_prefix("spiffe://") else {
        return refused("it is no SPIFFE identity", "only spiffe:// URIs are certified");
    };
    if uri.len() > 2048 {
        return refused("it has more than 2048 bytes", "shorten it");
    }
    let (domain, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let in_domain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    if domain.is_empty() || domain.len() > 255 || !domain.bytes().all(in_domain) {
        return refused(
            "its trust domain is not of lower-case letters, digits, dots, hyphens and underscores",
            "correct it",
        );
    }
    let in_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let segments = path.split('/').skip(1);
    for segment in segments {
        if segment.is_empty() || segment == "." || segment == ".." || !segment.bytes().all(in_path) {
            return refused("its path has an empty, relative or malformed segment", "write /segment/segment");
        }
    }
    Ok(uri.to_owned())
}

/// What a person calls that kind of name.
pub(crate) fn kind(name: &GeneralName) -> &'static str {
    match name {
        GeneralName::OtherName(_) => "otherName",
        GeneralName::Rfc822Name(_) => "rfc822Name (mail address)",
        GeneralName::DnsName(_) => "dNSName",
        GeneralName::DirectoryName(_) => "directoryName",
        GeneralName::EdiPartyName(_) => "ediPartyName",
        GeneralName::UniformResourceIdentifier(_) => "uniformResourceIdentifier",
        GeneralName::IpAddress(_) => "iPAddress",
        GeneralName::RegisteredId(_) => "registeredID",
    }
}

#[cfg(test)]
mod tests {
    use der::{Decode, Encode};
    use proptest::prelude::*;

    use super::*;

    fn parse(names: &[&str]) -> Result<SubjectNames> {
        SubjectNames::parse(names.iter().copied(), Wildcards::Refused)
    }

    #[test]
    fn each_kind_is_recognized_and_doubles_are_dropped() {
        let names =
            parse(&["WEB.example.org", "web.example.org", "192.0.2.1", "2001:db8::1", "spiffe://example.org/web"])
                .unwrap();
        let shown: Vec<_> = names.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["web.example.org", "192.0.2.1", "2001:db8::1", "spiffe://example.org/web"]);
        assert_eq!(names.common_name().unwrap(), "web.example.org");
    }

    #[test]
    fn nobody_and_two_identities_are_refused() {
        assert!(parse(&[]).unwrap_err().to_string().contains("it names nobody"));
        assert!(parse(&["spiffe://a/x", "spiffe://a/y"]).unwrap_err().to_string().contains("two SPIFFE identities"));
    }

    #[test]
    fn only_well_formed_spiffe_uris_are_certified() {
        for uri in [
            "https://example.org/",
            "spiffe://",
            "spiffe:///x",
            "spiffe://A/x",
            "spiffe://a/",
            "spiffe://a/../b",
            "spiffe://a:1/b",
            "spiffe://a/b?c",
            "spiffe://ä/b",
        ] {
            assert!(parse(&[uri]).is_err(), "{uri}");
        }
        assert!(parse(&["spiffe://example.org"]).is_ok());
    }

    #[test]
    fn other_kinds_of_names_in_an_extension_are_refused() {
        let mail = SubjectAltName(vec![GeneralName::Rfc822Name(Ia5String::new("a@example.org").unwrap())]);
        let refusal = SubjectNames::from_extension(&mail, Wildcards::Refused).unwrap_err().to_string();
        assert!(refusal.contains("rfc822Name"), "{refusal}");
        let short = SubjectAltName(vec![GeneralName::IpAddress(OctetString::new([10, 0, 0]).unwrap())]);
        assert!(SubjectNames::from_extension(&short, Wildcards::Refused).is_err());
    }

    #[test]
    fn a_long_name_is_no_common_name() {
        let long = format!("{}.{}.example.org", "a".repeat(40), "b".repeat(40));
        assert_eq!(parse(&[&long]).unwrap().common_name(), None);
    }

    proptest! {
        #[test]
        fn names_survive_the_extension(
            hosts in proptest::collection::vec("[a-z]{1,8}\\.example\\.org", 1..5),
            address in any::<[u8; 16]>(),
            four in any::<[u8; 4]>(),
        ) {
            let texts: Vec<String> = hosts.into_iter()
                .chain([IpAddr::from(address).to_string(), IpAddr::from(four).to_string(), "spiffe://example.org/a".to_owned()])
                .collect();
            let names = SubjectNames::parse(texts.iter().map(String::as_str), Wildcards::Refused).unwrap();
            let der = names.to_extension().unwrap().to_der().unwrap();
            let read = SubjectAltName::from_der(&der).unwrap();
            prop_assert_eq!(SubjectNames::from_extension(&read, Wildcards::Refused).unwrap(), names);
        }
    }
}
