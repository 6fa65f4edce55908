//! Certificate revocation lists (RFC 5280 section 5): read, and made by profile.

mod draft;
mod entry;
mod scope;

pub use draft::{Issuing, ListTerms, ListToBeSigned};
pub(crate) use entry::unusable;
pub use entry::{Entry, Reason};
pub(crate) use scope::Scope;

use const_oid::AssociatedOid;
use der::Decode;
use x509_cert::{
    crl::{RevokedCert, TbsCertList},
    ext::{
        Extension,
        pkix::{AuthorityKeyIdentifier, CrlNumber},
    },
    name::Name,
};

use crate::{
    Error, Result,
    clock::Moment,
    extensions,
    key::PublicKey,
    serial::hex,
    signed::{self, Signed},
    subject,
};

/// A revocation list. Reading one says nothing about whether to trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    der: Vec<u8>,
    signed: Signed,
    tbs: TbsCertList,
}

impl RevocationList {
    /// Reads DER.
    ///
    /// # Errors
    ///
    /// Bytes that are no CRL, or more than one.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let signed = Signed::from_der("CRL", der)?;
        let tbs = TbsCertList::from_der(signed.tbs())
            .map_err(|problem| Error::input("CRL", problem, "give a whole DER or PEM file"))?;
        Ok(Self { der: der.to_vec(), signed, tbs })
    }

    /// Reads the one PEM block `X509 CRL` (RFC 7468 section 6).
    ///
    /// # Errors
    ///
    /// As [`Self::from_der`].
    pub fn from_pem(pem: &str) -> Result<Self> {
        Self::from_der(&signed::from_pem("CRL", "X509 CRL", pem)?)
    }

    /// Reads all PEM blocks `X509 CRL` of a bundle, in order; what stands between them is skipped.
    ///
    /// # Errors
    ///
    /// A block that is no CRL, or has no end; none at all.
    pub fn from_pem_bundle(pem: &str) -> Result<Vec<Self>> {
        signed::from_pem_bundle("CRL bundle", "X509 CRL", pem)?.iter().map(|der| Self::from_der(der)).collect()
    }

    pub(crate) fn from_signed(signed: Signed) -> Result<Self> {
        Self::from_der(&signed.to_der("CRL")?)
    }

    /// The bytes it came with.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// As PEM.
    ///
    /// # Errors
    ///
    /// None in practice.
    pub fn to_pem(&self) -> Result<String> {
        signed::to_pem("CRL", "X509 CRL", &self.der)
    }

    /// What its issuer signed.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.signed.tbs()
    }

    /// The SHA-256 of its bytes in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&signed::sha256(&self.der))
    }

    /// Its parsed body.
    #[must_use]
    pub fn tbs(&self) -> &TbsCertList {
        &self.tbs
    }

    /// Who issued it.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.tbs.issuer
    }

    /// What to call it in a message.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.tbs)
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> Moment {
        self.tbs.this_update.into()
    }

    /// When it expires; a list that does not say is never used.
    #[must_use]
    pub fn next_update(&self) -> Option<Moment> {
        self.tbs.next_update.map(Moment::from)
    }

    /// Its CRLNumber (RFC 5280 section 5.2.3).
    ///
    /// # Errors
    ///
    /// None there, or one that is larger than this PKI counts (2^64).
    pub fn number(&self) -> Result<u64> {
        let wrong =
            |problem: &str| Error::input(format!("{}: cRLNumber", self.label()), problem, "have the list made anew");
        let number =
            extensions::find::<CrlNumber>(&self.label(), self.extensions())?.ok_or_else(|| wrong("it is missing"))?;
        let bytes = number.value.0.as_bytes();
        if bytes.len() > 8 {
            return Err(wrong("it is larger than 2^64"));
        }
        Ok(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// What is revoked, in the order of the list.
    ///
    /// # Errors
    ///
    /// An entry with a serial number or a reason that cannot be.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        self.revoked().iter().map(Entry::try_from).collect()
    }

    /// The key identifier of its issuer.
    ///
    /// # Errors
    ///
    /// A malformed extension.
    pub fn authority_key(&self) -> Result<Option<Vec<u8>>> {
        let key = extensions::find::<AuthorityKeyIdentifier>(&self.label(), self.extensions())?;
        Ok(key.and_then(|key| key.value.key_identifier).map(|key| key.as_bytes().to_vec()))
    }

    /// Checks the signature under that key, and that both places name the same algorithm (RFC 5280 section 5.1.1.2).
    ///
    /// # Errors
    ///
    /// It does not verify.
    pub fn verify_signature(&self, key: &PublicKey) -> Result<()> {
        if self.tbs.signature != self.signed.signature().algorithm {
            return Err(Error::crypto(
                self.label(),
                "it names two different signature algorithms",
                "have the list made anew",
            ));
        }
        self.signed.verify(key)
    }

    pub(crate) fn revoked(&self) -> &[RevokedCert] {
        self.tbs.revoked_certificates.as_deref().unwrap_or_default()
    }

    pub(crate) fn extensions(&self) -> &[Extension] {
        self.tbs.crl_extensions.as_deref().unwrap_or_default()
    }

    /// Whether it only tells what changed since another list (deltaCRLIndicator, RFC 5280 section 5.2.4).
    pub(crate) fn is_delta(&self) -> bool {
        self.extensions().iter().any(|extension| extension.extn_id == const_oid::db::rfc5280::ID_CE_DELTA_CRL_INDICATOR)
    }

    /// Critical extensions of the list that are not understood here; a delta's indicator is one of them.
    pub(crate) fn unknown_critical(&self) -> impl Iterator<Item = const_oid::ObjectIdentifier> {
        let known =
            [CrlNumber::OID, AuthorityKeyIdentifier::OID, const_oid::db::rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT];
        self.extensions()
            .iter()
            .filter(move |extension| extension.critical && !known.contains(&extension.extn_id))
            .map(|extension| extension.extn_id)
    }
}

pub(crate) fn label(tbs: &TbsCertList) -> String {
    format!("CRL of {:?}", subject::shown(&tbs.issuer))
}
