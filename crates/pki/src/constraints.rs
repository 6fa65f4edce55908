//! Name constraints: what an intermediate may speak for, written into it and respected when it issues.

use std::net::IpAddr;

use der::asn1::{Ia5String, OctetString};
use x509_cert::ext::pkix::{NameConstraints, constraints::name::GeneralSubtree, name::GeneralName};

use crate::{
    Error, Finding, Result,
    dns::{self, Wildcards},
    names::{SubjectName, SubjectNames, kind},
};

const FIELD: &str = "nameConstraints";
const RULE: &str = "RFC 5280 section 4.2.1.10";

/// A range of IP addresses: `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpRange {
    address: IpAddr,
    prefix: u8,
}

impl IpRange {
    /// Reads an address with its prefix length.
    ///
    /// # Errors
    ///
    /// Text of another form, a prefix that is too long, an address with bits beyond its prefix.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |problem: &str| {
            Error::input(format!("IP range {text:?}"), problem, "write it as 10.0.0.0/8 or 2001:db8::/32")
        };
        let (address, prefix) = text.split_once('/').ok_or_else(|| wrong("it has no prefix length"))?;
        let address: IpAddr = address.parse().map_err(|_| wrong("it has no address"))?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong("its prefix length is no number"))?;
        let range = Self { address, prefix };
        let bytes = octets(address);
        if usize::from(prefix) > 8 * bytes.len() {
            return Err(wrong("its prefix length is too long"));
        }
        if bytes.iter().zip(range.mask()).any(|(byte, mask)| byte & !mask != 0) {
            return Err(wrong("its address has bits beyond its prefix"));
        }
        Ok(range)
    }

    fn mask(self) -> Vec<u8> {
        let length = octets(self.address).len();
        (0..length)
            .map(|at| match usize::from(self.prefix).saturating_sub(8 * at) {
                0 => 0,
                bits @ 1..8 => 0xff << (8 - bits),
                _ => 0xff,
            })
            .collect()
    }
}

/// What an intermediate may speak for. What is not listed is excluded: a family of addresses without a range is excluded as
/// a whole, for without an entry of its kind any address would pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Constraints {
    /// Domains with all that is below them.
    pub dns: Vec<String>,
    /// Ranges of addresses of both families.
    pub ip: Vec<IpRange>,
}

impl Constraints {
    /// The extension.
    ///
    /// # Errors
    ///
    /// No domain at all; a domain that is none.
    pub fn to_extension(&self) -> Result<NameConstraints> {
        if self.dns.is_empty() {
            return Err(Error::refused(Finding::new(
                "intermediate",
                FIELD,
                "it permits no domain",
                "PKI policy: an intermediate is bound to domains",
                "give the domains that it may speak for",
            )));
        }
        let wrong = |problem| Error::input("name constraints", problem, "check the domains");
        let subtree = |base| GeneralSubtree { base, minimum: 0, maximum: None };
        let mut permitted = Vec::new();
        for domain in &self.dns {
            let domain = dns::check(domain, Wildcards::Refused)?;
            permitted.push(subtree(GeneralName::DnsName(Ia5String::new(&domain).map_err(wrong)?)));
        }
        for range in &self.ip {
            let bytes = [octets(range.address), range.mask()].concat();
            permitted.push(subtree(GeneralName::IpAddress(OctetString::new(bytes).map_err(wrong)?)));
        }
        let mut excluded = Vec::new();
        for length in [4, 16] {
            if !self.ip.iter().any(|range| octets(range.address).len() == length) {
                let all = OctetString::new(vec![0; 2 * length]).map_err(wrong)?;
                excluded.push(subtree(GeneralName::IpAddress(all)));
            }
        }
        Ok(NameConstraints {
            permitted_subtrees: Some(permitted),
            excluded_subtrees: (!excluded.is_empty()).then_some(excluded),
        })
    }
}

/// The trust domain of a spiffe:// URI (SPIFFE ID, section 2.1).
fn trust_domain(name: &SubjectName) -> Option<&str> {
    let SubjectName::Spiffe(uri) = name else { return None };
    let rest = uri.strip_prefix("spiffe://")?;
    Some(rest.split('/').next().unwrap_or(rest))
}

/// Whether a domain is within those that are permitted; where none is listed all are.
fn permits_domain(permitted: &[GeneralSubtree], domain: &str) -> bool {
    let mut domains = permitted.iter().filter_map(|subtree| match &subtree.base {
        GeneralName::DnsName(base) => Some(dns::within(domain, base.as_str())),
        _ => None,
    });
    domains.clone().next().is_none() || domains.any(|inside| inside)
}

/// What of those names an issuer with these constraints must not certify.
pub(crate) fn check(object: &str, names: &SubjectNames, constraints: &NameConstraints) -> Vec<Finding> {
    let permitted = constraints.permitted_subtrees.as_deref().unwrap_or_default();
    let excluded = constraints.excluded_subtrees.as_deref().unwrap_or_default();
    let mut findings = Vec::new();
    for name in names.iter() {
        let mut of_its_kind = permitted.iter().filter_map(|subtree| within(name, &subtree.base)).peekable();
        let outside = of_its_kind.peek().is_some() && !of_its_kind.any(|inside| inside);
        let inside_excluded = excluded.iter().any(|subtree| within(name, &subtree.base) == Some(true));
        // There is no range of URIs here: their trust domain is held to that of names.
        let foreign = trust_domain(name).is_some_and(|domain| !permits_domain(permitted, domain));
        if outside || inside_excluded || foreign {
            findings.push(Finding::new(
                object,
                "subjectAltName",
                format!("{name} is outside of what its issuer may certify"),
                RULE,
                "take a name within the issuer's constraints, or another intermediate",
            ));
        }
    }
    findings
}

