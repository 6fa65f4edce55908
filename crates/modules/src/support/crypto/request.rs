//! Signing requests (PKCS #10, RFC 2986): made, signed, and read with what they ask for.

use const_oid::db::rfc5912;
use der::{
    Decode, Encode,
    asn1::{Any, BitString, SetOfVec},
};
use x509_cert::{
    attr::Attribute,
    ext::Extension,
    name::Name,
    request::{CertReq, CertReqInfo, Version},
};

use super::{
    describe::{self, Wrong, pem, signature::is_valid},
    digest::Digest,
    key::{PrivateKey, PublicKey},
    signature,
};

/// A request that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    request: CertReq,
    extensions: Vec<Extension>,
    key: PublicKey,
}

impl Request {
    /// Reads a PEM file.
    ///
    /// # Errors
    ///
    /// In the words of the reference's library: no PEM, none of a request, bytes that are none.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, Wrong> {
        let request = describe::request::from_pem(bytes)?;
        Self::of(request).ok_or_else(|| Wrong::said("error parsing asn1 value: ParseError { kind: InvalidValue }"))
    }

    /// Makes and signs one.
    ///
    /// # Errors
    ///
    /// The key cannot sign over that hash.
    pub fn make(
        subject: Name,
        extensions: Vec<Extension>,
        key: &PrivateKey,
        digest: Option<Digest>,
    ) -> Result<Self, Wrong> {
        let failed = |error: der::Error| Wrong::raised(error.to_string());
        let public = key.public_key().ok_or_else(|| Wrong::raised("the private key is broken"))?;
        let mut attributes = SetOfVec::new();
        if !extensions.is_empty() {
            let values = SetOfVec::try_from(vec![Any::encode_from(&extensions).map_err(failed)?]).map_err(failed)?;
            attributes.insert(Attribute { oid: rfc5912::ID_EXTENSION_REQ, values }).map_err(failed)?;
        }
        let info = CertReqInfo { version: Version::V1, subject, public_key: public.info().clone(), attributes };
        let algorithm = signature::algorithm(key, digest)?;
        let bytes = signature::sign(key, digest, &info.to_der().map_err(failed)?)?;
        let signature = BitString::from_bytes(&bytes).map_err(failed)?;
        Ok(Self { request: CertReq { info, algorithm, signature }, extensions, key: public })
    }

    fn of(request: CertReq) -> Option<Self> {
        let mut extensions = Vec::new();
        let asked = request.info.attributes.iter().filter(|attribute| attribute.oid == rfc5912::ID_EXTENSION_REQ);
        for value in asked.flat_map(|attribute| attribute.values.iter()) {
            extensions.extend(Vec::<Extension>::from_der(&value.to_der().ok()?).ok()?);
        }
        let key = PublicKey::from_info(&request.info.public_key)?;
        Some(Self { request, extensions, key })
    }

    /// As PEM.
    ///
    /// # Errors
    ///
    /// None in practice.
    pub fn to_pem(&self) -> Result<String, Wrong> {
        let der = self.request.to_der().map_err(|error| Wrong::raised(error.to_string()))?;
        pem::write("CERTIFICATE REQUEST", &der)
    }

    /// Whom it names.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.request.info.subject
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What it asks for.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// Whether it is signed by its own key.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        let CertReq { info, algorithm, signature } = &self.request;
        info.to_der().is_ok_and(|tbs| is_valid(self.key.info(), algorithm, &tbs, signature.raw_bytes()) == Ok(true))
    }
}
