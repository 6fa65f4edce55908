//! The intermediate: online, five years, bound to domains and addresses, can be revoked without touching the root.

use x509_cert::ext::pkix::KeyUsages;

use super::{
    Published, authority_key, basic_constraints, key_of, key_usage, no_longer_than, published, server_and_client,
    subject_key,
};
use crate::{
    Result,
    authority::Authority,
    constraints::Constraints,
    extensions::write,
    issue::{Terms, ToBeSigned},
    key::{KeyKind, PublicKey},
    subject::Subject,
};

/// The profile of an intermediate: P-384, CA with path length 0, server and client authentication, critical name constraints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intermediate {
    /// Country, organization and common name; the common name carries a generation (`Example Services CA 2`), so that two
    /// intermediates in a rollover never share one.
    pub subject: Subject,
    /// What it may speak for.
    pub constraints: Constraints,
    /// Where the root's CRL and certificate are fetched from.
    pub published: Published,
}

impl Intermediate {
    /// How long an intermediate holds, in days: five years, a leap day counted.
    pub const DAYS: u32 = 1826;

    /// The certificate, to be signed by the root.
    ///
    /// # Errors
    ///
    /// An issuer that may have no authority below it, another key than P-384, a subject out of bounds, no domain in the
    /// constraints, more than five years, an end after the root's.
    pub fn draft(&self, root: &Authority, key: &PublicKey, terms: &Terms) -> Result<ToBeSigned> {
        root.may_issue_authority("intermediate")?;
        key_of("intermediate", key, &[KeyKind::P384])?;
        no_longer_than("intermediate", &terms.validity, Self::DAYS)?;
        let mut extensions = vec![
            basic_constraints(true, Some(0))?,
            key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
            server_and_client(true, true)?,
            write(true, &self.constraints.to_extension()?)?,
            subject_key(key)?,
            authority_key(root)?,
        ];
        extensions.extend(published(&self.published)?);
        ToBeSigned::build(Some(root), self.subject.name()?, key, terms, extensions)
    }
}
