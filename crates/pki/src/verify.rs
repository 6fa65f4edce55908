//! Verification: the path by a library, revocation and our own lint beside it.
//!
//! Two depths. [`rfc5280`] answers what RFC 5280 section 6 asks of any chain: a valid path and, where lists are given, the
//! revocation state of each certificate in it. [`strict`] asks more, what this PKI demands of its own chains: anchors that
//! hold too, the profiles' criticalities and identifiers, alternative names, usages, fresh lists on both levels.

mod path;
mod revocation;

use std::net::IpAddr;

use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};

use crate::{
    Error, Finding, Result, certificate::Certificate, clock::Moment, crl::RevocationList, dns, lint, names::SubjectName,
};

/// What a chain is verified with.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// Roots that are trusted.
    pub anchors: &'a [Certificate],
    /// Authorities that a path may lead over.
    pub intermediates: &'a [Certificate],
    /// Revocation lists of all levels; none of them is asked for when this is `None`.
    pub lists: Option<&'a [RevocationList]>,
    /// The time for which the answer holds.
    pub at: Moment,
}

/// What a certificate is presented for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// As the server of a TLS connection.
    Server,
    /// As the client of a TLS connection.
    Client,
}

/// Whom a client wanted to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A DNS name, its A-label form.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Host {
    /// Reads an address, or else a name.
    ///
    /// # Errors
    ///
    /// A name that no certificate can carry, a wildcard among them.
    pub fn parse(text: &str) -> Result<Self> {
        match text.parse() {
            Ok(address) => Ok(Self::Ip(address)),
            Err(_) => dns::check(text, dns::Wildcards::Refused).map(Self::Dns),
        }
    }
}

/// A path that holds: anchor first, the certificate that was asked about last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Certificate>);

impl Path {
    /// Its certificates, anchor first.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// Issuer and subject of each step.
    fn steps(&self) -> impl Iterator<Item = (&Certificate, &Certificate)> {
        self.0.iter().zip(self.0.iter().skip(1))
    }
}

/// Looks for a path to an anchor that RFC 5280 section 6 calls valid, revocation included where lists are given.
///
/// # Errors
///
/// No path; or why the likeliest of them does not hold.
pub fn rfc5280(leaf: &Certificate, trust: &Trust<'_>) -> Result<Path> {
    let mut first = None;
    for candidate in path::candidates(leaf, trust) {
        match path::validate(&candidate, trust.at).and_then(|()| revoked_nowhere(&candidate, trust)) {
            Ok(()) => return Ok(candidate),
            Err(problem) => first = first.or(Some(problem)),
        }
    }
    Err(first.unwrap_or_else(|| {
        Error::Failed(vec![Finding::new(
            leaf.label(),
            "issuer",
            format!("no path leads from {} to a trusted root", leaf.issuer()),
            "RFC 5280 section 6.1",
            "present the intermediate, and trust the root",
        )])
    }))
}

/// Verifies a chain of this PKI: [`rfc5280`], and all that our own lint asks of it.
///
/// # Errors
///
/// As [`rfc5280`]; else every fault that the lint finds in the path, the lists, the purpose and the host.
pub fn strict(leaf: &Certificate, trust: &Trust<'_>, purpose: Purpose, host: Option<&Host>) -> Result<Path> {
    let path = rfc5280(leaf, trust)?;
    let mut findings = faults(&path, trust);
    if leaf.known().is_ok_and(|known| known.is_authority()) {
        findings.push(Finding::new(
            leaf.label(),
            "basicConstraints",
            "an authority is presented as a service",
            "RFC 5280 section 4.2.1.9",
            "present the service's certificate first",
        ));
    }
    findings.extend(usable_for(&path, purpose));
    findings.extend(host.into_iter().flat_map(|host| names_host(leaf, host)));
    if findings.is_empty() { Ok(path) } else { Err(Error::Failed(findings)) }
}

