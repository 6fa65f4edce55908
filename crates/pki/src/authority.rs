//! A certificate that may issue, and what it may issue.

use x509_cert::ext::pkix::NameConstraints;

use crate::{
    Error, Finding, Result,
    certificate::Certificate,
    constraints,
    error::refuse_any,
    key::{KeyKind, PublicKey},
    lint,
    names::SubjectNames,
};

/// An authority's certificate, checked once for all that it will issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    certificate: Certificate,
    key: PublicKey,
    identifier: Vec<u8>,
    path_length: Option<u8>,
    constraints: Option<NameConstraints>,
}

impl Authority {
    /// Of a root's or an intermediate's certificate.
    ///
    /// # Errors
    ///
    /// A certificate that may not sign certificates, has no key identifier or an Ed25519 key, constrains what this PKI cannot
    /// apply, or has other faults that its own lint finds.
    pub fn new(certificate: Certificate) -> Result<Self> {
        let label = certificate.label();
        let key = certificate.public_key()?;
        let known = certificate.known()?;
        let refused = |field, problem: &str, rule, cure: &str| {
            Err(Error::refused(Finding::new(&label, field, problem, rule, cure)))
        };
        if !known.is_authority() {
            return refused(
                "basicConstraints",
                "it is no authority",
                "RFC 5280 section 4.2.1.9",
                "issue with a root or an intermediate",
            );
        }
        if key.kind() == KeyKind::Ed25519 {
            return refused(
                "subjectPublicKeyInfo",
                "an Ed25519 key must not issue",
                "PKI policy: PostgreSQL 15 clients with channel binding fail on what it signs",
                "make an authority with a P-384 key",
            );
        }
        let mut findings = lint::certificate(certificate.tbs());
        let constraints = known.name_constraints.as_ref().map(|constraints| constraints.value.clone());
        findings.extend(constraints.iter().flat_map(|constraints| constraints::unusable(&label, constraints)));
        refuse_any(findings)?;
        let Some(identifier) = known.subject_key_bytes().map(<[u8]>::to_vec) else {
            return refused(
                "subjectKeyIdentifier",
                "it has none",
                "RFC 5280 section 4.2.1.2",
                "make the authority anew",
            );
        };
        let path_length = known.basic_constraints.and_then(|constraints| constraints.value.path_len_constraint);
        Ok(Self { certificate, key, identifier, path_length, constraints })
    }

    /// Its certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Its subject key identifier: the authority key identifier of all that it issues.
    #[must_use]
    pub fn identifier(&self) -> &[u8] {
        &self.identifier
    }

    /// Refuses an authority below one that may have none.
    ///
    /// # Errors
    ///
    /// pathLenConstraint 0.
    pub fn may_issue_authority(&self, object: &str) -> Result<()> {
        if self.path_length != Some(0) {
            return Ok(());
        }
        Err(Error::refused(Finding::new(
            object,
            "basicConstraints.pathLenConstraint",
            format!("{} may not have authorities below it", self.certificate.label()),
            "RFC 5280 section 4.2.1.9",
            "sign it with the root, in a ceremony",
        )))
    }

    /// Refuses names that it must not certify.
    ///
    /// # Errors
    ///
    /// A name outside of its constraints.
    pub fn may_certify(&self, object: &str, names: &SubjectNames) -> Result<()> {
        refuse_any(
            self.constraints.iter().flat_map(|constraints| constraints::check(object, names, constraints)).collect(),
        )
    }
}
