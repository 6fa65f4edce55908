//! A root signed by another root, so that who trusts the older one can follow the newer.

use x509_cert::ext::pkix::KeyUsages;

use super::{Published, authority_key, basic_constraints, key_of, key_usage, no_longer_than, published, subject_key};
use crate::{
    Error, Finding, Result,
    authority::Authority,
    certificate::Certificate,
    issue::{Terms, ToBeSigned},
    key::KeyKind,
    profile::Root,
};

/// The profile of a cross-certificate: the other root's subject and key, CA with path length 1, for the other root's
/// intermediates are below it, keyCertSign and cRLSign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cross {
    /// Where the signing root's CRL and certificate are fetched from.
    pub published: Published,
}

impl Cross {
    /// The certificate, to be signed by that root for the other.
    ///
    /// # Errors
    ///
    /// An issuer that may have no authority below it; another certificate that is no root of this PKI, or the issuer's own
    /// name or key; more than ten years, an end after the issuer's or the other root's own.
    pub fn draft(&self, root: &Authority, other: &Certificate, terms: &Terms) -> Result<ToBeSigned> {
        let refused = |field, problem: &str, cure: &str| {
            Err(Error::refused(Finding::new(
                other.label(),
                field,
                problem,
                "PKI policy: a root is signed across",
                cure,
            )))
        };
        root.may_issue_authority("cross-certificate")?;
        let other_root = Authority::new(other.clone())?;
        key_of("cross-certificate", other_root.key(), &[KeyKind::P384])?;
        no_longer_than("cross-certificate", &terms.validity, Root::DAYS)?;
        if !other.is_self_issued() {
            return refused("issuer", "it is not its own issuer", "give the new root's own certificate");
        }
        other.verify_signature(other_root.key())?;
        if other_root.key() == root.key() || other.subject() == root.certificate().subject() {
            return refused(
                "subject",
                "it has the name or the key of the root that would sign it",
                "give the new root",
            );
        }
        terms.validity.within_issuer("cross-certificate", &other.validity())?;
        let mut extensions = vec![
            basic_constraints(true, Some(1))?,
            key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
            subject_key(other_root.key())?,
            authority_key(root)?,
        ];
        extensions.extend(published(&self.published)?);
        ToBeSigned::build(Some(root), other.subject().clone(), other_root.key(), terms, extensions)
    }
}
