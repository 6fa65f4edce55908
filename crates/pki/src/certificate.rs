//! A certificate as it was read: the bytes it came with, and what they say.

use der::Decode;
use x509_cert::{TbsCertificate, ext::Extension, name::Name};

use crate::{
    Error, Result,
    extensions::Known,
    key::PublicKey,
    names::SubjectNames,
    serial::{Serial, hex},
    signed::{self, Signed},
    subject,
    validity::Validity,
};

/// A certificate (RFC 5280 section 4.1). Reading one says nothing about whether to trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Signed,
    tbs: TbsCertificate,
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    ///
    /// Bytes that are no certificate, or more than one.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let signed = Signed::from_der("certificate", der)?;
        let tbs = TbsCertificate::from_der(signed.tbs())
            .map_err(|problem| Error::input("certificate", problem, "give a whole DER or PEM file"))?;
        Ok(Self { der: der.to_vec(), signed, tbs })
    }

    /// Reads the one PEM block `CERTIFICATE` (RFC 7468 section 5).
    ///
    /// # Errors
    ///
    /// As [`Self::from_der`]; other labels.
    pub fn from_pem(pem: &str) -> Result<Self> {
        Self::from_der(&signed::from_pem("certificate", "CERTIFICATE", pem)?)
    }

    /// Reads all PEM blocks `CERTIFICATE` of a bundle, in order; what stands between them is skipped.
    ///
    /// # Errors
    ///
    /// A block that is no certificate, or has no end; none at all.
    pub fn from_pem_bundle(pem: &str) -> Result<Vec<Self>> {
        let blocks = signed::from_pem_bundle("certificate bundle", "CERTIFICATE", pem)?;
        blocks.iter().map(|der| Self::from_der(der)).collect()
    }

    pub(crate) fn from_signed(signed: Signed) -> Result<Self> {
        Self::from_der(&signed.to_der("certificate")?)
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
        signed::to_pem("certificate", "CERTIFICATE", &self.der)
    }

    /// What its issuer signed.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.signed.tbs()
    }

    /// Its parsed body.
    #[must_use]
    pub fn tbs(&self) -> &TbsCertificate {
        &self.tbs
    }

    /// What to call it in a message.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.tbs)
    }

    /// The SHA-256 of its bytes, to be read aloud ([`crate::words`]).
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        signed::sha256(&self.der)
    }

    /// The SHA-256 of its bytes in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&signed::sha256(&self.der))
    }

    /// Its serial number.
    ///
    /// # Errors
    ///
    /// One that is not positive or too long.
    pub fn serial(&self) -> Result<Serial> {
        self.tbs.serial_number().try_into()
    }

    /// Its validity.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.tbs.validity().into()
    }

    /// Its subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        self.tbs.subject()
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        self.tbs.issuer()
    }

    /// Its public key.
    ///
    /// # Errors
    ///
    /// A kind that this PKI does not know.
    pub fn public_key(&self) -> Result<PublicKey> {
        PublicKey::from_info(self.tbs.subject_public_key_info())
    }

    /// The names that it speaks for; none where it has no subjectAltName.
    ///
    /// # Errors
    ///
    /// Names of other kinds, or malformed ones.
    pub fn names(&self) -> Result<Option<SubjectNames>> {
        self.known()?
            .subject_alt_name
            .map(|names| SubjectNames::from_extension(&names.value, crate::dns::Wildcards::Leftmost))
            .transpose()
    }

    /// Whether subject and issuer are the same bytes.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        subject::bytes(self.subject()).ok() == subject::bytes(self.issuer()).ok()
    }

    /// Checks the signature under that key, and that both places name the same algorithm (RFC 5280 section 4.1.1.2).
    ///
    /// # Errors
    ///
    /// It does not verify.
    pub fn verify_signature(&self, key: &PublicKey) -> Result<()> {
        if self.tbs.signature() != &self.signed.signature().algorithm {
            return Err(Error::crypto(
                self.label(),
                "it names two different signature algorithms",
                "have it issued anew",
            ));
        }
        self.signed.verify(key)
    }

    pub(crate) fn extensions(&self) -> &[Extension] {
        self.tbs.extensions().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn known(&self) -> Result<Known> {
        Known::read(&self.label(), self.extensions())
    }
}

/// What to call a certificate in a message: its common name, else its first name, else its serial.
pub(crate) fn label(tbs: &TbsCertificate) -> String {
    if !tbs.subject().is_empty() {
        return format!("certificate {:?}", subject::shown(tbs.subject()));
    }
    format!("certificate {}", hex(tbs.serial_number().as_bytes()))
}
