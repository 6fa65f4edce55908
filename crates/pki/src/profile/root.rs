//! The root: offline, ten years, signs intermediates and its own CRL only.

use x509_cert::ext::pkix::KeyUsages;

use super::{basic_constraints, key_of, key_usage, no_longer_than, subject_key};
use crate::{
    Result,
    issue::{Terms, ToBeSigned},
    key::{KeyKind, PublicKey},
    subject::Subject,
};

/// The profile of a root: P-384, CA without a path length, keyCertSign and cRLSign, a subject key identifier, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Country, organization and common name.
    pub subject: Subject,
}

impl Root {
    /// How long a root holds, in days: ten years, leap days counted.
    pub const DAYS: u32 = 3652;

    /// The certificate, to be signed by its own key.
    ///
    /// # Errors
    ///
    /// Another key than P-384, a subject out of bounds, more than ten years.
    pub fn draft(&self, key: &PublicKey, terms: &Terms) -> Result<ToBeSigned> {
        key_of("root", key, &[KeyKind::P384])?;
        no_longer_than("root", &terms.validity, Self::DAYS)?;
        let extensions = vec![
            basic_constraints(true, None)?,
            key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
            subject_key(key)?,
        ];
        ToBeSigned::build(None, self.subject.name()?, key, terms, extensions)
    }
}
