//! Signatures: their algorithms, and their check by a library that did not make them.
//!
//! Signatures are made with the RustCrypto crates and checked with ring, so that a fault of the one is seen by the other.

use const_oid::db::{rfc5912, rfc8410};
use der::{Tagged, asn1::Any};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use spki::{AlgorithmIdentifierOwned, ObjectIdentifier};

use crate::{
    Error, Result,
    key::{KeyKind, PublicKey},
};

/// A signature and the algorithm that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// As certificates name it (RFC 5280 section 4.1.1.2).
    pub algorithm: AlgorithmIdentifierOwned,
    /// Its bytes: for ECDSA the DER structure of RFC 3279 section 2.2.3.
    pub bytes: Vec<u8>,
}

/// The algorithm that a key of that kind signs with: the hash that belongs to the curve's size; SHA-256 for RSA.
///
/// # Errors
///
/// Ed25519: it never signs here.
pub fn algorithm_of(kind: KeyKind) -> Result<AlgorithmIdentifierOwned> {
    let (oid, parameters) = match kind {
        KeyKind::P256 => (rfc5912::ECDSA_WITH_SHA_256, None),
        KeyKind::P384 => (rfc5912::ECDSA_WITH_SHA_384, None),
        KeyKind::Rsa(_) => (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
        KeyKind::Ed25519 => {
            return Err(Error::crypto(
                "Ed25519 key",
                "it must not sign: PostgreSQL 15 clients with channel binding fail on what it signs",
                "take a P-384 key for an authority",
            ));
        }
    };
    Ok(AlgorithmIdentifierOwned { oid, parameters })
}

/// Checks a signature over a message.
///
/// # Errors
///
/// A signature that does not verify; an algorithm that this PKI does not accept (SHA-1, MD5, DSA, unknown ones) or that does
/// not belong to the key; parameters that must not be there. The text says which.
pub fn verify(algorithm: &AlgorithmIdentifierOwned, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<()> {
    let refused = |problem: String| Err(Error::crypto("signature", problem, "have it signed anew by its issuer"));
    let Some(check) = check_for(algorithm.oid, key.kind()) else {
        return refused(format!("{} is not accepted with a {} key", name_of(algorithm.oid), key.kind()));
    };
    let rsa = matches!(key.kind(), KeyKind::Rsa(_));
    match &algorithm.parameters {
        None => {}
        Some(parameters) if rsa && parameters.tag() == der::Tag::Null => {}
        Some(_) => {
            return refused(format!(
                "{} has parameters (RFC 5758 section 3.2, RFC 4055 section 5)",
                name_of(algorithm.oid)
            ));
        }
    }
    let bytes = key.info().subject_public_key.raw_bytes();
    if UnparsedPublicKey::new(check, bytes).verify(message, signature).is_err() {
        return refused(format!("it does not verify ({}, {} key)", name_of(algorithm.oid), key.kind()));
    }
    Ok(())
}

fn check_for(oid: ObjectIdentifier, kind: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (oid, kind) {
        (rfc5912::ECDSA_WITH_SHA_256, KeyKind::P256) => &signature::ECDSA_P256_SHA256_ASN1,
        (rfc5912::ECDSA_WITH_SHA_384, KeyKind::P256) => &signature::ECDSA_P256_SHA384_ASN1,
        (rfc5912::ECDSA_WITH_SHA_256, KeyKind::P384) => &signature::ECDSA_P384_SHA256_ASN1,
        (rfc5912::ECDSA_WITH_SHA_384, KeyKind::P384) => &signature::ECDSA_P384_SHA384_ASN1,
        (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, KeyKind::Rsa(_)) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, KeyKind::Rsa(_)) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, KeyKind::Rsa(_)) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (rfc8410::ID_ED_25519, KeyKind::Ed25519) => &signature::ED25519,
        _ => return None,
    })
}

/// The name of an algorithm, or its number.
pub(crate) fn name_of(oid: ObjectIdentifier) -> String {
    const_oid::db::DB.by_oid(&oid).map_or_else(|| oid.to_string(), str::to_owned)
}
