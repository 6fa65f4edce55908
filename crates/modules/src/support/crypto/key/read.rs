//! Private keys from files, with the words of the reference's library for what cannot be read.

use std::fs;

use const_oid::{ObjectIdentifier, db::rfc5912};
use der::{Decode, Encode, Tagged};
use pkcs8::PrivateKeyInfoRef;
use rsa::{RsaPrivateKey, pkcs1::DecodeRsaPrivateKey};
use sec1::{EcParameters, EcPrivateKey};
use zeroize::Zeroizing;

use super::{Curve, PrivateKey, cipher, curve::on_curve, public};
use crate::{
    module::os_error,
    support::crypto::{describe::Wrong, pem},
};

pub(super) const UNREADABLE: &str = "Could not deserialize key data. The data may be in an incorrect format, it may be \
    encrypted with an unsupported algorithm, or it may be an unsupported key type (e.g. EC curves with explicit \
    parameters).";

const LABELS: [&str; 5] =
    ["PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"];

/// Why a private key cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is encrypted and no passphrase was given.
    #[error("Password was not given but private key is encrypted")]
    PassphraseMissing,
    /// It is not encrypted and a passphrase was given.
    #[error("Password was given but private key is not encrypted.")]
    PassphraseForNothing,
    /// The passphrase is another one.
    #[error("Incorrect password, could not decrypt key")]
    WrongPassphrase,
    /// It is broken.
    #[error("{0}")]
    Invalid(String),
    /// It is of a kind that is not known here.
    #[error("{0}")]
    Unsupported(String),
}

impl LoadError {
    /// DER that cannot be read.
    pub(super) fn unreadable(error: &der::Error) -> Self {
        let details = match error.kind() {
            der::ErrorKind::Incomplete { .. } => "short data (needed at least 1 additional bytes)",
            _ => "invalid value",
        };
        Self::Invalid(format!("{UNREADABLE} Details: ASN.1 parsing error: {details}"))
    }
}

impl From<LoadError> for Wrong {
    fn from(error: LoadError) -> Self {
        Self::said(match &error {
            LoadError::PassphraseMissing | LoadError::PassphraseForNothing => {
                "Wrong or empty passphrase provided for private key".to_owned()
            }
            LoadError::WrongPassphrase | LoadError::Invalid(_) => {
                format!("Wrong passphrase provided for private key, or private key cannot be parsed: {error}")
            }
            LoadError::Unsupported(_) => format!("Unsupported private key type: {error}"),
        })
    }
}

/// Reads the key that a module's options name: a file, or the text itself.
///
/// # Errors
///
/// The collection's words.
pub fn load_for(path: Option<&str>, content: Option<&str>, passphrase: Option<&str>) -> Result<PrivateKey, Wrong> {
    let bytes = match (content, path) {
        (Some(content), _) => Zeroizing::new(content.as_bytes().to_vec()),
        (None, Some(path)) => {
            Zeroizing::new(fs::read(path).map_err(|error| Wrong::said(os_error(&error, Some(path))))?)
        }
        (None, None) => return Err(Wrong::said("Must provide either path or content")),
    };
    Ok(load(&bytes, passphrase)?)
}

/// As [`load_for`], of a key that is to sign requests or certificates.
///
/// # Errors
///
/// As there; a key that cannot sign.
pub fn load_for_issuing(
    path: Option<&str>,
    content: Option<&str>,
    passphrase: Option<&str>,
) -> Result<PrivateKey, Wrong> {
    let key = load_for(path, content, passphrase)?;
    if key.can_sign() {
        return Ok(key);
    }
    // Python's way to print a type.
    let shown = "<class 'cryptography.hazmat.bindings._rust.openssl.x25519.X25519PrivateKey'>";
    Err(Wrong::said(format!("Key of type {shown} not supported for issuing certificates")))
}

/// Reads a PEM file.
///
/// # Errors
///
/// It holds no key, a broken one, one of a kind that is not known here, or the passphrase does not fit.
pub fn load(bytes: &[u8], passphrase: Option<&str>) -> Result<PrivateKey, LoadError> {
    let block = pem::find(bytes, &LABELS).map_err(|error| LoadError::Invalid(error.to_string()))?;
    let Some(block) = block else {
        return Err(LoadError::Invalid(
            "Valid PEM but no BEGIN/END delimiters for a private key found. Are you sure this is a private key?"
                .to_owned(),
        ));
    };
    let is_encrypted = block.label == "ENCRYPTED PRIVATE KEY" || cipher::is_legacy(&block);
    let der = match passphrase {
        Some(_) if !is_encrypted => return Err(LoadError::PassphraseForNothing),
        Some(passphrase) if !passphrase.is_empty() => {
            if block.label == "ENCRYPTED PRIVATE KEY" {
                cipher::decrypt_pkcs8(&block.der, passphrase.as_bytes())?
            } else {
                cipher::decrypt_legacy(&block, passphrase.as_bytes())?
            }
        }
        _ if block.label == "ENCRYPTED PRIVATE KEY" => {
            // What is no key at all is said before what is missing for it.
            der::Any::from_der(&block.der).map_err(|error| LoadError::unreadable(&error))?;
            return Err(LoadError::PassphraseMissing);
        }
        _ if is_encrypted => return Err(LoadError::PassphraseMissing),
        _ => block.der.clone(),
    };
    match block.label.as_str() {
        "RSA PRIVATE KEY" => rsa_key(&der),
        "EC PRIVATE KEY" => ec_key(&der, None),
        "DSA PRIVATE KEY" => Err(unsupported("DSA")),
        _ => pkcs8_key(&der),
    }
}