/// Constraints that this PKI cannot apply, so that it must not issue under them.
pub(crate) fn unusable(object: &str, constraints: &NameConstraints) -> Vec<Finding> {
    let subtrees = constraints.permitted_subtrees.iter().chain(&constraints.excluded_subtrees).flatten();
    subtrees
        .filter(|subtree| {
            let applies = match &subtree.base {
                GeneralName::DnsName(_) | GeneralName::UniformResourceIdentifier(_) => true,
                GeneralName::IpAddress(bytes) => matches!(bytes.as_bytes().len(), 8 | 32),
                _ => false,
            };
            !applies || subtree.minimum != 0 || subtree.maximum.is_some()
        })
        .map(|subtree| {
            Finding::new(
                object,
                FIELD,
                format!("a subtree of a {} cannot be applied", kind(&subtree.base)),
                RULE,
                "constrain DNS names and addresses",
            )
        })
        .collect()
}

/// Whether a name lies in a subtree; none if they are of different kinds.
fn within(name: &SubjectName, base: &GeneralName) -> Option<bool> {
    match (name, base) {
        (SubjectName::Dns(name), GeneralName::DnsName(base)) => Some(dns::within(name, base.as_str())),
        (SubjectName::Ip(address), GeneralName::IpAddress(range)) => {
            let (bytes, range) = (octets(*address), range.as_bytes());
            let (network, mask) = range.split_at_checked(bytes.len())?;
            let same_family = mask.len() == bytes.len();
            Some(
                same_family && bytes.iter().zip(network).zip(mask).all(|((byte, net), mask)| byte & mask == net & mask),
            )
        }
        (SubjectName::Spiffe(uri), GeneralName::UniformResourceIdentifier(base)) => {
            let host = uri.strip_prefix("spiffe://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
            Some(match base.as_str().strip_prefix('.') {
                Some(domain) => host != domain && dns::within(host, domain),
                None => host.eq_ignore_ascii_case(base.as_str()),
            })
        }
        _ => None,
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(constraints: &Constraints, names: &[&str]) -> Vec<String> {
        let names = SubjectNames::parse(names.iter().copied(), Wildcards::Leftmost).unwrap();
        check("c", &names, &constraints.to_extension().unwrap()).into_iter().map(|finding| finding.problem).collect()
    }

    fn constraints(dns: &[&str], ip: &[&str]) -> Constraints {
        Constraints {
            dns: dns.iter().map(|&name| name.to_owned()).collect(),
            ip: ip.iter().map(|range| IpRange::parse(range).unwrap()).collect(),
        }
    }

    #[test]
    fn names_inside_pass_and_names_outside_are_told() {
        let both = constraints(&["example.org"], &["10.0.0.0/8", "2001:db8::/32"]);
        assert!(
            problems(&both, &["example.org", "web.example.org", "*.example.org", "10.1.2.3", "2001:db8::1"]).is_empty()
        );
        for outside in ["example.com", "notexample.org", "*.example.com", "11.0.0.1", "2001:db9::1", "::1"] {
            assert_eq!(problems(&both, &[outside]).len(), 1, "{outside}");
        }
    }

    #[test]
    fn a_family_without_a_range_is_excluded_as_a_whole() {
        assert_eq!(problems(&constraints(&["example.org"], &[]), &["10.0.0.1", "::1"]).len(), 2);
        assert_eq!(problems(&constraints(&["example.org"], &["10.0.0.0/8"]), &["10.0.0.1", "::1"]).len(), 1);
        assert_eq!(problems(&constraints(&["example.org"], &["::/0"]), &["10.0.0.1", "::1"]).len(), 1);
    }

    #[test]
    fn an_intermediate_without_domains_is_refused() {
        assert!(Constraints::default().to_extension().is_err());
        assert!(constraints(&["bücher.example"], &[]).to_extension().is_err());
    }

    #[test]
    fn ranges_are_read_strictly() {
        for text in ["10.0.0.0", "10.0.0.0/33", "10.0.0.1/8", "2001:db8::/129", "/8", "10.0.0.0/-1", "x/8"] {
            assert!(IpRange::parse(text).is_err(), "{text}");
        }
        assert_eq!(IpRange::parse("172.16.0.0/12").unwrap().mask(), [255, 240, 0, 0]);
        assert_eq!(IpRange::parse("0.0.0.0/0").unwrap().mask(), [0; 4]);
    }

    #[test]
    fn constraints_of_other_kinds_are_told() {
        let mail = GeneralSubtree {
            base: GeneralName::Rfc822Name(Ia5String::new("example.org").unwrap()),
            minimum: 0,
            maximum: None,
        };
        let constraints = NameConstraints { permitted_subtrees: Some(vec![mail]), excluded_subtrees: None };
        assert_eq!(unusable("c", &constraints).len(), 1);
    }
}
