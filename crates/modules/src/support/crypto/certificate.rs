//! Certificates (RFC 5280 section 4.1): made, signed, and read with what comparisons need.

use const_oid::ObjectIdentifier;
use der::{Encode, asn1::Uint};
use getrandom::{SysRng, rand_core::TryRng};
use protocol::Data;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{ext::Extension, name::Name, time::Time};

use super::{
    describe::{Wrong, certificate as read, distinguished, extensions, pem, signature::is_valid, times::Moment},
    digest::Digest,
    key::{PrivateKey, PublicKey},
    signature,
};

/// Version 3, as its number stands in a certificate.
const VERSION_3: u8 = 2;

/// What a new certificate says.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its number.
    pub serial: Vec<u8>,
    /// Who issues it.
    pub issuer: Name,
    /// From when it is valid.
    pub not_before: Moment,
    /// Until when it is valid.
    pub not_after: Moment,
    /// Whom it names.
    pub subject: Name,
    /// The subject's key.
    pub key: PublicKey,
    /// In order.
    pub extensions: Vec<Extension>,
}

#[derive(der::Sequence)]
struct ToBeSigned {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial_number: Uint,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(der::Sequence)]
struct Validity {
    not_before: Time,
    not_after: Time,
}

impl Draft {
    /// Signs it; the certificate as PEM.
    ///
    /// # Errors
    ///
    /// The key does not sign over that hash; a time that certificates cannot have.
    pub fn sign(self, key: &PrivateKey, digest: Option<Digest>) -> Result<String, Wrong> {
        let failed = |error: der::Error| Wrong::raised(error.to_string());
        if self.not_before > self.not_after {
            return Err(Wrong::raised("The not valid after date must be after the not valid before date."));
        }
        let time = |moment: Moment| {
            moment.time().ok_or_else(|| Wrong::raised(format!("{moment} cannot be written into a certificate")))
        };
        let algorithm = signature::algorithm(key, digest)?;
        let content = ToBeSigned {
            version: VERSION_3,
            serial_number: Uint::new(&self.serial).map_err(failed)?,
            signature: algorithm.clone(),
            issuer: self.issuer,
            validity: Validity { not_before: time(self.not_before)?, not_after: time(self.not_after)? },
            subject: self.subject,
            subject_public_key_info: self.key.info().clone(),
            extensions: Some(self.extensions).filter(|extensions| !extensions.is_empty()),
        };
        pem::write("CERTIFICATE", &signature::sign_document(&content, algorithm, key, digest)?)
    }
}

/// A new serial number: 159 random bits.
///
/// # Errors
///
/// The system has no random numbers.
pub fn random_serial() -> Result<Vec<u8>, Wrong> {
    let mut bytes = [0_u8; 20];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Wrong::raised(format!("the system has no random numbers: {error}")))?;
    bytes[0] &= 0x7f;
    Ok(bytes.to_vec())
}

/// A certificate that was read.
#[derive(Debug, Clone)]
pub struct Certificate {
    certificate: read::Certificate,
    key: PublicKey,
}

impl Certificate {
    /// Reads the first of a PEM file.
    ///
    /// # Errors
    ///
    /// In the words of the reference's library: no PEM, none of a certificate, bytes that are none.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, Wrong> {
        let certificate = read::from_pem(bytes)?;
        let key = PublicKey::from_info(certificate.tbs_certificate().subject_public_key_info())
            .ok_or_else(|| Wrong::said("error parsing asn1 value: ParseError { kind: InvalidValue }"))?;
        Ok(Self { certificate, key })
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whom it names.
    #[must_use]
    pub fn subject(&self) -> &Name {
        self.certificate.tbs_certificate().subject()
    }

    /// Who issued it.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        self.certificate.tbs_certificate().issuer()
    }

    /// Its extensions.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        self.certificate.tbs_certificate().extensions().map_or(&[], Vec::as_slice)
    }

    /// From when and until when it is valid.
    #[must_use]
    pub fn validity(&self) -> (Moment, Moment) {
        read::validity(&self.certificate)
    }

    /// Its number.
    ///
    /// # Errors
    ///
    /// None in practice.
    pub fn serial(&self) -> Result<Data, Wrong> {
        extensions::serial_number(self.certificate.tbs_certificate().serial_number())
    }

    /// Whether that key signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let tbs = self.certificate.tbs_certificate().to_der();
        let (algorithm, signature) = (self.certificate.signature_algorithm(), self.certificate.signature());
        tbs.is_ok_and(|tbs| is_valid(key.info(), algorithm, &tbs, signature.raw_bytes()) == Ok(true))
    }
}

/// Whether two names are the same: attributes with the same values in the same order, whatever string types they have.
#[must_use]
pub fn is_same_name(left: &Name, right: &Name) -> bool {
    let attributes = |name: &Name| distinguished::attributes(name);
    left == right || matches!((attributes(left), attributes(right)), (Ok(left), Ok(right)) if left == right)
}

/// Whether an extension is of that kind.
#[must_use]
pub fn is(extension: &Extension, kind: ObjectIdentifier) -> bool {
    extension.extn_id == kind
}