/// Verifies an authority's certificate: [`rfc5280`], and what our own lint asks of it and of those above it.
///
/// # Errors
///
/// As [`strict`]; a certificate that is no authority's.
pub fn authority(certificate: &Certificate, trust: &Trust<'_>) -> Result<Path> {
    let path = rfc5280(certificate, trust)?;
    let mut findings = faults(&path, trust);
    if !certificate.known()?.is_authority() {
        findings.push(Finding::new(
            certificate.label(),
            "basicConstraints",
            "it is no authority",
            "RFC 5280 section 4.2.1.9",
            "present an intermediate's certificate",
        ));
    }
    if findings.is_empty() { Ok(path) } else { Err(Error::Failed(findings)) }
}

/// What our own lint finds in the certificates of a path, in each beside its issuer, and in the lists of those.
fn faults(path: &Path, trust: &Trust<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        path.certificates().iter().flat_map(|certificate| lint::certificate(certificate.tbs())).collect();
    for (issuer, subject) in path.steps() {
        findings.extend(lint::pair(issuer, subject.tbs()));
        for list in trust.lists.unwrap_or_default() {
            if list
                .authority_key()
                .is_ok_and(|key| issuer.known().is_ok_and(|known| key.as_deref() == known.subject_key_bytes()))
            {
                findings.extend(lint::list(list, Some(issuer)));
            }
        }
    }
    findings.extend(anchor_holds(path, trust.at));
    findings
}

fn revoked_nowhere(path: &Path, trust: &Trust<'_>) -> Result<()> {
    let Some(lists) = trust.lists else { return Ok(()) };
    let findings: Vec<_> =
        path.steps().flat_map(|(issuer, subject)| revocation::check(issuer, subject, lists, trust.at)).collect();
    if findings.is_empty() { Ok(()) } else { Err(Error::Failed(findings)) }
}

/// Path validation takes an anchor's word without looking at its dates; an operator must not.
fn anchor_holds(path: &Path, at: Moment) -> Option<Finding> {
    let anchor = path.certificates().first()?;
    let validity = anchor.validity();
    (!validity.contains(at)).then(|| {
        Finding::new(
            anchor.label(),
            "validity",
            format!("the root holds from {} to {}, not {at}", validity.not_before(), validity.not_after()),
            "PKI policy: an expired root is trusted no more",
            "deploy the bundle with the new root",
        )
    })
}

fn usable_for(path: &Path, purpose: Purpose) -> Vec<Finding> {
    let (usage, name) = match purpose {
        Purpose::Server => (ID_KP_SERVER_AUTH, "serverAuth"),
        Purpose::Client => (ID_KP_CLIENT_AUTH, "clientAuth"),
    };
    let lacks = |certificate: &&Certificate| {
        certificate
            .known()
            .is_ok_and(|known| known.extended_key_usage.is_some_and(|usages| !usages.value.0.contains(&usage)))
    };
    let found = path.certificates().iter().skip(1).filter(lacks).map(|certificate| {
        Finding::new(
            certificate.label(),
            "extKeyUsage",
            format!("it is not for {name}"),
            "RFC 5280 section 4.2.1.12",
            "have it issued for that role",
        )
    });
    found.collect()
}

fn names_host(leaf: &Certificate, host: &Host) -> Option<Finding> {
    let (names, problem) = match leaf.names() {
        Ok(names) => (names.iter().flat_map(|names| names.iter()).cloned().collect::<Vec<_>>(), None),
        Err(problem) => (Vec::new(), Some(problem.to_string())),
    };
    let named = names.iter().any(|name| match (name, host) {
        (SubjectName::Dns(presented), Host::Dns(wanted)) => dns::matches(presented, wanted),
        (SubjectName::Ip(presented), Host::Ip(wanted)) => presented == wanted,
        _ => false,
    });
    let wanted = match host {
        Host::Dns(name) => name.clone(),
        Host::Ip(address) => address.to_string(),
    };
    (!named).then(|| {
        let listed = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Finding::new(
            leaf.label(),
            "subjectAltName",
            problem.unwrap_or_else(|| format!("{wanted} is not among its names ({listed})")),
            "RFC 9525 section 6",
            "reach it by one of its names, or have it issued with that one",
        )
    })
}
