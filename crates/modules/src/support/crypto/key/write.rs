//! Private keys as files: PKCS #1 and SEC 1, PKCS #8, bare bytes; under a passphrase where one is given.

use der::{
    Encode,
    asn1::{AnyRef, OctetStringRef},
};
use pkcs8::PrivateKeyInfoRef;
use rsa::pkcs1::EncodeRsaPrivateKey;
use sec1::{EcParameters, EcPrivateKey};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::{PrivateKey, cipher, public};
use crate::support::crypto::pem::{self, KeyForm};

/// Why a key is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteError {
    /// This kind of key cannot be written in that form.
    Form,
    /// The key or the system is at fault.
    Failed,
}

/// A private key as a file's bytes.
///
/// # Errors
///
/// The form is none of this kind of key, or does not go with a passphrase.
pub fn write(key: &PrivateKey, form: KeyForm, passphrase: Option<&str>) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    let pem = |label: &str, headers: &[(&str, String)], der: &[u8]| {
        Ok(Zeroizing::new(pem::encode(label, headers, der).as_bytes().to_vec()))
    };
    match (form, passphrase) {
        (KeyForm::Raw, None) => match key {
            PrivateKey::Ed25519(bytes) | PrivateKey::X25519(bytes) => Ok(Zeroizing::new(bytes.to_vec())),
            PrivateKey::Rsa(_) | PrivateKey::Ec(..) => Err(WriteError::Form),
        },
        (KeyForm::Raw | KeyForm::Unknown, _) => Err(WriteError::Form),
        (KeyForm::Pkcs1, passphrase) => {
            let (label, der) = traditional(key)?;
            match passphrase {
                None => pem(label, &[], &der),
                Some(passphrase) => {
                    let (headers, data) = cipher::encrypt_legacy(&der, passphrase.as_bytes())?;
                    pem(label, &headers, &data)
                }
            }
        }
        (KeyForm::Pkcs8, passphrase) => {
            let der = pkcs8(key)?;
            match passphrase {
                None => pem("PRIVATE KEY", &[], &der),
                Some(passphrase) => {
                    pem("ENCRYPTED PRIVATE KEY", &[], &cipher::encrypt_pkcs8(&der, passphrase.as_bytes())?)
                }
            }
        }
    }
}

fn traditional(key: &PrivateKey) -> Result<(&'static str, Zeroizing<Vec<u8>>), WriteError> {
    match key {
        PrivateKey::Rsa(key) => Ok(("RSA PRIVATE KEY", key.to_pkcs1_der().map_err(|_| WriteError::Failed)?.to_bytes())),
        PrivateKey::Ec(curve, _) => Ok(("EC PRIVATE KEY", sec1_key(key, Some(EcParameters::NamedCurve(curve.oid())))?)),
        PrivateKey::Ed25519(_) | PrivateKey::X25519(_) => Err(WriteError::Form),
    }
}

fn sec1_key(key: &PrivateKey, parameters: Option<EcParameters>) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    let PrivateKey::Ec(_, scalar) = key else { return Err(WriteError::Form) };
    let point = key.point().ok_or(WriteError::Failed)?;
    let key = EcPrivateKey { private_key: scalar, parameters, public_key: Some(&point) };
    key.to_der().map(Zeroizing::new).map_err(|_| WriteError::Failed)
}

fn pkcs8(key: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    let failed = |_: der::Error| WriteError::Failed;
    let (algorithm, inner) = match key {
        PrivateKey::Rsa(key) => (
            AlgorithmIdentifierRef { oid: const_oid::db::rfc5912::RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) },
            key.to_pkcs1_der().map_err(|_| WriteError::Failed)?.to_bytes(),
        ),
        PrivateKey::Ec(curve, _) => {
            let oid = curve.oid();
            let algorithm = AlgorithmIdentifierRef { oid: public::EC, parameters: Some(AnyRef::from(&oid)) };
            return info(algorithm, &sec1_key(key, None)?);
        }
        PrivateKey::Ed25519(bytes) | PrivateKey::X25519(bytes) => {
            let oid = if matches!(key, PrivateKey::Ed25519(_)) { public::ED25519 } else { public::X25519 };
            let inner = OctetStringRef::new(&**bytes).and_then(|inner| inner.to_der()).map_err(failed)?;
            (AlgorithmIdentifierRef { oid, parameters: None }, Zeroizing::new(inner))
        }
    };
    info(algorithm, &inner)
}

fn info(algorithm: AlgorithmIdentifierRef<'_>, inner: &[u8]) -> Result<Zeroizing<Vec<u8>>, WriteError> {
    let inner = OctetStringRef::new(inner).map_err(|_| WriteError::Failed)?;
    PrivateKeyInfoRef::new(algorithm, inner).to_der().map(Zeroizing::new).map_err(|_| WriteError::Failed)
}
