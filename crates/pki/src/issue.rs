//! From a profile to a certificate: the bytes to be signed are built first, looked at, and then signed unchanged.

use der::{Decode, Encode, Sequence, asn1::BitString};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{TbsCertificate, Version, ext::Extension, name::Name, serial_number::SerialNumber};

use crate::{
    Error, Finding, Result,
    authority::Authority,
    certificate::{self, Certificate},
    dns::Wildcards,
    error::refuse_any,
    extensions::Known,
    key::{PrivateKey, PublicKey},
    lint,
    names::SubjectNames,
    profile::Role,
    serial::{Serial, hex},
    signature,
    signed::{Signed, sha256},
    signer::{self, Signer},
    validity::{Period, Validity},
};

/// What a plan fixes of a certificate, so that a second machine can make the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its serial number; that it is not taken is for the index to say.
    pub serial: Serial,
    /// From when until when it holds.
    pub validity: Validity,
}

/// A certificate that is not signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToBeSigned {
    der: Vec<u8>,
    tbs: TbsCertificate,
    issuer: Option<Certificate>,
    key: PublicKey,
}

/// What an audit log notes of a certificate.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    pub(crate) names: Vec<String>,
    pub(crate) role: Option<Role>,
    pub(crate) key: String,
}

/// `TBSCertificate` as this PKI writes it: always version 3, never unique identifiers (RFC 5280 section 4.1.2).
#[derive(Sequence)]
struct Body {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    serial: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Period,
    subject: Name,
    key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    issuer_id: Option<BitString>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    subject_id: Option<BitString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

impl ToBeSigned {
    /// Of a profile's parts. Without an issuer it signs itself.
    pub(crate) fn build(
        issuer: Option<&Authority>,
        subject: Name,
        key: &PublicKey,
        terms: &Terms,
        extensions: Vec<Extension>,
    ) -> Result<Self> {
        let signing_key = issuer.map_or(key, Authority::key);
        let body = Body {
            version: Version::V3,
            serial: terms.serial.encoded()?,
            signature: signature::algorithm_of(signing_key.kind())?,
            issuer: issuer.map_or(&subject, |issuer| issuer.certificate().subject()).clone(),
            validity: terms.validity.encoded()?,
            subject,
            key: key.info().clone(),
            issuer_id: None,
            subject_id: None,
            extensions: Some(extensions),
        };
        let wrong = |problem: der::Error| Error::input("certificate to be signed", problem, "check what was asked for");
        let der = body.to_der().map_err(wrong)?;
        let tbs = TbsCertificate::from_der(&der).map_err(wrong)?;
        let built =
            Self { der, tbs, issuer: issuer.map(|issuer| issuer.certificate().clone()), key: signing_key.clone() };
        if let Some(issuer) = issuer {
            terms.validity.within_issuer(&built.label(), &issuer.certificate().validity())?;
        }
        refuse_any(built.lint())?;
        Ok(built)
    }

    /// The bytes that the issuer's key will sign.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.der
    }

    /// Their SHA-256 in hexadecimal: what an audit log notes before the signature.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&sha256(&self.der))
    }

    /// What they say.
    #[must_use]
    pub fn tbs(&self) -> &TbsCertificate {
        &self.tbs
    }

    /// The key that must sign them.
    #[must_use]
    pub fn signing_key(&self) -> &PublicKey {
        &self.key
    }

    /// What to call it in a message.
    #[must_use]
    pub fn label(&self) -> String {
        certificate::label(&self.tbs)
    }

    /// What an audit log notes of them beside their hash.
    pub(crate) fn summary(&self) -> Result<Summary> {
        let known = Known::read(&self.label(), self.tbs.extensions().map_or(&[], Vec::as_slice))?;
        let names = match &known.subject_alt_name {
            Some(names) => SubjectNames::from_extension(&names.value, Wildcards::Leftmost)?
                .iter()
                .map(ToString::to_string)
                .collect(),
            None => Vec::new(),
        };
        let key = PublicKey::from_info(self.tbs.subject_public_key_info())?.fingerprint()?;
        Ok(Summary { names, role: known.role(), key })
    }

    /// Faults of the bytes, by themselves and beside the issuer's certificate. A profile never gives any.
    #[must_use]
    pub fn lint(&self) -> Vec<Finding> {
        let mut findings = lint::certificate(&self.tbs);
        if let Some(issuer) = &self.issuer {
            findings.extend(lint::pair(issuer, &self.tbs));
        }
        findings
    }

    /// Signs the bytes with that key, which is nobody's, and lints what comes out: a fault is seen before the issuer's key is
    /// touched.
    ///
    /// # Errors
    ///
    /// Anything that the lint finds; the key does not sign.
    pub fn trial(&self, throw_away: &PrivateKey) -> Result<()> {
        let trial =
            Certificate::from_signed(Signed::new(self.der.clone(), signer::Signer::sign(throw_away, &self.der)?))?;
        let mut findings = lint::certificate(trial.tbs());
        findings.extend(self.issuer.iter().flat_map(|issuer| lint::pair(issuer, trial.tbs())));
        refuse_any(findings)
    }

    /// Signs the bytes, checks the signature with another library, and reads and lints what came out.
    ///
    /// # Errors
    ///
    /// A key that is not the issuer's; a signature that does not verify; anything that the lint finds.
    pub fn sign(self, signer: impl Signer) -> Result<Certificate> {
        let signature = signer::sign_checked(&self.label(), signer, &self.key, &self.der)?;
        let certificate = Certificate::from_signed(Signed::new(self.der, signature))?;
        let findings = lint::certificate(certificate.tbs());
        refuse_any(findings)?;
        Ok(certificate)
    }
}
