//! Certificate signing requests (PKCS #10, RFC 2986): made, read and checked.

use const_oid::db::rfc5912;
use der::{
    Decode, Encode,
    asn1::{Any, SetOfVec},
};
use x509_cert::{
    attr::Attribute,
    ext::{
        Extension,
        pkix::{BasicConstraints, SubjectAltName},
    },
    name::Name,
    request::CertReqInfo,
};

use crate::{
    Error, Finding, Result,
    dns::Wildcards,
    extensions,
    key::PublicKey,
    names::SubjectNames,
    serial::hex,
    signed::{self, Signed},
    signer::{self, Signer},
    subject::{self, Subject},
};

/// A signing request whose signature was checked: whoever made it has the key. Of its requested extensions nothing but the
/// alternative names is ever used; profiles decide the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningRequest {
    der: Vec<u8>,
    subject: Name,
    key: PublicKey,
    requested: Vec<Extension>,
}

impl SigningRequest {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// A subject out of bounds; the key does not sign.
    pub fn build(subject: &Subject, names: Option<&SubjectNames>, signer: impl Signer) -> Result<Self> {
        let wrong = |problem: der::Error| Error::input("signing request", problem, "check what was asked for");
        let key = signer.public_key().clone();
        let mut attributes = SetOfVec::new();
        if let Some(names) = names {
            let extension = extensions::write(false, &names.to_extension()?)?;
            let values = SetOfVec::try_from(vec![Any::encode_from(&vec![extension]).map_err(wrong)?]).map_err(wrong)?;
            attributes.insert(Attribute { oid: rfc5912::ID_EXTENSION_REQ, values }).map_err(wrong)?;
        }
        let info = CertReqInfo {
            version: x509_cert::request::Version::V1,
            subject: subject.name()?,
            public_key: key.info().clone(),
            attributes,
        };
        let tbs = info.to_der().map_err(wrong)?;
        let signature = signer::sign_checked("signing request", signer, &key, &tbs)?;
        Self::from_der(&Signed::new(tbs, signature).to_der("signing request")?)
    }

    /// Reads DER, and checks the signature.
    ///
    /// # Errors
    ///
    /// Bytes that are none; a key that this PKI does not accept; a signature that is not by that key; extensions asked for
    /// twice.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let signed = Signed::from_der("signing request", der)?;
        let info = CertReqInfo::from_der(signed.tbs())
            .map_err(|problem| Error::input("signing request", problem, "give a whole DER or PEM file"))?;
        let key = PublicKey::from_info(&info.public_key)?;
        if let Err(problem) = signed.verify(&key) {
            return Err(Error::refused(Finding::new(
                label(&info.subject),
                "signature",
                problem.to_string(),
                "RFC 2986 section 4.2",
                "make the request anew with the key that it carries",
            )));
        }
        Ok(Self { der: der.to_vec(), requested: requested(&info)?, subject: info.subject, key })
    }

    /// Reads a PEM file `CERTIFICATE REQUEST` (RFC 7468 section 7), or with the older label `NEW CERTIFICATE REQUEST`.
    ///
    /// # Errors
    ///
    /// As [`Self::from_der`].
    pub fn from_pem(pem: &str) -> Result<Self> {
        let label = if pem.contains("BEGIN NEW CERTIFICATE REQUEST") {
            "NEW CERTIFICATE REQUEST"
        } else {
            "CERTIFICATE REQUEST"
        };
        Self::from_der(&signed::from_pem("signing request", label, pem)?)
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
        signed::to_pem("signing request", "CERTIFICATE REQUEST", &self.der)
    }

    /// The SHA-256 of its bytes, to be read aloud ([`crate::words`]).
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        signed::sha256(&self.der)
    }

    /// The SHA-256 of its bytes in hexadecimal, as a plan fixes it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&signed::sha256(&self.der))
    }

    /// The subject asked for.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// Its key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The alternative names asked for.
    ///
    /// # Errors
    ///
    /// Names of other kinds, or malformed ones.
    pub fn names(&self, wildcards: Wildcards) -> Result<Option<SubjectNames>> {
        extensions::find::<SubjectAltName>(&self.label(), &self.requested)?
            .map(|names| SubjectNames::from_extension(&names.value, wildcards))
            .transpose()
    }

    /// Refuses a request of a service that asks to become an authority.
    ///
    /// # Errors
    ///
    /// basicConstraints with CA:TRUE.
    pub fn refuse_authority(&self) -> Result<()> {
        let constraints = extensions::find::<BasicConstraints>(&self.label(), &self.requested)?;
        if constraints.is_some_and(|constraints| constraints.value.ca) {
            return Err(Error::refused(Finding::new(
                self.label(),
                "basicConstraints",
                "it asks for CA:TRUE",
                "PKI policy: a service is no authority",
                "make the request without it; an intermediate is signed in a ceremony",
            )));
        }
        Ok(())
    }

    /// What to call it in a message.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.subject)
    }
}

fn label(subject: &Name) -> String {
    if subject.is_empty() {
        "signing request".to_owned()
    } else {
        format!("signing request {:?}", subject::shown(subject))
    }
}

fn requested(info: &CertReqInfo) -> Result<Vec<Extension>> {
    let wrong = |problem: &str| Error::input(label(&info.subject), problem, "make the request anew");
    let mut extensions: Vec<Extension> = Vec::new();
    for attribute in info.attributes.iter().filter(|attribute| attribute.oid == rfc5912::ID_EXTENSION_REQ) {
        for value in attribute.values.iter() {
            let list: Vec<Extension> =
                value.decode_as().map_err(|_| wrong("its extensionRequest is malformed (RFC 2985 section 5.4.2)"))?;
            extensions.extend(list);
        }
    }
    for (at, extension) in extensions.iter().enumerate() {
        if extensions.iter().skip(at + 1).any(|other| other.extn_id == extension.extn_id) {
            return Err(wrong("it asks for an extension twice"));
        }
    }
    // Read what is used now, so that a malformed one is seen whoever asks for it later.
    extensions::find::<SubjectAltName>(&label(&info.subject), &extensions)?;
    extensions::find::<BasicConstraints>(&label(&info.subject), &extensions)?;
    Ok(extensions)
}
