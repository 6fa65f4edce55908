//! A public key: read from SubjectPublicKeyInfo (RFC 5280 section 4.1), kept as the bytes it was written with.

use const_oid::{ObjectIdentifier, db::rfc5912, db::rfc8410};
use der::{Decode, Encode, asn1::UintRef};
use spki::SubjectPublicKeyInfoOwned;

use super::Curve;
use crate::support::crypto::{
    describe::{self, Wrong, key::KeyInfo, pem},
    digest::Digest,
};

pub(super) const EC: ObjectIdentifier = rfc5912::ID_EC_PUBLIC_KEY;
pub(super) const ED25519: ObjectIdentifier = rfc8410::ID_ED_25519;
pub(super) const X25519: ObjectIdentifier = rfc8410::ID_X_25519;

/// What a public key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKind {
    /// RSA: modulus and exponent, without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
    /// A point of a curve, not compressed.
    Ec(Curve, Vec<u8>),
    /// Ed25519.
    Ed25519(Vec<u8>),
    /// X25519.
    X25519(Vec<u8>),
    /// One that nothing can be done with here.
    Other(ObjectIdentifier),
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: PublicKind,
    info: SubjectPublicKeyInfoOwned,
    der: Vec<u8>,
}

#[derive(der::Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl PublicKey {
    /// Reads DER.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Option<Self> {
        Self::from_info(&SubjectPublicKeyInfoOwned::from_der(der).ok()?)
    }

    /// Reads the key of a certificate or a request.
    #[must_use]
    pub fn from_info(info: &SubjectPublicKeyInfoOwned) -> Option<Self> {
        let bytes = info.subject_public_key.as_bytes()?;
        let kind = match info.algorithm.oid {
            rfc5912::RSA_ENCRYPTION => {
                let key = RsaPublicKey::from_der(bytes).ok()?;
                PublicKind::Rsa {
                    modulus: key.modulus.as_bytes().to_vec(),
                    exponent: key.public_exponent.as_bytes().to_vec(),
                }
            }
            EC => {
                let named: Option<ObjectIdentifier> =
                    info.algorithm.parameters.as_ref().and_then(|any| any.decode_as().ok());
                match named.and_then(Curve::of_oid) {
                    Some(curve) if bytes.len() == 1 + 2 * curve.bytes() => PublicKind::Ec(curve, bytes.to_vec()),
                    _ => PublicKind::Other(EC),
                }
            }
            ED25519 if bytes.len() == 32 => PublicKind::Ed25519(bytes.to_vec()),
            X25519 if bytes.len() == 32 => PublicKind::X25519(bytes.to_vec()),
            other => PublicKind::Other(other),
        };
        Some(Self { kind, info: info.clone(), der: info.to_der().ok()? })
    }

    /// Reads a PEM file `PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// The collection's words for what is none.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, Wrong> {
        const NONE: &str =
            "Valid PEM but no BEGIN PUBLIC KEY/END PUBLIC KEY delimiters. Are you sure this is a public key?";
        let der = pem::find(bytes, &["PUBLIC KEY"], NONE)?;
        Self::from_der(&der).ok_or_else(|| Wrong::said(super::read::UNREADABLE))
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> &PublicKind {
        &self.kind
    }

    /// As certificates hold it.
    #[must_use]
    pub fn info(&self) -> &SubjectPublicKeyInfoOwned {
        &self.info
    }

    /// As DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// As PEM.
    ///
    /// # Errors
    ///
    /// None in practice.
    pub fn to_pem(&self) -> Result<String, Wrong> {
        pem::write("PUBLIC KEY", &self.der)
    }

    /// The SHA-1 of its bits: the key identifier of RFC 5280 section 4.2.1.2, method 1.
    #[must_use]
    pub fn identifier(&self) -> Vec<u8> {
        Digest::Sha1.of(self.info.subject_public_key.raw_bytes())
    }

    /// Whether a certificate with it can be an issuer's.
    #[must_use]
    pub fn can_verify(&self) -> bool {
        !matches!(self.kind, PublicKind::X25519(_))
    }

    /// Its type, numbers and fingerprints, as results have them.
    ///
    /// # Errors
    ///
    /// A kind that is not known here.
    pub fn describe(&self) -> Result<KeyInfo, Wrong> {
        describe::key::describe(&self.info)
    }
}