/// Whether a key that could not be read may be a good one, in a form or of a kind that is not known here: to be left alone.
#[must_use]
pub fn may_be_good(bytes: &[u8], error: &LoadError) -> bool {
    if matches!(error, LoadError::Unsupported(_)) {
        return true;
    }
    let Ok(Some(block)) = pem::find(bytes, &LABELS) else { return false };
    match block.label.as_str() {
        "ENCRYPTED PRIVATE KEY" => cipher::is_of_unknown_scheme(&block.der),
        _ if cipher::is_legacy(&block) => cipher::is_of_unknown_cipher(&block),
        // Parameters that name no curve: they describe one.
        "EC PRIVATE KEY" => {
            matches!(error, LoadError::Invalid(_))
                && sequence_of(&block.der).is_some_and(|parts| {
                    parts.iter().any(|part| {
                        part.tag() == der::Tag::ContextSpecific { constructed: true, number: der::TagNumber(0) }
                    })
                })
                && EcPrivateKey::from_der(&block.der).is_err()
        }
        "PRIVATE KEY" => sequence_of(&block.der)
            .and_then(|parts| parts.get(1).and_then(|algorithm| sequence_of(&algorithm.to_der().ok()?)))
            .is_some_and(|algorithm| {
                let is_ec = algorithm.first().is_some_and(|oid| oid.decode_as() == Ok(public::EC));
                is_ec && algorithm.get(1).is_some_and(|parameters| parameters.tag() == der::Tag::Sequence)
            }),
        _ => false,
    }
}

/// The parts of a SEQUENCE.
fn sequence_of(der: &[u8]) -> Option<Vec<der::Any>> {
    Vec::<der::Any>::from_der(der).ok()
}

/// Reads the bare bytes of an X25519 or Ed25519 key; the first, where `type_name` names neither.
#[must_use]
pub fn load_raw(bytes: &[u8], type_name: &str) -> Option<PrivateKey> {
    let bytes = Zeroizing::new(<[u8; 32]>::try_from(bytes).ok()?);
    Some(if type_name == "Ed25519" { PrivateKey::Ed25519(bytes) } else { PrivateKey::X25519(bytes) })
}

fn pkcs8_key(der: &[u8]) -> Result<PrivateKey, LoadError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|error| LoadError::unreadable(&error))?;
    let bytes = info.private_key.as_bytes();
    match info.algorithm.oid {
        rfc5912::RSA_ENCRYPTION => rsa_key(bytes),
        public::EC => {
            let named = info.algorithm.parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
            ec_key(bytes, named)
        }
        public::ED25519 => Ok(PrivateKey::Ed25519(seed(bytes)?)),
        public::X25519 => Ok(PrivateKey::X25519(seed(bytes)?)),
        other => Err(unsupported(const_oid::db::DB.by_oid(&other).unwrap_or(&other.to_string()))),
    }
}

/// The octet string within an octet string of RFC 8410 section 7.
fn seed(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, LoadError> {
    let inner = <&der::asn1::OctetStringRef>::from_der(bytes).map_err(|error| LoadError::unreadable(&error))?;
    <[u8; 32]>::try_from(inner.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| LoadError::Invalid(format!("{UNREADABLE} Details: ASN.1 parsing error: invalid value")))
}

fn rsa_key(der: &[u8]) -> Result<PrivateKey, LoadError> {
    match RsaPrivateKey::from_pkcs1_der(der) {
        Ok(key) => Ok(PrivateKey::Rsa(Box::new(key))),
        Err(rsa::pkcs1::Error::Asn1(error)) => Err(LoadError::unreadable(&error)),
        Err(error) => Err(LoadError::Invalid(format!("{UNREADABLE} Details: {error}"))),
    }
}

fn ec_key(der: &[u8], named: Option<ObjectIdentifier>) -> Result<PrivateKey, LoadError> {
    let key = EcPrivateKey::from_der(der).map_err(|error| LoadError::unreadable(&error))?;
    let named = named.or(key.parameters.map(|EcParameters::NamedCurve(oid)| oid));
    let curve = match named {
        Some(oid) => {
            Curve::of_oid(oid).ok_or_else(|| unsupported(const_oid::db::DB.by_oid(&oid).unwrap_or(&oid.to_string())))?
        }
        None => return Err(LoadError::Invalid(UNREADABLE.to_owned())),
    };
    let mut scalar = Zeroizing::new(vec![0; curve.bytes().saturating_sub(key.private_key.len())]);
    scalar.extend_from_slice(key.private_key);
    if !on_curve!(curve, krate => krate::SecretKey::from_slice(&scalar).is_ok()) {
        return Err(LoadError::Invalid("Invalid private key".to_owned()));
    }
    Ok(PrivateKey::Ec(curve, scalar))
}

fn unsupported(what: &str) -> LoadError {
    LoadError::Unsupported(format!(
        "{what} keys are not supported here; RSA, ECC (secp256r1, secp384r1, secp521r1, secp256k1), Ed25519 and X25519 are"
    ))
}
